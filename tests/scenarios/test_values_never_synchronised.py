"""Who is put into an address book for the first time and has values in dotdigital already: an empty column never clears
them, and which of two different values counts is decided by the rule."""

from __future__ import annotations

from typing import Any

import pytest

from dyntui.model.mapping import ConflictRule
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import EditList
from dyntui.sync import before_images
from tests.scenarios.office import Office, addresses, writes
from tests.scenarios.test_address_books import change_in_dotdigital, in_dotdigital, in_dynamics, two_way
from tests.scenarios.test_mapped_columns import MORE, mapped
from tests.thorough import keeping

COLUMNS = {"CITY": "address1_city", "BORN": "birthdate"}
BORN = "1990-02-28T00:00:00Z"
NO_DATES = ["0001-01-01T00:00:00Z", "1900-01-01T00:00:00Z"]


def both_ways(office: Office, rule: ConflictRule = ConflictRule.DOTDIGITAL) -> None:
    """Town and birthday of contacts go both ways."""
    mapped(office, *MORE[:2])
    two_way(office, *COLUMNS.items(), rule=rule, more=True)


def known_there(office: Office, list_id: str, many: int) -> list[tuple[str, str]]:
    """Members of a static list who are contacts of dotdigital already, ids and addresses: they live in Oslo there."""
    query = (
        "SELECT c.contactid, c.emailaddress1 FROM dv_contact c JOIN dd_contact d ON d.email = c.emailaddress1"
        " JOIN dv_listmember m ON m.entityid = c.contactid WHERE m.listid = ? AND c.statecode = 0 AND c.donotemail = 0"
        " AND c.donotbulkemail = 0 AND d.status = 'Subscribed' ORDER BY c.contactid LIMIT ?"
    )
    found = [(row[0], row[1]) for row in office.sandbox.state.db.execute(query, (list_id, many))]
    assert len(found) == many
    for _, address in found:
        change_in_dotdigital(office, address, CITY="Oslo", BORN=BORN)
    return found


def has(office: Office, person: str, address: str) -> list[str | None]:
    """Town and birthday as both sides have them."""
    there = [in_dotdigital(office, address, label) for label in COLUMNS]
    return [*(in_dynamics(office, person, column) for column in COLUMNS.values()), *there]


@pytest.mark.parametrize(
    "rule",
    keeping([ConflictRule.DOTDIGITAL, ConflictRule.DYNAMICS], ConflictRule.DYNAMICS),
    ids=lambda rule: rule.value,
)
def test_the_first_synchronisation_clears_nothing_in_dotdigital_and_the_next_one_merges(
    office: Office, rule: ConflictRule
) -> None:
    newsletter = office.activated("Newsletter")
    both_ways(office, rule)
    empty, other = known_there(office, newsletter.id, 2)
    office.change_in_dynamics("contact", empty[0], address1_city=None, birthdate=None)
    office.change_in_dynamics("contact", other[0], address1_city="Bergen", birthdate=None)

    plan = office.plan(newsletter.id)
    planned = {each.address: each for each in office.planned(plan)}
    for _, address in (empty, other):
        assert not {"CITY", "BORN"} & (planned[address].after or {}).keys()
        assert planned[address].detail.startswith("BORN, CITY: ")
    first = office.apply(plan) if rule is ConflictRule.DYNAMICS else office.run("lists")
    named = {each.address: each for each in office.people(first.run.id)}
    for person, address in (empty, other):
        assert named[address].outcome is Outcome.ADDED and named[address].detail.startswith("BORN, CITY: ")
        assert in_dotdigital(office, address, "CITY") == "Oslo" and in_dotdigital(office, address, "BORN") == BORN
        assert in_dotdigital(office, address, "FIRSTNAME") == in_dynamics(office, person, "firstname")

    office.run("lists")
    met = {(each.person, each.label) for each in office.conflicts()}
    assert {each for each in met if each[0] in (empty[0], other[0])} == {(other[0], "CITY")}
    wins = "Bergen" if rule is ConflictRule.DYNAMICS else "Oslo"
    assert has(office, *empty) == ["Oslo", "1990-02-28", "Oslo", BORN]
    assert has(office, *other) == [wins, "1990-02-28", wins, BORN]
    office.run("lists")
    assert writes(office.calls_between(lambda: office.run("lists"))[1]) == []
    assert office.in_book(newsletter.id) >= {empty[1], other[1]}


def test_whoever_is_known_by_what_they_said_in_dotdigital_keeps_it_when_they_become_a_record(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    both_ways(office)
    office.run("lists")
    office.edit(EditList(id=newsletter.id, membership_action=MembershipAction.CONTACTS))
    office.put_into_book(newsletter.id, "new@strangers.example", LASTNAME="New", CITY="Oslo", BORN=BORN)
    office.run("lists")
    (person,) = office.records_where("contact", emailaddress1="new@strangers.example")
    assert in_dotdigital(office, "new@strangers.example", "CITY") == "Oslo"
    office.run("lists")
    assert has(office, person, "new@strangers.example") == ["Oslo", "1990-02-28", "Oslo", BORN]
    office.run("lists")
    assert writes(office.calls_between(lambda: office.run("lists"))[1]) == []


def test_a_value_that_does_not_fit_stays_in_dotdigital_and_is_offered_to_nobody_each_time(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    both_ways(office)
    ((person, address),) = known_there(office, newsletter.id, 1)
    long = "Llanfair" * 20
    change_in_dotdigital(office, address, CITY=long)
    office.change_in_dynamics("contact", person, address1_city=None, birthdate=None)
    office.run("lists")
    run = office.run("lists")
    refused = [each for each in office.people(run.run.id, item="address-books") if each.outcome is Outcome.REJECTED]
    assert [(each.person, each.reason) for each in refused] == [(person, "VALUE_REJECTED")]
    assert in_dotdigital(office, address, "CITY") == long and in_dynamics(office, person, "address1_city") is None
    assert writes(office.calls_between(lambda: office.run("lists"))[1]) == []
    assert in_dotdigital(office, address, "CITY") == long
    assert address not in {each.address for each in office.planned(office.plan(newsletter.id))}
    # Who says that the book is to be as the list has it means it.
    difference = office.diff(newsletter.id)
    assert address in {each.address for each in office.planned(difference)}
    office.apply(difference)
    assert in_dotdigital(office, address, "CITY") is None


def test_another_record_that_takes_over_an_address_gets_none_of_the_values_of_the_one_before(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    both_ways(office)
    office.run("lists")
    ada, bob = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.change_in_dynamics("contact", ada.person, address1_city="Oslo")
    office.run("lists")
    assert in_dotdigital(office, ada.address, "CITY") == "Oslo"
    office.change_in_dynamics("contact", ada.person, statecode=1)
    office.change_in_dynamics("contact", bob.person, emailaddress1=ada.address, address1_city="Bergen")
    for _ in range(3):
        office.run("lists")
    assert in_dynamics(office, bob.person, "address1_city") == "Bergen"
    assert in_dotdigital(office, ada.address, "CITY") == "Bergen"
    assert bob.person not in {each.person for each in office.conflicts()}


def test_of_more_than_are_read_before_an_import_only_newcomers_are_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_images, "MOST_READ", 0)
    newsletter = office.activated("Newsletter")
    both_ways(office, ConflictRule.DYNAMICS)
    (known,) = known_there(office, newsletter.id, 1)
    office.change_in_dynamics("contact", known[0], address1_city=None, birthdate=None)
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert has(office, *known)[2:] == ["Oslo", BORN] and _asked_for(calls) > 0
    office.run("lists")
    office.change_in_dynamics("contact", known[0], firstname="Otherwise", address1_city="Bergen")
    run, calls = office.calls_between(lambda: office.run("lists"))
    assert addresses(office.people(run.run.id), Outcome.UPDATED) == {known[1]}
    assert has(office, *known)[2] == "Bergen" and _asked_for(calls) == 0


def _asked_for(calls: list[dict[str, Any]]) -> int:
    return sum("retrieve-collection" in str(each) for each in calls)


@pytest.mark.parametrize("stands_for_none", keeping(NO_DATES, NO_DATES[0]))
def test_a_year_that_stands_for_no_date_in_dotdigital_clears_no_birthday_that_was_never_synchronised(
    office: Office, stands_for_none: str
) -> None:
    newsletter = office.activated("Newsletter")
    both_ways(office)
    ((person, address),) = known_there(office, newsletter.id, 1)
    change_in_dotdigital(office, address, BORN=stands_for_none)
    office.change_in_dynamics("contact", person, birthdate="1980-05-05")
    office.run("lists")
    office.run("lists")
    assert has(office, person, address)[1::2] == ["1980-05-05", "1980-05-05T00:00:00Z"]
    assert not [each for each in office.conflicts() if each.person == person and each.label == "BORN"]
    assert writes(office.calls_between(lambda: office.run("lists"))[1]) == []


def test_a_year_that_stands_for_no_date_is_no_change_in_dotdigital_that_holds_an_import_up(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    both_ways(office)
    ((person, address),) = known_there(office, newsletter.id, 1)
    change_in_dotdigital(office, address, BORN=None)
    office.change_in_dynamics("contact", person, birthdate=None)
    office.run("lists")
    office.run("lists")
    office.let_pass(days=3)
    office.run("lists")
    # As dotdigital itself may show an empty date (reference/truth2.md): it was not modified.
    db = office.sandbox.state.db
    (was,) = db.execute("SELECT updated FROM dd_contact WHERE email = ?", (address,)).fetchone()
    change_in_dotdigital(office, address, BORN=NO_DATES[0])
    db.execute("UPDATE dd_contact SET updated = ? WHERE email = ?", (was, address))
    office.change_in_dynamics("contact", person, firstname="Augusta", birthdate="1980-05-05")
    run = office.run("lists")
    assert address in addresses(office.people(run.run.id), Outcome.UPDATED)
    assert has(office, person, address)[1::2] == ["1980-05-05", "1980-05-05T00:00:00Z"]
