"""Settling a listing: everybody gets one outcome, by the published precedence, whatever the facts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import Connection, delete, event, select, update
from sqlalchemy.schema import CreateTable

from dyntui.model.people import Gate
from dyntui.model.reasons import CATALOGUE
from dyntui.store import (
    intervals,
    leaving,
    members,
    outcomes,
    pending_members,
    runs,
    settled_before,
    settling,
    staging,
)
from dyntui.store.database import open_store, sqlite_url
from dyntui.store.schema import (
    former_address,
    list_member,
    list_unsubscribe,
    merged_record,
    opt_out,
    opt_out_address,
    suppression,
)
from dyntui.store.staging import Staged

from .conftest import World as Scratch
from .worlds import (
    ACCOUNT,
    GENERATED,
    NOW,
    World,
    activate,
    closed_gates,
    in_order,
    keepers,
    opted_out,
    suppressed_as,
    unsubscribed,
    unsubscribed_as,
    worlds,
    write,
    write_facts,
)


def expected(world: World, list_id: str) -> dict[str, tuple[str, str, str, str]]:
    """(outcome, reason, detail, also) of everybody, in the words of the specification."""
    people = world.lists[list_id]
    gates = {each.person_id: closed_gates(world, list_id, each) for each in people}
    kept = keepers(world)
    said: dict[str, tuple[str, str, str, str]] = {}
    for each in people:
        closed = set(gates[each.person_id])
        keeper = kept.get(each.address, each)
        if keeper.person_id != each.person_id:
            closed.add("DUPLICATE_ADDRESS")
        reasons = in_order(closed)
        if reasons:
            outcome = "rejected" if reasons[0] == "VALUE_REJECTED" else "excluded"
            if reasons[0] in each.own:
                detail = f"own {reasons[0]}"
            elif reasons[0] == "DUPLICATE_ADDRESS":
                detail = keeper.label
            elif reasons[0] == world.opted_people.get(each.person_id):
                detail = ""
            elif reasons[0] == world.opted_survivors.get(each.person_id):
                detail = f"merged contact loser-of-{each.person_id}"
            elif reasons[0] == world.opted_out.get(each.address):
                detail = f"lead lead-{each.address}"
            elif reasons[0] == "SUPPRESSED_OTHER_ACCOUNT":
                detail = "account-b"
            elif reasons[0] == "UNSUBSCRIBED_LIST":
                earlier = unsubscribed_as(world, list_id, each)
                now = (list_id, each.address) in world.unsubscribed
                detail = NOW if now else f"{NOW} as {min(earlier)}"
            elif reasons[0] == world.suppressed.get(each.address):
                detail = "Status, 2026-01-01T00:00:00Z"
            else:
                before = suppressed_as(world, each)
                detail = f"Status, 2026-01-01T00:00:00Z as {before and before[1]}"
            also = in_order({*reasons[1:], each.channel} - {"", reasons[0]})
            said[each.person_id] = (outcome, reasons[0], detail, ",".join(also))
        elif each.fingerprint == each.sent_fingerprint and each.address == each.sent_address:
            said[each.person_id] = ("unchanged", "", "", each.channel)
        elif each.fingerprint == each.refused_fingerprint and each.retry_on > NOW:
            said[each.person_id] = ("rejected", each.refusal, "refused", each.channel)
        else:
            said[each.person_id] = ("", "", "", each.channel)
    return said


def settled(c: Connection, list_id: str) -> dict[str, tuple[str, str, str, str]]:
    m = list_member.c
    rows = c.execute(select(m.person_id, m.outcome, m.reason, m.detail, m.also).where(m.list_id == list_id))
    return {row.person_id: (row.outcome, row.reason, row.detail, row.also) for row in rows}


@GENERATED
@given(told=worlds(lists=2))
def test_everybody_is_settled_as_the_specification_says(world: Scratch, told: World) -> None:
    with world() as c:
        write(c, told, "run")
        activate(c, *told.lists)
        for list_id in told.lists:
            settling.settle(c, list_id, "run", ACCOUNT, NOW)
        assert {list_id: settled(c, list_id) for list_id in told.lists} == {
            list_id: expected(told, list_id) for list_id in told.lists
        }


@GENERATED
@given(told=worlds(lists=1))
def test_settling_again_with_the_same_facts_changes_nothing(world: Scratch, told: World) -> None:
    with world() as c:
        write(c, told, "run")
        settling.settle(c, "list-0", "run", ACCOUNT, NOW)
        before = settled(c, "list-0")
        settling.settle(c, "list-0", "run", ACCOUNT, NOW)
        assert settled(c, "list-0") == before


@GENERATED
@given(told=worlds(lists=1))
def test_the_synchronisation_that_follows_accounts_for_everybody(world: Scratch, told: World) -> None:
    with world() as c:
        write(c, told, "run")
        settling.settle(c, "list-0", "run", ACCOUNT, NOW)
        going = leaving.leavers(c, "list-0", "run")
        leaving.remove(c, "list-0", "run", [each.person_id for each in going])
        assert leaving.leavers(c, "list-0", "run") == []
        pending = pending_members.batch(c, "list-0", 100)
        pending_members.acknowledge(
            c, "list-0", [pending_members.Acknowledged(each.address, each.seq) for each in pending[::2]], NOW
        )
        pending_members.reject(
            c, "list-0", [pending_members.Rejection(address=each.address, reason="REJECTED") for each in pending[1::2]]
        )
        assert pending_members.count(c, "list-0") == 0
        read = members.read_by(c, "list-0", "run")
        runs.create(c, runs.NewRun(id="r", kind="lists", title="", account_id=ACCOUNT, sync_key="k", queued_on=NOW))
        outcomes.put_item(c, "r", outcomes.Item(id="i", kind="list", name=""))
        intervals.keep(c, "list-0", "r", "i", members.named("list-0", "run"))
        named = sum(each.people for each in outcomes.recount(c, "r", "i"))
        assert named == read == len(told.lists["list-0"])
        m = list_member.c
        in_book = dict(c.execute(select(m.sent_address, m.person_id).where(m.sent_address != "")).all())
        assert len(in_book) == members.in_book(c, "list-0")
        assert not set(in_book.values()) & {*told.opted_people, *told.opted_survivors}
        for address in in_book:
            assert address not in told.opted_out
            assert address not in told.suppressed
            assert address not in told.elsewhere
            assert ("list-0", address) not in told.unsubscribed
        said_no = {
            each.person_id
            for each in told.lists["list-0"]
            if unsubscribed(told, "list-0", each) or suppressed_as(told, each)
        }
        assert not said_no & {*in_book.values()}


def member(person_id: str, *gates: Gate, address: str = "ann@example.com", created_on: str = "2020") -> Staged:
    return Staged(
        person_id=person_id,
        entity="contact",
        name="",
        address=address,
        created_on=created_on,
        fields={},
        fingerprint="f",
        gates=gates,
    )


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    list(zip([each.code for each in CATALOGUE], [each.code for each in CATALOGUE][1:], strict=False)),
)
def test_of_two_reasons_the_one_listed_first_is_the_persons(c: Connection, stronger: str, weaker: str) -> None:
    staging.stage(c, "list", "run", [member("p", Gate(weaker, "weaker"), Gate(stronger, "stronger"))])
    settling.settle(c, "list", "run", ACCOUNT, NOW)
    outcome = "rejected" if stronger == "VALUE_REJECTED" else "excluded"
    assert settled(c, "list") == {"p": (outcome, stronger, "stronger", weaker)}


def test_an_opt_out_of_the_very_record_names_nobody_else(c: Connection) -> None:
    staging.stage(c, "list", "run", [member("p")])
    opted_out(c, "ann@example.com", "DO_NOT_EMAIL", "p", "contact")
    settling.settle(c, "list", "run", ACCOUNT, NOW)
    assert settled(c, "list") == {"p": ("excluded", "DO_NOT_EMAIL", "", "")}


def test_an_inactive_record_does_not_take_the_place_of_an_active_one(c: Connection) -> None:
    staging.stage(c, "list", "run", [member("old", Gate("INACTIVE")), member("young", created_on="2025")])
    settling.settle(c, "list", "run", ACCOUNT, NOW)
    assert settled(c, "list") == {
        "old": ("excluded", "INACTIVE", "", "DUPLICATE_ADDRESS"),
        "young": ("", "", "", ""),
    }


def test_a_reason_that_this_version_does_not_know_is_unknown(c: Connection) -> None:
    staging.stage(c, "list", "run", [member("p", Gate("FROM_THE_FUTURE", "raw"))])
    settling.settle(c, "list", "run", ACCOUNT, NOW)
    assert settled(c, "list")["p"][:2] == ("excluded", "UNKNOWN")


def test_settling_goes_through_nobody_who_can_be_looked_up(tmp_path: Path) -> None:
    with closing(open_store(sqlite_url(tmp_path / "store.db"))) as db, db.write() as c:
        asked: list[tuple[str, Any]] = []
        event.listen(c, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        settling.settle(c, "one", "run", ACCOUNT, NOW)
        (statement, values), *_ = [each for each in asked if "keeper" in each[0]]
        c.execute(CreateTable(settling._gated))
        plan = [row[3] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert any(each.startswith("SEARCH keeper USING AUTOMATIC") for each in plan), plan
    assert any("USING COVERING INDEX ix_list_member_address" in each for each in plan), plan
    # The one is a branch that SQLite expects and that is never gone through.
    assert plan.count("SCAN list_member") == 1 and "SCAN rival" not in plan, plan


def test_who_stays_excluded_is_not_looked_at_because_another_row_is_tried_again(tmp_path: Path) -> None:
    with closing(open_store(sqlite_url(tmp_path / "store.db"))) as db, db.write() as c:
        staging.stage(c, "one", "run", [member("p"), member("q", Gate("INACTIVE"), address="bob@example.com")])
        settling.settle(c, "one", "run", ACCOUNT, NOW)
        for person_id, outcome, still in (("p", "rejected", True), ("p", "", True), ("q", "", False)):
            settled_before.keep(c, "one", "run")
            _becomes(c, person_id, outcome)
            assert settled_before.stands_still(c, "one", "run") is still, (person_id, outcome)
        settled_before.keep(c, "one", "run")
        _becomes(c, "p", "excluded")
        assert not settled_before.stands_still(c, "one", "run")


def _becomes(c: Connection, person_id: str, outcome: str) -> None:
    m = list_member.c
    c.execute(update(list_member).where(m.person_id == person_id).values(outcome=outcome, reason=f"as {outcome}"))


@GENERATED
@given(told=worlds(lists=2), later=worlds(lists=2))
def test_whoever_is_looked_at_again_after_other_facts_ends_as_if_everybody_was(
    world: Scratch, told: World, later: World
) -> None:
    with world() as c:
        write(c, told, "run")
        activate(c, *told.lists)
        for list_id in told.lists:
            settling.settle(c, list_id, "run", ACCOUNT, NOW)
            members.told(c, list_id)
            settling.settle(c, list_id, "run", ACCOUNT, NOW, whole=False)
            members.told(c, list_id)
        for table in (opt_out_address, opt_out, merged_record, suppression, list_unsubscribe, former_address):
            c.execute(delete(table))
        write_facts(c, later)
        looked_at = {}
        for list_id in told.lists:
            settling.settle(c, list_id, "run", ACCOUNT, NOW, whole=False)
            looked_at[list_id] = settled(c, list_id)
            settling.settle(c, list_id, "run", ACCOUNT, NOW)
        assert looked_at == {list_id: settled(c, list_id) for list_id in told.lists}
