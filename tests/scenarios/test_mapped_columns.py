"""Mapped columns on their way to dotdigital, as told by the sandbox afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from dyntui.dataverse import metadata
from dyntui.dataverse import rows as dv_rows
from dyntui.dotdigital import contacts, data_fields
from dyntui.model.columns import Column
from dyntui.model.conversion import ChoiceAs
from dyntui.model.labels import DataLabel, LabelType
from dyntui.model.mapping import PROVISIONED, DataMapping, faults, validate
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.service.contract.lists import ListRow
from dyntui.store import accounts, crm_columns, mappings
from dyntui.store import labels as label_store
from tests.scenarios.office import Office, addresses, writes
from tests.thorough import keeping

MORE = (
    ("CITY", LabelType.STRING, "address1_city"),
    ("BORN", LabelType.DATE, "birthdate"),
    ("LIMIT", LabelType.NUMERIC, "creditlimit"),
    ("HOLD", LabelType.BOOLEAN, "creditonhold"),
    ("SEX", LabelType.STRING, "gendercode"),
    ("MADE", LabelType.DATE, "createdon"),
    ("KEY", LabelType.STRING, "contactid"),
)


def account_of(office: Office) -> str:
    with office.db.read() as c:
        return accounts.accounts(c)[0].id


def mapped(office: Office, *more: tuple[str, LabelType, str], entity: Entity = Entity.CONTACT) -> None:
    """Data fields, labels and mappings beside the provisioned ones."""
    account = account_of(office)

    async def make() -> list[Column]:
        dd = await office.resources.connections.dotdigital(account)
        there = {each.name for each in await data_fields.data_fields(dd)}
        for label, kind, _ in more:
            if label not in there:
                await data_fields.create_data_field(dd, label, kind.value)
        return (await metadata.columns(await office.resources.connections.dataverse(), entity.value)).rows

    columns = office.wait(make())
    made = [DataLabel(name=name, type=kind, synchronised=True) for name, kind, _ in more]
    with office.db.write() as c:
        crm_columns.replace(c, entity.value, columns, "2026-01-01T00:00:00Z")
        label_store.put(c, account, [*label_store.STANDARD, *made], "2026-01-01T00:00:00Z")
        wanted = (*PROVISIONED, *(DataMapping(name, entity, column) for name, _, column in more))
        assert not faults(validate(wanted, label_store.labels(c, account), crm_columns.columns(c)))
        before = mappings.current(c, account).version
        assert mappings.save(c, account, wanted, based_on=before, by="test", now="2026-01-01T00:00:00Z", why="test")


def in_dotdigital(office: Office, *names: str) -> dict[str, dict[str, Any]]:
    """Values of these data fields, by address."""

    async def read() -> dict[str, dict[str, Any]]:
        dd = await office.resources.connections.dotdigital(account_of(office))
        pages = contacts.contact_pages(dd, data_fields=names)
        return {each.email: each.values async for page in pages for each in page.rows}

    return office.wait(read())


def test_every_mapped_column_arrives_in_its_own_form(office: Office, newsletter: ListRow) -> None:
    ada, bob, cy = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    office.change_in_dynamics(
        "contact",
        ada.person,
        address1_city="Ærø",
        birthdate="1990-02-28",
        creditlimit=1234567.89,
        creditonhold=0,
        gendercode=2,
    )
    office.change_in_dynamics("contact", bob.person, birthdate=None, creditlimit=0, creditonhold=None, gendercode=None)
    mapped(office, *MORE)
    run = office.run("lists")
    assert run.run.tally.adds_up
    # Everybody has other values than were sent: a clear is one, too.
    assert run.run.tally.of(Outcome.UPDATED) == len(addresses(office.people(run.run.id), Outcome.UPDATED)) > 100
    there = in_dotdigital(office, *(name for name, _, _ in MORE))
    found = there[ada.address]
    assert found["CITY"] == "Ærø" and found["BORN"].startswith("1990-02-28T00:00:00")
    assert Decimal(str(found["LIMIT"])) == Decimal("1234567.89") and found["HOLD"] is False
    assert found["SEX"] == "Female" and found["KEY"] == ada.person and found["MADE"]
    empty = there[bob.address]
    assert [empty[name] for name in ("BORN", "HOLD", "SEX")] == [None, None, None] and empty["LIMIT"] == 0
    again, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == [] and again.run.tally.of(Outcome.UPDATED) == 0
    office.change_in_dynamics("contact", cy.person, address1_city="Oslo")
    assert addresses(office.people(office.run("lists").run.id), Outcome.UPDATED) == {cy.address}


def test_a_value_that_cannot_be_carried_costs_one_person(office: Office, newsletter: ListRow) -> None:
    ada, bob = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.change_in_dynamics("contact", ada.person, description="x" * 1001, address1_city="Oslo")
    office.change_in_dynamics("contact", bob.person, description="y" * 1000)
    mapped(office, ("ABOUT", LabelType.STRING, "description"), MORE[0])
    run = office.run("lists")
    people = {each.person: each for each in office.people(run.run.id)}
    assert people[ada.person].outcome is Outcome.REJECTED and people[ada.person].reason == "VALUE_REJECTED"
    assert people[ada.person].detail.startswith("description: 1001 characters")
    assert people[bob.person].outcome is Outcome.UPDATED
    assert [each.reason for each in people.values()].count("VALUE_REJECTED") == 1
    there = in_dotdigital(office, "ABOUT", "CITY")
    assert there[ada.address]["CITY"] is None and there[bob.address]["ABOUT"] == "y" * 1000
    office.change_in_dynamics("contact", ada.person, description="short")
    assert addresses(office.people(office.run("lists").run.id), Outcome.UPDATED) == {ada.address}


def test_a_mapping_whose_column_is_gone_is_named_and_stops_nobody(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    mapped(office, MORE[0])
    office.run("lists")
    with office.db.write() as c:
        known = [each for each in crm_columns.of_table(c, "contact") if each.logical_name != "address1_city"]
        crm_columns.replace(c, "contact", known, "2026-01-02T00:00:00Z")
    run = office.run("lists")
    assert "CITY <- contact.address1_city" in run.items[0].note
    assert run.run.tally.adds_up and run.run.tally.of(Outcome.UPDATED) > 100
    assert newsletter.members == len(office.people(run.run.id))


def test_leads_and_accounts_are_fed_from_their_own_columns(office: Office) -> None:
    leads = office.activated("Winter leads")
    mapped(office, ("WORTH", LabelType.NUMERIC, "budgetamount"), entity=Entity.LEAD)
    office.run("lists")
    lead = next(each for each in office.members(leads.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("lead", lead.person, budgetamount=12.5)
    office.run("lists")
    assert in_dotdigital(office, "WORTH")[lead.address]["WORTH"] == 12.5

    firms = office.activated("Accounts in Germany")
    mapped(office, ("WORTH", LabelType.NUMERIC, "revenue"), entity=Entity.ACCOUNT)
    office.run("lists")
    firm = next(each for each in office.members(firms.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("account", firm.person, revenue=99.5)
    office.run("lists")
    assert in_dotdigital(office, "WORTH")[firm.address]["WORTH"] == 99.5


ACROSS = (
    ("BOSS", LabelType.STRING, "ownerid"),
    ("BOSSKEY", LabelType.STRING, "ownerid"),
    ("FIRM", LabelType.STRING, "parentcustomerid.account.name"),
    ("WORTH", LabelType.NUMERIC, "parentcustomerid.account.revenue"),
    ("SIZE", LabelType.STRING, "parentcustomerid.account.customersizecode"),
)


@pytest.mark.parametrize(
    "name", keeping(["Newsletter", "Active contacts in Nordic countries"], "Active contacts in Nordic countries")
)
def test_columns_over_a_lookup_arrive_from_static_and_dynamic_lists(office: Office, name: str) -> None:
    chosen = office.activated(name)
    office.run("lists")
    office.run("metadata")
    mapped(office, *ACROSS)
    with office.db.write() as c:
        account = account_of(office)
        now = mappings.current(c, account)
        by_value = tuple(
            replace(each, choice=ChoiceAs.VALUE) if each.label == "BOSSKEY" else each for each in now.mappings
        )
        mappings.save(c, account, by_value, based_on=now.version, by="", now="2026-01-01T00:00:00Z", why="")

    async def firms() -> dict[str, dict[str, Any]]:
        dv = await office.resources.connections.dataverse()
        asked = dv_rows.pages(
            dv,
            "contacts",
            dict[str, Any],
            select=["contactid", "_ownerid_value"],
            expand="parentcustomerid_account($select=accountid,name,revenue)",
        )
        return {row["contactid"]: row async for page in asked for row in page.rows}

    rows = office.wait(firms())
    people = [each for each in office.members(chosen.id) if each.outcome is Outcome.ADDED]
    employed = [each for each in people if rows[each.person].get("parentcustomerid_account")]
    free = [each for each in people if not rows[each.person].get("parentcustomerid_account")]
    assert employed and free
    firm = rows[employed[0].person]["parentcustomerid_account"]
    office.change_in_dynamics("account", firm["accountid"], revenue=1234.5, customersizecode=1, name="Tents & Sons")
    run = office.run("lists")
    assert run.run.tally.adds_up and run.run.tally.of(Outcome.UPDATED) == len(people), run.items
    there = in_dotdigital(office, *(label for label, _, _ in ACROSS))
    found = there[employed[0].address]
    assert found["FIRM"] == "Tents & Sons" and Decimal(str(found["WORTH"])) == Decimal("1234.5") and found["SIZE"]
    assert found["BOSS"] and found["BOSSKEY"] == rows[employed[0].person]["_ownerid_value"]
    assert [there[free[0].address][label] for label in ("FIRM", "WORTH", "SIZE")] == [None, None, None]
    # Nobody's own record changes, but what the lookup leads to.
    office.change_in_dynamics("account", firm["accountid"], revenue=99)
    again = office.run("lists")
    firm_of = [
        each for each in employed if rows[each.person]["parentcustomerid_account"]["accountid"] == firm["accountid"]
    ]
    assert addresses(office.people(again.run.id), Outcome.UPDATED) == {each.address for each in firm_of}
