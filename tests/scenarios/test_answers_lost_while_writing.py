"""A call that changes records of Dynamics is carried out and its answer is lost, once: it is sent again by itself, and
what it had written is this run's own doing."""

from __future__ import annotations

from dyntui.model.mapping import ConflictRule
from dyntui.model.outcomes import Outcome
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way


def lose_one_answer(office: Office) -> None:
    office.sandbox.order({"system": "dataverse", "route": "batch", "kind": "drop_after", "times": 1})


def test_values_that_were_brought_though_the_answer_was_lost_are_named_and_undone(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), rule=ConflictRule.DOTDIGITAL)
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    office.run("address-books")
    was = in_dynamics(office, bob.person, "firstname")
    office.change_in_dynamics("contact", ada.person, firstname="Here")
    for each in (ada, bob):
        change_in_dotdigital(office, each.address, FIRSTNAME="There")
    office.let_pass(minutes=5)
    lose_one_answer(office)
    run = office.run("address-books").run
    held = [in_dynamics(office, each.person, "firstname") for each in (ada, bob)]
    assert held == ["There", "There"]
    assert {(each.outcome, each.reason) for each in office.people(run.id)} == {(Outcome.UPDATED, "")}
    # Undoing it as well, with an answer that is lost.
    lose_one_answer(office)
    assert office.undo(run.id).run.tally.of(Outcome.UPDATED) == 2
    assert [in_dynamics(office, each.person, "firstname") for each in (ada, bob)] == ["Here", was]


def test_the_other_value_of_a_conflict_is_taken_though_the_answer_was_lost(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"))
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    office.change_in_dynamics("contact", ada.person, firstname="Here")
    change_in_dotdigital(office, ada.address, FIRSTNAME="There")
    office.let_pass(minutes=5)
    office.run("lists")
    lose_one_answer(office)
    run = office.take_other(*office.conflicts())
    assert in_dynamics(office, ada.person, "firstname") == "Here"
    assert [each.outcome for each in office.people(run.run.id)] == [Outcome.UPDATED] and office.conflicts() == ()
    office.undo(run.run.id)
    assert in_dynamics(office, ada.person, "firstname") == "There"
