"""Suppressions between both systems: one that cannot be carried over delays no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from dyntui.dataverse import rows as dv_rows
from dyntui.dotdigital import contacts as dd_contacts
from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.paging import Window
from dyntui.service.contract import lists, runs
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.suppressions import (
    AddSuppression,
    AskedToSubscribe,
    AskToSubscribe,
    Lifted,
    LiftSuppression,
)
from dyntui.service.identity import Identities
from dyntui.service.suppressions import Suppressions
from dyntui.store import accounts, admin_changes, lifts
from dyntui.store import suppressions as suppression_store
from tests.scenarios.office import Office, addresses, status_there, writes
from tests.scenarios.test_list_synchronisation import adds_up
from tests.scenarios.test_opt_outs import create_in_dynamics
from tests.thorough import keeping


def opted_out(office: Office, list_id: str) -> set[str]:
    """Members of whom Dynamics says that they take no bulk e-mail, by the next reading of the list."""
    run = office.run("lists")
    assert adds_up(run)
    out = {"DO_NOT_BULK_EMAIL", "DO_NOT_EMAIL"}
    return {each.person for each in office.people(run.run.id) if each.reason in out or out & set(each.also)}


def test_a_suppression_that_dynamics_refuses_delays_no_other(office: Office, newsletter: ListRow) -> None:
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    odd, plain = sorted(added, key=lambda each: each.address)[:2]
    # No column is long enough for what dotdigital says of the first one.
    office.unsubscribe(odd.address, reason="Suppressed" * 20)
    office.unsubscribe(plain.address)
    run = office.run("suppressions")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and adds_up(run)
    rejected = [each for each in office.people(run.run.id) if each.outcome is Outcome.REJECTED]
    assert [(each.address, bool(each.detail)) for each in rejected] == [(odd.address, True)]
    assert {odd.person, plain.person} <= opted_out(office, newsletter.id)
    (named,) = [each for each in office.members(newsletter.id) if each.person == odd.person]
    assert named.outcome is Outcome.EXCLUDED


def typed(office: Office, *texts: str | None, **more: object) -> None:
    """Somebody writes suppression rows in Dynamics."""
    for text in texts:
        values = {"dyntui_address": text, **more}
        office.sandbox.control.post(
            "/dataverse/rows", json={"table": "dyntui_suppression", "values": values}
        ).raise_for_status()


def test_an_account_that_takes_few_people_a_call_is_told_of_all_of_them(office: Office, newsletter: ListRow) -> None:
    """How many retrieve-collection and suppress-contacts take is documented nowhere (dotdigital_api.md 3.2, 3.5)."""
    office.sandbox.switch(dotdigital={"collection_limit": 3})
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:5]
    typed(office, *(each.address for each in people))
    assert office.run("suppressions").run.status is RunStatus.COMPLETED
    assert {status_there(office.sandbox, each.address) for each in people} == {"Suppressed"}
    run = office.run("lists")
    assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up


def test_whatever_somebody_typed_as_a_suppression_is_read_and_an_odd_row_is_named_until_mended(
    office: Office, newsletter: ListRow
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    a, b, c, d, e, f, g = (each.address for each in people[:7])
    meant = {each.person for each in people[:7]}
    typed(
        office,
        f"<{a.upper()}>",
        f"\u200b{b}\ufeff",
        f"mailto:{c}?subject=stop",
        f"Name <{d}>; {e}",
        f"{f} / {g}.",
        "n/a",
    )
    typed(office, None)
    run = office.run("suppressions")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and adds_up(run)
    odd = [each for each in office.people(run.run.id) if each.reason == "ODD_ROW"]
    assert sorted(each.detail.rpartition(": ")[2] for each in odd) == ["empty", "n/a"]
    assert {status_there(office.sandbox, each) for each in (a, b, c, d, e, f, g)} == {"Suppressed"}
    # One run told both systems: the next one finds nothing to do, but names what is still odd.
    again, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []
    assert [each.reason for each in office.people(again.run.id)].count("ODD_ROW") == 2
    run = office.run("lists")
    said = {each.person: each.reason for each in office.people(run.run.id)}
    assert {said[each] for each in meant} == {"SUPPRESSED"}
    assert meant <= {each.person for each in office.people(run.run.id) if "DO_NOT_BULK_EMAIL" in each.also}


def test_who_is_suppressed_in_dotdigital_stands_in_dynamics_with_date_and_reason(
    office: Office, newsletter: ListRow
) -> None:
    left, bounced = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.unsubscribe(left.address)
    office.unsubscribe(bounced.address, reason="HardBounced")
    now = office.sandbox.now()
    office.run("suppressions")
    columns = "dyntui_address, dyntui_status, dyntui_suppressedon, dyntui_origin"
    rows = office.sandbox.state.db.execute(f"SELECT {columns} FROM dv_dyntui_suppression").fetchall()
    found = {row[0]: row[1:] for row in rows}
    for each, reason in ((left, "Unsubscribed"), (bounced, "HardBounced")):
        said, since, origin = found[each.address]
        assert (said, origin) == (reason, "dotdigital") and since[:10] == f"{now:%Y-%m-%d}"
    assert len(rows) == len(found)


def test_a_row_that_somebody_copied_or_corrected_counts_though_it_names_dotdigital_as_its_origin(
    office: Office,
    newsletter: ListRow,
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    suppressed, copied, corrected, empty = people[:4]
    for each in (suppressed, empty):
        office.unsubscribe(each.address)
    office.run("suppressions")
    typed(office, copied.address, dyntui_origin="dotdigital", dyntui_key="copied")
    ours = "SELECT dyntui_suppressionid FROM dv_dyntui_suppression WHERE dyntui_address = ?"
    of_suppressed, of_empty = (
        office.sandbox.state.db.execute(ours, (each.address,)).fetchone()[0] for each in (suppressed, empty)
    )
    office.change_in_dynamics("dyntui_suppression", of_suppressed, dyntui_address=f"<{corrected.address}>")
    office.change_in_dynamics("dyntui_suppression", of_empty, dyntui_address="none any more")
    run = office.run("lists")
    assert [reason_of(office, run, each) for each in people[:4]] == ["SUPPRESSED"] * 4
    run = office.run("suppressions")
    odd = [each.detail for each in office.people(run.run.id) if each.reason == "ODD_ROW"]
    assert [each.rpartition(": ")[2] for each in odd] == ["none any more"]
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []


def test_who_became_a_contact_is_suppressed_there_as_soon_as_somebody_asks_again(
    office: Office, newsletter: ListRow
) -> None:
    address = "later.contact@north.example"
    typed(office, address)
    office.run("suppressions")
    office.put_into_book(newsletter.id, address)
    typed(office, f"Later Contact <{address.upper()}>")
    # What a plan supposes while it is made ends with it, and nothing else does.
    office.plan(newsletter.id)
    office.run("suppressions")
    assert status_there(office.sandbox, address) == "Suppressed"
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []


def test_a_contact_made_anew_is_suppressed_when_somebody_asks_for_it_whatever_its_address_was_before(
    office: Office, newsletter: ListRow
) -> None:
    person = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.unsubscribe(person.address)
    office.run("suppressions")
    delete_contact(office, person)
    office.put_into_book(newsletter.id, person.address)
    office.let_pass(hours=25)
    office.run("suppressions")
    assert status_there(office.sandbox, person.address) == "Subscribed"
    typed(office, person.address)
    office.run("suppressions")
    assert status_there(office.sandbox, person.address) == "Suppressed"
    # The next run reads how dotdigital says it, and tells Dynamics.
    office.run("suppressions")
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []


def test_who_is_no_contact_is_asked_for_once_for_each_row(office: Office) -> None:
    for _ in range(2):
        typed(office, "never.a.contact@north.example")
        _, calls = office.calls_between(lambda: office.run("suppressions"))
        assert any("suppress" in each for each in writes(calls))
        _, calls = office.calls_between(lambda: office.run("suppressions"))
        assert writes(calls) == []


def test_a_quiet_run_writes_nothing_and_costs_a_few_calls(office: Office) -> None:
    office.run("suppressions")
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []
    assert sum(each["count"] for each in calls) <= 10


def flags(office: Office, entity_set: str, *ids: str) -> list[bool]:
    class Row(msgspec.Struct):
        donotbulkemail: bool | None = None

    async def ask() -> list[bool]:
        dv = await office.resources.connections.dataverse()
        rows = [await dv_rows.get_row(dv, entity_set, each, Row) for each in ids]
        return [bool(row and row.donotbulkemail) for row in rows]

    return office.wait(ask())


def test_every_record_with_a_suppressed_address_is_told_in_the_first_run(office: Office, newsletter: ListRow) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    gone, blanks, inactive, later, back = people[:5]
    office.change_in_dynamics("contact", blanks.person, emailaddress1=f"  {gone.address.upper()} ")
    office.change_in_dynamics("contact", inactive.person, emailaddress1=gone.address, statecode=1, statuscode=2)
    lead = create_in_dynamics(office, "leads", lastname="L", emailaddress1=f"<{gone.address}>")
    account = create_in_dynamics(office, "accounts", name="A", emailaddress1=gone.address)
    office.unsubscribe(gone.address)
    office.unsubscribe(back.address)
    office.run("suppressions")
    contacts = [gone.person, blanks.person, inactive.person, back.person]
    assert flags(office, "contacts", *contacts) == [True] * 4
    assert flags(office, "leads", lead) == [True]
    assert flags(office, "accounts", account) == [False], "of contacts and leads it is asked"
    # Somebody takes the address later, and somebody takes a flag back while dotdigital suppresses.
    office.change_in_dynamics("contact", later.person, emailaddress1=f"\u00a0{gone.address}")
    office.change_in_dynamics("contact", back.person, donotbulkemail=0)
    office.run("suppressions")
    assert flags(office, "contacts", later.person, back.person) == [True, True]
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []


def resubscribed(office: Office, address: str) -> None:
    """The person subscribes again, through dotdigital's resubscribe."""
    office.sandbox.control.post("/settings", json={"dotdigital": {"resubscribe_challenges": False}}).raise_for_status()

    async def ask() -> str:
        with office.db.read() as c:
            account = accounts.accounts(c)[0]
        dd = await office.resources.connections.dotdigital(account.id)
        return (await dd_suppressions.resubscribe(dd, address)).status

    assert office.wait(ask()) == "ContactAdded"


def test_who_subscribes_again_through_dotdigital_is_mailed_again_and_the_evidence_is_kept(
    office: Office, newsletter: ListRow
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    again, own, deleted, by_hand = people[:4]
    office.change_in_dynamics("contact", own.person, donotbulkemail=1)
    for each in (again, own, deleted):
        office.unsubscribe(each.address)
    typed(office, by_hand.address)
    run = office.run("lists")
    assert {reason_of(office, run, each) for each in (again, own, deleted, by_hand)} == {"SUPPRESSED"}
    assert flags(office, "contacts", again.person, by_hand.person) == [True, True]
    for each in (again, own, by_hand):
        resubscribed(office, each.address)
    delete_contact(office, deleted)
    office.let_pass(days=1, minutes=1)
    lifted = office.run("suppressions")
    removed = {each.address: each.detail for each in office.people(lifted.run.id) if each.outcome is Outcome.REMOVED}
    assert set(removed) == {again.address, own.address, by_hand.address}
    assert all("is Subscribed" in each for each in removed.values())
    # dyntui takes back the flags that it set itself, and no other.
    assert flags(office, "contacts", again.person, own.person, by_hand.person) == [False, True, False]
    run = office.run("lists")
    assert reason_of(office, run, again) in ("added", "updated")
    assert reason_of(office, run, by_hand) in ("added", "updated")
    assert reason_of(office, run, own) == "DO_NOT_BULK_EMAIL"
    # Deleted in dotdigital, and so in no feed any more: that is no evidence.
    assert reason_of(office, run, deleted) == "SUPPRESSED"
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []


def test_who_unsubscribes_and_takes_another_address_before_anybody_knew_is_not_mailed_at_it(
    office: Office, newsletter: ListRow
) -> None:
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    moved, swapped, other, by_hand, bounced = people[:5]
    count = office.count(campaign)
    for each in (moved, swapped):
        office.unsubscribe(each.address)
    office.unsubscribe(bounced.address, reason="HardBounced")
    typed(office, by_hand.address)
    for each in (moved, by_hand, bounced):
        office.change_in_dynamics("contact", each.person, emailaddress1=f"new.{each.address}")
    office.change_in_dynamics("contact", swapped.person, emailaddress1=other.address)
    office.change_in_dynamics("contact", other.person, emailaddress1=swapped.address)
    assert office.send(count).state == "Sent"
    # Counted again with nothing read in between, and after a synchronisation.
    again = office.count(campaign)
    run = office.run("lists")
    for said in (
        {each.person: each.reason for each in office.count_people(again.id)},
        {each.person: each.reason for each in office.people(run.run.id)},
    ):
        assert [said[each.person] for each in (moved, swapped, other, by_hand)] == ["SUPPRESSED"] * 4
        assert said[bounced.person] == "", "what becomes of an address says nothing of the person"
    mailed = {each["address"] for each in office.mailed(campaign)}
    assert not mailed & {f"new.{moved.address}", f"new.{by_hand.address}", swapped.address, other.address}
    suppressions = Suppressions(office.resources, Identities(office.resources), office._runs)
    asked = LiftSuppression(address=f"new.{moved.address}", reason="asked for it by phone")
    assert len(office.wait(suppressions.lift(office.context, asked)).lifted) == 1
    run = office.run("lists")
    assert (reason_of(office, run, moved), reason_of(office, run, by_hand)) == ("added", "SUPPRESSED")
    office.until_told()
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


def test_suppressions_are_read_whatever_their_feed_makes_of_them(office: Office, newsletter: ListRow) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:15]
    odd_ways = {"short_pages": 3, "null_rows": True, "year_one_dates": True, "late_suppressions_seconds": 20 * 3600}
    office.sandbox.control.post("/settings", json={"dotdigital": odd_ways}).raise_for_status()
    office.run("suppressions")
    for each in people:
        office.sandbox.control.post("/unsubscribe", json={"address": each.address}).raise_for_status()
    office.run("suppressions")
    # The mark moves on before the feed shows them, and it is not yet a day since it was read as a whole.
    office.let_pass(hours=2)
    office.run("suppressions")
    office.let_pass(hours=19)
    run = office.run("suppressions")
    assert adds_up(run)
    odd = [each for each in office.people(run.run.id) if each.reason == "ODD_ROW"]
    assert odd and all("no contact" in each.detail for each in odd)
    said = {each.person: each.reason for each in office.people(office.run("lists").run.id)}
    # Who is named by an id alone is known by it; who is not named at all by what their contact says of itself.
    assert {said[each.person] for each in people} == {"SUPPRESSED"}
    # Once the feed shows them as it should, nothing is odd any more.
    office.sandbox.control.post("/settings", json={"dotdigital": {"null_rows": False}}).raise_for_status()
    office.let_pass(hours=25)
    run = office.run("suppressions")
    assert [each for each in office.people(run.run.id) if each.reason == "ODD_ROW"] == []
    said = {each.person: each.reason for each in office.people(office.run("lists").run.id)}
    assert {said[each.person] for each in people} == {"SUPPRESSED"}


@pytest.mark.parametrize("listed", keeping([True, False], False))
def test_whom_only_their_contact_says_to_be_suppressed_is_not_imported(listed: bool, office: Office) -> None:
    """`listed`: address books hold suppressed contacts, and show them."""
    platform = {
        "late_suppressions_seconds": 10 * 365 * 86400.0,
        "suppressed_contacts_leave_books": not listed,
        "lists_include_suppressed": listed,
        "import_suppressed_join_lists": listed,
    }
    office.sandbox.switch(dotdigital=platform)
    newsletter = office.activated("Newsletter")
    planned = office.plan(newsletter.id)
    first = office.run("lists")
    assert planned.run.tally.counts == first.run.tally.counts
    suppressed = {each.address for each in office.people(first.run.id) if each.reason == "SUPPRESSED"}
    added = addresses(office.people(first.run.id), Outcome.ADDED)
    assert suppressed and added == book_holds(office, newsletter.id)
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []
    # While a book still holds them, and the feed keeps silent.
    office.sandbox.switch(dotdigital={"suppressed_contacts_leave_books": False})
    somebody = min(added)
    office.sandbox.control.post("/unsubscribe", json={"address": somebody}).raise_for_status()
    office.let_pass(minutes=20)
    run = office.run("lists")
    assert {each.reason for each in office.people(run.run.id) if each.address == somebody} == {"SUPPRESSED"}
    held = book_holds(office, newsletter.id)
    assert held == added - {somebody} or not listed
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


def book_holds(office: Office, list_id: str) -> set[str]:
    """Once those who were taken out have left it."""
    office.let_pass(minutes=1)
    office.sandbox.control.get("/mailed").raise_for_status()
    query = "SELECT c.email FROM dd_member m JOIN dd_contact c ON c.id = m.contact_id WHERE m.book_id = ?"
    return {row[0] for row in office.sandbox.state.db.execute(query, (office.book_of(list_id),))}


@pytest.mark.parametrize(
    ("database", "spelt"),
    [
        ({"text_tells_case_apart": True, "not_equal_includes_null": False}, str.title),
        ({}, lambda address: f"\u00a0 {address}"),
        ({}, lambda address: f"<{address}>"),
    ],
    ids=["another case", "a blank in front", "in brackets"],
)
def test_flags_are_set_however_the_address_is_written_and_however_long_ago(
    database: dict[str, bool], spelt: Callable[[str], str], office: Office
) -> None:
    office.sandbox.control.post("/settings", json={"dataverse": database}).raise_for_status()
    newsletter = office.activated("Newsletter")
    office.run("lists")
    somebody, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    written = {"emailaddress1": spelt(somebody.address), "donotbulkemail": None}
    office.change_in_dynamics("contact", somebody.person, **written)
    # Too long ago to be among the records that changed.
    office.let_pass(minutes=30)
    office.change_in_dynamics("contact", other.person, firstname="Other")
    office.run("suppressions")
    office.unsubscribe(somebody.address)
    office.run("suppressions")
    assert flags(office, "contacts", somebody.person) == [True]


def reason_of(office: Office, run: runs.RunDetail, person: lists.MemberRow) -> str:
    (found,) = [each for each in office.people(run.run.id) if each.person == person.person]
    return found.reason or str(found.outcome)


def delete_contact(office: Office, person: lists.MemberRow) -> None:
    """Somebody deletes the contact in dotdigital."""

    async def ask() -> None:
        with office.db.read() as c:
            account = accounts.accounts(c)[0]
        dd = await office.resources.connections.dotdigital(account.id)
        contact = await dd_contacts.contact_by_email(dd, person.address)
        assert contact is not None
        await dd.request("DELETE", f"/v2/contacts/{contact.id}")

    office.wait(ask())


def test_a_manager_ends_with_a_reason_what_neither_system_says_any_more(office: Office, newsletter: ListRow) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    deleted, heir, suppressed, standing = people[:4]
    for each in (deleted, standing):
        office.change_in_dynamics("contact", each.person, donotemail=1)
    office.unsubscribe(suppressed.address)
    typed(office, "stranger@nowhere.example")
    typed(office, "o'brien@nowhere.example")
    office.run("lists")
    office.delete_in_dynamics("contacts", deleted.person)
    office.change_in_dynamics("contact", heir.person, emailaddress1=deleted.address)
    run = office.run("lists")
    assert reason_of(office, run, heir) == "DO_NOT_EMAIL"
    suppressions = Suppressions(office.resources, Identities(office.resources), office._runs)

    def lift(address: str, reason: str = "asked for it by phone") -> Lifted:
        return office.wait(suppressions.lift(office.context, LiftSuppression(address=address, reason=reason)))

    with pytest.raises(DyntuiError, match="LIFT_WITHOUT_REASON"):
        lift(deleted.address, " ")
    with pytest.raises(DyntuiError, match="NO_ADDRESS"):
        lift("somebody")
    with pytest.raises(DyntuiError, match="NOTHING_TO_LIFT"):
        lift("nobody@nowhere.example")
    done = lift(f"<{deleted.address.upper()}>")
    assert (len(done.lifted), done.stays) == (1, ())
    assert lift("stranger@nowhere.example").lifted == ("SUPPRESSED Main",)
    assert lift("o'brien@nowhere.example").lifted == ("SUPPRESSED Main",)
    refused = lift(suppressed.address)
    assert "subscribe again" in refused.stays[0]
    assert f"contact {standing.person}: donotemail" in lift(standing.address).stays[0]
    run = office.run("lists")
    assert reason_of(office, run, heir) in ("added", "updated")
    assert reason_of(office, run, suppressed) == "SUPPRESSED"
    assert reason_of(office, run, standing) == "DO_NOT_EMAIL"
    with office.db.read() as c:
        kept = [(each.address, each.evidence) for each in lifts.lifts(c) if each.evidence.startswith("decided")]
        assert suppression_store.of_address(c, "stranger@nowhere.example") == {}
    assert (deleted.address, "decided: asked for it by phone") in kept
    assert len(kept) == 5
    with office.db.read() as c:
        decided = admin_changes.window(c, Window(search="lifted: asked"), subject="suppressions", account_id=None).rows
    assert {each.thing for each in decided} >= {deleted.address, "stranger@nowhere.example", "o'brien@nowhere.example"}
    assert all(each.before for each in decided)


@pytest.mark.parametrize(("ahead", "later"), keeping([(0, 0), (0, 60), (10, 60), (-10, 60)], (0, 0), (10, 60)))
def test_who_is_suppressed_in_dynamics_after_they_had_subscribed_again_is_so_whatever_the_clocks_say(
    ahead: int, later: int, office: Office, newsletter: ListRow
) -> None:
    ada = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.unsubscribe(ada.address)
    office.run("suppressions")
    resubscribed(office, ada.address)
    office.let_pass(hours=25)
    # This machine's clock against those of both systems.
    office.behind = timedelta(minutes=-ahead)
    office.run("suppressions")
    assert status_there(office.sandbox, ada.address) == "Subscribed"
    office.let_pass(seconds=later)
    typed(office, ada.address)
    office.run("suppressions")
    assert status_there(office.sandbox, ada.address) == "Suppressed"
    office.run("lists")
    assert [each.reason for each in office.members(newsletter.id) if each.person == ada.person] == ["SUPPRESSED"]


@pytest.mark.parametrize("ahead", [10, 3 * 24 * 60])
def test_who_is_suppressed_in_dynamics_after_a_manager_had_lifted_it_is_so_though_that_machines_clock_was_ahead(
    ahead: int, office: Office
) -> None:
    """It is put right since, or another machine of the same store carries out what comes."""
    typed(office, "stranger@nowhere.example")
    office.run("suppressions")
    office.behind = timedelta(minutes=-ahead)
    asked = LiftSuppression(address="stranger@nowhere.example", reason="asked for it by phone")
    suppressions = Suppressions(office.resources, Identities(office.resources), office._runs)
    assert office.wait(suppressions.lift(office.context, asked)).lifted == ("SUPPRESSED Main",)
    office.behind = timedelta()
    office.let_pass(minutes=2)
    office.run("suppressions")
    with office.db.read() as c:
        assert suppression_store.of_address(c, "stranger@nowhere.example") == {}
    typed(office, "stranger@nowhere.example")
    office.run("suppressions")
    with office.db.read() as c:
        assert suppression_store.of_address(c, "stranger@nowhere.example") != {}


@pytest.mark.parametrize("ahead", keeping([10, -10], 10))
def test_who_says_no_and_takes_another_address_is_not_mailed_at_it_whatever_the_clocks_say(
    ahead: int, office: Office, newsletter: ListRow
) -> None:
    office.behind = timedelta(minutes=-ahead)
    unsubscribes, asks = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.run("lists")
    # Where this machine's clock is behind, what happens now happened after the list is read, by that clock.
    office.sandbox.switch(dotdigital={"late_suppressions_seconds": 1200.0})
    office.sandbox.control.post("/unsubscribe", json={"address": unsubscribes.address}).raise_for_status()
    typed(office, asks.address)
    office.let_pass(minutes=2)
    for each in (unsubscribes, asks):
        office.change_in_dynamics("contact", each.person, emailaddress1=f"new.{each.address}")
    office.run("lists")
    office.let_pass(minutes=40)
    run = office.run("lists")
    assert {reason_of(office, run, each) for each in (unsubscribes, asks)} == {"SUPPRESSED"}
    with office.db.read() as c:
        kept = {each.suppressed_on for each in suppression_store.of_address(c, asks.address).values()}
    assert kept and all(when < "2027" for when in kept)


@pytest.mark.parametrize("asked_meanwhile", [True, False])
def test_who_is_suppressed_in_dynamics_before_anybody_knew_that_they_had_subscribed_again_stays_so(
    asked_meanwhile: bool, office: Office, newsletter: ListRow
) -> None:
    ada, older = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    for each in (ada, older):
        office.unsubscribe(each.address)
    office.run("suppressions")
    # Of her it was asked while she was suppressed, and known to be so a day later: she subscribes after that.
    typed(office, older.address)
    office.let_pass(hours=25)
    office.run("suppressions")
    for each in (ada, older):
        resubscribed(office, each.address)
    office.let_pass(minutes=30)
    typed(office, ada.address)
    if asked_meanwhile:
        office.run("suppressions")
    office.let_pass(hours=25)
    office.run("suppressions")
    assert status_there(office.sandbox, ada.address) == "Suppressed"
    assert status_there(office.sandbox, older.address) == "Subscribed"
    office.run("lists")
    became = {each.person: each.reason for each in office.members(newsletter.id)}
    assert (became[ada.person], became[older.person]) == ("SUPPRESSED", "")


def test_who_is_suppressed_is_asked_by_dotdigital_with_evidence_and_is_mailed_once_they_confirm(
    office: Office, newsletter: ListRow
) -> None:
    asked_for, never = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.sandbox.switch(dotdigital={"resubscribe_challenges": True})
    office.unsubscribe(asked_for.address)
    office.run("lists")
    use_cases = Suppressions(office.resources, Identities(office.resources), office._runs)

    def ask(address: str, evidence: str = "wrote to us on 20 November") -> AskedToSubscribe:
        return office.wait(use_cases.ask(office.context, AskToSubscribe(address=address, evidence=evidence)))

    for address, evidence, code in (
        (asked_for.address, " ", "EVIDENCE_MISSING"),
        ("somebody", "a letter", "NO_ADDRESS"),
        (never.address, "a letter", "NOT_SUPPRESSED"),
        ("nobody@nowhere.example", "a letter", "NOT_SUPPRESSED"),
    ):
        with pytest.raises(DyntuiError, match=code):
            ask(address, evidence)
    office.environment(False)
    with pytest.raises(DyntuiError, match="NOT_ALLOW_LISTED"):
        ask(asked_for.address)
    office.environment(True)
    answer = ask(asked_for.address)
    assert (answer.status, "until they confirm" in answer.said) == ("ContactChallenged", True)
    office.let_pass(days=1)
    run = office.run("lists")
    assert reason_of(office, run, asked_for) == "SUPPRESSED", "nothing changes until they confirm"
    office.sandbox.switch(dotdigital={"resubscribe_challenges": False})
    assert ask(asked_for.address).status == "ContactAdded"
    office.let_pass(days=1)
    office.run("lists")
    assert reason_of(office, office.run("lists"), asked_for) != "SUPPRESSED"
    with office.db.read() as c:
        account = accounts.accounts(c)[0].id
        changes = admin_changes.window(c, Window(search="wrote to us"), subject="suppressions", account_id=account).rows
    assert [each.thing for each in changes] == [asked_for.address] * 2


def test_whose_address_only_bounces_is_suppressed_by_hand_all_the_same_and_stays_so_with_another_one(
    office: Office, newsletter: ListRow
) -> None:
    bounced = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.unsubscribe(bounced.address, reason="HardBounced")
    office.run("suppressions")
    use_cases = Suppressions(office.resources, Identities(office.resources), office._runs)
    asked = AddSuppression(address=bounced.address, reason="asked for it by phone")
    assert office.wait(use_cases.add(office.context, asked)).already == ()
    office.engine.drain()
    with pytest.raises(DyntuiError, match="SUPPRESSED_ALREADY"):
        office.wait(use_cases.add(office.context, asked))
    office.change_in_dynamics("contact", bounced.person, emailaddress1=f"new.{bounced.address}")
    assert reason_of(office, office.run("lists"), bounced) == "SUPPRESSED"
