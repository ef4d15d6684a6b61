"""What a run wrote, field by field (`dyntui audit show --changes`, `--person`), and undoing it (`dyntui undo`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dyntui.model.changes import AppliedChange
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.changes import CHANGES_PAGE, CHANGES_UNDO
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_CHANGES, PLAN_GET
from dyntui.service.contract.runs import RUN_GET, RunDetail
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_run, page_of
from tests.cli.test_plan_commands import CHANGES as PLANNED
from tests.cli.test_plan_commands import DETAIL

CHANGE = AppliedChange(
    item_id=LIST_ID,
    target="book:7",
    person="8b0f1c9e-0000-4000-8000-000000000001",
    entity="contact",
    name="Ann",
    address="ann@x.org",
    effect="update",
    before={"FIRSTNAME": "Anne", "LASTNAME": None},
    after={"FIRSTNAME": "Ann", "LASTNAME": "B"},
    before_address="anne@x.org",
    undone_by="0123456789",
)


def test_what_a_run_wrote_is_told_field_by_field(dyntui: Callable[..., Any], service: ScriptedService) -> None:
    service.answers(CHANGES_PAGE, page_of(CHANGE))
    done = dyntui("audit", "show", "run-1", "--changes", "--item", LIST_ID)
    assert "FIRSTNAME Anne → Ann, LASTNAME empty → B" in done.out and "address anne@x.org → ann@x.org" in done.out
    assert "01234567" in done.out and "0123456789" not in done.out
    assert json.loads(dyntui("--json", "audit", "show", "run-1", "--changes").out)["rows"][0]["before"] == CHANGE.before
    dyntui("audit", "show", "run-1", "--person", CHANGE.person)
    dyntui("audit", "show", "run-1", "--person", "ann@x.org")
    asked = [(each.item, each.person, each.search) for each in service.requests(CHANGES_PAGE)]
    assert asked == [(LIST_ID, "", ""), ("", "", ""), ("", CHANGE.person, ""), ("", "ann@x.org", "")]


def test_a_person_is_named_by_an_id_or_an_address_and_searched_for_otherwise(
    dyntui: Callable[..., Any], service: ScriptedService
) -> None:
    refused = dyntui("audit", "show", "run-1", "--person", "Ann")
    assert refused.code == 2 and "--search" in refused.err and service.requests(CHANGES_PAGE) == []


@pytest.fixture
def planned(service: ScriptedService) -> ScriptedService:
    service.answers(CHANGES_UNDO, a_run(RunStatus.QUEUED))
    service.answers(RUN_GET, RunDetail(run=a_run(), items=()))
    service.answers(PLAN_GET, DETAIL)
    service.answers(PLAN_CHANGES, page_of(*PLANNED))
    service.answers(PLAN_APPLY, a_run(RunStatus.QUEUED))
    return service


def test_a_run_is_undone_with_its_plan_first(dyntui: Callable[..., Any], planned: ScriptedService) -> None:
    plan = dyntui("undo", "run-7", "--plan")
    assert plan.code == 3 and "FIRSTNAME Rob → Bob" in plan.out and "dyntui apply run-1" in plan.err
    assert [each.run for each in planned.requests(CHANGES_UNDO)] == ["run-7"] and planned.requests(PLAN_APPLY) == []
    asked = dyntui("undo", "run-7")
    assert asked.code == 2 and "Nothing was undone." in asked.err and planned.requests(PLAN_APPLY) == []
    done = dyntui("--yes", "undo", "run-7")
    assert done.code == 0 and [each.run for each in planned.requests(PLAN_APPLY)] == ["run-1"]


def test_what_cannot_be_put_back_is_said_before_anything_is_done(
    dyntui: Callable[..., Any], planned: ScriptedService
) -> None:
    planned.answers(PLAN_CHANGES, page_of())
    nothing = dyntui("undo", "run-7")
    assert nothing.code == 0 and "nothing that can be put back" in nothing.err and planned.requests(PLAN_APPLY) == []
    planned.answers(RUN_GET, RunDetail(run=a_run(RunStatus.FAILED, error_code="BOOK_GONE", error="Gone."), items=()))
    failed = dyntui("undo", "run-7", "--plan")
    assert failed.code == 1 and "BOOK_GONE" in failed.out
