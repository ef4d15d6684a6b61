"""Plans on the command line: shown field by field, written to a file, carried out from it or by their run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dyntui.model.outcomes import Outcome, ReasonCount, RunStatus, Tally
from dyntui.model.plans import DIFFERENCE, Effects, Plan, PlannedCalls, PlannedChange
from dyntui.service.contract.changes import CHANGES_UNDO
from dyntui.service.contract.plans import (
    PLAN_APPLY,
    PLAN_CHANGES,
    PLAN_DIFF,
    PLAN_GET,
    PLAN_MAKE,
    PlanDetail,
    PlannedList,
)
from dyntui.service.contract.runs import RUN_GET, RunDetail, RunItem
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_run, page_of

Cli = Callable[..., Any]
TALLY = Tally(3, tuple(ReasonCount(each, "", 1) for each in (Outcome.ADDED, Outcome.UPDATED, Outcome.REMOVED)))
DETAIL = PlanDetail(
    run=a_run(title="Plan: Newsletter", tally=TALLY),
    plan=Plan(
        run_id="run-1",
        digest="abc",
        decided_on="2026-11-22T14:05:09Z",
        calls=PlannedCalls(dataverse_reads=4, dotdigital_reads=9, dotdigital_writes=2),
        seconds=40,
        applied_by="",
    ),
    lists=(PlannedList(id=LIST_ID, name="Newsletter", effects=Effects(item_id=LIST_ID, add=1, update=1, remove=1)),),
)


def change(name: str, effect: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> PlannedChange:
    address, reason = f"{name.lower()}@x.org", "" if after else "LEFT_LIST"
    return PlannedChange(
        item_id=LIST_ID, person=name, entity="contact", name=name, address=address, effect=effect, reason=reason,
        before=before, after=after,
    )  # fmt: skip


CHANGES = (
    change("Ann", "add", None, {"FIRSTNAME": "Ann", "LASTNAME": None}),
    change("Bob", "update", {"FIRSTNAME": "Rob", "LASTNAME": "B"}, {"FIRSTNAME": "Bob", "LASTNAME": "B"}),
    change("Cleo", "remove", {"FIRSTNAME": "Cleo"}, None),
)


@pytest.fixture
def planned(service: ScriptedService) -> ScriptedService:
    service.answers(PLAN_MAKE, a_run(RunStatus.QUEUED))
    service.answers(RUN_GET, RunDetail(run=a_run(tally=TALLY), items=()))
    service.answers(PLAN_GET, DETAIL)
    service.answers(PLAN_CHANGES, page_of(*CHANGES))
    service.answers(PLAN_APPLY, a_run(RunStatus.QUEUED))
    return service


def test_a_plan_is_shown_field_by_field_and_says_so_by_its_exit_code(dyntui: Cli, planned: ScriptedService) -> None:
    done = dyntui("plan", "lists", "--list", LIST_ID)
    assert done.code == 3
    assert "FIRSTNAME Rob → Bob" in done.out and "LASTNAME B" not in done.out
    assert "LASTNAME empty" in done.out and "LEFT_LIST" in done.out
    assert "9 reads, 2 writes" in done.out and "dyntui apply run-1" in done.err
    (asked,) = planned.requests(PLAN_MAKE)
    assert (asked.sync_type, asked.lists) == ("lists", (LIST_ID,))
    answer = json.loads(dyntui("--json", "plan", "lists").out)
    assert answer["plan"]["digest"] == "abc"
    planned.answers(PLAN_CHANGES, page_of())
    nothing = dyntui("plan", "lists")
    assert nothing.code == 0 and "nothing to be done" in nothing.err


def test_a_plan_that_fails_is_told_as_a_run(dyntui: Cli, planned: ScriptedService) -> None:
    failed = a_run(RunStatus.FAILED, error_code="LIST_GONE", error="It is gone.")
    planned.answers(RUN_GET, RunDetail(run=failed, items=()))
    done = dyntui("plan", "lists")
    assert done.code == 1 and "LIST_GONE" in done.out


@pytest.mark.parametrize(
    "asked", [("plan", "lists"), ("diff", LIST_ID), ("undo", "run-1", "--plan"), ("undo", "run-1")]
)
def test_a_plan_of_which_parts_failed_says_so_and_never_that_there_is_nothing(
    dyntui: Cli, planned: ScriptedService, asked: tuple[str, ...]
) -> None:
    why = "1 of 2 parts failed: Walkers: LIST_GONE: Dynamics has no such marketing list."
    remedy = "See each part; then run it again."
    partly = a_run(RunStatus.COMPLETED_WITH_ERRORS, error_code="PARTS_FAILED", error=why, remedy=remedy)
    for call in (PLAN_DIFF, CHANGES_UNDO):
        planned.answers(call, a_run(RunStatus.QUEUED))
    planned.answers(RUN_GET, RunDetail(run=partly, items=()))
    planned.answers(PLAN_GET, replace(DETAIL, run=partly))
    found = dyntui(*asked)
    assert "PARTS_FAILED" in found.out and "LIST_GONE" in found.out and remedy in found.out
    planned.answers(PLAN_CHANGES, page_of())
    nothing = dyntui(*asked)
    assert nothing.code == 4 and "LIST_GONE" in nothing.out and "nothing" not in nothing.err
    assert dyntui("--json", *asked).code == 4
    assert not planned.requests(PLAN_APPLY)


@pytest.mark.parametrize(
    ("status", "outcome", "said"),
    [
        (RunStatus.HELD, Outcome.HELD, "1,200 people would be held for a decision; nothing else is to be done."),
        (RunStatus.COMPLETED_WITH_ERRORS, Outcome.REJECTED, "There is nothing to be done."),
    ],
)
def test_a_plan_of_which_all_is_held_or_refused_leaves_something_to_do(
    dyntui: Cli, planned: ScriptedService, status: RunStatus, outcome: Outcome, said: str
) -> None:
    run = a_run(status, tally=Tally(1200, (ReasonCount(outcome, "REMOVAL_HELD", 1200),)))
    planned.answers(RUN_GET, RunDetail(run=run, items=()))
    planned.answers(PLAN_GET, replace(DETAIL, run=run))
    planned.answers(PLAN_CHANGES, page_of())
    done = dyntui("plan", "lists")
    assert done.code == 4 and done.err.splitlines()[-1] == said


def test_a_file_is_carried_out_only_while_it_is_what_the_service_has(
    dyntui: Cli, planned: ScriptedService, tmp_path: Path
) -> None:
    file = tmp_path / "my plan.json"
    made = dyntui("plan", "lists", "--out", str(file))
    assert made.code == 3 and f"`dyntui apply '{file}'` carries it out" in made.err
    assert len(json.loads(file.read_text())["changes"]) == 3
    assert dyntui("apply", str(file)).code == 0
    assert [each.run for each in planned.requests(PLAN_APPLY)] == ["run-1"]
    file.write_text(file.read_text().replace('"abc"', '"other"'))
    refused = dyntui("apply", str(file))
    assert refused.code == 2 and "PLAN_UNREADABLE" in refused.err
    file.write_text("no plan")
    assert "PLAN_UNREADABLE" in dyntui("apply", str(file)).err
    assert len(planned.requests(PLAN_APPLY)) == 1
    assert dyntui("apply", "run-1").code == 0


def test_a_list_is_compared_with_its_address_book(dyntui: Cli, planned: ScriptedService) -> None:
    planned.answers(PLAN_DIFF, a_run(RunStatus.QUEUED))
    done = dyntui("diff", LIST_ID)
    assert done.code == 3 and "FIRSTNAME Rob → Bob" in done.out and "dyntui apply run-1" in done.err
    assert [each.list for each in planned.requests(PLAN_DIFF)] == [LIST_ID]
    planned.answers(PLAN_CHANGES, page_of())
    nothing = dyntui("diff", LIST_ID)
    assert nothing.code == 0 and "nothing to be mended" in nothing.err
    tally = Tally(2, (ReasonCount(Outcome.UNCHANGED, "", 2),))
    besides = RunItem(id="x", kind=DIFFERENCE, name="Newsletter: in the book", status=RunStatus.COMPLETED, tally=tally)
    planned.answers(RUN_GET, RunDetail(run=a_run(), items=(besides,)))
    strangers = dyntui("diff", LIST_ID)
    assert strangers.code == 3 and "Newsletter: in the book" in strangers.out
    assert json.loads(dyntui("--json", "diff", LIST_ID).out)["plan"]["digest"] == "abc"
