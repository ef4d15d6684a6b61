"""Records that opted out: known by record and by address, until there is evidence of the contrary."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from dyntui.model.reasons import BY_CODE
from dyntui.store import counts, leaving, lifts, opt_outs, settling, why
from dyntui.store.opt_outs import Merge, OptOut, Unseen
from dyntui.store.schema import list_member, merged_record, opt_out, opt_out_address, recipient, send, target_person

from .test_counts import new, synced
from .test_members import became, imported, listing, person
from .worlds import ACCOUNT, NOW, activate, merged_into, opted_out

LATER = "2026-03-02T10:00:00Z"


def out(person_id: str, reason: str = "DO_NOT_BULK_EMAIL", *addresses: str) -> OptOut:
    return OptOut(person_id=person_id, entity="contact", reason=reason, said_by="flag", addresses=addresses)


def reading(c: Connection, *rows: OptOut, now: str = NOW) -> str:
    begun = opt_outs.begin(c)
    opt_outs.stage(c, begun, rows, now)
    return begun


def known(c: Connection) -> dict[str, str]:
    return {row.person_id: row.reason for row in c.execute(select(opt_out))}


def addresses(c: Connection) -> set[tuple[str, str]]:
    a = opt_out_address.c
    return {tuple(row) for row in c.execute(select(a.address, a.person_id))}


def test_of_several_opt_outs_of_an_address_the_strongest_is_the_reason_in_whatever_order_they_come(
    c: Connection,
) -> None:
    rows = [out("p3"), out("p1", "DO_NOT_EMAIL"), out("p2"), out("p0", "DO_NOT_EMAIL"), out("p4")]
    listing(c, "r1", person("ann"))
    for turned in (rows, rows[::-1]):
        reading(c, *(out(row.person_id, row.reason, "ann@example.com") for row in turned))
        settling.settle(c, "list", "r1", ACCOUNT, NOW)
        m = list_member.c
        assert tuple(c.execute(select(m.reason, m.detail)).one()) == ("DO_NOT_EMAIL", "contact p0")


def test_what_a_reading_does_not_show_stays_until_it_is_lifted_by_name(c: Connection) -> None:
    reading(c, out("p1", "DO_NOT_EMAIL", "ann@example.com"), out("p2"))
    second = reading(c, out("p2"), now=LATER)
    assert opt_outs.unseen(c, second) == [Unseen("contact", "p1", "", "flag")]
    assert set(known(c)) == {"p1", "p2"}
    opt_outs.keep(c, ["p1"], "gone")
    assert opt_outs.unseen(c, second) == [Unseen("contact", "p1", "gone", "flag")]
    assert opt_outs.lift(c, second, {"p1": "both flags are off", "p2": "x"}, LATER) == 1
    assert (set(known(c)), addresses(c)) == ({"p2"}, set())
    assert [(each.person_id, each.evidence) for each in lifts.lifts(c)] == [("p1", "both flags are off")]


def test_an_opt_out_counts_for_every_address_that_the_record_had_since(c: Connection) -> None:
    reading(c, out("p1", "DO_NOT_EMAIL", "old@example.com"))
    reading(c, out("p1", "DO_NOT_BULK_EMAIL", "new@example.com"), now=LATER)
    assert addresses(c) == {("old@example.com", "p1"), ("new@example.com", "p1")}
    assert known(c) == {"p1": "DO_NOT_BULK_EMAIL"}
    assert c.execute(select(opt_out.c.learned_on)).scalar_one() == NOW
    listing(c, "r1", person("heir", address="old@example.com"))
    assert became(c) == {"heir": "excluded DO_NOT_BULK_EMAIL"}


def test_readings_side_by_side_take_back_nothing_that_one_of_them_has_seen(c: Connection) -> None:
    one, other = opt_outs.begin(c), opt_outs.begin(c)
    opt_outs.stage(c, one, [out("p1")], NOW)
    opt_outs.stage(c, other, [out("p1"), out("p2")], NOW)
    assert opt_outs.unseen(c, one) == opt_outs.unseen(c, other) == []
    opt_outs.stage(c, one, [out("p3")], NOW)
    assert opt_outs.lift(c, other, dict.fromkeys(("p1", "p2", "p3"), "x"), NOW) == 0


def test_an_opt_out_without_an_address_counts_for_the_person(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"))
    imported(c)
    opted_out(c, "", "DO_NOT_EMAIL", "ann", "contact")
    listing(c, "r2", person("ann"), person("bob"))
    assert became(c) == {"ann": "excluded DO_NOT_EMAIL", "bob": "unchanged"}
    assert [(each.person_id, each.why) for each in leaving.leavers(c, "list", "r2")] == [("ann", "withdrawn")]


def test_who_left_the_list_and_opted_out_with_another_address_is_not_held(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"))
    imported(c)
    opted_out(c, "elsewhere@example.com", "DO_NOT_EMAIL", "ann", "contact")
    listing(c, "r2")
    assert leaving.hold(c, "list", "r2", "the list came back empty") == 1
    assert [(each.person_id, each.why) for each in leaving.leavers(c, "list", "r2")] == [("ann", "withdrawn")]


def test_the_survivor_of_a_chain_of_merges_is_opted_out_as_a_person(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"))
    merged_into(c, "ann")
    settling.settle(c, "list", "r1", ACCOUNT, NOW)
    assert became(c) == {"ann": "excluded DO_NOT_EMAIL", "bob": ""}


def test_chains_of_merges_end_in_the_record_that_is_left_in_whatever_order_they_are_told(c: Connection) -> None:
    chain = [Merge(person_id=f"p{n}", entity="contact", master_id=f"p{n + 1}") for n in range(9)]
    for order in (chain, chain[::-1], chain[::2] + chain[1::2]):
        for merge in order:
            opt_outs.record_merges(c, [merge], NOW)
        assert set(c.execute(select(merged_record.c.survivor_id)).scalars()) == {"p9"}
        opt_outs.record_merges(c, order, LATER)
        assert set(c.execute(select(merged_record.c.survivor_id)).scalars()) == {"p9"}
        c.execute(merged_record.delete())


def test_the_surviving_record_of_a_merge_has_had_what_either_had(c: Connection) -> None:
    synced(c, "list-0", "ann", "bob", "cleo")
    synced(c, "list-1", "loser")
    c.execute(
        insert(send).values(
            id="s", account_id=ACCOUNT, campaign_id=1, count_id="first", state="Sent", lists=[], list_ids=[]
        )
    )
    counts.snapshot(c, new("first", ("list-1",)))
    c.execute(
        insert(recipient).values(
            account_id=ACCOUNT, campaign_id=1, contact_id=9, address="lost@example.com", sent_on=NOW
        )
    )
    opt_outs.record_merges(c, [Merge(person_id="loser", entity="contact", master_id="between")], NOW)
    opt_outs.record_merges(c, [Merge(person_id="between", entity="contact", master_id="ann")], NOW)
    by_address = Merge(person_id="lost", entity="contact", master_id="bob", address="lost@example.com")
    opt_outs.record_merges(c, [by_address], NOW)
    counts.snapshot(c, new("second", ("list-0",)))
    p = target_person.c
    rows = c.execute(select(p.person_id, p.outcome, p.reason).where(p.count_id == "second")).all()
    assert {row.person_id: (row.outcome, row.reason) for row in rows} == {
        "ann": ("excluded", "ALREADY_SENT"),
        "bob": ("excluded", "ALREADY_SENT"),
        "cleo": ("added", ""),
    }


def test_who_had_a_campaign_through_an_account_that_is_mailed_at_their_address_has_had_it(c: Connection) -> None:
    synced(c, "list-0", "shop", "club", "cleo")
    through = {"shop": "buyer", "club": "gone"}
    m = list_member.c
    for account_id, contact in through.items():
        c.execute(update(list_member).where(m.person_id == account_id).values(mailed_as=contact))
    c.execute(
        insert(send).values(
            id="s",
            account_id=ACCOUNT,
            campaign_id=1,
            count_id="first",
            state="Sent",
            created_by="Ann",
            lists=[],
            list_ids=[],
        )
    )
    counts.snapshot(c, new("first", ("list-0",)))
    # By now the accounts are mailed at somebody else's address; the contacts have another one, and one was merged.
    c.execute(update(list_member).where(m.mailed_as != "").values(mailed_as="another"))
    opt_outs.record_merges(c, [Merge(person_id="gone", entity="contact", master_id="left")], NOW)
    synced(c, "list-1", "buyer", "left", "other", "branch")
    c.execute(update(list_member).where(m.person_id == "branch").values(mailed_as="buyer"))
    counts.snapshot(c, new("second", ("list-1",)))
    p = target_person.c
    rows = c.execute(select(p.person_id, p.outcome, p.reason).where(p.count_id == "second")).all()
    had = ("excluded", "ALREADY_SENT")
    assert {row.person_id: (row.outcome, row.reason) for row in rows} == {
        "buyer": had,
        "left": had,
        "branch": had,
        "other": ("added", ""),
    }
    activate(c, "list-1")
    for each in ("buyer", "left", "branch"):
        (told,) = why.of_address(c, f"{each}@example.com", account_id=ACCOUNT, campaign_id=1, lists=["list-1"])
        assert [(gate.code, gate.detail) for gate in told.gates] == [("ALREADY_SENT", "sent by Ann")]


def test_of_a_send_that_may_have_reached_somebody_it_is_said_that_nobody_knows(c: Connection) -> None:
    activate(c, "list-0")
    synced(c, "list-0", "ann")
    counts.snapshot(c, new("first", ("list-0",)))
    sent = {"account_id": ACCOUNT, "campaign_id": 1, "created_by": "Ann", "lists": [], "list_ids": []}
    c.execute(insert(send).values(id="5e4d0000-1", count_id="first", state="Cancelled", doubt="cancelled", **sent))

    def told() -> list[tuple[str, str]]:
        (verdict,) = why.of_address(c, "ann@example.com", account_id=ACCOUNT, campaign_id=1, lists=["list-0"])
        return [(gate.code, gate.detail) for gate in verdict.gates]

    unknown = "whom the send 5e4d0000 of Ann mailed is not known: `dyntui campaigns settle`"
    assert told() == [("ALREADY_SENT", unknown)]
    # Of two sends the one counts of which it is known.
    counts.snapshot(c, new("second", ("list-0",)))
    p = target_person.c
    c.execute(update(target_person).where(p.count_id == "second").values(outcome="added", reason=""))
    c.execute(insert(send).values(id="s-2", count_id="second", state="Sent", sent_on=NOW, **sent))
    assert told() == [("ALREADY_SENT", "sent by Ann")]
    c.execute(update(send).where(send.c.id == "5e4d0000-1").values(decision="mailed"))
    assert told() == [("ALREADY_SENT", "sent by Ann")]


def test_the_remedy_of_a_campaign_that_was_had_is_one_also_where_that_is_not_known() -> None:
    had = BY_CODE["ALREADY_SENT"]
    assert "may have" in had.meaning and "`dyntui campaigns settle" in had.remedy
