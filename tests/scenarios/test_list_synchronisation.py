"""Synchronising marketing lists, as told by the sandbox afterwards."""

from __future__ import annotations

import pytest

from dyntui.dotdigital import imports as dd_imports
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sandbox.dotdigital import imports_v3
from dyntui.service.backups import BackupUseCases, before
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunDetail
from dyntui.service.contract.session import Nothing
from dyntui.store import accounts
from dyntui.sync import list_imports
from dyntui.sync.double_opt_in import remember
from tests.scenarios.office import Office, addresses, by_reason, writes
from tests.scenarios.test_what_is_hidden import secure
from tests.thorough import keeping


def adds_up(run: RunDetail) -> bool:
    return run.run.tally.adds_up and all(item.tally.adds_up for item in run.items)


def kinds_of(office: Office, run_ids: list[str]) -> list[str]:
    return [office.run_of(each).kind for each in run_ids]


def test_everybody_on_the_list_ends_in_exactly_one_named_outcome(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    run = office.run("lists")
    assert adds_up(run)
    people = office.people(run.run.id)
    assert len(people) == len({each.person for each in people}) == newsletter.members
    assert all(each.reason for each in people if each.outcome in (Outcome.EXCLUDED, Outcome.REJECTED))
    assert by_reason(run.run)["added"] > 100
    # The address book bears the list's name, and holds those who were added.
    assert "Newsletter" in office.book_names()
    assert office.in_book(newsletter.id) == addresses(people, Outcome.ADDED)

    # What was set up can be put back: before the first synchronisation ever, and not before others.
    assert office.run("lists").run.status is RunStatus.COMPLETED
    made = office.wait(BackupUseCases(office.resources).list(office.context, Nothing()))
    assert [each.reason for each in made.rows] == ["before the initial synchronisation"]


def test_the_store_is_kept_before_the_initial_synchronisation_whoever_starts_it(office: Office) -> None:
    office.activated("Newsletter")
    office.look_at_schedules()
    office.let_pass(hours=2)
    assert "lists" in kinds_of(office, office.look_at_schedules())
    office.let_pass(hours=2)
    # It is under way: nobody begins it a second time.
    assert "lists" not in kinds_of(office, office.look_at_schedules())
    made = office.wait(BackupUseCases(office.resources).list(office.context, Nothing()))
    assert [each.reason for each in made.rows] == ["before the initial synchronisation"]
    office.engine.drain()
    office.let_pass(hours=2)
    assert "lists" in kinds_of(office, office.look_at_schedules())
    again = office.wait(BackupUseCases(office.resources).list(office.context, Nothing()))
    assert again.rows == made.rows


def test_a_first_synchronisation_that_fails_again_and_again_drives_no_other_backup_out(office: Office) -> None:
    office.activated("Newsletter")
    use_cases = BackupUseCases(office.resources)
    office.wait(before(office.resources, "a mapping import"))
    secure(office, {"contact.donotbulkemail": []})
    for _ in range(12):
        office.let_pass(hours=1)
        office.look_at_schedules()
        office.engine.drain()
    assert office.audit(kind="lists").rows[0].status is RunStatus.FAILED
    made = office.wait(use_cases.list(office.context, Nothing()))
    assert [each.reason for each in made.rows] == ["before the initial synchronisation", "before a mapping import"]


def test_a_second_synchronisation_without_changes_writes_nothing_to_either_side(office: Office) -> None:
    office.activated("Newsletter")
    first = office.run("lists")
    office.until_told()
    before = office.digest()
    second, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []
    # What changed is asked, and everything is read after it, to see whether that was all.
    assert sum(each["count"] for each in calls) < 23
    assert office.digest() == before
    assert second.run.tally.of(Outcome.UNCHANGED) == first.run.tally.of(Outcome.ADDED)


def test_members_are_read_in_pages_and_written_in_bulk_never_one_by_one(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    run, calls = office.calls_between(lambda: office.run("lists"))
    assert newsletter.members is not None and newsletter.members > 150
    assert sum(each["count"] for each in calls) < 50
    assert run.run.dotdigital_writes == 1


def test_a_name_changed_in_dynamics_is_the_only_thing_that_travels(office: Office, newsletter: ListRow) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("contact", somebody.person, firstname="Changed")
    run = office.run("lists")
    assert run.run.tally.of(Outcome.UPDATED) == 1
    assert addresses(office.people(run.run.id), Outcome.UPDATED) == {somebody.address}


def test_who_opts_out_in_dynamics_leaves_the_address_book_by_name(office: Office, newsletter: ListRow) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("contact", somebody.person, donotbulkemail=1)
    run, calls = office.calls_between(lambda: office.run("lists"))
    (person,) = [each for each in office.people(run.run.id) if each.person == somebody.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "DO_NOT_BULK_EMAIL")
    assert any("contacts/delete" in each for each in writes(calls))


def test_an_opt_out_of_one_record_keeps_every_record_with_the_address_out(office: Office, newsletter: ListRow) -> None:
    one, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.change_in_dynamics("contact", other.person, emailaddress1=one.address.upper(), donotemail=1)
    run = office.run("lists")
    shared = [each for each in office.people(run.run.id) if each.address == one.address]
    assert {each.outcome for each in shared} == {Outcome.EXCLUDED}
    assert {each.reason for each in shared} == {"DO_NOT_EMAIL"}


def test_who_unsubscribes_in_dotdigital_is_named_and_dynamics_is_told(office: Office, newsletter: ListRow) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.unsubscribe(somebody.address)
    run = office.run("lists")
    (person,) = [each for each in office.people(run.run.id) if each.person == somebody.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "SUPPRESSED")
    assert "DO_NOT_BULK_EMAIL" in person.also


def test_who_unsubscribes_from_the_one_list_is_named(office: Office, newsletter: ListRow) -> None:
    book = office.activated("Newsletter")
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    book_id = office.book_of(book.id)
    office.unsubscribe(somebody.address, book=book_id)
    run = office.run("lists")
    (person,) = [each for each in office.people(run.run.id) if each.person == somebody.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")


@pytest.mark.parametrize("of_its_list", keeping([0, 1], 1), ids=["read first", "read last"])
def test_who_unsubscribes_from_one_list_gives_the_address_free_on_all_others_in_the_same_run(
    office: Office, of_its_list: int
) -> None:
    both = [office.activated(each).id for each in ("Active contacts in Nordic countries", "Newsletter")]
    office.run("lists")
    members = [{each.person: each for each in office.members(id) if each.outcome is Outcome.ADDED} for id in both]
    here, there = members[of_its_list], members[1 - of_its_list]
    keeps = next(each for person, each in here.items() if person not in there)
    waits = next(each for person, each in there.items() if person not in here)
    office.change_in_dynamics("contact", keeps.person, createdon="2001-01-01T00:00:00Z")
    office.change_in_dynamics("contact", waits.person, emailaddress1=keeps.address)
    said = {each.person: each for each in office.people(office.run("lists").run.id)}
    assert said[waits.person].reason == "DUPLICATE_ADDRESS"
    office.unsubscribe(keeps.address, book=office.book_of(both[of_its_list]))
    said = {each.person: each for each in office.people(office.run("lists").run.id)}
    assert (said[keeps.person].reason, said[waits.person].outcome) == ("UNSUBSCRIBED_LIST", Outcome.ADDED)


def test_who_unsubscribes_from_the_list_and_takes_another_address_is_not_mailed_at_it(
    office: Office, newsletter: ListRow
) -> None:
    before, at_once, shares = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    book = office.book_of(newsletter.id)
    office.unsubscribe(before.address, book=book)
    office.run("lists")
    office.unsubscribe(at_once.address, book=book)
    office.change_in_dynamics("contact", before.person, emailaddress1="new@before.example")
    office.change_in_dynamics("contact", at_once.person, emailaddress1=shares.address)
    run = office.run("lists")
    said = {each.person: each for each in office.people(run.run.id)}
    assert [said[each.person].reason for each in (before, at_once, shares)] == [*["UNSUBSCRIBED_LIST"] * 2, ""]
    assert before.address in said[before.person].detail


def test_rejected_rows_are_named_with_the_platforms_code_and_delay_nobody(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    somebody = office.members(newsletter.id)[0]
    office.change_in_dynamics("contact", somebody.person, emailaddress1="odd@-example-.org", statecode=0, statuscode=1)
    run = office.run("lists")
    assert adds_up(run)
    assert run.run.tally.of(Outcome.ADDED) > 100
    rejected = [each for each in office.people(run.run.id) if each.outcome is Outcome.REJECTED]
    assert all(each.reason and each.detail for each in rejected)


def test_a_refused_row_is_not_sent_again_until_it_changes(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    refused = [each for each in office.people(first.run.id) if each.outcome is Outcome.REJECTED]
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []
    assert newsletter.id
    assert len(refused) == office.detail(first.run.id).run.tally.of(Outcome.REJECTED)


def test_lists_of_leads_and_dynamic_lists_synchronise_as_static_contact_lists_do(office: Office) -> None:
    for name in ("Winter leads", "Open leads with e-mail", "Active contacts in Nordic countries"):
        office.activated(name)
    run = office.run("lists")
    assert adds_up(run)
    assert {item.name for item in run.items} == {
        "Winter leads",
        "Open leads with e-mail",
        "Active contacts in Nordic countries",
    }
    assert all(item.tally.of(Outcome.ADDED) for item in run.items)
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


def test_who_matches_a_dynamic_list_by_now_is_in_its_book_and_who_does_not_has_left_it(office: Office) -> None:
    leads = office.activated("Open leads with e-mail")
    office.run("lists")
    members = office.members(leads.id)
    leaves = next(each for each in members if each.outcome is Outcome.ADDED)
    closed = office.records_where("lead", statecode=2, donotemail=0, donotbulkemail=0)
    joins = sorted(closed - {each.person for each in members})[0]
    office.change_in_dynamics("lead", leaves.person, statecode=2, statuscode=7)
    office.change_in_dynamics("lead", joins, statecode=0, statuscode=1, emailaddress1="open.again@north.example")
    run = office.run("lists")
    said = {each.person: each.outcome for each in office.people(run.run.id)}
    assert said[leaves.person] in (Outcome.REMOVED, Outcome.EXCLUDED) and said[joins] is Outcome.ADDED
    book = office.in_book(leads.id)
    assert leaves.address not in book and "open.again@north.example" in book
    assert adds_up(run)


def test_a_list_that_came_back_empty_removes_nobody(office: Office) -> None:
    leads = office.activated("Open leads with e-mail")
    first = office.run("lists")
    condition = '<filter><condition attribute="leadid" operator="null"/></filter>'
    nothing = f'<fetch><entity name="lead"><attribute name="leadid"/>{condition}</entity></fetch>'
    office.change_in_dynamics("list", leads.id, query=nothing)
    run, calls = office.calls_between(lambda: office.run("lists"))
    assert run.run.status is RunStatus.HELD
    assert run.run.tally.of(Outcome.HELD) == first.run.tally.of(Outcome.ADDED)
    assert not any("contacts/delete" in each for each in writes(calls))
    assert adds_up(run)


def test_a_column_that_may_not_be_read_any_more_empties_no_address_book(office: Office, newsletter: ListRow) -> None:
    """Dynamics shows an address that the service may not read as none at all."""
    members = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    for each in members:
        office.change_in_dynamics("contact", each.person, emailaddress1=None)
    office.unsubscribe(members[0].address)
    run = office.run("lists")
    assert run.run.status is RunStatus.HELD and adds_up(run)
    # Whose address another member has too leaves the place to them.
    assert run.run.tally.of(Outcome.HELD) == len(members) - 1 - run.run.tally.of(Outcome.ADDED) > 100
    held = [each for each in office.people(run.run.id) if each.outcome is Outcome.HELD]
    assert {(each.reason, each.also) for each in held} == {("NO_EMAIL", ("REMOVAL_HELD",))}
    for each in members:
        office.change_in_dynamics("contact", each.person, emailaddress1=each.address)
    again = office.run("lists")
    # Who had left their place to another record is back in it.
    assert again.run.tally.of(Outcome.UNCHANGED) + again.run.tally.of(Outcome.ADDED) == len(members) - 1
    assert (again.run.tally.of(Outcome.HELD), again.run.tally.of(Outcome.REMOVED)) == (0, 0) and adds_up(again)


@pytest.mark.parametrize("alone", keeping([0, 1], 0))
def test_however_many_imports_a_list_takes_none_is_waited_for_longer_than_the_first(
    alone: int, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.activated("Newsletter")
    monkeypatch.setattr(list_imports, "ROWS", 40 if alone else 4)
    if alone:
        # Nothing has shown yet that the account mails nobody who is imported.
        with office.db.write() as c:
            remember(c, accounts.accounts(c)[0].id, "off")
    began = office.sandbox.time.seconds()
    run, calls = office.calls_between(lambda: office.run("lists"))
    imports = sum(each["writes"] for each in calls if "import" in each["route"])
    assert run.run.tally.of(Outcome.ADDED) > 100 and imports > (3 if alone else 30)
    # Each takes two looks, with a second in front of either, and the calls, of which there are some before the first.
    assert office.sandbox.time.seconds() - began < 5 * imports + 20


def test_an_empty_list_completes_with_nobody(office: Office) -> None:
    office.activated("Autumn fair")
    run = office.run("lists")
    assert run.run.status is RunStatus.COMPLETED
    assert run.run.tally.read == 0


def test_cancelling_stops_the_run_and_the_next_one_finishes_the_work(office: Office) -> None:
    office.activated("Newsletter")
    run_id = office.start("lists")
    office.during_sleep = lambda: office.cancel(run_id)
    office.engine.drain()
    office.during_sleep = lambda: None
    assert office.detail(run_id).run.status is RunStatus.CANCELLED
    again = office.run("lists")
    assert adds_up(again)
    assert again.run.tally.of(Outcome.ADDED) + again.run.tally.of(Outcome.UNCHANGED) > 100


@pytest.mark.parametrize("begun", keeping(["a plan", "a run that failed"], "a run that failed"))
def test_who_left_the_list_after_they_were_read_and_before_they_were_imported_is_not_imported(
    begun: str, office: Office
) -> None:
    newsletter = office.activated("Newsletter")
    if begun == "a plan":
        office.plan(newsletter.id)
    else:
        office.sandbox.order(
            {"system": "dotdigital", "route": "/contacts/v3/import", "kind": "status", "status": 503, "times": 999}
        )
        assert office.run("lists").run.status is RunStatus.FAILED
        office.sandbox.reset()
    going = office.members(newsletter.id)[:60]
    office.leave(newsletter.id, [each.person for each in going])
    run = office.run("lists")
    assert run.run.status is not RunStatus.FAILED and adds_up(run), run.run.error
    stay = {each.address for each in office.members(newsletter.id)}
    assert not office.in_book(newsletter.id) & ({each.address for each in going} - stay)


@pytest.mark.parametrize("shows", keeping(["at once", "after the next run"], "after the next run"))
def test_who_left_the_list_while_an_import_was_under_way_leaves_the_book_once_they_are_in_it(
    shows: str, office: Office
) -> None:
    """The run was cancelled meanwhile: nobody saw the end of the import."""
    newsletter = office.activated("Newsletter")
    run_id = office.start("lists")
    office.during_sleep = lambda: office.cancel(run_id)
    if shows != "at once":
        office.sandbox.switch(dotdigital={"import_polls": 99, "import_seconds": 900.0})
    office.engine.drain()
    office.during_sleep = lambda: None
    cancelled = office.detail(run_id)
    assert cancelled.run.status is RunStatus.CANCELLED
    waiting = [each for each in office.members(newsletter.id) if not each.outcome]
    going = [each for each in waiting if [other.address for other in waiting].count(each.address) == 1][:5]
    office.leave(newsletter.id, [each.person for each in going])
    left = {each.address for each in going}
    for _ in range(3):
        run = office.run("lists")
        assert run.run.status is RunStatus.COMPLETED and adds_up(run), run.run.error
        office.let_pass(hours=1)
    assert len(going) == 5 and not left & office.in_book(newsletter.id)
    # What the cancelled run had asked for stands in its audit, as it can be undone.
    wrote = [each for each in office.written(run_id) if each.address in left]
    assert len(wrote) == 5 and all(each.contact_id for each in wrote)


def test_what_dotdigital_refused_is_offered_again_by_hand_at_once_and_by_a_schedule_after_hours(office: Office) -> None:
    office.activated("Newsletter")
    office.sandbox.switch(dotdigital={"import_outcome": "RejectedByWatchdog"})
    first = office.run("lists").run
    people = first.tally.of(Outcome.REJECTED)
    assert people > 100 and first.tally.of(Outcome.ADDED) == 0
    office.sandbox.switch(dotdigital={"import_outcome": "Finished"})

    waits, calls = office.calls_between(lambda: office.run("lists", scheduled=True))
    assert waits.run.tally.of(Outcome.REJECTED) == people and writes(calls) == []
    office.let_pass(hours=7)
    assert office.run("lists", scheduled=True).run.tally.of(Outcome.ADDED) == people

    office.sandbox.switch(dotdigital={"import_outcome": "Failed"})
    office.activated("Winter leads")
    refused = office.run("lists").run.tally.of(Outcome.REJECTED)
    office.sandbox.switch(dotdigital={"import_outcome": "Finished"})
    assert office.run("lists").run.tally.of(Outcome.ADDED) == refused > 10


def test_what_is_too_large_for_one_import_goes_in_several(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body may have 50 MB (dotdigital_api.md 5.7), whatever the number of contacts: here it is a 2,000th of that."""
    monkeypatch.setattr(dd_imports, "MOST_BYTES", dd_imports.MOST_BYTES // 2000)
    monkeypatch.setattr(imports_v3, "SIZE", imports_v3.SIZE // 2000)
    newsletter = office.activated("Newsletter")
    run, calls = office.calls_between(lambda: office.run("lists"))
    people = run.run.tally.of(Outcome.ADDED)
    assert run.run.status is RunStatus.COMPLETED and people > 100 and run.run.tally.adds_up
    assert (
        sum(each["count"] for each in calls if each["route"] == "/contacts/v3/import" and each["method"] == "PUT") > 1
    )

    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    office.send(office.count(campaign))
    assert len(office.mailed(campaign)) > 100
