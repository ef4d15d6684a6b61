"""Every member of a list, whatever their record, their list or their address book has become, as the systems tell."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.service.contract.lists import Activate, ListRow, MemberRow, MembersQuery, can_be_activated
from dyntui.service.contract.runs import RunDetail
from dyntui.store import accounts
from tests.scenarios.office import Office, addresses, writes
from tests.thorough import keeping


def outcome_of(office: Office, run: RunDetail, person: str) -> tuple[str, str]:
    (found,) = [each for each in office.people(run.run.id) if each.person == person]
    return found.outcome.value, found.reason


def in_dotdigital(office: Office, method: str, path: str, body: Any = None) -> Any:
    """Somebody else does something in dotdigital."""

    async def ask() -> Any:
        with office.db.read() as c:
            account = accounts.accounts(c)[0]
        dd = await office.resources.connections.dotdigital(account.id)
        return (await dd.request(method, path, body=body)).body

    return office.wait(ask())


def row(office: Office, table: str, **values: Any) -> str:
    """Somebody makes a row in Dynamics; values as rows keep them."""
    answer = office.sandbox.control.post("/dataverse/rows", json={"table": table, "values": values})
    return str(answer.raise_for_status().json()["id"])


def member_row(office: Office, list_id: str, person: str, kind: str) -> str:
    return row(office, "listmember", listid=list_id, entityid=person, entityidtype=kind, entitytype=kind)


def added(office: Office, list_id: str) -> list[MemberRow]:
    return [each for each in office.members(list_id) if each.outcome in (Outcome.ADDED, Outcome.UNCHANGED)]


def in_book(office: Office, book: int) -> set[str]:
    office.until_told()
    found = in_dotdigital(office, "GET", f"/v2/address-books/{book}/contacts?select=1000&withFullData=false")
    return {each["email"] for each in msgspec.json.decode(found)}


# -- the list itself --


def test_a_list_that_was_deactivated_in_dynamics_is_refused_by_name_before_its_members_are_read(office: Office) -> None:
    newsletter, leads = office.activated("Newsletter"), office.activated("Winter leads")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id, leads.id)
    count = office.count(campaign)
    office.change_in_dynamics("list", newsletter.id, statecode=1, statuscode=1)

    run, calls = office.calls_between(lambda: office.run("lists"))
    refused, went_on = run.items
    assert refused.status is RunStatus.FAILED and refused.note.startswith("LIST_INACTIVE: ")
    assert went_on.status is not RunStatus.FAILED and went_on.tally.read
    assert not [each for each in calls if each["route"] == "lists({id})/listcontact_association"]
    assert office.list_named("Newsletter").sync_status == "Inactive in Dynamics"

    again = office.count(campaign)
    assert [(each.ready, each.reason) for each in again.lists] == [(False, "LIST_INACTIVE"), (True, "")]
    assert again.potential == went_on.tally.read < count.potential

    with pytest.raises(DyntuiError, match="LIST_INACTIVE"):
        office.send(count)
    assert office.mailed(campaign) == []

    office.change_in_dynamics("list", newsletter.id, statecode=0, statuscode=0)
    assert {item.status for item in office.run("lists").items} == {RunStatus.COMPLETED}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"dyntui_activated": 0}, "LIST_NOT_ACTIVATED"),
        ({"createdfromcode": 4}, "LIST_TYPE_CHANGED"),
        ({"type": 1}, "LIST_TYPE_CHANGED"),
    ],
)
def test_a_list_that_became_something_else_is_refused_by_name(
    office: Office, newsletter: ListRow, change: dict[str, int], code: str
) -> None:
    office.change_in_dynamics("list", newsletter.id, **change)
    run, calls = office.calls_between(lambda: office.run("lists"))
    (item,) = run.items
    assert item.status is RunStatus.FAILED and item.note.startswith(f"{code}: ")
    assert writes(calls) == []


def test_a_list_that_is_locked_is_synchronised_all_the_same(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.change_in_dynamics("list", newsletter.id, lockstatus=1)
    assert office.run("lists").run.tally.of(Outcome.ADDED) > 100


def test_a_renamed_list_renames_its_address_book_unless_the_name_is_taken(office: Office, newsletter: ListRow) -> None:
    office.change_in_dynamics("list", newsletter.id, listname="Monthly news")
    office.run("lists")
    assert "Monthly news" in office.book_names() and "Newsletter" not in office.book_names()
    assert office.list_named("Monthly news").id == newsletter.id
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []

    in_dotdigital(office, "POST", "/v2/address-books", {"name": "Weekly news", "visibility": "Private"})
    office.change_in_dynamics("list", newsletter.id, listname="Weekly news")
    (item,) = office.run("lists").items
    assert item.status is RunStatus.COMPLETED and item.note.startswith("BOOK_NAME_TAKEN: ")
    assert {"Monthly news", "Weekly news"} <= set(office.book_names())


def test_a_deleted_address_book_is_named_and_its_list_gets_another_one(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    in_dotdigital(office, "DELETE", f"/v2/address-books/{office.book_of(newsletter.id)}")
    (item,) = office.run("lists").items
    assert item.status is RunStatus.FAILED and item.note.startswith("BOOK_GONE: ")
    assert office.list_named("Newsletter").sync_status == "Not found in email service"
    assert f"`dyntui lists activate {newsletter.id}`" in item.note
    assert can_be_activated(office.list_named("Newsletter"))
    gone = office.book_of(newsletter.id)
    # Somebody else may have taken the name meanwhile: that book is linked only on request.
    in_dotdigital(office, "POST", "/v2/address-books", {"name": "Newsletter", "visibility": "Private"})
    with pytest.raises(DyntuiError, match="BOOK_EXISTS"):
        office.activate(Activate(id=newsletter.id))
    with pytest.raises(DyntuiError, match="LIST_ACTIVATED"):
        office.activate(Activate(id=newsletter.id, account="another"))
    detail = office.activate(Activate(id=newsletter.id, link=True))
    assert detail.address_book_id not in (0, gone) and detail.row.sync_status == ""
    run = office.run("lists").run
    assert run.tally.of(Outcome.ADDED) == first.run.tally.of(Outcome.ADDED)
    assert len(in_book(office, detail.address_book_id)) == run.tally.of(Outcome.ADDED)
    # Nothing is made, and nothing written, for a list that has its book.
    _, calls = office.calls_between(lambda: office.activate(Activate(id=newsletter.id)))
    assert writes(calls) == []
    office.deactivate(newsletter.id)
    office.activated("Newsletter")
    assert office.run("lists").run.tally.of(Outcome.UNCHANGED) == first.run.tally.of(Outcome.ADDED)


def test_a_query_that_means_its_owner_is_run_as_the_owner_who_is_named(office: Office) -> None:
    """The service owns nobody: run as itself the list would be empty."""
    mine = office.activated("My own contacts")
    run = office.run("lists")
    (item,) = run.items
    assert item.tally.of(Outcome.ADDED) > 0
    assert item.note.startswith("read as ") and "eq-userid" in item.note
    assert office.members(mine.id)
    office.change_in_dynamics("list", mine.id, ownerid=office.service_user())
    office.change_in_dynamics("systemuser", office.service_user(), azureactivedirectoryobjectid=None)
    again, calls = office.calls_between(lambda: office.run("lists"))
    (item,) = again.items
    assert item.status is RunStatus.FAILED and item.note.startswith("LIST_OWNER_NOT_A_PERSON: ")
    assert writes(calls) == []


def test_a_query_that_is_too_long_for_an_address_is_run_as_the_owner_too(office: Office) -> None:
    """It goes through a batch, whose parts have headers of their own (dataverse_api.md 5.3)."""
    mine = office.activated("My own contacts")
    before = office.run("lists").items[0].tally.of(Outcome.ADDED)
    others = "".join(f"<value>{number:08x}-0000-4000-8000-000000000000</value>" for number in range(200))
    longer = f'<filter><condition attribute="contactid" operator="not-in">{others}</condition></filter></entity>'
    asked = "SELECT query FROM dv_list WHERE listid = ?"
    (query,) = office.sandbox.state.db.execute(asked, (mine.id,)).fetchone()
    office.change_in_dynamics("list", mine.id, query=query.replace("</entity>", longer))
    run = office.run("lists")
    assert run.items[0].tally.of(Outcome.UNCHANGED) == before > 0 and run.run.tally.adds_up
    assert run.run.tally.of(Outcome.HELD) == run.run.tally.of(Outcome.REMOVED) == 0


@pytest.mark.parametrize("query", [None, " "])
def test_a_dynamic_list_that_lost_its_query_is_refused_by_name_and_nobody_leaves_its_book(
    office: Office, query: str | None
) -> None:
    mine = office.activated("My own contacts")
    office.run("lists")
    before = office.in_book(mine.id)
    office.change_in_dynamics("list", mine.id, query=query)
    run = office.run("lists")
    (item,) = run.items
    assert item.status is RunStatus.FAILED and item.note.startswith("LIST_WITHOUT_QUERY: ")
    assert office.in_book(mine.id) == before


# -- members --


def test_members_of_another_type_and_members_without_a_record_end_in_an_outcome(office: Office) -> None:
    newsletter, leads = office.activated("Newsletter"), office.activated("Winter leads")
    lead = office.members(leads.id)[0]
    member_row(office, newsletter.id, lead.person, "lead")
    nobody = "00000000-0000-4000-8000-0000000000ff"
    member_row(office, newsletter.id, nobody, "contact")
    run = office.run("lists", lists=(newsletter.id,))
    assert run.run.tally.adds_up
    assert outcome_of(office, run, lead.person) == ("excluded", "WRONG_TYPE")
    assert outcome_of(office, run, nobody) == ("excluded", "UNKNOWN_PERSON")
    (shown,) = [each for each in office.people(run.run.id) if each.person == lead.person]
    assert (shown.entity, shown.name, shown.address) == ("lead", lead.name, lead.address)
    again, calls = office.calls_between(lambda: office.run("lists", lists=(newsletter.id,)))
    assert writes(calls) == [] and again.run.tally.adds_up

    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    people = {each.person: each.reason for each in office.count_people(office.count(campaign).id)}
    assert (people[lead.person], people[nobody]) == ("WRONG_TYPE", "UNKNOWN_PERSON")


def test_an_association_that_ends_early_takes_nobody_out(office: Office) -> None:
    office.activated("Newsletter")
    first = office.run("lists")
    office.sandbox.control.post("/settings", json={"dataverse": {"association_page_cap": 50}}).raise_for_status()
    run, calls = office.calls_between(lambda: office.run("lists"))
    assert run.run.tally.of(Outcome.UNCHANGED) == first.run.tally.of(Outcome.ADDED)
    assert run.run.tally.read == first.run.tally.read and writes(calls) == []
    # One call for all whom the association did not show, one for what changes from now on, one for what was changed.
    assert sum(each["count"] for each in calls if each["route"] == "contacts") <= 6


def test_a_leaver_on_hold_who_opts_out_leaves_whatever_the_address(office: Office, newsletter: ListRow) -> None:
    book = office.book_of(newsletter.id)
    going = added(office, newsletter.id)[:40]
    office.leave(newsletter.id, [each.person for each in going])
    held = office.run("lists")
    assert held.run.status is RunStatus.HELD and held.run.tally.of(Outcome.HELD) >= 30
    one, other = [each for each in going if outcome_of(office, held, each.person)[0] == "held"][:2]
    assert outcome_of(office, held, one.person) == ("held", "REMOVAL_HELD")
    office.change_in_dynamics("contact", one.person, donotemail=1, emailaddress1=None)
    office.change_in_dynamics("contact", other.person, donotbulkemail=1, emailaddress1="moved@example.org")
    run = office.run("lists")
    assert outcome_of(office, run, one.person) == ("removed", "")
    assert outcome_of(office, run, other.person) == ("removed", "")
    assert not {one.address, other.address} & in_book(office, book)


def test_a_member_whose_new_address_is_closed_reads_the_same_in_run_and_count(
    office: Office, newsletter: ListRow
) -> None:
    members = added(office, newsletter.id)
    closed, going = members[0], members[1:41]
    office.unsubscribe(closed.address)
    office.leave(newsletter.id, [each.person for each in going[1:]])
    office.change_in_dynamics("contact", going[0].person, emailaddress1=closed.address)
    run = office.run("lists")
    assert run.run.status is RunStatus.HELD
    assert outcome_of(office, run, going[0].person) == ("excluded", "SUPPRESSED")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    people = {each.person: (each.outcome.value, each.reason) for each in office.count_people(count.id)}
    assert people[going[0].person] == ("excluded", "SUPPRESSED")
    # Who left and is held is nobody's recipient.
    assert not {each.person for each in going[1:]} & people.keys()


def test_one_record_keeps_an_address_over_all_lists_of_the_account(office: Office) -> None:
    newsletter, leads = office.activated("Newsletter"), office.activated("Winter leads")
    office.change_in_dynamics("list", leads.id, dyntui_syncorder=1)
    office.refresh_lists()
    office.run("lists")
    contact = added(office, newsletter.id)[0]
    lead, gated = added(office, leads.id)[:2]
    office.change_in_dynamics("lead", lead.person, emailaddress1=contact.address.upper())
    inactive = added(office, newsletter.id)[1]
    office.change_in_dynamics("contact", inactive.person, statecode=1, statuscode=2)
    office.change_in_dynamics("lead", gated.person, emailaddress1=inactive.address)
    run = office.run("lists")
    assert outcome_of(office, run, contact.person) == ("unchanged", "")
    (loser,) = [each for each in office.people(run.run.id) if each.person == lead.person]
    assert (loser.outcome.value, loser.reason) == ("excluded", "DUPLICATE_ADDRESS")
    assert loser.detail == f"contact {contact.person} {contact.name}"
    assert contact.address not in in_book(office, office.book_of(leads.id))
    # A record that is not active keeps nobody else out.
    assert outcome_of(office, run, gated.person)[0] in ("added", "updated")
    again, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == [] and again.run.tally.adds_up

    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, leads.id, newsletter.id)
    count = office.count(campaign)
    people = {each.person: (each.outcome.value, each.reason) for each in office.count_people(count.id)}
    assert people[contact.person] == ("added", "") and people[lead.person] == ("excluded", "DUPLICATE_ADDRESS")
    assert office.send(count).state == "Sent"
    (mail,) = [each for each in office.mailed(campaign) if each["address"] == contact.address]
    assert mail


# -- the book --


def test_the_outcome_says_what_the_book_says(office: Office, newsletter: ListRow) -> None:
    book = office.book_of(newsletter.id)
    taken_out, deleted = added(office, newsletter.id)[:2]
    in_dotdigital(office, "DELETE", f"/v2/address-books/{book}/contacts/{taken_out.contact_id}")
    in_dotdigital(office, "DELETE", f"/v2/contacts/{deleted.contact_id}")
    run = office.run("lists")
    assert addresses(office.people(run.run.id), Outcome.ADDED) == {taken_out.address, deleted.address}
    assert {taken_out.address, deleted.address} <= in_book(office, book)
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


@pytest.mark.parametrize("number", keeping([3, 25], 3))
def test_who_left_the_list_is_not_imported_again_while_no_feed_says_so(number: int, office: Office) -> None:
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    book = office.book_of(newsletter.id)
    office.let_pass(minutes=20)
    office.sandbox.switch(dotdigital={"late_suppressions_seconds": 3600.0})
    left = {each.address for each in added(office, newsletter.id)[:number]}
    for address in left:
        office.sandbox.control.post("/unsubscribe", json={"address": address, "book": book}).raise_for_status()
    run, calls = office.calls_between(lambda: office.run("lists"))
    assert {each.address for each in office.people(run.run.id) if each.reason == "UNSUBSCRIBED_LIST"} >= left
    assert run.run.tally.of(Outcome.UNCHANGED) == first.run.tally.of(Outcome.ADDED) - number
    assert not [each for each in writes(calls) if "import" in each]
    for hours in (0, 2):
        office.let_pass(hours=hours)
        _, calls = office.calls_between(lambda: office.run("lists"))
        # When they left is in Dynamics once a feed has said it.
        assert {each.split()[1].split("/")[0] for each in writes(calls)} <= {"dyntui_listunsubscribes"}
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


def test_who_was_imported_and_does_not_show_in_the_book_yet_is_in_it(office: Office) -> None:
    office.sandbox.switch(dotdigital={"listing_lag_seconds": 300.0})
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    # Many are waited for, and it is no matter of "added again" nor of "gone already" what becomes of them.
    again, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == [] and again.run.tally.of(Outcome.UNCHANGED) == first.run.tally.of(Outcome.ADDED)
    people = added(office, newsletter.id)
    few = [each.person for each in people[:3]]
    office.leave(newsletter.id, few)
    office.run("lists")
    office.join(newsletter.id, few)
    assert addresses(office.people(office.run("lists").run.id), Outcome.ADDED) == {each.address for each in people[:3]}
    # Of few it is asked whether they are in the book.
    office.leave(newsletter.id, few)
    run, calls = office.calls_between(lambda: office.run("lists"))
    assert addresses(office.people(run.run.id), Outcome.REMOVED) == {each.address for each in people[:3]}
    assert [each["count"] for each in calls if each["route"].endswith("contacts({id})/address-books")] in ([], [3])
    assert not {each.address for each in people[:3]} & in_book(office, office.book_of(newsletter.id))
    # So much that it is held is held, although none of it shows.
    office.join(newsletter.id, few)
    office.let_pass(hours=1)
    office.sandbox.switch(dotdigital={"listing_lag_seconds": 600.0})
    book = office.book_of(newsletter.id)
    for each in people:
        in_dotdigital(office, "DELETE", f"/v2/address-books/{book}/contacts/{each.contact_id}")
    assert len(addresses(office.people(office.run("lists").run.id), Outcome.ADDED)) == len(people)
    office.leave(newsletter.id, [each.person for each in people[3:50]])
    run = office.run("lists")
    assert run.run.status is RunStatus.HELD and run.run.tally.of(Outcome.HELD) == 47


@pytest.mark.parametrize("leave", keeping([True, False], True))
def test_whom_other_hands_put_into_the_book_leaves_it_where_a_gate_is_closed(office: Office, leave: bool) -> None:
    office.sandbox.control.post("/settings", json={"dotdigital": {"suppressed_contacts_leave_books": leave}})
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    book = office.book_of(newsletter.id)
    inactive = next(
        each
        for each in office.people(first.run.id)
        if each.reason in ("INACTIVE", "DO_NOT_BULK_EMAIL", "DO_NOT_EMAIL") and each.address
    )
    somebody = added(office, newsletter.id)[0]
    office.unsubscribe(somebody.address)
    for address in (inactive.address, "stranger@example.org", "opted.out@example.org"):
        in_dotdigital(office, "POST", f"/v2/address-books/{book}/contacts", {"email": address})
    row(office, "contact", emailaddress1="opted.out@example.org", donotemail=1, statecode=0, statuscode=1)
    office.until_told()
    run = office.run("lists")
    assert run.run.tally.adds_up
    inside = in_book(office, book)
    assert "stranger@example.org" in inside
    assert not {inactive.address, somebody.address, "opted.out@example.org"} & inside
    assert outcome_of(office, run, inactive.person) == (inactive.outcome.value, inactive.reason)
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


def test_who_has_not_confirmed_stays_in_the_book_and_out_of_counts(office: Office, newsletter: ListRow) -> None:
    winner, loser, other = added(office, newsletter.id)[:3]
    for each in ("waiting@example.org", "also.waiting@example.org"):
        in_dotdigital(office, "POST", "/v2/contacts", {"email": each, "optInType": "VerifiedDouble"})
    for each in (winner, loser):
        office.change_in_dynamics("contact", each.person, emailaddress1="waiting@example.org")
    office.change_in_dynamics("contact", other.person, emailaddress1="also.waiting@example.org")
    waiting = {winner.person, loser.person, other.person}
    for _ in range(2):
        run, calls = office.calls_between(lambda: office.run("lists"))
        people = {each.person: each for each in office.people(run.run.id) if each.person in waiting}
        duplicates = {each for each in waiting if people[each].reason == "DUPLICATE_ADDRESS"}
        assert len(duplicates) == 1 and other.person not in duplicates
        assert {people[each].also for each in waiting - duplicates} == {("PENDING_OPT_IN",)}
    assert writes(calls) == []
    assert {"waiting@example.org", "also.waiting@example.org"} <= in_book(office, office.book_of(newsletter.id))
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    counted = {each.person: each for each in office.count_people(office.count(campaign).id)}
    # One order everywhere: what stands against an address comes before who keeps it.
    assert {counted[each].reason for each in waiting} == {"PENDING_OPT_IN"}
    assert {counted[each].also for each in duplicates} == {("DUPLICATE_ADDRESS",)}


# -- counts --


def test_who_joined_is_not_synchronised_who_left_has_left_and_unsubscribers_are_reached_through_the_other_list(
    office: Office,
) -> None:
    newsletter = office.activated("Newsletter")
    nordic = office.activated("Active contacts in Nordic countries")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    both = {each.person for each in added(office, newsletter.id)} & {each.person for each in added(office, nordic.id)}
    through = next(each for each in added(office, newsletter.id) if each.person in both)
    only = [each for each in added(office, newsletter.id) if each.person not in both]
    office.unsubscribe(through.address, book=office.book_of(newsletter.id))
    office.leave(newsletter.id, [only[0].person])
    joined = row(
        office, "contact", emailaddress1="joined@example.org", fullname="Joined", statecode=0, statuscode=1,
        createdon="2026-11-22T09:00:00Z",
    )  # fmt: skip
    member_row(office, newsletter.id, joined, "contact")
    winter = office.activated("Winter leads")
    office.run("suppressions")
    office.target(campaign, newsletter.id, nordic.id, winter.id)
    before = office.count(campaign)
    people: dict[str, PersonOutcome] = {each.person: each for each in office.count_people(before.id)}
    assert (people[joined].outcome.value, people[joined].reason) == ("excluded", "NOT_SYNCED")
    assert people[only[0].person].reason == "LEFT_LIST"
    never = {each.reason for each in people.values() if each.entity == "lead" and each.address}
    assert "NOT_SYNCED" in never
    assert before.potential == before.sendable + sum(each.people for each in before.excluded) == len(people)
    # Counting again finds the same, and the next synchronisation takes in whom the count has read.
    assert office.count(campaign).excluded == before.excluded
    run = office.run("lists")
    assert run.run.tally.adds_up and outcome_of(office, run, joined) == ("added", "")

    count = office.count(campaign)
    people = {each.person: each for each in office.count_people(count.id)}
    assert only[0].person not in people
    reached = people[through.person]
    assert (reached.outcome, reached.also) == (Outcome.ADDED, ("UNSUBSCRIBED_LIST",))
    assert count.through_another_list == 1
    office.leave(newsletter.id, [only[1].person])
    sent = office.send(count)
    mailed = {each["address"] for each in office.mailed(campaign)}
    assert through.address in mailed and only[1].address not in mailed
    assert outcome_of(office, office.detail(sent.run), only[1].person) == ("excluded", "LEFT_LIST")


def test_everybody_who_opens_a_list_that_was_never_read_waits_for_one_reading(office: Office) -> None:
    newsletter = office.list_named("Newsletter")
    asked = MembersQuery(list=newsletter.id, limit=10)

    async def open_it(times: int) -> list[int]:
        pages = await asyncio.gather(*(office._lists.members(office.context, asked) for _ in range(times)))
        return [page.total for page in pages]

    totals, calls = office.calls_between(lambda: office.wait(open_it(8)))
    assert len(set(totals)) == 1 and totals[0] > 0
    assert max(each["count"] for each in calls if each["system"] == "dataverse") <= 2, calls

    # Whoever goes away leaves the reading to the others; it is given up when the service ends.
    never_read = msgspec.structs.replace(asked, list=office.list_named("Alpine Club").id)

    async def go_away() -> list[object]:
        before = asyncio.all_tasks()
        opened = asyncio.create_task(office._lists.members(office.context, never_read))
        while not office._lists._reading:  # noqa: ASYNC110 - it begins by itself
            await asyncio.sleep(0)
        opened.cancel()
        await asyncio.gather(opened, return_exceptions=True)
        await office._lists.close()
        return [each for each in asyncio.all_tasks() - before if not each.done()]

    assert office.wait(go_away()) == []
