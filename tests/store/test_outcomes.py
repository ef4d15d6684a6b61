"""What became of everybody: recorded once each, counted beside, shown in the order recorded."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount, RunStatus, Tally
from dyntui.store import outcomes, run_people, runs
from dyntui.store.outcomes import Item
from tests.store.windows import windowed

NOW = "2026-03-01T10:00:00Z"


@pytest.fixture(autouse=True)
def run(c: Connection) -> None:
    runs.create(c, runs.NewRun(id="r", kind="lists", title="", account_id="a", sync_key="k", queued_on=NOW))


def people(*names: str, outcome: Outcome = Outcome.ADDED, reason: str = "") -> list[PersonOutcome]:
    return [PersonOutcome(person=name, name=name.title(), outcome=outcome, reason=reason) for name in names]


def begin(c: Connection, *items: str) -> None:
    for place, name in enumerate(items):
        outcomes.put_item(c, "r", Item(id=name, kind="list", name=name, place=place))


def shown(c: Connection, **asked: object) -> tuple[list[str], int, int]:
    found = windowed(run_people.window, c, run_id="r", **asked)
    return [each.person for each in found.rows], found.matching, found.total


def test_a_person_recorded_again_has_the_last_outcome_or_keeps_the_first(c: Connection) -> None:
    begin(c, "i")
    outcomes.record(c, "r", "i", people("ann", "bob"))
    outcomes.record(c, "r", "i", people("ann", "cleo", outcome=Outcome.UPDATED))
    outcomes.record(c, "r", "i", people("bob", "dora", outcome=Outcome.UNCHANGED), first_stands=True)
    assert outcomes.recount(c, "r", "i") == (
        ReasonCount(Outcome.ADDED, "", 1),
        ReasonCount(Outcome.UNCHANGED, "", 1),
        ReasonCount(Outcome.UPDATED, "", 2),
    )
    assert shown(c, item_id="i") == (["ann", "bob", "cleo", "dora"], 4, 4)


def test_items_keep_their_order_and_their_counts(c: Connection) -> None:
    outcomes.put_item(c, "r", Item(id="b", kind="list", name="B", place=1))
    outcomes.put_item(c, "r", Item(id="a", kind="list", name="A", place=0))
    outcomes.record(c, "r", "b", people("ann", outcome=Outcome.EXCLUDED, reason="NO_EMAIL"))
    done = Item(id="b", kind="list", name="B", place=1, status=RunStatus.COMPLETED, tally=Tally(1), note="well")
    outcomes.put_item(c, "r", done)
    a, b = outcomes.items(c, "r")
    assert (a.id, b.id, b.status, b.note) == ("a", "b", RunStatus.COMPLETED, "well")
    assert b.tally == Tally(1, (ReasonCount(Outcome.EXCLUDED, "NO_EMAIL", 1),))
    assert outcomes.tallies(c, ["r", "other"]) == {"r": b.tally, "other": Tally()}
    with pytest.raises(KeyError):
        outcomes.item(c, "r", "nobody")


def test_a_person_in_two_items_counts_in_both(c: Connection) -> None:
    begin(c, "i", "j")
    outcomes.record(c, "r", "i", people("ann"))
    outcomes.record(c, "r", "j", people("ann", "bob"))
    assert outcomes.counted(c, "r").named == 3
    assert shown(c) == (["ann", "ann", "bob"], 3, 3)
    outcomes.clear(c, "r", "i")
    assert outcomes.counted(c, "r").named == 2


def test_people_are_shown_by_item_outcome_reason_and_search(c: Connection) -> None:
    begin(c, "i", "j")
    outcomes.record(c, "r", "i", people(*(f"p{number:02}" for number in range(20))))
    outcomes.record(c, "r", "j", people("bad", "worse", outcome=Outcome.REJECTED, reason="REJECTED"))
    outcomes.record(c, "r", "j", people("out", outcome=Outcome.EXCLUDED, reason="NO_EMAIL"))
    begin(c, "i", "j")
    assert shown(c, item_id="i", offset=18, limit=5) == (["p18", "p19"], 20, 20)
    assert shown(c, named="rejected") == (["bad", "worse"], 2, 23)
    assert shown(c, item_id="j", reason="NO_EMAIL") == (["out"], 1, 3)
    assert shown(c, search="WORS") == (["worse"], 1, 23)
    assert shown(c, item_id="j", sort="-name") == (["worse", "out", "bad"], 3, 3)
    also = PersonOutcome(person="x", outcome=Outcome.EXCLUDED, reason="NO_EMAIL", also=("FILTERED", "DO_NOT_EMAIL"))
    outcomes.record(c, "r", "j", [also])
    last = windowed(run_people.window, c, run_id="r", item_id="j", offset=3).rows[0]
    assert last.also == ("DO_NOT_EMAIL", "FILTERED")
