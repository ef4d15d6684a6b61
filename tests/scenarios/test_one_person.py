"""`sync lists --only ADDRESS`: one person is synchronised end to end, and nothing is written for anybody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import ListRow
from dyntui.store.schema import list_member
from tests.scenarios.office import Office, writes
from tests.scenarios.test_suppressions import typed

DECIDED = [list_member.c[name] for name in ("person_id", "outcome", "reason", "sent_address", "sent_fingerprint")]


@pytest.fixture
def newsletter(office: Office) -> ListRow:
    return office.activated("Newsletter")


def known(office: Office, newsletter: ListRow, but: str) -> list[tuple[object, ...]]:
    """What is known of everybody else on the list."""
    others = select(*DECIDED).where(list_member.c.list_id == newsletter.id, list_member.c.person_id != but)
    with office.db.read() as c:
        return sorted(tuple(row) for row in c.execute(others))


def somebody(office: Office, newsletter: ListRow, outcome: Outcome, place: int = 0) -> tuple[str, str]:
    """A person and their address; nobody else has it."""
    members = [each for each in office.members(newsletter.id) if each.entity == "contact"]
    addresses = [each.address for each in members]
    found = [each for each in members if each.outcome is outcome and addresses.count(each.address) == 1]
    return found[place].person, found[place].address


def planned(office: Office, newsletter: ListRow, place: int = 0) -> tuple[str, str]:
    change = office.planned(office.plan(newsletter.id), effect="add")[place]
    return change.person, change.address


def test_of_a_list_that_was_never_synchronised_one_person_alone_is_added(office: Office, newsletter: ListRow) -> None:
    person, address = planned(office, newsletter)
    before = office.digest()
    done, calls = office.calls_between(lambda: office.run("lists", lists=(newsletter.id,), only=f" {address.upper()} "))
    assert done.run.status is RunStatus.COMPLETED and done.run.title == "One person: Newsletter"
    assert [(each.person, each.outcome) for each in office.people(done.run.id)] == [(person, Outcome.ADDED)]
    assert office.in_book(newsletter.id) == {address}
    assert writes(calls) == ["dotdigital /contacts/v3/import 1"]
    assert office.digest()["dataverse"] == before["dataverse"]
    named = [each for each in done.items if each.kind == "call"]
    run = done.run
    assert len(named) == run.dataverse_reads + run.dotdigital_reads + run.dotdigital_writes
    assert [each.name for each in named if each.note == "wrote"] == ["dotdigital PUT /contacts/v3/import"]
    assert address not in " ".join(each.name for each in named)


def test_everybody_else_is_synchronised_afterwards_as_if_that_had_not_been(office: Office, newsletter: ListRow) -> None:
    plan = office.plan(newsletter.id)
    _, address = planned(office, newsletter)
    office.run("lists", lists=(newsletter.id,), only=address)
    assert not office.list_named("Newsletter").last_synced
    after = office.run("lists").run.tally
    assert after.of(Outcome.ADDED) == plan.run.tally.of(Outcome.ADDED) - 1
    assert after.of(Outcome.EXCLUDED) == plan.run.tally.of(Outcome.EXCLUDED) and after.read == plan.run.tally.read


def test_what_is_known_of_the_others_and_of_the_list_stays_as_it_was(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    person, address = somebody(office, newsletter, Outcome.ADDED)
    other, _ = somebody(office, newsletter, Outcome.ADDED, 1)
    leaver, left = somebody(office, newsletter, Outcome.ADDED, 2)
    opted_out, gone = somebody(office, newsletter, Outcome.ADDED, 3)
    for each in (person, other):
        office.change_in_dynamics("contact", each, firstname="Renamed")
    office.leave(newsletter.id, [leaver])
    office.change_in_dynamics("contact", opted_out, donotemail=1)
    before, row = known(office, newsletter, person), office.list_named("Newsletter")
    done = office.run("lists", lists=(newsletter.id,), only=address)
    assert [(each.person, each.outcome) for each in office.people(done.run.id)] == [(person, Outcome.UPDATED)]
    assert known(office, newsletter, person) == before
    assert {left, gone} <= office.in_book(newsletter.id)
    now = office.list_named("Newsletter")
    assert (now.last_synced, now.sync_status) == (row.last_synced, row.sync_status)
    after = office.run("lists")
    became = {each.person: each.outcome for each in office.people(after.run.id)}
    assert became[person] is Outcome.UNCHANGED and became[other] is Outcome.UPDATED
    assert became[leaver] is Outcome.REMOVED and became[opted_out] is Outcome.EXCLUDED
    assert not {left, gone} & office.in_book(newsletter.id)


def test_who_opted_out_is_excluded_by_name_and_leaves_the_book(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    person, address = somebody(office, newsletter, Outcome.ADDED)
    office.change_in_dynamics("contact", person, donotemail=1)
    done = office.run("lists", lists=(newsletter.id,), only=address)
    (became,) = office.people(done.run.id)
    assert (became.outcome, became.reason) == (Outcome.EXCLUDED, "DO_NOT_EMAIL")
    assert address not in office.in_book(newsletter.id)
    assert office.run("lists").run.status is RunStatus.COMPLETED


def test_who_left_the_list_leaves_the_book_and_is_known_no_more(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    person, address = somebody(office, newsletter, Outcome.ADDED)
    office.leave(newsletter.id, [person])
    done = office.run("lists", lists=(newsletter.id,), only=address)
    assert [each.outcome for each in office.people(done.run.id)] == [Outcome.REMOVED]
    assert address not in office.in_book(newsletter.id)
    assert person not in {each.person for each in office.people(office.run("lists").run.id)}


def test_who_took_another_address_is_found_by_the_one_in_the_book(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    person, address = somebody(office, newsletter, Outcome.ADDED)
    office.change_in_dynamics("contact", person, emailaddress1="moved@example.org")
    done = office.run("lists", lists=(newsletter.id,), only=address)
    (became,) = office.people(done.run.id)
    assert (became.person, became.outcome, became.address) == (person, Outcome.UPDATED, "moved@example.org")
    assert "moved@example.org" in office.in_book(newsletter.id) and address not in office.in_book(newsletter.id)


def test_whom_somebody_in_dynamics_wants_suppressed_is_not_imported(office: Office, newsletter: ListRow) -> None:
    _, address = planned(office, newsletter)
    typed(office, address)
    before = office.digest()
    done = office.run("lists", lists=(newsletter.id,), only=address)
    assert [each.outcome for each in office.people(done.run.id)] == [Outcome.EXCLUDED]
    assert office.digest() == before


def test_when_too_many_would_leave_one_of_them_is_held_and_nobody_else(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    office.leave(newsletter.id, [each.person for each in added[: len(added) // 2]])
    done = office.run("lists", lists=(newsletter.id,), only=added[0].address)
    assert done.run.status is RunStatus.HELD
    assert [(each.person, each.reason) for each in office.people(done.run.id)] == [(added[0].person, "REMOVAL_HELD")]
    assert added[0].address in office.in_book(newsletter.id)
    assert [each.people for each in office.held()] == [1]


def test_without_a_list_all_are_looked_at_and_those_without_the_person_say_so(
    office: Office, newsletter: ListRow
) -> None:
    office.activated("Winter leads")
    _, address = planned(office, newsletter)
    done = office.run("lists", only=address)
    lists = {each.name: (each.tally.read, each.note) for each in done.items if each.kind == "list"}
    assert lists["Newsletter"][0] == 1 and done.run.tally.read == sum(read for read, _ in lists.values())
    assert all(read or note == "Nobody here has the address" for read, note in lists.values())


def test_an_address_that_nobody_has_fails_the_run_and_changes_nothing(office: Office, newsletter: ListRow) -> None:
    before = office.digest()
    done = office.run("lists", lists=(newsletter.id,), only="nobody@example.org")
    assert (done.run.status, done.run.error_code) == (RunStatus.FAILED, "PERSON_NOT_ON_LIST")
    assert "`dyntui people search nobody@example.org`" in done.run.remedy
    assert office.digest() == before


@pytest.mark.parametrize(
    ("sync_type", "only", "code"),
    [("suppressions", "a@example.org", "NOT_NARROWED"), ("lists", "Newsletter", "ADDRESS_UNKNOWN")],
)
def test_what_cannot_be_about_one_person_is_refused(office: Office, sync_type: str, only: str, code: str) -> None:
    with pytest.raises(DyntuiError) as refused:
        office.run(sync_type, only=only)
    assert refused.value.code == code


def test_it_can_be_undone(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    person, address = somebody(office, newsletter, Outcome.ADDED)
    before = office.digest()
    office.change_in_dynamics("contact", person, firstname="Renamed")
    done = office.run("lists", lists=(newsletter.id,), only=address)
    assert office.digest()["dotdigital"] != before["dotdigital"]
    office.undo(done.run.id)
    assert office.digest()["dotdigital"] == before["dotdigital"]
