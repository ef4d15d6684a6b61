"""People of a list who take each other's addresses."""

from __future__ import annotations

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office


def test_two_people_who_swap_their_addresses_are_updated_as_the_plan_says(office: Office, newsletter: ListRow) -> None:
    ada, bob, cy = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    office.change_in_dynamics("contact", ada.person, emailaddress1=bob.address)
    office.change_in_dynamics("contact", bob.person, emailaddress1=ada.address)
    # As somebody who takes an address that nobody has had.
    office.change_in_dynamics("contact", cy.person, emailaddress1="cy.moved@example.org")
    plan = office.plan()
    planned = {each.person: each.effect for each in office.planned(plan) if each.effect != "remove"}
    run = office.apply(plan)
    said = {each.person: each.outcome for each in office.people(run.run.id)}
    assert [said[each.person] for each in (ada, bob, cy)] == [Outcome.UPDATED] * 3
    assert [planned[each.person] for each in (ada, bob)] == ["update"] * 2
    again = office.run("lists").run
    assert not again.tally.of(Outcome.ADDED) and not again.tally.of(Outcome.UPDATED)
