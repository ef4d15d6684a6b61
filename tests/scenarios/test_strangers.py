"""Strangers: contacts of an address book that are not on the list, by membership action and kind of list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.model.strangers import candidates_in, more_in
from dyntui.service.contract.lists import EditList
from dyntui.service.contract.runs import RunDetail
from dyntui.store import accounts as account_store
from dyntui.sync import strangers
from tests.scenarios.office import Office, writes
from tests.scenarios.test_address_books import change_in_dotdigital
from tests.scenarios.test_members_and_books import row

REMOVE, KNOWN = MembershipAction.REMOVE, MembershipAction.KNOWN
CONTACTS, LEADS = MembershipAction.CONTACTS, MembershipAction.LEADS


def strangers_of(office: Office, run: RunDetail, list_id: str) -> dict[str, PersonOutcome]:
    return {each.address: each for each in office.people(run.run.id, item=f"{list_id}/strangers")}


def adds_up(run: RunDetail) -> bool:
    return run.run.tally.adds_up and all(item.tally.adds_up for item in run.items)


def on_the_list(office: Office, list_id: str) -> set[str]:
    query = "SELECT entityid FROM dv_listmember WHERE listid = ?"
    return {row[0] for row in office.sandbox.state.db.execute(query, (list_id,))}


def records(office: Office, table: str, address: str) -> list[str]:
    query = f"SELECT {table}id FROM dv_{table} WHERE lower(emailaddress1) = ?"
    return [row[0] for row in office.sandbox.state.db.execute(query, (address,))]


@pytest.fixture
def met(office: Office) -> dict[str, str]:
    return meet_strangers(office)


def meet_strangers(office: Office) -> dict[str, str]:
    """A synchronised list of contacts, and a stranger of every kind in its book: addresses by kind; `list`: its id."""
    newsletter = office.activated("Newsletter")
    office.run("lists")
    members = on_the_list(office, newsletter.id)
    free = [
        (row[0], row[1])
        for row in office.sandbox.state.db.execute(
            "SELECT contactid, lower(emailaddress1) FROM dv_contact WHERE emailaddress1 LIKE '%@%.%' AND statecode = 0"
            " AND donotemail = 0 AND donotbulkemail = 0 AND contactid NOT IN (SELECT entityid FROM dv_listmember)"
            " GROUP BY lower(emailaddress1) HAVING count(*) = 1 ORDER BY contactid"
        )
        if row[0] not in members
    ]
    one, twin, other_twin, gone, no = free[:5]
    office.change_in_dynamics("contact", one[0], emailaddress1=" Known@Strangers.example")
    office.change_in_dynamics("contact", twin[0], emailaddress1="twin@strangers.example")
    office.change_in_dynamics("contact", other_twin[0], emailaddress1="TWIN@strangers.example")
    office.change_in_dynamics("contact", gone[0], emailaddress1="inactive@strangers.example", statecode=1)
    office.change_in_dynamics("contact", no[0], emailaddress1="no@strangers.example", donotbulkemail=1)
    kinds = ("known", "twin", "inactive", "no", "nobody", "suppressed", "left")
    for kind in kinds:
        office.put_into_book(newsletter.id, f"{kind}@strangers.example", FIRSTNAME="Given", LASTNAME=f"Name of {kind}")
    office.put_into_book(newsletter.id, "nameless@strangers.example")
    office.unsubscribe("suppressed@strangers.example")
    office.unsubscribe("left@strangers.example", book=office.book_of(newsletter.id))
    return {
        "list": newsletter.id,
        "known": one[0],
        **{f"{each} address": f"{each}@strangers.example" for each in (*kinds, "nameless")},
    }


def of_kinds(found: dict[str, PersonOutcome], kinds: Iterable[str]) -> list[tuple[str, str]]:
    said = (found.get(f"{kind}@strangers.example") for kind in kinds)
    return [(each.outcome.value, each.reason) if each else ("", "") for each in said]


OPEN = ("known", "twin", "inactive", "nobody", "nameless")


def members_are_in_the_book(office: Office, list_id: str) -> bool:
    """Whether every member whom nothing keeps out is in the list's book, and there are some."""
    in_it = (Outcome.ADDED, Outcome.UPDATED, Outcome.UNCHANGED)
    wanted = {each.address for each in office.members(list_id) if each.outcome in in_it}
    return bool(wanted) and wanted <= office.in_book(list_id)


def test_a_simulation_tells_what_each_action_then_does_and_changes_nothing(office: Office, met: dict[str, str]) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    office.run("suppressions")
    found, calls = office.calls_between(lambda: office.simulate(met["list"]))
    assert writes(calls) == [] and found.strangers == found.actions[0].stay + found.actions[0].leave
    by_action = {each.action: each for each in found.actions}
    foreseen = by_action[CONTACTS]
    assert by_action[REMOVE].leave == found.strangers and by_action[KNOWN].create == 0
    before = on_the_list(office, met["list"])
    run = office.run("lists", lists=(met["list"],))
    said = list(strangers_of(office, run, met["list"]).values())
    assert foreseen.join + foreseen.create == len(on_the_list(office, met["list"]) - before)
    assert foreseen.join + foreseen.create == sum(each.outcome is Outcome.ADDED for each in said)
    assert foreseen.reasons["AMBIGUOUS_MATCH"] == sum(each.reason == "AMBIGUOUS_MATCH" for each in said) == 1
    assert {each.part for each in found.filters} >= {"bulk", "opt-in:Double", "view"}


def test_ignored_strangers_stay_and_only_consent_takes_them_out(office: Office, met: dict[str, str]) -> None:
    before = on_the_list(office, met["list"])
    run = office.run("lists")
    assert adds_up(run) and strangers_of(office, run, met["list"]) == {}
    assert members_are_in_the_book(office, met["list"]) and on_the_list(office, met["list"]) == before
    assert records(office, "contact", met["nobody address"]) == records(office, "lead", met["nobody address"]) == []
    inside = office.in_book(met["list"])
    assert {met[f"{each} address"] for each in OPEN} <= inside and met["no address"] not in inside


def test_removed_strangers_leave_the_book_and_are_not_deleted(office: Office, met: dict[str, str]) -> None:
    office.edit(EditList(id=met["list"], membership_action=REMOVE))
    before = on_the_list(office, met["list"])
    run = office.run("lists")
    assert adds_up(run)
    found = strangers_of(office, run, met["list"])
    assert {found[met[f"{each} address"]].outcome for each in OPEN} == {Outcome.REMOVED}
    assert members_are_in_the_book(office, met["list"])
    assert of_kinds(found, ["no"]) == [("excluded", "DO_NOT_BULK_EMAIL")]
    assert not {met[f"{each} address"] for each in (*OPEN, "no")} & office.in_book(met["list"])
    query = "SELECT count(*) FROM dd_contact WHERE email LIKE '%@strangers.example'"
    assert office.sandbox.state.db.execute(query).fetchone()[0] >= len(OPEN)
    assert on_the_list(office, met["list"]) == before
    again, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == [] and adds_up(again) and strangers_of(office, again, met["list"]) == {}


def test_known_contacts_join_the_list_and_the_others_stay_strangers(office: Office, met: dict[str, str]) -> None:
    office.edit(EditList(id=met["list"], membership_action=KNOWN))
    before = on_the_list(office, met["list"])
    run, calls = office.calls_between(lambda: office.run("lists"))
    assert adds_up(run) and run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    found = strangers_of(office, run, met["list"])
    assert of_kinds(found, [*OPEN, "no"]) == [
        ("added", ""),
        ("rejected", "AMBIGUOUS_MATCH"),
        ("excluded", "UNKNOWN_PERSON"),
        ("excluded", "UNKNOWN_PERSON"),
        ("excluded", "UNKNOWN_PERSON"),
        ("excluded", "DO_NOT_BULK_EMAIL"),
    ]
    assert on_the_list(office, met["list"]) == before | {met["known"]}
    assert members_are_in_the_book(office, met["list"])
    assert sum("AddListMembersList" in each for each in writes(calls)) == 1
    member = {each.person: each for each in office.people(run.run.id, item=met["list"])}[met["known"]]
    assert member.outcome is Outcome.ADDED
    assert "contact" in found[met["twin address"]].detail and ";" in found[met["twin address"]].detail
    office.until_told()
    again, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == [] and adds_up(again)
    assert of_kinds(strangers_of(office, again, met["list"]), ["known", "twin"]) == [
        ("", ""),
        ("rejected", "AMBIGUOUS_MATCH"),
    ]


@pytest.mark.parametrize("kind", ["contact", "lead"])
def test_whom_nobody_knows_becomes_a_record_once_and_joins(office: Office, met: dict[str, str], kind: str) -> None:
    if kind == "lead":
        leads = next(row for row in office.all_lists() if row.member_type == "lead" and not row.dynamic and row.active)
        met = {**met, "list": office.activated(leads.name).id}
        for each in (*OPEN, "no"):
            office.put_into_book(met["list"], met[f"{each} address"])
    action = CONTACTS if kind == "contact" else LEADS
    office.edit(EditList(id=met["list"], membership_action=action))
    db = office.sandbox.state.db
    (owner,) = db.execute("SELECT ownerid FROM dv_list WHERE listid = ?", (met["list"],)).fetchone()
    if kind == "lead":
        # The account says whose they are.
        others = "SELECT systemuserid, domainname FROM dv_systemuser WHERE isdisabled = 0 AND systemuserid <> ?"
        owner, name = db.execute(f"{others} AND domainname LIKE '%@%' ORDER BY domainname", (owner,)).fetchone()
        with office.db.write() as c:
            account_store.put_account(c, msgspec.structs.replace(account_store.accounts(c)[0], record_owner=name))
    before = on_the_list(office, met["list"])
    run, calls = office.calls_between(lambda: office.run("lists", lists=(met["list"],)))
    assert adds_up(run)
    found = strangers_of(office, run, met["list"])
    made = ["inactive", "nobody", "nameless"] if kind == "contact" else list(OPEN)
    assert of_kinds(found, made) == [("added", "")] * len(made)
    assert of_kinds(found, ["no"]) == [("excluded", "DO_NOT_BULK_EMAIL")]
    assert members_are_in_the_book(office, met["list"])
    new = on_the_list(office, met["list"]) - before
    ids = {each: records(office, kind, met[f"{each} address"]) for each in made}
    assert len(new) == len(made) + (kind == "contact")
    assert len(ids["nobody"]) == 1 and ids["nobody"][0] in new
    columns = "firstname, lastname, ownerid" + (", subject" if kind == "lead" else "")
    row = office.sandbox.state.db.execute(
        f"SELECT {columns} FROM dv_{kind} WHERE {kind}id = ?", (ids["nameless"][0],)
    ).fetchone()
    assert row[1] == "nameless" and (kind == "contact" or row[3].startswith("Subscribed to "))
    assert row[2] == owner
    assert sum("Multiple" in each and kind in each for each in writes(calls)) <= 1
    for each in ("suppressed", "left", "no"):
        assert not any(person in new for person in records(office, kind, met[f"{each} address"]))
    office.until_told()
    again, calls = office.calls_between(lambda: office.run("lists", lists=(met["list"],)))
    assert writes(calls) == [] and adds_up(again)
    # A contact that takes another address in dotdigital is the same person still, now and later.
    moved, there = office.moves_in_dotdigital(met["nobody address"]), on_the_list(office, met["list"])
    assert {each.action: each.create for each in office.simulate(met["list"]).actions}[action] == 0
    for _ in range(2):
        run = office.run("lists", lists=(met["list"],))
        stays = strangers_of(office, run, met["list"])[moved]
        assert (stays.reason, ids["nobody"][0] in stays.detail) == ("UNKNOWN_PERSON", True)
    assert records(office, kind, moved) == [] and on_the_list(office, met["list"]) == there


def test_whom_somebody_makes_a_record_meanwhile_is_made_no_second_one(
    office: Office, met: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    real = strangers._create

    async def after_a_colleague(*given: Any) -> None:
        row(office, "contact", lastname="Typed in", emailaddress1=met["nobody address"].title())
        await real(*given)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(strangers, "_create", after_a_colleague)
        run = office.run("lists", lists=(met["list"],))
    assert adds_up(run)
    assert of_kinds(strangers_of(office, run, met["list"]), ["nobody", "nameless"]) == [
        ("held", "STALE"),
        ("added", ""),
    ]
    (typed,) = records(office, "contact", met["nobody address"])
    assert typed not in on_the_list(office, met["list"])
    office.run("lists", lists=(met["list"],))
    assert records(office, "contact", met["nobody address"]) == [typed]
    assert typed in on_the_list(office, met["list"])


def test_an_ambiguous_stranger_waits_in_quarantine_until_somebody_chooses_the_record(
    office: Office, met: dict[str, str]
) -> None:
    office.edit(EditList(id=met["list"], membership_action=KNOWN))
    office.run("lists")
    (row,) = office.refused(reason="AMBIGUOUS_MATCH")
    assert (row.list, row.entity, row.address) == (met["list"], "stranger", met["twin address"])
    chosen, other = records(office, "contact", met["twin address"])
    with pytest.raises(DyntuiError, match="among those that match"):
        office.pick(met["list"], row.person, met["known"])
    with pytest.raises(DyntuiError, match="among those that match"):
        # A part of an id may be that of another record by the time at which the run looks.
        office.pick(met["list"], row.person, chosen[:8])
    office.ignore_refused(met["list"], f" {row.person} ")
    assert office.refused(reason="AMBIGUOUS_MATCH") == ()
    with pytest.raises(DyntuiError, match="NOTHING_REFUSED"):
        office.pick(met["list"], "99999999999999999999", chosen)
    office.pick(met["list"], row.person, f"{{{chosen.upper()}}}")
    assert chosen in on_the_list(office, met["list"]) and other not in on_the_list(office, met["list"])
    assert office.refused(ignored=True, reason="AMBIGUOUS_MATCH") == ()


def test_of_more_records_than_are_named_any_can_be_chosen_for_a_stranger(office: Office, met: dict[str, str]) -> None:
    office.edit(EditList(id=met["list"], membership_action=KNOWN))
    clean = (
        "SELECT contactid FROM dv_contact WHERE statecode = 0 AND donotemail = 0 AND donotbulkemail = 0 AND"
        " emailaddress1 NOT LIKE '%@strangers.example%' AND lower(emailaddress1) NOT IN (SELECT email FROM dd_contact)"
        " AND contactid NOT IN (SELECT entityid FROM dv_listmember)"
        " AND contactid NOT IN (SELECT coalesce(masterid, '') FROM dv_contact) ORDER BY contactid LIMIT 5"
    )
    for (each,) in office.sandbox.state.db.execute(clean).fetchall():
        office.change_in_dynamics("contact", each, emailaddress1="twin@strangers.example")
    office.run("lists")
    (row,) = office.refused(reason="AMBIGUOUS_MATCH")
    assert more_in(row.detail)
    named = {record for record, _ in candidates_in(row.detail)}
    chosen, *_ = [each for each in records(office, "contact", met["twin address"]) if each not in named]
    # Whether another one has the address the run looks up itself.
    office.pick(met["list"], row.person, met["known"])
    assert office.refused(reason="AMBIGUOUS_MATCH") == (row,)
    office.pick(met["list"], row.person, chosen)
    assert chosen in on_the_list(office, met["list"]) and not named & on_the_list(office, met["list"])
    assert office.refused(reason="AMBIGUOUS_MATCH") == ()


def test_who_was_on_the_list_through_us_and_left_is_no_stranger(office: Office, met: dict[str, str]) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    office.run("lists")
    assert met["known"] in on_the_list(office, met["list"])
    office.leave(met["list"], [met["known"]])
    run = office.run("lists")
    assert adds_up(run) and met["known"] not in on_the_list(office, met["list"])
    assert met["known address"] not in office.in_book(met["list"])
    assert of_kinds(strangers_of(office, run, met["list"]), ["known"]) == [("", "")]
    assert met["known"] not in on_the_list(office, met["list"])


def test_strangers_of_a_dynamic_list_leave_and_too_many_are_held(office: Office) -> None:
    dynamic = office.activated("Active contacts in Nordic countries")
    office.run("lists")
    office.put_into_book(dynamic.id, "one@strangers.example")
    run = office.run("lists")
    assert of_kinds(strangers_of(office, run, dynamic.id), ["one"]) == [("removed", "")]
    office.until_told()
    many = [f"many{number}@strangers.example" for number in range(60)]
    for each in many:
        office.put_into_book(dynamic.id, each)
    run = office.run("lists")
    found = strangers_of(office, run, dynamic.id)
    assert adds_up(run) and run.run.status is RunStatus.HELD
    assert {(found[each].outcome, found[each].reason) for each in many} == {(Outcome.HELD, "REMOVAL_HELD")}
    assert set(many) <= office.in_book(dynamic.id)
    (held,) = office.held()
    assert held.people == len(many) and "would leave it" in held.why
    assert [each.address for each in office.waiting(dynamic.id)] == many
    office.decide_held(dynamic.id, remove=False)
    assert set(many) <= office.in_book(dynamic.id) and office.held() == ()
    kept = strangers_of(office, office.run("lists"), dynamic.id)
    assert all("kept in the address book by" in kept[each].detail for each in many)


def test_held_strangers_leave_once_a_manager_lets_them(office: Office) -> None:
    dynamic = office.activated("Active contacts in Nordic countries")
    office.run("lists")
    for number in range(60):
        office.put_into_book(dynamic.id, f"many{number}@strangers.example")
    office.run("lists")
    assert office.decide_held(dynamic.id, remove=True).people == 60
    assert not any(each.endswith("@strangers.example") for each in office.in_book(dynamic.id))
    assert office.held() == ()


def test_a_plan_names_who_would_join_be_made_or_leave_and_exactly_that_is_done(
    office: Office, met: dict[str, str]
) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    plan = office.plan(met["list"])
    changes = {each.address: each for each in office.planned(plan)}
    joins, made, leaves = (changes[met[f"{each} address"]] for each in ("known", "nobody", "no"))
    assert [each.effect for each in (joins, made, leaves)] == ["join", "create", "remove"]
    assert joins.name and joins.after["FULLNAME"] == joins.name and joins.detail.endswith(f"as contact {met['known']}")
    assert made.after["emailaddress1"] == met["nobody address"] and made.name and "a new contact" in made.detail
    assert leaves.reason and plan.plan.calls.dataverse_writes >= 2
    office.put_into_book(met["list"], "late@strangers.example")
    change_in_dotdigital(office, met["nameless address"], LASTNAME="Renamed")
    run = office.apply(plan)
    found = strangers_of(office, run, met["list"])
    assert of_kinds(found, ["known", "nobody", "late", "nameless"]) == [
        ("added", ""), ("added", ""), ("held", "STALE"), ("held", "STALE"),
    ]  # fmt: skip
    assert [record.address for record in office.written(run.run.id, effect="create")].count(made.address) == 1
    assert records(office, "contact", "late@strangers.example") == []
    member = {each.person: each for each in office.people(run.run.id, item=met["list"])}[met["known"]]
    assert member.outcome is Outcome.ADDED


@pytest.mark.parametrize("kind", ["drop_after", pytest.param("status_after", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("call", ["CreateMultiple", "AddListMembersList"])
def test_a_lost_answer_makes_nobody_twice_and_leaves_nobody_out(
    office: Office, met: dict[str, str], kind: str, call: str
) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    before = on_the_list(office, met["list"])
    fault = {"system": "dataverse", "kind": kind, "route": call, "times": 1, "status": 503}
    office.sandbox.order(fault)
    run = office.run("lists", lists=(met["list"],))
    assert sum(each["struck"] for each in office.sandbox.control.get("/faults").json()) == 1
    office.sandbox.control.delete("/faults").raise_for_status()
    if run.run.status is RunStatus.FAILED:
        run = office.run("lists", lists=(met["list"],))
    assert adds_up(run)
    for each in ("inactive", "nobody", "nameless", "known"):
        active = "SELECT contactid FROM dv_contact WHERE lower(trim(emailaddress1)) = ? AND statecode = 0"
        found = [row[0] for row in office.sandbox.state.db.execute(active, (met[f"{each} address"],))]
        assert len(found) == 1 and found[0] in on_the_list(office, met["list"]), each
    assert len(on_the_list(office, met["list"]) - before) == 4
