"""Why somebody is mailed or not: the same as the count says of everybody, with what each closed gate rests on."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, String, event, insert, literal, select, update

from dyntui.model.reasons import CATALOGUE
from dyntui.model.sends import PersonChanged
from dyntui.model.why import Fact, closed
from dyntui.service import send_pages
from dyntui.service.contract.paging import Page
from dyntui.service.contract.sends import ChangesQuery
from dyntui.store import counts, gate_marks, send_changes, sends, why
from dyntui.store.counts import NewCount
from dyntui.store.schema import (
    email_account,
    list_member,
    list_unsubscribe,
    marketing_list,
    recipient,
    suppression,
    target_person,
)
from dyntui.store.sends import NewSend

from .conftest import World as Scratch
from .test_counts import LISTS, synced
from .worlds import ACCOUNT, GENERATED, NOW, World, activate, merged_into, opted_out, worlds, write


@GENERATED
@given(told=worlds(lists=2))
def test_it_says_of_everybody_what_the_count_says(world: Scratch, told: World) -> None:
    with world() as c:
        write(c, told, "run")
        counts.snapshot(c, NewCount(id="count", account_id=ACCOUNT, campaign_id=1, lists=LISTS, counted_on=NOW))
        p = target_person.c
        for row in c.execute(select(target_person).where(p.count_id == "count")).all():
            said = [
                each
                for each in why.of_address(c, row.address, account_id=ACCOUNT, campaign_id=1, lists=LISTS)
                if each.person == row.person_id
            ]
            assert len(said) == 1
            (verdict,) = said
            assert (verdict.outcome.value, verdict.reason, verdict.detail) == (row.outcome, row.reason, row.detail)
            shut = list(dict.fromkeys(gate.code for gate in verdict.gates))
            assert shut == ([row.reason, *filter(None, row.also.split(","))] if row.reason else [])


def account(c: Connection, account_id: str, name: str) -> None:
    c.execute(insert(email_account).values(id=account_id, name=name, platform_id=1))


def test_every_closed_gate_names_what_it_rests_on_and_since_when(c: Connection) -> None:
    activate(c, "list-0", "list-1")
    account(c, ACCOUNT, "Main")
    account(c, "other", "Second")
    synced(c, "list-0", "anna")
    synced(c, "list-1", "anna")
    address = c.execute(select(list_member.c.address).where(list_member.c.person_id == "anna")).scalars().first()
    assert address
    for account_id, status in ((ACCOUNT, "Unsubscribed"), ("other", "HardBounced")):
        c.execute(
            insert(suppression).values(
                account_id=account_id,
                address=address,
                status=status,
                reason="SUPPRESSED" if account_id == ACCOUNT else "HARD_BOUNCED",
                suppressed_on="2026-02-03T04:05:06Z",
                learned_on="2026-02-04T00:00:00Z",
            )
        )
    opted_out(c, address, "DO_NOT_EMAIL", "lead-1")
    merged_into(c, "anna", "DO_NOT_BULK_EMAIL")
    for each in LISTS:
        c.execute(insert(list_unsubscribe).values(list_id=each, address=address, unsubscribed_on=NOW, learned_on=NOW))
    c.execute(
        insert(recipient).values(
            account_id=ACCOUNT, campaign_id=7, contact_id=1, address=address, sent_on="2026-01-01T00:00:00Z"
        )
    )
    (verdict,) = why.of_address(c, address, account_id=ACCOUNT, campaign_id=7, lists=LISTS)
    gates = {gate.code: gate for gate in verdict.gates}
    assert list(dict.fromkeys(gate.code for gate in verdict.gates)) == [
        "SUPPRESSED",
        "SUPPRESSED_OTHER_ACCOUNT",
        "DO_NOT_EMAIL",
        "DO_NOT_BULK_EMAIL",
        "UNSUBSCRIBED_LIST",
    ]
    assert verdict.reason == "SUPPRESSED"
    assert gates["SUPPRESSED"].detail == "Unsubscribed in Main"
    assert gates["SUPPRESSED"].since == "2026-02-03T04:05:06Z"
    assert gates["SUPPRESSED"].learned_on == "2026-02-04T00:00:00Z"
    assert gates["SUPPRESSED_OTHER_ACCOUNT"].detail == "HardBounced in Second"
    assert gates["DO_NOT_EMAIL"].detail.startswith("lead lead-1")
    assert [gate.detail for gate in verdict.gates if gate.code == "UNSUBSCRIBED_LIST"] == ["list-0", "list-1"]
    assert verdict.where == "list-0, list-1"


def test_who_has_had_the_campaign_is_told_when(c: Connection) -> None:
    activate(c, "list-0")
    account(c, ACCOUNT, "Main")
    synced(c, "list-0", "anna")
    address = c.execute(select(list_member.c.address)).scalar_one()
    first = "2026-01-01T00:00:00Z"
    c.execute(insert(recipient).values(account_id=ACCOUNT, campaign_id=7, contact_id=1, address=address, sent_on=first))
    (had,) = why.of_address(c, address, account_id=ACCOUNT, campaign_id=7, lists=["list-0"])
    assert [(gate.code, gate.since) for gate in had.gates] == [("ALREADY_SENT", first)]
    (other,) = why.of_address(c, address, account_id=ACCOUNT, campaign_id=8, lists=["list-0"])
    assert (other.outcome, other.gates) == ("added", ())


def asked_for(c: Connection, work: Callable[[], object]) -> int:
    """How many statements were carried out for it."""
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        done.append(statement)

    event.listen(c, "before_cursor_execute", note)
    work()
    event.remove(c, "before_cursor_execute", note)
    return len(done)


def test_what_is_known_of_many_is_asked_in_as_many_statements_as_of_one_and_is_the_same(c: Connection) -> None:
    activate(c, "list-0", "list-1")
    account(c, ACCOUNT, "Main")
    names = [f"person{each}" for each in range(12)]
    synced(c, "list-0", *names)
    m = list_member.c
    people = [(row.person_id, row.address) for row in c.execute(select(m.person_id, m.address).order_by(m.person_id))]
    for place, (person_id, address) in enumerate(people):
        if place % 2:
            opted_out(c, address, "DO_NOT_EMAIL", f"lead-{place}")
        if place % 3 == 0:
            merged_into(c, person_id, "DO_NOT_BULK_EMAIL")
            left = {"list_id": "list-1", "address": address, "unsubscribed_on": NOW, "learned_on": NOW}
            c.execute(insert(list_unsubscribe).values(**left))
        if place % 4 == 0:
            mailed = {"contact_id": place, "address": address, "sent_on": f"2026-01-{place + 1:02}T00:00:00Z"}
            c.execute(insert(recipient).values(account_id=ACCOUNT, campaign_id=7, **mailed))
            c.execute(
                insert(suppression).values(
                    account_id=ACCOUNT, address=address, status="Unsubscribed", reason="SUPPRESSED"
                )
            )
    scope = (ACCOUNT, 7, LISTS)
    alone = {each[0]: why.facts_of(c, [each], *scope)[each[0]] for each in people}
    assert why.facts_of(c, people, *scope) == alone
    assert {len(facts) for facts in alone.values()} > {1, 2}
    of_all = asked_for(c, lambda: why.facts_of(c, people, *scope))
    assert of_all == asked_for(c, lambda: why.facts_of(c, people[:1], *scope))


def test_the_causes_of_a_sends_changes_are_asked_for_all_of_a_page_at_once(c: Connection) -> None:
    activate(c, "list-0")
    account(c, ACCOUNT, "Main")
    names = [f"person{each}" for each in range(9)]
    synced(c, "list-0", *names)
    count = NewCount(id="count", account_id=ACCOUNT, campaign_id=7, lists=("list-0",), counted_on=NOW)
    counts.snapshot(c, count)
    send_changes.confirm(c, "count")
    known = {
        "account_id": ACCOUNT,
        "campaign_id": 7,
        "campaign_name": "Spring",
        "created_by": "Mira",
        "created_on": NOW,
    }
    sends.create(c, NewSend(id="send", count_id="count", lists=["list-0"], list_ids=["list-0"], **known))
    p = target_person.c
    asked: list[int] = []
    for some in (names[:1], names):
        c.execute(update(target_person).where(p.person_id.in_(some)).values(outcome="excluded", reason="SUPPRESSED"))
        pages: list[Page[PersonChanged]] = []
        asked.append(asked_for(c, lambda: pages.append(send_pages._changes(c, ChangesQuery(id="send"), "send"))))  # noqa: B023
        assert len(pages[0].rows) == len(some)
    assert asked[0] == asked[1]


def test_a_person_stands_on_each_list_for_itself(c: Connection) -> None:
    activate(c, *LISTS)
    account(c, ACCOUNT, "Main")
    synced(c, "list-0", "anna")
    synced(c, "list-1", "anna")
    c.execute(update(marketing_list).where(marketing_list.c.id == "list-1").values(last_synced=NOW))
    c.execute(update(list_member).where(list_member.c.list_id == "list-1").values(sent_fingerprint=""))
    one, two = why.of_person(c, "anna", account_id=ACCOUNT, lists=LISTS)
    assert (one.where, one.outcome, one.reason) == ("list-0", "added", "")
    assert (two.where, two.outcome, two.reason) == ("list-1", "excluded", "NOT_SYNCED")
    assert [(gate.code, gate.learned_on) for gate in two.gates] == [("NOT_SYNCED", NOW)]
    assert why.of_address(c, "nobody@example.com", account_id=ACCOUNT, campaign_id=1, lists=LISTS) == []


def test_of_two_flags_of_a_record_each_says_of_whom_and_since_when_it_is_known(c: Connection) -> None:
    activate(c, "list-0")
    account(c, ACCOUNT, "Main")
    synced(c, "list-0", "anna")
    c.execute(update(marketing_list).values(last_synced=NOW))
    own = {"own_reasons": "DO_NOT_EMAIL,DO_NOT_BULK_EMAIL", "outcome": "excluded", "reason": "DO_NOT_EMAIL"}
    c.execute(update(list_member).where(list_member.c.person_id == "anna").values(own))
    address = c.execute(select(list_member.c.address).where(list_member.c.person_id == "anna")).scalar_one()
    # One opt-out is kept of a record: the first of its reasons.
    opted_out(c, address, "DO_NOT_EMAIL", "anna")
    (verdict,) = why.of_address(c, address, account_id=ACCOUNT, campaign_id=0, lists=("list-0",))
    told = [(gate.code, gate.detail.split(",")[0]) for gate in verdict.gates]
    assert told[1:] == [("DO_NOT_BULK_EMAIL", "contact anna")] and told[0][0] == "DO_NOT_EMAIL"
    assert all(gate.learned_on for gate in verdict.gates)


def test_gates_come_by_precedence_with_every_fact_and_how_they_are_mended() -> None:
    facts = (Fact(code="DO_NOT_EMAIL", detail="contact 1"), Fact(code="DO_NOT_EMAIL", detail="lead 2"))
    gates = closed(("DO_NOT_EMAIL", "NO_EMAIL"), "first", facts)
    assert [(gate.code, gate.detail) for gate in gates] == [
        ("NO_EMAIL", "first"),
        ("DO_NOT_EMAIL", "contact 1"),
        ("DO_NOT_EMAIL", "lead 2"),
    ]
    assert all(gate.who and gate.remedy for gate in gates)
    (odd,) = closed(("SOMETHING_NEW",), "", ())
    assert (odd.code, odd.title) == ("SOMETHING_NEW", "Unknown reason")


@GENERATED
@given(codes=st.lists(st.sampled_from([*(each.code for each in CATALOGUE), "FROM_THE_FUTURE", "AGE"]), max_size=6))
def test_reasons_of_a_few_have_the_bits_that_reasons_of_many_have(world: Scratch, codes: list[str]) -> None:
    joined = literal(gate_marks.join(codes), String)
    with world() as c:
        found = c.execute(select(gate_marks.codes_mark(joined))).scalar_one()
        assert found == c.execute(select(gate_marks.list_mark(joined, [gate_marks.join(codes)]))).scalar_one()


def test_asking_about_others_puts_no_statement_together_anew(c: Connection) -> None:
    activate(c, "list-0")
    synced(c, "list-0", "anna", "bert", "cleo")
    m = list_member.c
    for person_id, gates in (("anna", ""), ("bert", "INACTIVE"), ("cleo", "BAD_EMAIL,INACTIVE")):
        c.execute(update(list_member).where(m.person_id == person_id).values(own_reasons=gates))
    addresses = c.execute(select(m.address).where(m.list_id == "list-0")).scalars().all()
    before = why._where_they_stand.cache_info().misses
    for each in addresses:
        why.of_address(c, each, account_id=ACCOUNT, campaign_id=9, lists=("list-0",))
    assert len(addresses) == 3 and why._where_they_stand.cache_info().misses <= before + 1
