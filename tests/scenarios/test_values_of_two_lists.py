"""Somebody is on two lists of an account, which are not always synchronised together: what both sides had last of them
is what was sent last, through whichever list."""

from __future__ import annotations

import pytest

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import ListRow, MemberRow
from dyntui.sync import before_images
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import in_dotdigital, in_dynamics, two_way


def on_both(office: Office) -> tuple[MemberRow, list[ListRow]]:
    """Somebody whose first name goes both ways, on two lists that are synchronised."""
    lists = [office.activated("Newsletter"), office.activated("Autumn fair")]
    two_way(office, ("FIRSTNAME", "firstname"))
    office.run("lists")
    ada = next(each for each in office.members(lists[0].id) if each.outcome is Outcome.ADDED)
    office.join(lists[1].id, [ada.person])
    office.run("lists")
    office.let_pass(hours=2)
    office.run("address-books")
    office.let_pass(hours=2)
    return ada, sorted(lists, key=lambda each: each.id)


def newer_one_stays(office: Office, ada: MemberRow) -> None:
    """Somebody changes the name in Dynamics once more, and both sides end with that."""
    office.let_pass(minutes=10)
    office.change_in_dynamics("contact", ada.person, firstname="Adelheid")
    office.run("lists")
    assert in_dynamics(office, ada.person, "firstname") == "Adelheid"
    assert in_dotdigital(office, ada.address, "FIRSTNAME") == "Adelheid"


@pytest.mark.parametrize("through", [0, 1])
def test_a_value_that_one_list_has_sent_does_not_come_back_over_a_newer_one(through: int, office: Office) -> None:
    ada, lists = on_both(office)
    office.change_in_dynamics("contact", ada.person, firstname="Augusta")
    office.run("lists", lists=(lists[through].id,))
    assert in_dotdigital(office, ada.address, "FIRSTNAME") == "Augusta"
    newer_one_stays(office, ada)


@pytest.mark.parametrize("through", [0, 1])
@pytest.mark.parametrize("joined", [False, True])
def test_a_value_that_an_undo_sets_back_does_not_come_back_to_dynamics(
    joined: bool, through: int, office: Office
) -> None:
    ada, lists = on_both(office)
    if joined:
        # The run that is undone puts her into the book besides.
        office.leave(lists[through].id, [ada.person])
        office.run("lists")
        office.let_pass(minutes=10)
        office.join(lists[through].id, [ada.person])
    before = in_dynamics(office, ada.person, "firstname")
    office.change_in_dynamics("contact", ada.person, firstname="Augusta")
    run = office.run("lists", lists=(lists[through].id,)).run
    office.let_pass(minutes=10)
    # The other list finds in dotdigital what it would send.
    office.run("lists")
    office.let_pass(minutes=10)
    office.undo(run.id)
    assert in_dotdigital(office, ada.address, "FIRSTNAME") == before
    office.let_pass(minutes=10)
    office.run("lists")
    assert in_dynamics(office, ada.person, "firstname") == "Augusta"


@pytest.mark.parametrize("through", [0, 1])
def test_a_value_that_a_list_has_sent_whose_member_has_left_it_does_not_come_back(through: int, office: Office) -> None:
    ada, lists = on_both(office)
    office.change_in_dynamics("contact", ada.person, firstname="Augusta")
    office.run("lists", lists=(lists[through].id,))
    office.let_pass(minutes=10)
    office.leave(lists[through].id, [ada.person])
    office.run("lists", lists=(lists[through].id,))
    assert in_dotdigital(office, ada.address, "FIRSTNAME") == "Augusta"
    newer_one_stays(office, ada)


def test_a_value_that_an_undo_leaves_does_not_come_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    newsletter, fair = office.activated("Newsletter"), office.list_named("Autumn fair")
    two_way(office, ("FIRSTNAME", "firstname"))
    office.run("lists")
    office.let_pass(hours=2)
    office.run("address-books")
    ada = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.let_pass(hours=2)
    office.join(fair.id, [ada.person])
    office.change_in_dynamics("contact", ada.person, firstname="Augusta")
    office.activated("Autumn fair")
    # A first synchronisation of so many people looks at nobody's fields before: they are not known to the undo.
    monkeypatch.setattr(before_images, "MOST_READ", 0)
    run = office.run("lists", lists=(fair.id,)).run
    office.let_pass(minutes=10)
    office.undo(run.id)
    assert in_dotdigital(office, ada.address, "FIRSTNAME") == "Augusta"
    newer_one_stays(office, ada)
