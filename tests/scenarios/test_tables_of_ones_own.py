"""Columns that an organisation has made itself, and columns of its own tables over a lookup."""

from __future__ import annotations

from typing import Any

import pytest

from dyntui.dataverse import customisation, security
from dyntui.dataverse import rows as dv_rows
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.people import Entity
from dyntui.model.roles import Role
from dyntui.model.solution import ColumnSpec, LookupSpec, TableSpec
from dyntui.service.contract.lists import MemberRow
from tests.scenarios.office import Office, addresses
from tests.scenarios.test_labels_and_metadata import create
from tests.scenarios.test_mapped_columns import in_dotdigital
from tests.scenarios.test_mappings_changed import Admin

SHOP = TableSpec(
    schema_name="new_Shop",
    label="Shop",
    plural="Shops",
    entity_set="new_shops",
    primary_name=ColumnSpec(schema_name="new_Name", label="Name"),
    columns=(ColumnSpec(schema_name="new_Town", label="Town"),),
)
FAVOURITE = LookupSpec(
    schema_name="new_ShopId", label="Favourite shop", referenced="new_shop", relationship="new_shop_contact"
)
TOWN = DataMapping("SHOPTOWN", Entity.CONTACT, "new_shopid.new_town")
NAME = DataMapping("SHOP", Entity.CONTACT, "new_shopid")
LATER = "shop readers"


def shops(office: Office) -> str:
    """A table of shops, which contacts have a favourite of, and a shop; its id."""

    async def make() -> str:
        dv = await office.resources.connections.dataverse()
        made = customisation.Customisation(dv, "dyntui")
        await made.ensure_table(SHOP)
        for column in SHOP.columns:
            await made.ensure_column("new_shop", column)
        await made.ensure_lookup("contact", FAVOURITE)
        await customisation.publish(dv, ["contact", "new_shop"])
        await dv.sleep(60)
        return await dv_rows.create(dv, "new_shops", {"new_name": "Łódź; 1", "new_town": "Łódź"})

    return as_administrator(office, make())


def as_administrator(office: Office, work: Any) -> Any:
    office.give_roles("application", "System Administrator")
    done = office.wait(work)
    office.give_roles("application", Role.SERVICE)
    return done


def may_read_shops(office: Office, depth: str) -> None:
    """The service gets a role of its own that may read shops so far."""

    async def make() -> None:
        dv = await office.resources.connections.dataverse()
        await security.ensure_role(dv, LATER, {"prvReadnew_Shop": depth})

    as_administrator(office, make())
    office.give_roles("application", Role.SERVICE, LATER)


def shoppers(office: Office) -> tuple[Admin, list[MemberRow]]:
    """Two members whose favourite shop is in Łódź, with fields for that in dotdigital."""
    shop = shops(office)
    office.activated("Newsletter")
    office.run("metadata")
    for name in ("SHOP", "SHOPTOWN"):
        create(office, name, "String")
    office.run("labels")
    office.run("lists")
    newsletter = office.list_named("Newsletter")
    two = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    for each in two:
        office.change_in_dynamics("contact", each.person, new_shopid=shop)
    return Admin(office), two


def town_of(office: Office, person: MemberRow) -> list[Any]:
    found = in_dotdigital(office, "SHOP", "SHOPTOWN")[person.address]
    return [found["SHOP"], found["SHOPTOWN"]]


@pytest.mark.parametrize("depth", ["Basic", ""])
def test_rows_over_a_lookup_that_the_service_does_not_see_empty_no_data_field_and_stop_no_list(
    office: Office, depth: str
) -> None:
    admin, (ada, _) = shoppers(office)
    may_read_shops(office, security.GLOBAL)
    admin.save(*PROVISIONED, NAME, TOWN)
    run = office.run("lists")
    assert run.run.status is RunStatus.COMPLETED and "Not sent" not in run.items[0].note
    assert town_of(office, ada) == ["Łódź; 1", "Łódź"]

    if depth:
        may_read_shops(office, depth)
    else:
        office.give_roles("application", Role.SERVICE)
    office.let_pass(minutes=11)
    run = office.run("lists")
    assert town_of(office, ada) == ["Łódź; 1", "Łódź"] and run.run.status is RunStatus.COMPLETED
    assert "SHOPTOWN <- contact.new_shopid.new_town" in run.items[0].note and "new_shop" in run.items[0].note

    may_read_shops(office, security.GLOBAL)
    office.let_pass(minutes=11)
    run = office.run("lists")
    assert "Not sent" not in run.items[0].note and town_of(office, ada) == ["Łódź; 1", "Łódź"]


def test_a_right_that_is_taken_away_between_two_looks_fails_one_run_and_the_next_leaves_the_mapping_out(
    office: Office,
) -> None:
    admin, (ada, _) = shoppers(office)
    may_read_shops(office, security.GLOBAL)
    admin.save(*PROVISIONED, NAME, TOWN)
    office.run("lists")
    office.give_roles("application", Role.SERVICE)
    run = office.run("lists")
    assert run.items[0].note.startswith("DATAVERSE_NOT_PERMITTED: ") and "prvReadnew_Shop" in run.items[0].note
    run = office.run("lists")
    assert run.run.status is RunStatus.COMPLETED and "new_shop" in run.items[0].note
    assert town_of(office, ada) == ["Łódź; 1", "Łódź"]


IN_LODZ = (
    '<fetch><entity name="contact"><attribute name="contactid"/>'
    '<link-entity name="new_shop" from="new_shopid" to="new_shopid" alias="shop">'
    '<filter><condition attribute="new_town" operator="eq" value="Łódź"/></filter></link-entity></entity></fetch>'
)


def another_shop(office: Office) -> str:
    async def make() -> str:
        dv = await office.resources.connections.dataverse()
        return await dv_rows.create(dv, "new_shops", {"new_name": "Łódź; 2", "new_town": "Łódź"})

    return as_administrator(office, make())


def test_nobody_leaves_a_list_because_its_query_looks_into_rows_that_the_service_does_not_see(office: Office) -> None:
    """So few that they would leave without being asked about."""
    _, (ada, _) = shoppers(office)
    others = [each for each in office.members(office.list_named("Newsletter").id) if each.outcome is Outcome.ADDED]
    second = another_shop(office)
    for each in others[1:40]:
        office.change_in_dynamics("contact", each.person, new_shopid=second)
    may_read_shops(office, security.GLOBAL)
    office.new_list(name="In Łódź", member_type="contact", dynamic=True, query=IN_LODZ)
    shop = office.activated("In Łódź")
    office.run("lists", lists=(shop.id,))
    there = office.in_book(shop.id)
    assert len(there) == 40 and ada.address in there

    may_read_shops(office, "Basic")
    (somebody,) = office.records_where("systemuser", fullname="Mira Sandahl")
    (first,) = office.records_where("new_shop", new_name="Łódź; 1")
    office.change_in_dynamics("new_shop", first, ownerid=somebody)
    run = office.run("lists", lists=(shop.id,))
    assert office.in_book(shop.id) == there
    assert addresses(office.people(run.run.id), Outcome.HELD) == {ada.address}
    (held,) = [each.detail for each in office.people(run.run.id) if each.outcome is Outcome.HELD]
    assert "rows of new_shop" in held

    planned = office.people(office.plan(shop.id).run.id)
    assert [each.address for each in planned if "rows of new_shop" in each.detail] == [ada.address]
