"""How a marketing list has grown, day by day."""

from __future__ import annotations

from dyntui.model.list_growth import ListGrowth
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import ListRef
from tests.scenarios.office import Office


def growth(office: Office, list_id: str) -> ListGrowth:
    return office.wait(office._lists.growth(office.context, ListRef(list_id)))


def test_each_day_says_what_its_last_synchronisation_made_of_the_list(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    assert growth(office, newsletter.id).points == ()
    first = office.run("lists")
    people = [each for each in office.people(first.run.id) if each.outcome is Outcome.ADDED]
    office.let_pass(days=1)
    office.leave(newsletter.id, [each.person for each in people[:3]])
    office.run("lists")
    office.let_pass(days=2)
    office.leave(newsletter.id, [people[3].person])
    office.run("lists")
    office.change_in_dynamics("contact", people[4].person, donotemail=1)
    last = office.run("lists")
    # A plan makes nothing of anybody.
    office.plan(newsletter.id)
    known = growth(office, newsletter.id)
    assert known.list == newsletter.name
    assert [each.change for each in known.points] == [-2, -3, None]
    newest = known.points[0]
    assert newest.run == last.run.id and newest.day == last.run.ended_on[:10]
    assert newest.in_book == len(office.in_book(newsletter.id)) == len(people) - 5
    assert newest.members == newest.in_book + newest.left_out == known.points[1].members - 1
