"""What a run wrote in Dynamics is undone too: columns of records, who was put on a list, who was taken off it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dyntui.dataverse import bulk
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import EditList
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.office import Office, writes
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way
from tests.scenarios.test_mapped_columns import MORE, mapped
from tests.scenarios.test_strangers import KNOWN, met, on_the_list

__all__ = ["met"]

ARRIVED: dict[str, Any] = {"BORN": "1991-03-01T00:00:00", "LIMIT": 99.75, "HOLD": False, "SEX": "Female"}


def test_values_that_arrived_from_dotdigital_are_set_back_unless_somebody_has_changed_them(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
    ada, bob, cy = some(office, 3)
    office.let_pass(hours=2)
    office.run("address-books")
    was = {each.person: in_dynamics(office, each.person, "firstname") for each in (ada, bob, cy)}
    for each in (ada, bob, cy):
        change_in_dotdigital(office, each.address, FIRSTNAME="Augusta")
    office.let_pass(minutes=5)
    run = office.run("address-books").run
    assert run.tally.of(Outcome.UPDATED) == 3
    plan, calls = office.calls_between(lambda: office.plan_undo(run.id))
    assert writes(calls) == [] and {each.effect for each in office.planned(plan)} == {"update"}
    assert {each.person: (each.before, each.after) for each in office.planned(plan)} == {
        person: ({"firstname": "Augusta"}, {"firstname": value}) for person, value in was.items()
    }
    office.change_in_dynamics("contact", cy.person, firstname="Cynthia")
    done = office.apply(plan).run
    assert (done.tally.of(Outcome.UPDATED), done.tally.of(Outcome.REJECTED)) == (2, 1) and done.tally.adds_up
    assert [in_dynamics(office, each.person, "firstname") for each in (ada, bob)] == [was[ada.person], was[bob.person]]
    assert in_dynamics(office, cy.person, "firstname") == "Cynthia"
    assert office.undo(done.id).run.tally.of(Outcome.UPDATED) == 2
    assert in_dynamics(office, ada.person, "firstname") == "Augusta"


def test_what_a_later_run_has_written_again_is_not_undone_with_the_earlier_one(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"))
    (ada, bob) = some(office, 2)
    office.let_pass(hours=2)
    office.run("address-books")
    was, runs = in_dynamics(office, bob.person, "firstname"), []
    for name, people in (("Augusta", (ada, bob)), ("Bea", (ada,)), ("Augusta", (ada,))):
        for each in people:
            change_in_dotdigital(office, each.address, FIRSTNAME=name)
        office.let_pass(minutes=5)
        runs.append(office.run("address-books").run.id)
    done = office.undo(runs[0]).run
    assert {each.person: (each.outcome, each.reason) for each in office.people(done.id)} == {
        ada.person: (Outcome.REJECTED, "STALE"),
        bob.person: (Outcome.UPDATED, ""),
    }
    assert [in_dynamics(office, each.person, "firstname") for each in (ada, bob)] == ["Augusta", was]
    # Once the later ones are undone, the earlier one can be.
    for run in reversed(runs[1:]):
        assert office.undo(run).run.tally.of(Outcome.UPDATED) == 1
    assert office.undo(runs[0]).run.tally.of(Outcome.UPDATED) == 1
    assert in_dynamics(office, ada.person, "firstname") != "Augusta"


@pytest.mark.parametrize("kind", ["address-books", "opt-in"])
def test_what_a_run_had_written_when_it_failed_stands_in_the_audit_and_is_undone(office: Office, kind: str) -> None:
    """The first call is carried out, and the second one, whose answer is lost again and again."""
    people = some(office, 250)
    column = "firstname" if kind == "address-books" else "dyntui_optintype"
    if kind == "address-books":
        two_way(office, ("FIRSTNAME", "firstname"))
    office.let_pass(hours=2)
    office.run(kind)

    def held() -> dict[str, str]:
        return {each.person: str(in_dynamics(office, each.person, column) or "").strip() for each in people}

    was = held()
    for each in people:
        change_in_dotdigital(office, each.address, FIRSTNAME="Augusta")
    office.sandbox.state.db.execute("UPDATE dd_contact SET opt_in = 'Double'")
    office.let_pass(minutes=5)
    lost = {"system": "dataverse", "route": "batch", "kind": "drop_after", "times": 50, "after": 1}
    office.sandbox.order(lost)
    run = office.run(kind).run
    assert run.status is RunStatus.FAILED
    office.sandbox.reset()
    changed = {person for person, value in held().items() if value != was[person]}
    assert len(changed) > bulk.BATCH and changed <= {each.person for each in office.written(run.id)}
    assert office.undo(run.id).run.tally.of(Outcome.UPDATED) >= len(changed)
    assert held() == was


def test_numbers_dates_and_choices_that_arrived_from_dotdigital_are_set_back_as_they_were(office: Office) -> None:
    (ada, bob) = some(office, 2)
    mapped(office, *(each for each in MORE if each[0] in ARRIVED))
    two_way(office, *((label, column) for label, _, column in MORE if label in ARRIVED), more=True)
    office.change_in_dynamics("contact", ada.person, creditlimit=1234.5, creditonhold=1, gendercode=1, birthdate=None)
    office.change_in_dynamics("contact", bob.person, creditlimit=None, creditonhold=0, gendercode=None)
    office.let_pass(hours=2)
    office.run("lists")

    def held() -> list[list[Any]]:
        columns = [column for label, _, column in MORE if label in ARRIVED]
        return [[in_dynamics(office, each.person, column) for column in columns] for each in (ada, bob)]

    was = held()
    for each in (ada, bob):
        change_in_dotdigital(office, each.address, **ARRIVED)
    office.let_pass(minutes=5)
    run = office.run("address-books").run
    arrived = held()
    assert run.tally.of(Outcome.UPDATED) == 2 and arrived == [["1991-03-01", 99.75, 0, 2]] * 2
    done = office.undo(run.id).run
    assert done.tally.of(Outcome.UPDATED) == 2 and held() == was
    assert office.undo(done.id).run.tally.of(Outcome.UPDATED) == 2 and held() == arrived


def test_who_was_put_on_a_list_is_taken_off_it(office: Office, met: dict[str, str]) -> None:
    before = on_the_list(office, met["list"])
    office.edit(EditList(id=met["list"], membership_action=KNOWN))
    # This machine's clock is behind that of Dynamics.
    office.behind = timedelta(minutes=10)
    run = office.run("lists").run
    assert on_the_list(office, met["list"]) == before | {met["known"]}
    done = office.undo(run.id).run
    assert on_the_list(office, met["list"]) == before and done.tally.adds_up
    again = office.undo(done.id).run
    assert on_the_list(office, met["list"]) == before | {met["known"]}
    # Whom somebody takes off and puts on again by hand stays, by name: that is not what the run did.
    plan = office.plan_undo(again.id)
    office.leave(met["list"], [met["known"]])
    office.let_pass(minutes=1)
    office.join(met["list"], [met["known"]])
    stays = office.apply(plan).run
    assert on_the_list(office, met["list"]) == before | {met["known"]} and stays.tally.of(Outcome.REJECTED) == 1
    (named,) = office.people(stays.id, outcome=Outcome.REJECTED.value)
    assert named.reason == "STALE" and "put on it again" in named.detail
    office.leave(met["list"], [met["known"]])
    run = office.run("lists").run
    # Others had put them into the book: they are strangers in it as before, and do not leave it.
    office.undo(run.id)
    assert on_the_list(office, met["list"]) == before
    office.edit(EditList(id=met["list"], membership_action=MembershipAction.IGNORE))
    for _ in range(2):
        office.run("lists")
        assert met["known address"] in office.in_book(met["list"])
    office.edit(EditList(id=met["list"], membership_action=KNOWN))
    office.run("lists")
    assert on_the_list(office, met["list"]) == before | {met["known"]}


def test_a_list_that_was_cleared_after_a_send_is_as_before_but_for_who_has_opted_out(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, _ = counted
    newsletter = office.list_named("Newsletter")
    office.edit(EditList(id=newsletter.id, clear_on_send=True))
    before = on_the_list(office, newsletter.id)
    sent = office.send(office.count(campaign))
    assert on_the_list(office, newsletter.id) == set()
    withdraws, leaves, *_ = [
        each
        for each in office.written(sent.run)
        if each.effect == "remove" and each.address in office.in_book(newsletter.id)
    ]
    office.change_in_dynamics("contact", withdraws.person, donotemail=1)
    office.unsubscribe(leaves.address, book=office.book_of(newsletter.id))
    done = office.undo(sent.run)
    back = on_the_list(office, newsletter.id)
    assert not {withdraws.person, leaves.person} & back and back < before and len(back) > 100
    named = {each.person: each for each in office.people(done.run.id)}
    assert named[leaves.person].reason == "UNSUBSCRIBED_LIST"
    assert named[withdraws.person].reason == "DO_NOT_EMAIL"
    # Most of them had opted out long before, and were on the list in spite of that.
    assert {named[each].detail for each in before - back if named[each].outcome is Outcome.EXCLUDED} == {
        "has opted out"
    }
    # Dynamics takes nobody onto a list whose record is inactive.
    others = {(named[each].outcome, named[each].reason) for each in before - back}
    assert {outcome for outcome, _ in others} <= {Outcome.EXCLUDED, Outcome.REJECTED}
    assert all(reason == "REJECTED" for outcome, reason in others if outcome is Outcome.REJECTED)
    assert done.run.tally.adds_up
