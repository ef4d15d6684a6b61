"""What a system refuses of one list is named at the list with its own error; the others go on. A system that is away,
or refuses the sign-in, fails the run."""

from __future__ import annotations

import httpx
import pytest

from dyntui.model.outcomes import RunStatus
from tests.scenarios.office import Office
from tests.scenarios.test_what_is_hidden import secure
from tests.thorough import keeping

NORDIC = "Active contacts in Nordic countries"


def query(condition: str, table: str = "contact") -> str:
    return f'<fetch><entity name="{table}"><attribute name="{table}id"/><filter>{condition}</filter></entity></fetch>'


GONE = query('<condition attribute="new_removed" operator="eq" value="1"/>')
REFUSED_QUERIES = {
    "a column that was removed": GONE,
    "no XML at all": "<fetch><entity name='contact'>",
    "no FetchXML": "<savedquery/>",
    "an operator that does not exist": query('<condition attribute="firstname" operator="resembles" value="x"/>'),
    "a table that does not exist": query("").replace(
        "</entity>", '<link-entity name="new_gone" from="a" to="b"/></entity>'
    ),
    "another table": query("", "lead"),
    "entities of XML": '<!DOCTYPE a [<!ENTITY b "c">]><fetch><entity name="contact"/></fetch>',
}


@pytest.mark.parametrize(
    "text", keeping(REFUSED_QUERIES.values(), *list(REFUSED_QUERIES.values())[:2]), ids=list(REFUSED_QUERIES)
)
def test_a_query_that_is_refused_fails_its_list_by_name_and_no_other(office: Office, text: str) -> None:
    nordic, newsletter = office.activated(NORDIC), office.activated("Newsletter")
    office.change_in_dynamics("list", nordic.id, query=text)
    run = office.run("lists")
    items = {item.id: item for item in run.items}
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    assert items[nordic.id].status is RunStatus.FAILED
    assert items[nordic.id].note.startswith(("LIST_QUERY_REFUSED: ", "DATAVERSE_LIST_WRONG_TYPE: "))
    assert items[newsletter.id].status is RunStatus.COMPLETED and items[newsletter.id].tally.read > 100
    shown = office.list_named(NORDIC).sync_status
    assert shown.startswith("Failed: ")


def refuse_queries(office: Office, status: int, body: str) -> None:
    """Dynamics refuses FetchXML, and whatever else is asked of it goes on."""

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(status, text=body) if "fetchXml=" in str(request.url) else answer

    office.sandbox.doctor(answers)


PRIVILEGE = '{"error":{"code":"0x80040220","message":"Principal is missing prvReadOpportunity privilege"}}'
SECURED = '{"error":{"code":"0x8004f502","message":"not permitted to read the secured attribute"}}'


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, PRIVILEGE, "LIST_QUERY_REFUSED"),
        pytest.param(403, SECURED, "LIST_QUERY_REFUSED", marks=pytest.mark.thorough),
        pytest.param(500, "{}", "LIST_QUERY_REFUSED", marks=pytest.mark.thorough),
        (504, "", "DATAVERSE_FAILED"),
    ],
    ids=["a table it may not read", "a secured column", "a failure of the server", "a query that takes too long"],
)
def test_what_looks_like_a_system_that_is_away_is_of_the_list_while_the_system_answers(
    office: Office, status: int, body: str, code: str
) -> None:
    nordic, newsletter = office.activated(NORDIC), office.activated("Newsletter")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, nordic.id, newsletter.id)
    count = office.count(campaign)
    refuse_queries(office, status, body)
    run = office.run("lists")
    items = {item.id: item for item in run.items}
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    assert items[nordic.id].status is RunStatus.FAILED and items[nordic.id].note.startswith(f"{code}: ")
    assert items[newsletter.id].status is RunStatus.COMPLETED

    # The count names the list, and counts the others.
    again = office.count(campaign)
    assert {each.name: (each.ready, each.reason) for each in again.lists} == {
        NORDIC: (False, code),
        "Newsletter": (True, ""),
    }
    # A send to it is refused by its name.
    sent = office.send(count)
    detail = office.detail(sent.run).run
    assert (sent.state, detail.error_code) == ("Failed", code)
    assert NORDIC in detail.error and office.mailed(campaign) == []


def test_a_book_that_dotdigital_refuses_fails_its_list_alone(office: Office) -> None:
    alpine, newsletter = office.activated("Alpine Club"), office.activated("Newsletter")
    refused = {"system": "dotdigital", "kind": "status", "status": 403, "body": '{"message":"ERROR_NOTALLOWED"}'}
    office.sandbox.order({**refused, "method": "GET", "route": f"/v2/address-books/{office.book_of(alpine.id)}$"})
    items = {item.id: item for item in office.run("lists").items}
    assert items[alpine.id].status is RunStatus.FAILED
    assert items[newsletter.id].status is RunStatus.COMPLETED


@pytest.mark.parametrize("system", ["dataverse", "dotdigital"])
def test_a_system_that_is_away_fails_the_run(office: Office, system: str) -> None:
    office.activated("Alpine Club")
    office.activated("Newsletter")
    office.sandbox.order({"system": system, "kind": "status", "status": 503})
    run = office.run("lists")
    assert run.run.status is RunStatus.FAILED
    assert run.run.error_code in ("DATAVERSE_FAILED", "DOTDIGITAL_UNAVAILABLE")


def test_a_secured_opt_out_column_still_fails_the_run(office: Office) -> None:
    office.activated("Newsletter")
    secure(office, {"contact.donotemail": []})
    assert office.run("lists").run.error_code == "CONSENT_HIDDEN"
