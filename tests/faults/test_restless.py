"""A few histories in which people change their minds at any moment of a send: `make sim KINDS=restless` plays
many. `DYNTUI_FAULT_SEEDS` says how many there are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.restless import play

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_mailed_against_their_will_whenever_they_say_so(seed: int, targeted: Path, tmp_path: Path):
    assert play(seed, targeted, tmp_path, steps=5).told
