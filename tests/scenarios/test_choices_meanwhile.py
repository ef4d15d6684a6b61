"""Marketing preferences: whoever chooses while a run is at work is not overruled by what the run had decided before."""

from __future__ import annotations

import asyncio
import concurrent.futures

import httpx
import pytest

from dyntui.model.preferences import Choice
from dyntui.sync import imports
from tests.scenarios.office import Office
from tests.scenarios.test_preferences import (
    EVENTS,
    OFFERS,
    change,
    choose,
    chosen,
    completed,
    in_dotdigital,
    in_dynamics,
    members,
)


def test_a_no_that_is_said_once_more_between_reading_and_writing_is_not_overruled(office: Office) -> None:
    (ada,) = members(office, 1)
    chosen(office, ada.address, OFFERS, False)
    completed(office.run("preferences"))
    office.let_pass(hours=3)
    change(office, ada.person, Choice.YES)
    office.let_pass(hours=1)

    def meanwhile(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == "/v2/contacts/retrieve-collection":
            chosen(office, ada.address, OFFERS, False)
        return answer

    office.sandbox.doctor(meanwhile)
    run = office.run("preferences")
    office.sandbox.doctor(lambda request, answer: answer)
    assert in_dotdigital(office, ada.address) == {OFFERS: False}
    assert [each.reason for each in office.people(run.run.id)] == ["STALE"]
    office.let_pass(hours=1)
    completed(office.run("preferences"))
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.NO} and in_dotdigital(office, ada.address) == {
        OFFERS: False
    }


def test_a_later_no_of_the_contact_counts_against_a_yes_that_dyntui_wrote_after_it(office: Office) -> None:
    (ada,) = members(office, 1)
    office.put_into_book(office.list_named("Newsletter").id, "ada@new.example")
    chosen(office, ada.address, OFFERS, True)
    office.let_pass(hours=2)
    chosen(office, "ada@new.example", OFFERS, False)
    office.let_pass(hours=2)
    for _ in range(2):
        completed(office.run("preferences"))
        office.let_pass(minutes=10)
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.YES}
    office.change_in_dynamics("contact", ada.person, emailaddress1="ada@new.example")
    completed(office.run("preferences"))
    assert in_dotdigital(office, "ada@new.example") == {OFFERS: False}
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.NO}


def test_a_choice_that_changes_while_an_import_of_an_interrupted_run_is_at_work_is_told_after_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = members(office, 2)
    office.run("preferences")
    choose(office, ben.person, EVENTS, Choice.YES)
    completed(office.run("preferences"))
    choose(office, ada.person, OFFERS, Choice.YES)

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(imports, "_follow", killed)
        office.run("preferences")
    change(office, ada.person, Choice.NO)
    office.engine.drain()
    for _ in range(2):
        office.let_pass(hours=1)
        office.run("preferences")
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.NO}
    assert in_dotdigital(office, ada.address) == {OFFERS: False}


def test_contacts_that_are_refused_as_the_first_delay_no_other_for_ever(office: Office) -> None:
    people = members(office, 6)
    office.run("preferences")
    for each in people:
        choose(office, each.person, OFFERS, Choice.NO)
    by_id = sorted(people, key=lambda each: each.person)
    db = office.sandbox.state.db
    marks = ", ".join(f"'{each.address}'" for each in by_id[:4])
    refused = {number for (number,) in db.execute(f"SELECT id FROM dd_contact WHERE email IN ({marks})")}

    def refuse(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method == "GET" and request.url.path.startswith("/contacts/v3/import/"):
            body = answer.json()
            updated = body.get("updated") or []
            gone = [each for each in updated if each["contactId"] in refused]
            body["updated"] = [each for each in updated if each not in gone]
            body["failures"] = [
                {**each, "failures": [{"failureCode": "GloballySuppressed", "description": ""}]} for each in gone
            ]
            return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)
        return answer

    office.sandbox.doctor(refuse)
    for _ in range(6):
        run = office.run("preferences")
        assert run.run.tally.adds_up
        # The sandbox had taken them.
        db.executemany("DELETE FROM dd_opt_in WHERE contact_id = ?", [(each,) for each in refused])
        office.let_pass(minutes=10)
    told = {each.address for each in people if in_dotdigital(office, each.address) == {OFFERS: False}}
    assert told >= {each.address for each in by_id[4:]}


def test_a_contact_that_cannot_be_read_delays_nobody_else_to_whom_a_choice_is_brought(office: Office) -> None:
    ada, ben = members(office, 2)
    office.run("preferences")
    choose(office, ada.person, OFFERS, Choice.NO)
    choose(office, ben.person, OFFERS, Choice.NO)

    def odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == "/v2/contacts/retrieve-collection":
            body = answer.json()
            for each in body["contacts"]:
                if each["email"] == ada.address:
                    each["id"] = "a contact"
            return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)
        return answer

    office.sandbox.doctor(odd)
    run = office.run("preferences")
    assert in_dotdigital(office, ben.address) == {OFFERS: False} and in_dotdigital(office, ada.address) == {}
    assert {each.person: each.reason for each in office.people(run.run.id)}[ada.person] == "UNKNOWN_PERSON"
