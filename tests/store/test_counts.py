"""Target counts: each person once, each with one reason, and the sum always right; later facts only take people out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.model.paging import Window
from dyntui.model.reasons import PRECEDENCE
from dyntui.store import (
    book_contents,
    channels,
    count_window,
    counts,
    leaving,
    mailed_already,
    outcomes,
    pending_members,
    run_people,
    runs,
    send_window,
    sends,
    settling,
    staging,
    target_people,
)
from dyntui.store.book_contents import BookContact
from dyntui.store.counts import NewCount
from dyntui.store.schema import (
    list_member,
    list_unsubscribe,
    marketing_list,
    merged_record,
    opt_out,
    opt_out_address,
    recipient,
    suppression,
    target_person,
)
from dyntui.store.target_people import Resolved
from tests.store.windows import windowed

from .conftest import World as Scratch
from .worlds import (
    ACCOUNT,
    GENERATED,
    NOW,
    Somebody,
    World,
    closed_gates,
    in_order,
    keepers,
    opted_out,
    unsubscribed,
    worlds,
    write,
)

LISTS = ("list-0", "list-1")


def state_of(member: Somebody) -> str:
    """Why somebody without a closed gate cannot be mailed; `""` when nothing stands in the way."""
    done = member.outcome in ("added", "updated", "unchanged", "held")
    if done and member.fingerprint == member.sent_fingerprint and member.address == member.sent_address:
        return ""
    if member.outcome == "rejected" and member.fingerprint == member.refused_fingerprint:
        return member.refusal
    return "NOT_SYNCED"


def gates_of_sends(world: World, list_id: str, member: Somebody) -> set[str]:
    """What keeps out of a send: the gates of a synchronisation, and what dotdigital itself has against the person, also
    where the book of another list shows it."""
    everybody = [each for people in world.lists.values() for each in people]
    here = {each.channel for each in everybody if each.address == member.address != ""}
    return (closed_gates(world, list_id, member) | {member.channel} | here) - {""}


def expected(world: World) -> dict[str, tuple[str, str, str]]:
    """(outcome, reason, also) of everybody, in the words of the specification."""
    best: dict[str, tuple[int, Somebody, list[str], str]] = {}
    for list_id in LISTS:
        for member in world.lists[list_id]:
            closed = in_order(gates_of_sends(world, list_id, member))
            state = "" if closed else state_of(member)
            first = (closed or [state])[0]
            rank = PRECEDENCE[first] if first else -1
            if member.person_id not in best or rank < best[member.person_id][0]:
                best[member.person_id] = (rank, member, closed, state)
    kept = keepers(world)
    left_some = {
        member.person_id
        for list_id, people in world.lists.items()
        for member in people
        if unsubscribed(world, list_id, member)
    }
    said: dict[str, tuple[str, str, str]] = {}
    for person_id, (_, member, gates, state) in best.items():
        yields = kept.get(member.address, member).person_id != person_id
        closed = in_order({*gates, "DUPLICATE_ADDRESS"}) if yields else gates
        if closed:
            outcome = "rejected" if closed[0] == "VALUE_REJECTED" else "excluded"
            said[person_id] = (outcome, closed[0], ",".join(closed[1:]))
        elif state:
            refused = state == member.refusal and member.outcome == "rejected"
            said[person_id] = ("rejected" if refused else "excluded", state, "")
        else:
            said[person_id] = ("added", "", "UNSUBSCRIBED_LIST" if person_id in left_some else "")
    return said


def counted(c: Connection, count_id: str) -> dict[str, tuple[str, str, str]]:
    p = target_person.c
    rows = c.execute(select(p.person_id, p.outcome, p.reason, p.also).where(p.count_id == count_id))
    return {row.person_id: (row.outcome, row.reason, row.also) for row in rows}


def new(count_id: str = "count", lists: tuple[str, ...] = LISTS) -> NewCount:
    return NewCount(id=count_id, account_id=ACCOUNT, campaign_id=1, lists=lists, counted_on=NOW)


@GENERATED
@given(told=worlds(lists=2))
def test_everybody_is_counted_once_as_the_specification_says(world: Scratch, told: World) -> None:
    with world() as c:
        write(c, told, "run")
        made = counts.snapshot(c, new())
        assert counted(c, "count") == expected(told)
        assert made.potential == made.sendable + sum(each.people for each in made.excluded)
        assert made.potential == len({each.person_id for people in told.lists.values() for each in people})
        mailed = [each.address for each in target_people.sendable_batch(c, "count", 100)]
        assert len(mailed) == len(set(mailed)) == made.sendable


@GENERATED
@given(told=worlds(lists=2), later=worlds(lists=2))
def test_later_facts_take_people_out_and_never_add_anybody(world: Scratch, told: World, later: World) -> None:
    with world() as c:
        write(c, told, "run")
        before = counts.snapshot(c, new())
        sendable = set(target_people.sendable_addresses(c, "count"))
        for table in (opt_out_address, opt_out, merged_record, suppression, list_unsubscribe, list_member):
            c.execute(delete(table))
        write(c, later, "later")
        left_out = counts.recheck(c, "count")
        after = counts.get(c, "count")
        assert after is not None
        assert (after.potential, after.sendable) == (before.potential, before.sendable - left_out)
        assert after.potential == after.sendable + sum(each.people for each in after.excluded)
        still = target_people.sendable_addresses(c, "count")
        assert set(still) <= sendable
        forbidden = {*later.opted_out, *later.suppressed, *later.elsewhere}
        assert not forbidden & set(still)
        mailable = {
            (member.person_id, member.address)
            for list_id in LISTS
            for member in later.lists[list_id]
            if not gates_of_sends(later, list_id, member) and not state_of(member)
        }
        assert {(person_id, address) for address, person_id in still.items()} <= mailable


@GENERATED
@given(told=worlds(lists=2), data=st.data())
def test_counting_is_the_same_every_time(world: Scratch, told: World, data: st.DataObject) -> None:
    with world() as c:
        write(c, told, "run")
        counts.snapshot(c, new("first"))
        counts.snapshot(c, new("second"))
        p = target_person.c
        shown = (p.person_id, p.seq, p.outcome, p.reason, p.detail, p.also)
        first, second = (c.execute(select(*shown).where(p.count_id == each)).all() for each in ("first", "second"))
        assert sorted(first) == sorted(second)
        assert sorted(row.seq for row in first) == list(range(len(first)))


def synced(c: Connection, list_id: str, *people: str) -> None:
    """People of a list whose address is their name, all in the book."""
    rows = [
        staging.Staged(
            person_id=name,
            entity="contact",
            name=name.title(),
            address=f"{name}@example.com",
            created_on=NOW,
            fields={"FULLNAME": name},
            fingerprint=name,
        )
        for name in people
    ]
    staging.stage(c, list_id, "run", rows)
    settling.settle(c, list_id, "run", ACCOUNT, NOW)
    pending_members.acknowledge(
        c, list_id, [pending_members.Acknowledged(f"{name}@example.com", 7) for name in people], NOW
    )


def test_a_fact_newer_than_the_synchronisation_excludes(c: Connection) -> None:
    synced(c, "list-0", "ann", "bob", "cleo", "dora")
    opted_out(c, "ann@example.com", "DO_NOT_BULK_EMAIL", "x")
    c.execute(
        insert(suppression).values(
            account_id=ACCOUNT, address="bob@example.com", status="Bounced", reason="HARD_BOUNCED"
        )
    )
    c.execute(insert(list_unsubscribe).values(list_id="list-0", address="cleo@example.com", unsubscribed_on=NOW))
    made = counts.snapshot(c, new())
    assert made.counts == (
        ReasonCount(Outcome.ADDED, "", 1),
        ReasonCount(Outcome.EXCLUDED, "DO_NOT_BULK_EMAIL", 1),
        ReasonCount(Outcome.EXCLUDED, "HARD_BOUNCED", 1),
        ReasonCount(Outcome.EXCLUDED, "UNSUBSCRIBED_LIST", 1),
    )
    details = {row.person: row.detail for row in windowed(count_window.window, c, count_id="count").rows}
    assert details == {"ann": "lead x", "bob": "Bounced", "cleo": NOW, "dora": ""}


def test_who_unsubscribed_from_one_list_is_mailed_through_another(c: Connection) -> None:
    synced(c, "list-0", "ann")
    synced(c, "list-1", "ann")
    c.execute(insert(list_unsubscribe).values(list_id="list-0", address="ann@example.com", unsubscribed_on=NOW))
    assert counts.snapshot(c, new("both")).sendable == 1
    assert counts.snapshot(c, new("one", ("list-0",))).sendable == 0


def test_a_lifted_suppression_does_not_make_somebody_sendable_before_they_are_synchronised(c: Connection) -> None:
    synced(c, "list-0", "ann")
    c.execute(
        insert(suppression).values(account_id=ACCOUNT, address="ann@example.com", status="S", reason="SUPPRESSED")
    )
    settling.settle(c, "list-0", "run", ACCOUNT, NOW)
    leaving.remove(c, "list-0", "run", ["ann"])
    c.execute(delete(suppression))
    assert counts.snapshot(c, new()).excluded == (ReasonCount(Outcome.EXCLUDED, "NOT_SYNCED", 1),)


@pytest.mark.parametrize("seen", ["in the book", "just imported"])
def test_a_confirmed_contact_is_sendable_though_another_lists_book_was_read_before(c: Connection, seen: str) -> None:
    for list_id, account, active in (("list-0", ACCOUNT, True), ("list-1", ACCOUNT, False), ("list-2", "other", True)):
        c.execute(insert(marketing_list).values(id=list_id, account_id=account, activated=True, active=active))
        synced(c, list_id, "ann", "bob")
        reading = book_contents.begin(c, list_id)
        waiting = [BookContact("ann@example.com", 7, "PENDING_OPT_IN"), BookContact("bob@example.com", 7)]
        book_contents.compare(c, list_id, "run", waiting, reading)
        channels.record_imported(c, list_id, {"ann@example.com": "PENDING_OPT_IN"})
    assert counted(c, counts.snapshot(c, new("before", ("list-0",))).id)["ann"] == ("excluded", "PENDING_OPT_IN", "")
    # Confirmed meanwhile. Nobody reads the other list's book any more: it is inactive in Dynamics.
    if seen == "in the book":
        book_contents.compare(c, "list-0", "run", [BookContact("ann@example.com", 7)], book_contents.begin(c, "list-0"))
    else:
        channels.record_imported(c, "list-0", {"ann@example.com": ""})
    assert counts.snapshot(c, new("after", ("list-0", "list-1"))).sendable == 2
    # The contact of another email account is another contact.
    assert counted(c, counts.snapshot(c, new("other", ("list-2",))).id)["ann"] == ("excluded", "PENDING_OPT_IN", "")


def test_a_changed_record_waits_for_its_import(c: Connection) -> None:
    synced(c, "list-0", "ann")
    c.execute(update(list_member).values(fingerprint="changed"))
    assert counts.snapshot(c, new()).excluded == (ReasonCount(Outcome.EXCLUDED, "NOT_SYNCED", 1),)


def test_no_lists_are_nobody(c: Connection) -> None:
    made = counts.snapshot(c, new(lists=()))
    assert (made.potential, made.sendable, made.excluded) == (0, 0, ())


def test_who_left_every_list_or_moved_is_not_mailed_any_more(c: Connection) -> None:
    synced(c, "list-0", "ann", "bob", "cleo")
    counts.snapshot(c, new())
    c.execute(delete(list_member).where(list_member.c.person_id == "ann"))
    c.execute(
        update(list_member)
        .where(list_member.c.person_id == "bob")
        .values(address="new@example.com", sent_address="new@example.com")
    )
    assert counts.recheck(c, "count") == 2
    assert target_people.sendable_addresses(c, "count") == {"cleo@example.com": "cleo"}
    assert counted(c, "count")["ann"] == ("excluded", "LEFT_LIST", "")
    assert counted(c, "count")["bob"] == ("excluded", "NOT_SYNCED", "")
    with pytest.raises(KeyError):
        counts.recheck(c, "nothing")


def test_what_the_send_meets_is_kept_and_nobody_comes_back(c: Connection) -> None:
    synced(c, "list-0", "ann", "bob", "cleo")
    counts.snapshot(c, new())
    met = [Resolved("ann", Outcome.REJECTED, "REJECTED", "InvalidEmail"), Resolved("bob", Outcome.ADDED, contact_id=42)]
    assert target_people.resolve(c, "count", met) == 2
    assert target_people.resolve(c, "count", [Resolved("ann", Outcome.ADDED)]) == 0
    batch = target_people.sendable_batch(c, "count", 10)
    assert [(each.person_id, each.contact_id, each.fields) for each in batch] == [
        ("bob", 42, {"FULLNAME": "bob"}),
        ("cleo", 7, {"FULLNAME": "cleo"}),
    ]
    assert [each.person_id for each in target_people.sendable_batch(c, "count", 10, after="bob")] == ["cleo"]


def test_the_people_behind_every_slice_can_be_paged(c: Connection) -> None:
    synced(c, "list-0", *(f"p{number:02}" for number in range(30)))
    for number in range(0, 30, 3):
        address = f"p{number:02}@example.com"
        c.execute(insert(suppression).values(account_id=ACCOUNT, address=address, status="S", reason="COMPLAINED"))
    counts.snapshot(c, new())

    def people(**asked: object) -> tuple[list[str], int, int]:
        found = windowed(count_window.window, c, count_id="count", **asked)
        return [row.person for row in found.rows], found.matching, found.total

    assert people(offset=28, limit=5) == (["p28", "p29"], 30, 30)
    assert people(reason="COMPLAINED", offset=8) == (["p24", "p27"], 10, 30)
    assert people(sendable=True, limit=2) == (["p01", "p02"], 20, 30)
    assert people(sendable=True, sort="-name", limit=2) == (["p29", "p28"], 20, 30)
    assert people(search="P0", sendable=True) == (["p01", "p02", "p04", "p05", "p07", "p08"], 6, 30)
    assert people(reason="NO_EMAIL") == ([], 0, 30)


def test_a_send_carries_the_numbers_of_its_count_to_the_audit(c: Connection) -> None:
    synced(c, "list-0", "ann", "bob", "cleo")
    counts.snapshot(c, new())
    new_send = sends.NewSend(
        id="send",
        account_id=ACCOUNT,
        campaign_id=1,
        campaign_name="Spring",
        count_id="count",
        created_by="Maya",
        created_on=NOW,
        lists=("Walkers",),
        list_ids=("list-0",),
    )
    assert (sends.create(c, new_send).sendable, counts.get(c, "count") is not None) == (3, True)
    target_people.resolve(c, "count", [Resolved("ann", Outcome.REJECTED, "REJECTED")])
    assert sends.take_counts(c, "send") == 2
    runs.create(c, runs.NewRun(id="r", kind="send", title="", account_id=ACCOUNT, sync_key="k", queued_on=NOW))
    outcomes.put_item(c, "r", outcomes.Item(id="send", kind="send", name="Spring"))
    assert target_people.copy_outcomes(c, "r", "send", "count") == 3
    done = sends.finish(c, "send", "Sent", NOW)
    assert (done.state, done.sent_on, done.potential, done.sendable, done.excluded) == (
        "Sent",
        NOW,
        3,
        2,
        (ReasonCount(Outcome.REJECTED, "REJECTED", 1),),
    )
    # Found later not to have mailed anybody but whom dotdigital shows.
    shown = {"account_id": ACCOUNT, "campaign_id": 1, "contact_id": 1, "address": "bob@example.com"}
    c.execute(insert(recipient).values(shown))
    but = target_people.NotMailed(mailed_already.seen(ACCOUNT, 1), "as Maya found later")
    assert target_people.copy_outcomes(c, "r", "send", "count", but) == 3
    rows = run_people.window(c, Window(), run_id="r").rows
    assert {(each.person, each.outcome, each.reason, each.detail) for each in rows} == {
        ("ann", Outcome.REJECTED, "REJECTED", ""),
        ("bob", Outcome.ADDED, "", ""),
        ("cleo", Outcome.EXCLUDED, "NOT_MAILED", "as Maya found later"),
    }
    assert outcomes.tallies(c, ["r"])["r"].named == 3
    assert sends.of_count(c, "count") == done
    (shown,) = send_window.of_campaign(c, ACCOUNT, 1)
    assert (shown.id, shown.campaign, shown.run, shown.lists) == (done.id, done.campaign_id, done.run_id, done.lists)
    assert (shown.potential, shown.sendable, shown.excluded) == (done.potential, done.sendable, done.excluded)
    assert send_window.row(c, done.id) == shown
    assert counts.delete_older_than(c, "2030-01-01T00:00:00Z") == 0
    counts.snapshot(c, new("untaken"))
    assert counts.delete_older_than(c, "2030-01-01T00:00:00Z") == 1
    assert counts.get(c, "untaken") is None
