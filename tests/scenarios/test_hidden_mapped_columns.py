"""Columns of data mappings that column security hides from the service: hidden is never taken for empty."""

from __future__ import annotations

from dyntui.model.labels import LabelType
from dyntui.model.mapping import PROVISIONED, ConflictRule
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way
from tests.scenarios.test_mapped_columns import in_dotdigital, mapped
from tests.scenarios.test_mappings_changed import TOWN, Admin
from tests.scenarios.test_what_is_hidden import secure


def test_a_mapped_column_that_is_hidden_from_the_service_empties_no_data_field(
    office: Office, newsletter: ListRow
) -> None:
    office.run("metadata")
    admin = Admin(office)
    admin.label("Town")
    office.run("labels")
    members = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    for each in members[:3]:
        office.change_in_dynamics("contact", each.person, address1_city="Oslo")
    secure(office, {"contact.lastname": []})
    admin.save(*PROVISIONED, TOWN)
    run = office.run("lists")
    held = in_dotdigital(office, "TOWN", "LASTNAME")
    assert {held[each.address]["TOWN"] for each in members[:3]} == {"Oslo"}
    assert all(held[each.address]["LASTNAME"] for each in members[:3])
    why = "LASTNAME <- contact.lastname"
    assert (
        why in run.items[0].note
        and "the column is secured, and nothing says that the service may read it" in run.items[0].note
    )
    # What is mapped anew is asked for at once, the others after minutes.
    secure(office, {"contact.address1_city": []})
    office.let_pass(minutes=11)
    run = office.run("lists")
    assert in_dotdigital(office, "TOWN")[members[0].address]["TOWN"] == "Oslo"
    assert why not in run.items[0].note and "TOWN <- contact.address1_city" in run.items[0].note
    secure(office, {})
    office.let_pass(minutes=11)
    run = office.run("lists")
    assert "Not sent" not in run.items[0].note and run.run.tally.adds_up
    assert in_dotdigital(office, "TOWN")[members[0].address]["TOWN"] == "Oslo"


def test_a_column_that_is_hidden_from_the_service_is_not_written_over_as_if_it_were_empty(office: Office) -> None:
    mapped(office, ("CITY", LabelType.STRING, "address1_city"))
    two_way(office, ("CITY", "address1_city"), ("FIRSTNAME", "firstname"), rule=ConflictRule.DYNAMICS)
    (ada,) = some(office, 1)
    office.change_in_dynamics("contact", ada.person, address1_city="Bergen")
    secure(office, {"contact.address1_city": []})
    office.let_pass(minutes=11)
    change_in_dotdigital(office, ada.address, CITY="Rome", FIRSTNAME="Augusta")
    for kind in ("address-books", "lists"):
        office.let_pass(minutes=11)
        run = office.run(kind)
        assert in_dynamics(office, ada.person, "address1_city") == "Bergen"
        assert "CITY -> contact.address1_city: the column is secured" in "; ".join(each.note for each in run.items)
    assert in_dynamics(office, ada.person, "firstname") == "Augusta"
    # Once it is shown again the rule decides.
    secure(office, {})
    office.let_pass(minutes=11)
    run = office.run("lists")
    assert not any("Not brought" in each.note for each in run.items)
    assert in_dynamics(office, ada.person, "address1_city") == "Bergen"
