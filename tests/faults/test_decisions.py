"""A few histories of plans and decisions: `make planted` plays more. `DYNTUI_FAULT_SEEDS` says how many there are
here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.decisions import play

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_leaves_without_a_decision_and_plans_are_kept_to_in_history(seed: int, connected: Path, tmp_path: Path):
    assert play(seed, connected, tmp_path).told
