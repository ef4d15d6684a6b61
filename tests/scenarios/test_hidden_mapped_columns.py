"""Columns of data mappings that column security hides from the service: hidden is never taken for empty."""

from __future__ import annotations

from dyntui.model.mapping import PROVISIONED
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office
from tests.scenarios.test_mapped_columns import in_dotdigital
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
