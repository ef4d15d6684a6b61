"""Random histories, a few of them: `make sim` plays many more. `DYNTUI_FAULT_SEEDS` says how many there are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.history import play

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))
# A short one: it shows that histories can be played.
_STEPS = int(os.environ.get("DYNTUI_FAULT_STEPS", "8"))


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_mailed_against_their_will_in_history(seed: int, targeted: Path, tmp_path: Path):
    assert play(seed, targeted, tmp_path, _STEPS).seconds > 0


@pytest.mark.thorough
def test_a_history_can_be_repeated_exactly(targeted: Path, tmp_path: Path):
    one, again, another = (
        play(seed, targeted, tmp_path / name, 4) for seed, name in ((91, "one"), (91, "again"), (92, "another"))
    )
    assert one == again and one.digest == again.digest != another.digest
