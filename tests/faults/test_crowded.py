"""A short history of two email accounts whose runs are at work at once: `make sim KINDS=crowded` plays many.
`DYNTUI_FAULT_SEEDS` says how many there are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.crowded import play

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_runs_of_two_accounts_at_once_wrong_nobody_and_leave_nothing_to_write(
    seed: int, targeted: Path, tmp_path: Path
):
    assert play(seed, targeted, tmp_path, steps=4).told
