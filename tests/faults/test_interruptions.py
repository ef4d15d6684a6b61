"""The service ends and begins again anywhere in a run, many times: the job ends as if it had never stopped.

Answers are lost at random after they were carried out; instead of waiting for the next attempt the run is let go, and
taken up again from what the store knows. `DYNTUI_FAULT_SEEDS` says how many histories there are.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from tests.faults.interrupted import Interrupted
from tests.faults.job import Ending, Job, office_from

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))
SYSTEMS = ("dataverse", "dotdigital")


@pytest.mark.thorough
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


def _who_opts_out(office: Interrupted) -> tuple[str, str]:
    """The newsletter's id, and the address of one of its people who has just opted out in Dynamics."""
    newsletter = Job(office).newsletter.id
    somebody = next(each for each in office.members(newsletter) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("contact", somebody.person, donotemail=1)
    return newsletter, somebody.address


def _removals(calls: list[dict[str, Any]]) -> int:
    return sum(each["count"] for each in calls if each["route"].endswith("/contacts/delete"))


def test_a_removal_that_was_interrupted_is_waited_for_and_not_begun_again(targeted: Path, tmp_path: Path):
    with office_from(targeted, tmp_path, Interrupted) as office:
        newsletter, address = _who_opts_out(office)
        office.sandbox.switch(dotdigital={"bulk_removal_seconds": 60.0, "bulk_removal_polls": 4})
        office.interrupt(1, often=1.0)
        run, calls = office.calls_between(lambda: office.run("lists"))
        assert run.run.status is RunStatus.COMPLETED and office.interruptions > 2
        assert _removals(calls) == 1
        assert address not in office.in_book(newsletter)


def test_a_removal_that_dotdigital_does_not_know_any_more_is_begun_again(targeted: Path, tmp_path: Path):
    with office_from(targeted, tmp_path, Interrupted) as office:
        newsletter, address = _who_opts_out(office)
        office.interrupt(1, often=1.0)

        def forgets() -> None:
            office.sandbox.state.db.execute("DELETE FROM dd_removal")
            office.meanwhile = lambda: None

        office.meanwhile = forgets
        run, calls = office.calls_between(lambda: office.run("lists"))
        assert run.run.status is RunStatus.COMPLETED
        assert _removals(calls) == 2
        assert address not in office.in_book(newsletter)
