"""Answers of dotdigital that are not as they are described, type by type: each is named, nothing is lost, and the other
rows go on. Forms, scoring, web behaviour, preferences and campaigns have tables of their own, and so have the odd rows
of Dynamics."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunDetail
from dyntui.store import labels, list_unsubscribes, suppressions, watermarks
from tests.scenarios.office import Office, writes
from tests.scenarios.test_address_books import account_of, change_in_dotdigital, two_way
from tests.scenarios.test_opt_in import opt_in_of
from tests.scenarios.test_undo import fields_of

# How the first rows of an answer are changed.
ODD: tuple[dict[str, Any], ...] = (
    {"contactId": "a contact"},
    {"contactId": None},
    {"updated": "2999-01-01T00:00:00Z", "aNewField": {"deep": [1, "half of a character \ud83d"]}},
)


@contextmanager
def answered(office: Office, path: str, *, rows: tuple[dict[str, Any], ...] = (), how: str = "") -> Iterator[None]:
    """`how`: `empty`, or `again` for the first page whatever is asked for."""
    kept: list[Any] = []

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if path not in request.url.path or request.method != "GET":
            return answer
        body = answer.json() if not kept else {"_items": kept} if "/v3" in path else kept
        items = body["_items"] if isinstance(body, dict) else body
        for row, values in zip(items, rows, strict=False):
            row.update(values)
        if how == "empty":
            items = []
        if isinstance(body, dict):
            body["_items"] = items
            if how == "again":
                kept[:] = items
                body["_links"] = {"next": {"marker": "again"}}
        elif how == "again":
            # As many as a full page holds.
            kept[:] = kept or (items * 1000)[:1000]
            body = kept
        else:
            body = items
        headers = {"Date": answer.headers["Date"], "Content-Type": "application/json"}
        return httpx.Response(200, headers=headers, content=json.dumps(body).encode())

    office.sandbox.doctor(answers)
    try:
        yield
    finally:
        office.sandbox.doctor(lambda _, answer: answer)


def rejected(office: Office, run: RunDetail) -> list[str]:
    assert run.run.tally.adds_up, run
    return [each.detail for each in office.people(run.run.id, outcome=Outcome.REJECTED.value)]


def test_odd_contacts_cost_themselves_and_a_feed_that_circles_is_read_again(office: Office) -> None:
    """Address books to Dynamics and opt-in status read the same feed."""
    newsletter = office.activated("Newsletter")
    two_way(office, ("FIRSTNAME", "firstname"))
    office.run("lists")
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:5]
    office.run("address-books")
    office.run("opt-in")
    office.let_pass(hours=3)
    for each in people:
        change_in_dotdigital(office, each.address, FIRSTNAME="Augusta")
        opt_in_of(office, each.address, "Double")
    with answered(office, "/contacts/v3", how="empty"):
        for kind in ("address-books", "opt-in"):
            run, calls = office.calls_between(lambda kind=kind: office.run(kind))  # type: ignore[misc]
            # Whose record has changed in Dynamics is asked for by address, whatever the feed says.
            assert run.run.status is RunStatus.COMPLETED and (kind == "opt-in" or not writes(calls))
    with answered(office, "/contacts/v3", rows=ODD, how="again"):
        for kind in ("address-books", "opt-in"):
            run = office.run(kind)
            assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and "DOTDIGITAL_PAGE_REPEATS" in run.run.error
            assert len([each for each in rejected(office, run) if "contactId" in each]) == 4, kind
    # Whoever was odd is read again, as the mark stayed where it was.
    office.run("address-books")
    office.run("opt-in")
    named = {each.person for each in people}
    assert named <= office.records_where("contact", firstname="Augusta")
    assert named <= office.records_where("contact", dyntui_optintype=727000002)


def test_an_odd_contact_whose_values_wait_costs_itself_and_no_synchronisation(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    two_way(office, ("FIRSTNAME", "firstname"))
    office.run("lists")
    ada, bob = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.let_pass(hours=2)
    office.run("address-books")
    for each in (ada, bob):
        change_in_dotdigital(office, each.address, FIRSTNAME="A" * 60)
    office.let_pass(minutes=5)
    for _ in range(2):
        assert office.run("address-books").run.tally.of(Outcome.REJECTED) == 2
        office.let_pass(hours=3)
    query = "UPDATE dd_contact SET data = json_set(data, '$.FIRSTNAME', 'Al') WHERE email IN (?, ?)"
    office.sandbox.state.db.execute(query, (ada.address, bob.address))

    def odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != "/v2/contacts/retrieve-collection":
            return answer
        body = answer.json()
        for each in body["contacts"]:
            if each["email"] == ada.address:
                each["dataFields"] = 7
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, content=json.dumps(body).encode())

    office.sandbox.doctor(odd)
    run = office.run("lists")
    office.sandbox.doctor(lambda request, answer: answer)
    assert office.records_where("contact", firstname="Al") == {bob.person}
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and run.run.tally.adds_up
    assert [each for each in office.people(run.run.id) if each.reason == "ODD_ROW" and "dataFields" in each.detail]
    office.run("lists")
    assert office.records_where("contact", firstname="Al") == {ada.person, bob.person}


@pytest.mark.parametrize(
    ("code", "refused"),
    [("dataFieldsNotApplied", True), ("InvalidAddressBookIds", True), ("consentRecordsNotApplied", False)],
)
def test_who_is_updated_although_a_part_was_refused_is_named_and_keeps_their_value_in_dynamics(
    office: Office, code: str, refused: bool
) -> None:
    newsletter = office.activated("Newsletter")
    two_way(office, ("FIRSTNAME", "firstname"))
    office.run("lists")
    office.run("address-books")
    ada = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    before = fields_of(office, ada.address)["FIRSTNAME"]
    office.let_pass(hours=2)
    office.change_in_dynamics("contact", ada.person, firstname="Augusta")

    def in_part(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/contacts/v3/import/" not in request.url.path:
            return answer
        body = answer.json()
        rows = [each for each in body.get("updated") or () if each["identifiers"].get("email") == ada.address]
        body["failures"] = [{**each, "failures": [{"failureCode": code}]} for each in rows]
        if rows and refused:
            change_in_dotdigital(office, ada.address, FIRSTNAME=before)
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, content=json.dumps(body).encode())

    office.sandbox.doctor(in_part)
    run = office.run("lists").run
    office.sandbox.doctor(lambda request, answer: answer)
    (became,) = (each for each in office.people(run.id) if each.person == ada.person)
    assert (became.outcome, became.detail) == ((Outcome.REJECTED, code) if refused else (Outcome.UPDATED, ""))
    office.let_pass(hours=2)
    office.run("lists")
    assert ada.person in office.records_where("contact", firstname="Augusta")
    assert fields_of(office, ada.address)["FIRSTNAME"] == "Augusta"


SUPPRESSIONS: tuple[dict[str, Any], ...] = (
    {"dateRemoved": "2999-01-01T00:00:00Z", "aNewField": 1},
    {"dateRemoved": 20260101, "reason": 7, "aNewField": "half of a character \ud83d"},
    {"suppressedContact": None},
    {"suppressedContact": {"id": {"odd": 1}, "email": ["nobody@nowhere.example"]}, "reason": [], "dateRemoved": {}},
    {"suppressedContact": ["nobody@nowhere.example"], "reason": True},
)


def test_odd_suppressions_suppress_whom_they_name_and_a_feed_that_circles_stops_the_run(
    office: Office, newsletter: ListRow
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:4]
    for each in people[:3]:
        office.unsubscribe(each.address)
    office.let_pass(minutes=1)
    with answered(office, "/suppressed-since/", how="again"):
        run = office.run("suppressions")
        assert run.run.status is RunStatus.FAILED and "answered the same page" in run.run.error
        with office.db.read() as c:
            mark = watermarks.get(c, account_of(office), "suppressed-since")
    with answered(office, "/suppressed-since/", how="empty"):
        assert office.run("suppressions").run.status is RunStatus.COMPLETED
    office.unsubscribe(people[0].address)
    with answered(office, "/suppressed-since/", rows=SUPPRESSIONS):
        run = office.run("suppressions")
        assert run.run.status.ended and run.run.status is not RunStatus.FAILED and run.run.tally.adds_up, run
    with office.db.read() as c:
        addresses = [each.address for each in people[:3]]
        assert suppressions.suppressed_among(c, addresses) == set(addresses)
        assert watermarks.get(c, account_of(office), "suppressed-since") > mark
    # Unsubscribes of a list: the list fails by name, nobody is forgotten.
    office.unsubscribe(people[3].address, book=office.book_of(newsletter.id))
    with answered(office, "/contacts/unsubscribed-since/", how="again"):
        run = office.run("lists")
        assert "DOTDIGITAL_PAGE_REPEATS" in " ".join(each.note for each in run.items)
    office.run("lists")
    with office.db.read() as c:
        assert list_unsubscribes.lists_left(c, people[3].address) == [newsletter.id]


@pytest.mark.parametrize(
    ("how", "rows", "said"),
    [
        ("empty", (), "lists no data field at all; no label was taken for deleted"),
        ("", ({"type": "Colour"}, {"name": None}, {"aNewField": "\ud83d"}), "Colour"),
    ],
)
def test_data_fields_that_are_odd_are_named_and_no_label_is_lost(
    office: Office, how: str, rows: tuple[dict[str, Any], ...], said: str
) -> None:
    office.run("labels")
    with office.db.read() as c:
        before = labels.labels(c, account_of(office))
    with answered(office, "/data-fields", rows=rows, how=how):
        run = office.run("labels")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    assert said in " ".join(each.note for each in run.items), run.items
    assert office.run("labels").run.status is RunStatus.COMPLETED
    with office.db.read() as c:
        assert labels.labels(c, account_of(office)) == before
