"""The service ends and begins again anywhere in a run, many times: the job ends as if it had never stopped.

Answers are lost at random after they were carried out; instead of waiting for the next attempt the run is let go, and
taken up again from what the store knows. `DYNTUI_FAULT_SEEDS` says how many histories there are.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.interrupted import Interrupted
from tests.faults.job import Ending, Job, office_from

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))
SYSTEMS = ("dataverse", "dotdigital")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_job_that_is_interrupted_again_and_again_ends_the_same(
    seed: int, connected: Path, tmp_path: Path, undisturbed: Ending
):
    with office_from(connected, tmp_path, Interrupted) as office:
        office.sandbox.order(
            *({"system": each, "kind": "drop_after", "probability": 0.2, "after": seed} for each in SYSTEMS)
        )
        office.interrupt(seed, often=0.5)
        ending = Job(office).whole()
        assert office.interruptions > 1
    assert ending == undisturbed
