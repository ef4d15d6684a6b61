"""Marketing lists made and changed in Dynamics: their names, their queries, in the person's own name."""

from __future__ import annotations

from typing import Any

import pytest

from dyntui.dataverse import rows as dv_rows
from dyntui.model.errors import DyntuiError
from dyntui.service.contract.lists import EditList
from tests.scenarios.office import Office

GUIDES = (
    '<fetch><entity name="contact"><filter><condition attribute="jobtitle" operator="eq" value="Mountain guide"/>'
    "</filter></entity></fetch>"
)


def in_dynamics(office: Office, list_id: str) -> dict[str, Any]:
    """The list's row."""
    columns = ["listname", "createdfromcode", "type", "query", "description", "lockstatus", "_createdby_value"]
    columns += ["dyntui_syncorder", "dyntui_clearonsend", "dyntui_manualonly"]

    async def ask() -> dict[str, Any]:
        dv = await office.resources.connections.dataverse()
        row = await dv_rows.get_row(dv, "lists", list_id, dict, select=columns)
        assert row is not None
        return row

    return office.wait(ask())


def test_a_static_and_a_dynamic_list_are_made_in_dynamics_and_stand_in_the_grid(office: Office) -> None:
    static = office.new_list(name=" Spring fair ", member_type="lead", description="Whom we met")
    row = in_dynamics(office, static.row.id)
    assert (row["listname"], row["createdfromcode"], row["type"]) == ("Spring fair", 4, False)
    assert row["description"] == static.description == "Whom we met"
    assert not static.row.activated and office.list_named("Spring fair").member_type == "lead"
    guides = office.records_where("contact", jobtitle="Mountain guide")
    assert office.count_found(member_type="contact", query=GUIDES).people == len(guides) > 0
    dynamic = office.new_list(name="Guides", member_type="contact", dynamic=True, query=GUIDES)
    assert in_dynamics(office, dynamic.row.id)["query"] == dynamic.query == GUIDES
    assert {each.person for each in office.members(dynamic.row.id)} == set(guides)
    by_view = office.new_list(name="Mine", member_type="contact", dynamic=True, view="my active contacts")
    assert office.count_found(member_type="contact", view="My Active Contacts").relative == ("eq-userid",)
    assert "eq-userid" in by_view.query


@pytest.mark.parametrize(("member_type", "code"), [("account", 1), ("contact", 2), ("lead", 4)])
def test_a_list_of_each_member_type_begins_in_the_usual_order_and_is_not_cleared(
    office: Office, member_type: str, code: int
) -> None:
    made = office.new_list(name="Fair", member_type=member_type)
    row = in_dynamics(office, made.row.id)
    assert (row["createdfromcode"], row["type"]) == (code, False)
    # No number there is the usual one.
    assert (row["dyntui_syncorder"], row["dyntui_clearonsend"], row["dyntui_manualonly"]) == (None, False, False)
    assert made.settings is not None
    assert (made.row.sync_order, made.settings.sync_order) == (1000, 1000)
    assert (made.settings.clear_on_send, made.row.manual_only) == (False, False)
    office.activated("Fair")
    assert office.list_named("Fair").sync_order == 1000


def test_a_static_list_keeps_its_people_and_a_dynamic_one_has_whom_its_query_finds_now(office: Office) -> None:
    guides = office.records_where("contact", jobtitle="Mountain guide", statecode=0)
    static = office.new_list(name="Guides of today", member_type="contact").row
    office.join(static.id, sorted(guides))
    dynamic = office.new_list(name="Guides", member_type="contact", dynamic=True, query=GUIDES).row
    for each in (static, dynamic):
        office.activated(each.name)
    office.run("lists")
    leaves = sorted(guides)[0]
    joins = sorted(office.records_where("contact", statecode=0) - guides)[0]
    office.change_in_dynamics("contact", leaves, jobtitle="Teacher")
    office.change_in_dynamics("contact", joins, jobtitle="Mountain guide")
    run = office.run("lists")
    listed = {item: {each.person for each in office.people(run.run.id, item=item)} for item in (static.id, dynamic.id)}
    assert listed[static.id] == guides
    assert joins in listed[dynamic.id]
    still_there = {each.person for each in office.members(dynamic.id) if each.reason != "LEFT_LIST"}
    assert guides - {leaves} | {joins} <= still_there and leaves not in still_there


def test_a_list_is_renamed_described_locked_and_given_another_query(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.edit(EditList(id=newsletter.id, name="Monthly newsletter", description="", locked=True))
    row = in_dynamics(office, newsletter.id)
    assert (row["listname"], row["description"], row["lockstatus"]) == ("Monthly newsletter", None, True)
    assert office.list_named("Monthly newsletter").locked
    office.run("lists")
    assert "Monthly newsletter" in office.book_names() and "Newsletter" not in office.book_names()
    nordic = office.list_named("Active contacts in Nordic countries")
    office.edit(EditList(id=nordic.id, query=GUIDES))
    assert in_dynamics(office, nordic.id)["query"] == GUIDES
    assert {each.person for each in office.members(nordic.id)} == set(
        office.records_where("contact", jobtitle="Mountain guide")
    )


def test_what_cannot_be_is_refused_by_name_before_anything_is_written(office: Office) -> None:
    office.refresh_lists()
    before = office.sandbox.control.get("/digest").json()
    new = {"name": "Spring fair", "member_type": "contact"}
    for asked, code in (
        ({**new, "name": "  "}, "LIST_MISFIT"),
        ({**new, "name": "a" * 129}, "LIST_MISFIT"),
        ({**new, "name": "NEWSLETTER "}, "LIST_NAME_TAKEN"),
        ({**new, "description": "a" * 2001}, "LIST_MISFIT"),
        ({**new, "query": GUIDES}, "LIST_MISFIT"),
        ({**new, "dynamic": True}, "LIST_MISFIT"),
        ({**new, "dynamic": True, "query": GUIDES, "view": "Active Contacts"}, "LIST_MISFIT"),
        ({**new, "dynamic": True, "view": "Open Leads"}, "VIEW_UNKNOWN"),
        ({**new, "dynamic": True, "query": "<fetch"}, "QUERY_REFUSED"),
        ({**new, "dynamic": True, "member_type": "lead", "query": GUIDES}, "QUERY_REFUSED"),
        ({**new, "dynamic": True, "query": GUIDES.replace("jobtitle", "nosuch")}, "QUERY_REFUSED"),
    ):
        with pytest.raises(DyntuiError) as refused:
            office.new_list(**asked)
        assert refused.value.code == code, asked
    newsletter, old = office.list_named("Newsletter"), office.list_named("Newsletter 2019")
    for edited, code in (
        (EditList(id=newsletter.id, name="alpine club"), "LIST_NAME_TAKEN"),
        (EditList(id=newsletter.id, query=GUIDES), "LIST_MISFIT"),
        (EditList(id=office.list_named("My own contacts").id, locked=True), "LIST_MISFIT"),
        (EditList(id=old.id, name="Newest"), "LIST_INACTIVE"),
    ):
        with pytest.raises(DyntuiError) as refused:
            office.edit(edited)
        assert refused.value.code == code, edited
    assert office.sandbox.control.get("/digest").json() == before
