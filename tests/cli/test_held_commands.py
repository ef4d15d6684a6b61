"""Held removals on the command line: shown, let go or kept after a question, and who may not is told before."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.service.contract.held import (
    HELD_DECIDE,
    HELD_LISTS,
    HELD_PEOPLE,
    HeldDecided,
    HeldLists,
    HeldRemovals,
)
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.runs import RUN_GET, RunDetail
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_list, a_run, page_of

Cli = Callable[..., Any]
HELD = HeldRemovals(
    list=LIST_ID, name="Newsletter", people=120, in_book=1000, why="120 of 1000 people would leave it", run="run-1"
)


def with_held(service: ScriptedService, *rows: HeldRemovals) -> None:
    service.answers(LISTS_PAGE, page_of(a_list()))
    service.answers(HELD_LISTS, HeldLists(rows=rows))


def test_lists_with_removals_that_wait_are_shown_with_why(dyntui: Cli, service: ScriptedService) -> None:
    with_held(service, HELD)
    done = dyntui("held", "list")
    assert done.code == 4 and "120 of 1000 people would leave it" in done.out
    assert json.loads(dyntui("--json", "held", "list").out)["rows"][0]["people"] == 120
    with_held(service)
    assert dyntui("held", "list").code == 0


def test_the_people_of_a_list_are_shown_with_their_records(dyntui: Cli, service: ScriptedService) -> None:
    with_held(service, HELD)
    ann = PersonOutcome(entity="contact", person="ann-1", name="Ann", address="ann@x.org", outcome=Outcome.HELD)
    service.answers(HELD_PEOPLE, page_of(ann))
    assert "ann-1" in dyntui("held", "show", "Newsletter").out
    dyntui("held", "show", f" {{{LIST_ID.upper()}}} ", "--undone")
    assert [(each.list, each.undone) for each in service.requests(HELD_PEOPLE)] == [(LIST_ID, False), (LIST_ID, True)]


def test_approving_asks_says_what_it_will_do_and_waits_for_the_run(dyntui: Cli, service: ScriptedService) -> None:
    with_held(service, HELD)
    service.answers(HELD_DECIDE, HeldDecided(people=120, run=a_run(RunStatus.QUEUED)))
    service.answers(RUN_GET, RunDetail(run=a_run(), items=()))
    refused = dyntui("held", "approve", "Newsletter")
    assert refused.code == 2 and "Take 120 of 1,000 contacts out of the address book" in refused.err
    assert service.requests(HELD_DECIDE) == []
    done = dyntui("--yes", "held", "approve", "Newsletter")
    assert done.code == 0 and "Completed" in done.out
    (asked,) = service.requests(HELD_DECIDE)
    assert (asked.list, asked.remove, asked.people, asked.waiting) == (LIST_ID, True, (), 120)


def test_discarding_keeps_those_who_are_named(dyntui: Cli, service: ScriptedService) -> None:
    with_held(service, HELD)
    service.answers(HELD_DECIDE, HeldDecided(people=2, run=a_run(RunStatus.QUEUED)))
    done = dyntui("--yes", "held", "discard", "Newsletter", "--person", "a", "--person", "b")
    assert done.code == 0 and "2 contacts stay" in done.err and "nothing waits" not in done.err
    (asked,) = service.requests(HELD_DECIDE)
    assert (asked.remove, asked.people, asked.waiting) == (False, ("a", "b"), 0)


def test_of_whom_nothing_waits_among_those_named_is_said_so(dyntui: Cli, service: ScriptedService) -> None:
    with_held(service, HELD)
    service.answers(HELD_DECIDE, HeldDecided(people=1, run=a_run(RunStatus.QUEUED)))
    service.answers(RUN_GET, RunDetail(run=a_run(), items=()))
    named = [word for each in (LIST_ID, f"{{{LIST_ID}}}", "mistyped") for word in ("--person", each)]
    for decision in ("approve", "discard"):
        done = dyntui("--yes", "held", decision, "Newsletter", *named)
        assert done.code == 0 and "Of 1 other named nothing waits" in done.err
