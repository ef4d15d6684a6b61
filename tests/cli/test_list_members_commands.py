"""`dyntui lists new`, `edit` of what a list is, `members` and `gather`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dyntui.model.member_changes import MemberChange, PeopleSlice
from dyntui.model.outcomes import Outcome, ReasonCount, RunStatus, Tally
from dyntui.model.paging import Page
from dyntui.model.plans import Effects, Plan, PlannedCalls, PlannedChange
from dyntui.service.contract.lists import (
    LIST_COUNT_FOUND,
    LIST_EDIT,
    LIST_GET,
    LIST_MEMBERS,
    LIST_NEW,
    LIST_VIEWS,
    CountFound,
    EditList,
    FoundCount,
    NewList,
    SavedView,
    SavedViews,
    ViewsQuery,
)
from dyntui.service.contract.members import (
    MEMBERS_FIND,
    MEMBERS_GATHER,
    MEMBERS_PLAN,
    ChangeMembers,
    FoundRecord,
    Gathered,
    GatherPeople,
)
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_CHANGES, PLAN_GET, PlanDetail, PlannedList, PlanRef
from dyntui.service.contract.runs import RUN_GET, RunDetail, RunRow
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_detail, a_run, page_of

XML = '<fetch><entity name="contact"/></fetch>'


@pytest.fixture
def query(tmp_path: Path) -> str:
    file = tmp_path / "query.xml"
    file.write_text(f"\n{XML}\n", encoding="utf-8")
    return str(file)


def test_a_list_is_made_after_it_was_said_what_it_is(dyntui: Callable, service: ScriptedService, query: str):
    service.answers(LIST_COUNT_FOUND, FoundCount(people=1234, relative=("eq-userid",)))
    service.answers(LIST_NEW, a_detail(activated=False))
    asked = ["lists", "new", "Guides", "--dynamic", "--fetchxml", query, "--description", "Up there"]
    refused = dyntui(*asked)
    made = dyntui(*asked, "--yes")

    assert refused.code == 2
    assert "the dynamic list of contacts 'Guides'" in refused.err and "1,234 contacts as you see them" in refused.err
    assert service.requests(LIST_COUNT_FOUND) == [CountFound(member_type="contact", query=XML)] * 2
    assert made.code == 0 and f"dyntui lists activate {LIST_ID}" in made.err
    assert service.requests(LIST_NEW) == [
        NewList(name="Guides", member_type="contact", dynamic=True, description="Up there", query=XML)
    ]


def test_a_file_of_a_query_may_begin_with_a_byte_order_mark_and_is_not_empty(
    dyntui: Callable, service: ScriptedService, tmp_path: Path
):
    file = tmp_path / "query.xml"
    file.write_text(XML, encoding="utf-8-sig")
    service.answers(LIST_GET, a_detail(dynamic=True))
    service.answers(LIST_COUNT_FOUND, FoundCount(people=1))
    service.answers(LIST_EDIT, a_detail(dynamic=True))
    assert dyntui("lists", "edit", LIST_ID, "--fetchxml", str(file), "--yes").code == 0
    assert [each.query for each in service.requests(LIST_EDIT)] == [XML]
    file.write_text("\n", encoding="utf-8")
    empty = dyntui("lists", "edit", LIST_ID, "--fetchxml", str(file), "--yes")
    assert empty.code == 2 and "QUERY_FILE_UNREADABLE" in empty.err and "is empty" in empty.err
    assert len(service.requests(LIST_EDIT)) == 1


def test_what_a_list_is_can_be_changed_and_another_query_is_counted_first(
    dyntui: Callable, service: ScriptedService, tmp_path: Path
):
    service.answers(LIST_GET, a_detail(dynamic=True))
    service.answers(LIST_EDIT, a_detail(dynamic=True))
    service.answers(LIST_COUNT_FOUND, FoundCount(people=1, view="Guides"))
    refused = dyntui("lists", "edit", LIST_ID, "--view", "Guides")
    done = dyntui("lists", "edit", LIST_ID, "--view", "Guides", "--name", "Mountains", "--unlock", "--yes")
    missing = dyntui("lists", "edit", LIST_ID, "--fetchxml", str(tmp_path / "none.xml"))

    assert refused.code == 2 and "The new one finds 1 contact now" in refused.err
    assert done.code == 0
    assert service.requests(LIST_EDIT) == [EditList(id=LIST_ID, name="Mountains", view="Guides", locked=False)]
    assert missing.code == 2 and "QUERY_FILE_UNREADABLE" in missing.err


def test_views_of_a_type_are_shown_with_ones_own(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_VIEWS, SavedViews((SavedView(id=LIST_ID, name="Mine", personal=True),)))
    done = dyntui("lists", "views", "--type", "lead", "--own")

    assert service.requests(LIST_VIEWS) == [ViewsQuery(member_type="lead", own=True)]
    assert "Mine, personal" in done.out


def planned(service: ScriptedService, changes: int) -> None:
    plan = a_run(kind="members", title="Plan: Add to Newsletter: a query", plan=True, id="plan-1")
    service.answers(MEMBERS_PLAN, plan)
    service.answers(RUN_GET, lambda ref: RunDetail(run=plan if ref.id == "plan-1" else a_run(), items=()))
    service.answers(
        PLAN_GET,
        PlanDetail(
            run=plan,
            plan=Plan(
                run_id="plan-1",
                digest="0",
                decided_on="",
                calls=PlannedCalls(dataverse_reads=3, dataverse_writes=1),
                seconds=1,
                applied_by="",
            ),
            lists=(PlannedList(id=LIST_ID, name="Newsletter", effects=Effects(item_id=LIST_ID, join=changes)),),
        ),
    )
    ann = PlannedChange(
        item_id=LIST_ID,
        person="p1",
        entity="contact",
        name="Ann",
        address="ann@example.com",
        effect="join",
        reason="",
        before=None,
        after=None,
    )
    service.answers(PLAN_CHANGES, page_of(*[ann] * changes))
    service.answers(PLAN_APPLY, a_run())


def test_members_are_planned_shown_asked_about_and_carried_out(dyntui: Callable, service: ScriptedService, query: str):
    planned(service, 2)
    only = dyntui("lists", "members", "add", LIST_ID, "--fetchxml", query, "--plan")
    refused = dyntui("lists", "members", "add", LIST_ID, "--address", "ann@example.com")
    done = dyntui("lists", "members", "keep", LIST_ID, "--view", "Guides", "--yes")

    assert only.code == 3 and "ann@example.com" in only.out and "`dyntui apply plan-1`" in only.err
    assert "3 reads, 1 write" in only.out and "UPDATE" not in only.out
    assert refused.code == 2 and "Put 2 people on the marketing list 'Newsletter'?" in refused.err
    assert done.code == 0 and service.requests(PLAN_APPLY) == [PlanRef("plan-1")]
    assert service.requests(MEMBERS_PLAN) == [
        ChangeMembers(list=LIST_ID, change=MemberChange.ADD, query=XML),
        ChangeMembers(list=LIST_ID, change=MemberChange.ADD, people=("ann@example.com",)),
        ChangeMembers(list=LIST_ID, change=MemberChange.KEEP, view="Guides"),
    ]


def test_nobody_to_be_changed_asks_nothing(dyntui: Callable, service: ScriptedService):
    planned(service, 0)
    done = dyntui("lists", "members", "remove", LIST_ID, "--view", "Guides")

    assert done.code == 0 and "Nobody joins or leaves the list." in done.err
    assert service.requests(PLAN_APPLY) == []


def test_members_of_a_list_are_shown_with_and_without_the_word(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_MEMBERS, page_of())
    service.answers(
        MEMBERS_FIND,
        Page(
            rows=(FoundRecord(id=LIST_ID, entity="contact", name="Ann", address="a@b.example", active=False),),
            matching=1,
            total=300,
        ),
    )
    assert dyntui("lists", "members", LIST_ID).code == dyntui("lists", "members", "list", LIST_ID).code == 0
    assert len(service.requests(LIST_MEMBERS)) == 2
    found = dyntui("lists", "members", "find", "ann")
    assert "inactive" in found.out and "The first 1 of 300: a longer part" in found.err


def test_a_list_is_made_of_the_people_of_a_run(dyntui: Callable, service: ScriptedService):
    filled: RunRow = a_run(
        RunStatus.COMPLETED_WITH_ERRORS, tally=Tally(1, (ReasonCount(Outcome.REJECTED, "INACTIVE", 1),))
    )
    service.answers(MEMBERS_GATHER, Gathered(list=a_detail(), run=filled))
    service.answers(RUN_GET, RunDetail(run=filled, items=()))
    asked = ["lists", "gather", "Bounced", "--run", "r1", "--outcome", "excluded", "--reason", "hard_bounced"]
    refused, done = dyntui(*asked), dyntui(*asked, "--yes")

    assert refused.code == 2 and "CONFIRMATION_MISSING" in refused.err
    assert done.code == 4 and "INACTIVE" in done.out
    shown = PeopleSlice(run="r1", outcome="excluded", reason="HARD_BOUNCED")
    assert service.requests(MEMBERS_GATHER) == [GatherPeople(name="Bounced", member_type="contact", shown=shown)]


def test_people_who_are_named_in_two_ways_are_the_services_to_refuse(dyntui: Callable, service: ScriptedService):
    service.answers(MEMBERS_GATHER, Gathered(list=a_detail(), run=a_run()))
    service.answers(RUN_GET, RunDetail(run=a_run(), items=()))
    dyntui("lists", "gather", "Both", "--address", "ann@example.com", "--run", "r1", "--yes")
    dyntui("lists", "gather", "Opened", "--list", LIST_ID, "--did", "opened", "--yes")

    both, opened = service.requests(MEMBERS_GATHER)
    assert both.people == ("ann@example.com",) and both.shown == PeopleSlice(run="r1")
    assert opened.shown == PeopleSlice(list=LIST_ID, did="opened")
