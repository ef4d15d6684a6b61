"""Held removals wait for a person: let go by one approval, kept by name, or over by themselves."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from dyntui.model.errors import DyntuiError
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import EditList, ListRow
from dyntui.service.housekeeping import forget
from dyntui.store import held
from dyntui.store.decisions import counted
from dyntui.store.schema import email_account, list_member
from tests.scenarios.office import Office, writes
from tests.scenarios.test_members_and_books import in_book


@pytest.fixture
def newsletter(office: Office) -> ListRow:
    return office.activated("Newsletter")


def leave_by_accident(office: Office, newsletter: ListRow) -> list[str]:
    """A third of the people in the book; none whose contact another record would take over."""
    office.run("lists")
    members = office.members(newsletter.id)
    having = Counter(each.address for each in members)
    there = [each.person for each in members if each.outcome is Outcome.ADDED and having[each.address] == 1]
    leavers = there[: len(there) // 3]
    office.leave(newsletter.id, leavers)
    return leavers


def held_people(office: Office, run_id: str) -> set[str]:
    return {each.person for each in office.people(run_id) if each.outcome is Outcome.HELD}


def test_additions_go_on_removals_wait_and_one_approval_lets_them_go(office: Office, newsletter: ListRow) -> None:
    leavers = leave_by_accident(office, newsletter)
    book = office.book_of(newsletter.id)
    before = in_book(office, book)
    run = office.run("lists")
    assert run.run.status is RunStatus.HELD and held_people(office, run.run.id) == set(leavers)
    (waits,) = office.held()
    assert (waits.list, waits.people, waits.in_book, waits.run) == (
        newsletter.id, len(leavers), len(before), run.run.id,
    )  # fmt: skip
    assert waits.why == f"{len(leavers)} of {len(before)} people in the address book would leave it"
    assert in_book(office, book) == before
    decided = office.decide_held(newsletter.id, remove=True)
    assert decided.people == len(leavers) and decided.run is not None
    done = office.detail(decided.run.id)
    assert done.run.tally.of(Outcome.REMOVED) == len(leavers) and done.run.tally.adds_up
    assert len(in_book(office, book)) == len(before) - len(leavers)
    assert office.held() == ()
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []
    # What is too many an account says of its own.
    with office.db.write() as c:
        c.execute(update(email_account).values(removal_people=0, removal_percent=0))
    members = office.members(newsletter.id)
    having = Counter(each.address for each in members)
    stays = (Outcome.ADDED, Outcome.UNCHANGED)
    one = next(each.person for each in members if each.outcome in stays and having[each.address] == 1)
    office.leave(newsletter.id, [one])
    assert held_people(office, office.run("lists").run.id) == {one}


def test_whose_removal_a_plan_holds_is_held_for_that_when_it_is_carried_out(
    office: Office, newsletter: ListRow
) -> None:
    leavers = leave_by_accident(office, newsletter)
    plan = office.plan(newsletter.id)
    assert held_people(office, plan.run.id) == set(leavers)
    (planned,) = {(each.reason, each.detail) for each in office.people(plan.run.id) if each.outcome is Outcome.HELD}
    done = office.apply(plan)
    assert held_people(office, done.run.id) == set(leavers)
    (became,) = {(each.reason, each.detail) for each in office.people(done.run.id) if each.outcome is Outcome.HELD}
    assert became == planned and planned[0] == "REMOVAL_HELD"
    (waits,) = office.held()
    assert waits.why == planned[1]


def test_whoever_falls_under_a_filter_in_great_number_waits_and_why_is_said(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    there = [each.person for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    for person in there[: len(there) // 3]:
        office.change_in_dynamics("contact", person, statecode=1)
    run = office.run("lists")
    held = [each for each in office.people(run.run.id) if each.outcome is Outcome.HELD]
    assert len(held) > len(there) // 4 and {(each.reason, each.also) for each in held} == {
        ("INACTIVE", ("REMOVAL_HELD",))
    }
    (waits,) = office.held()
    assert waits.why == f"{len(held)} of {len(there)} people in the address book would leave it"


def test_removals_of_members_and_of_strangers_wait_together_of_all_who_are_in_the_book(
    office: Office, newsletter: ListRow
) -> None:
    office.edit(EditList(id=newsletter.id, membership_action=MembershipAction.REMOVE))
    leavers = leave_by_accident(office, newsletter)
    strangers = [f"many{number}@strangers.example" for number in range(60)]
    for each in strangers:
        office.put_into_book(newsletter.id, each)
    office.run("lists")
    (waits,) = office.held()
    there = in_book(office, office.book_of(newsletter.id))
    assert len(office.waiting(newsletter.id)) == len(leavers) + len(strangers)
    assert (waits.people, waits.in_book) == (len(leavers) + len(strangers), len(there))


def test_who_is_kept_stays_in_the_book_by_name_and_nobody_is_asked_again(office: Office, newsletter: ListRow) -> None:
    leavers = leave_by_accident(office, newsletter)
    book = office.book_of(newsletter.id)
    office.run("lists")
    before = in_book(office, book)
    decided = office.decide_held(newsletter.id, remove=False)
    assert decided.people == len(leavers) and decided.run is not None
    again = office.run("lists")
    for run in (office.detail(decided.run.id), again):
        kept = {each.person: each for each in office.people(run.run.id) if each.person in leavers}
        assert {(each.outcome, each.reason) for each in kept.values()} == {(Outcome.EXCLUDED, "LEFT_LIST")}
        assert all(each.detail.startswith("kept in the address book by ") for each in kept.values())
        assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up
    assert in_book(office, book) == before and office.held() == ()
    # Consent outweighs the decision.
    address = kept[leavers[0]].address
    office.change_in_dynamics("contact", leavers[0], donotemail=1)
    office.run("lists")
    assert in_book(office, book) == before - {address}


def test_nothing_of_a_list_waits_that_is_not_synchronised_any_more(office: Office, newsletter: ListRow) -> None:
    leavers = leave_by_accident(office, newsletter)
    office.run("lists")
    with office.db.write() as c:
        refused = {"outcome": Outcome.REJECTED.value, "reason": "REJECTED"}
        c.execute(update(list_member).where(list_member.c.seq == 1).values(refused))
    assert len(office.refused()) == 1 and len(office.decisions()) == 2
    office.deactivate(newsletter.id)
    assert office.decisions() == () and office.held() == () and office.refused() == ()
    with office.db.read() as c:
        assert held.waiting(c) == 0 and counted(c, "2026-01-01T00:00:00Z").refused == 0
    # What nobody has decided waits again once the list is synchronised.
    office.activated("Newsletter")
    assert held_people(office, office.run("lists").run.id) == set(leavers)
    assert len(office.held()) == 1


@pytest.mark.parametrize("remove", [True, False])
def test_a_decision_is_about_as_many_as_somebody_was_asked_about(
    office: Office, newsletter: ListRow, remove: bool
) -> None:
    leavers = leave_by_accident(office, newsletter)
    book = office.book_of(newsletter.id)
    office.run("lists")
    (seen,) = office.held()
    before = in_book(office, book)
    # While somebody reads the question, a synchronisation holds others too.
    others = [each.person for each in office.members(newsletter.id) if each.person not in leavers][:40]
    office.leave(newsletter.id, others)
    office.run("lists")
    (now,) = office.held()
    assert now.people > seen.people == len(leavers)
    with pytest.raises(DyntuiError) as refused:
        office.decide_held(newsletter.id, remove=remove, waiting=seen.people)
    assert refused.value.code == "HELD_CHANGED" and f"{now.people} wait by now, not {seen.people}" in str(refused.value)
    assert in_book(office, book) == before and office.held() == (now,)
    assert office.decide_held(newsletter.id, remove=remove, waiting=now.people).people == now.people
    assert office.held() == ()


def test_some_are_let_go_the_others_wait_and_who_comes_back_waits_no_more(office: Office, newsletter: ListRow) -> None:
    leavers = leave_by_accident(office, newsletter)
    book = office.book_of(newsletter.id)
    office.run("lists")
    before = in_book(office, book)
    for nobody in ("99999999999999999999", "9" * 3000, "", "nobody"):
        with pytest.raises(DyntuiError, match="NOTHING_HELD"):
            office.decide_held(newsletter.id, nobody, remove=True)
    some = leavers[:3]
    decided = office.decide_held(newsletter.id, *some, remove=True)
    assert decided.people == 3 and decided.run is not None
    run = office.detail(decided.run.id)
    assert run.run.tally.of(Outcome.REMOVED) == 3
    assert held_people(office, run.run.id) == set(leavers[3:])
    assert len(in_book(office, book)) == len(before) - 3
    (waits,) = office.held()
    assert waits.people == len(leavers) - 3
    office.join(newsletter.id, leavers)
    run = office.run("lists")
    assert office.held() == () and run.run.tally.of(Outcome.HELD) == 0
    assert in_book(office, book) == before
    with pytest.raises(DyntuiError) as refused:
        office.decide_held(newsletter.id, remove=True)
    assert refused.value.code == "NOTHING_HELD"
    # An approval is about the removals that were shown, not about later ones.
    office.leave(newsletter.id, leavers)
    assert held_people(office, office.run("lists").run.id) == set(leavers)


def test_who_waits_is_shown_as_they_stand_also_once_the_run_is_forgotten(office: Office, newsletter: ListRow) -> None:
    leavers = leave_by_accident(office, newsletter)
    run = office.run("lists").run.id
    office.let_pass(days=31)
    assert office.wait(forget(office.resources, timedelta(days=30))) > 0
    with pytest.raises(DyntuiError, match="RUN_UNKNOWN"):
        office.detail(run)
    shown = office.waiting(f"{{{newsletter.id.upper()}}}")
    assert {each.person for each in shown} == set(leavers) and {each.outcome for each in shown} == {Outcome.HELD}
    assert shown[0].reason == "REMOVAL_HELD" and "would leave it" in shown[0].detail
    assert office.waiting(newsletter.id, search=shown[3].address) == (shown[3],)
    # An id as it is copied out of Dynamics names the same record.
    copied = f" {{{leavers[0].upper()}}} "
    assert office.decide_held(newsletter.id, copied, remove=False).people == 1
    assert leavers[0] not in {each.person for each in office.waiting(newsletter.id)}


def test_of_a_list_that_is_not_activated_nothing_is_decided(office: Office, newsletter: ListRow) -> None:
    leave_by_accident(office, newsletter)
    office.run("lists")
    office.deactivate(newsletter.id)
    assert office.held() == () and office.waiting(newsletter.id) == ()
    for remove in (True, False):
        with pytest.raises(DyntuiError, match="NOTHING_HELD"):
            office.decide_held(newsletter.id, remove=remove)
