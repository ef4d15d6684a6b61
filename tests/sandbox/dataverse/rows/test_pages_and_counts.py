"""Paging, counting, $top and $apply."""

from typing import Any
from urllib.parse import quote, unquote

import pytest

from dyntui.sandbox.dataverse.bulk_load import insert_rows
from dyntui.sandbox.state import State

from .api import Client


@pytest.fixture
def seven(admin: Client) -> Client:
    for number in (3, 1, 2, None, 2, 1, None):
        admin.create("contacts", firstname=f"N{number}", numberofchildren=number)
    return admin


def pages(client: Client, path: str, **headers: str) -> list[list[dict[str, Any]]]:
    found = []
    while path:
        answer = client.get(path, **headers)
        assert answer.status == 200, answer.text
        found.append(answer.rows)
        path = answer.json.get("@odata.nextLink", "")
    return found


@pytest.mark.parametrize("order", ["", "numberofchildren", "numberofchildren desc", "firstname desc,numberofchildren"])
def test_pages_together_are_the_whole_in_order(seven: Client, order: str) -> None:
    path = "contacts?$select=firstname,numberofchildren" + (f"&$orderby={order}" if order else "")
    whole = seven.get(path).rows
    paged = pages(seven, path, Prefer="odata.maxpagesize=2")
    assert [len(page) for page in paged] == [2, 2, 2, 1]
    assert [row for page in paged for row in page] == whole


def test_the_next_link_is_absolute_and_carries_an_opaque_cookie(seven: Client) -> None:
    answer = seven.get("contacts?$select=firstname&$count=true", Prefer="odata.maxpagesize=2")
    link = answer.json["@odata.nextLink"]
    assert link.startswith(
        f"{seven.state.urls.dataverse}/api/data/v9.2/contacts?$select=firstname&$count=true&$skiptoken="
    )
    assert 'pagenumber="2"' in unquote(link)
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=2"


def test_a_damaged_cookie_is_refused(seven: Client) -> None:
    answer = seven.get("contacts?$skiptoken=nonsense")
    assert (answer.status, answer.code) == (400, "0x8004112a")


def test_a_page_has_5000_rows_at_most(admin: Client, state: State) -> None:
    ids = [(f"00000000-0000-4000-8000-{number:012x}", f"P{number}") for number in range(5003)]
    insert_rows(state, "contact", ("contactid", "fullname"), ids)
    assert [len(page) for page in pages(admin, "contacts?$select=fullname", Prefer="odata.maxpagesize=9000")] == [
        5000,
        3,
    ]
    counted = admin.get("contacts?$select=fullname&$count=true&$top=1", Prefer='odata.include-annotations="*"').json
    assert counted["@odata.count"] == 5000
    assert counted["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is True
    assert admin.get("contacts/$count").text == "5000"
    assert admin.get("contacts/$count?$filter=startswith(fullname,'P500')").text == "4"


def test_top_limits_the_rows_and_is_ignored_when_a_page_size_is_preferred(seven: Client) -> None:
    top = seven.get("contacts?$select=firstname&$top=3").json
    assert len(top["value"]) == 3
    assert "@odata.nextLink" not in top
    paged = seven.get("contacts?$select=firstname&$top=3", Prefer="odata.maxpagesize=2").json
    assert len(paged["value"]) == 2
    assert "@odata.nextLink" in paged
    assert seven.get("contacts?$top=-1").status == 400


def test_counts_come_as_annotations_too(seven: Client) -> None:
    everything = 'odata.include-annotations="*"'
    counted = seven.get("contacts?$select=firstname&$count=true&$filter=numberofchildren ne 1", Prefer=everything).json
    assert counted["@odata.count"] == 5
    assert counted["@Microsoft.Dynamics.CRM.totalrecordcount"] == 5
    uncounted = seven.get("contacts?$select=firstname", Prefer=everything).json
    assert uncounted["@Microsoft.Dynamics.CRM.totalrecordcount"] == -1
    assert "@odata.count" not in uncounted


def test_rows_are_grouped_and_aggregated(seven: Client) -> None:
    grouped = seven.get(
        "contacts?$apply=groupby((numberofchildren),aggregate($count as people))&$orderby=numberofchildren"
    ).rows
    assert grouped == [
        {"numberofchildren": None, "people": 2},
        {"numberofchildren": 1, "people": 2},
        {"numberofchildren": 2, "people": 2},
        {"numberofchildren": 3, "people": 1},
    ]
    totals = seven.get(
        "contacts?$apply=filter(numberofchildren gt 1)/aggregate(numberofchildren with sum as total,"
        "numberofchildren with average as mean,numberofchildren with max as most,firstname with countdistinct as names)"
    ).rows
    assert totals == [{"total": 7, "mean": 7 / 3, "most": 3, "names": 2}]
    assert seven.get("contacts?$apply=groupby((statecode))").rows == [{"statecode": 0}]
    assert seven.get("contacts?$apply=groupby((owninguser/fullname))").rows == [{"owninguser_fullname": "ada Tester"}]
    assert seven.get("contacts?$apply=topcount(3)").status == 400


def test_too_many_rows_cannot_be_aggregated(admin: Client, state: State) -> None:
    ids = ((f"00000000-0000-4000-8000-{number:012x}",) for number in range(50_001))
    insert_rows(state, "contact", ("contactid",), ids)
    answer = admin.get("contacts?$apply=aggregate($count as n)")
    assert (answer.status, answer.code) == (400, "0x8004e023")


def test_a_fetchxml_answer_tells_its_count_and_its_cookie_only_when_asked(seven: Client) -> None:
    query = (
        '<fetch count="4"%s><entity name="contact"><attribute name="firstname"/>'
        '<order attribute="contactid"/></entity></fetch>'
    )
    plain = seven.get(f"contacts?fetchXml={quote(query % '')}&$count=true").json
    assert plain.keys() == {"@odata.context", "@odata.count", "value"}
    assert plain["@odata.count"] == 7
    every = 'odata.include-annotations="*"'
    first = seven.get(f"contacts?fetchXml={quote(query % '')}", Prefer=every).json
    assert first["@Microsoft.Dynamics.CRM.morerecords"] is True
    assert "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie" in first
    assert "@odata.count" not in first
    second = quote(query % ' page="2"')
    last = seven.get(f"contacts?fetchXml={second}", Prefer=every).json
    assert len(last["value"]) == 3
    assert not [name for name in last if "morerecords" in name or "cookie" in name]
    assert seven.get(f"contacts?fetchXml={quote(query % '')}&$count=yes").status == 400
