"""Forms: what they ask and what was answered, from dotdigital to Dynamics."""

from __future__ import annotations

import json
from typing import Any

import httpx

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import EditAccount
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.people import TimelineQuery
from dyntui.service.contract.runs import RunDetail
from dyntui.store import accounts as account_store
from tests.scenarios.office import Office, writes
from tests.scenarios.test_members_and_books import in_dotdigital

TRIP = "How was your last trip?"


def rows(office: Office, table: str, *columns: str) -> list[dict[str, Any]]:
    found = office.sandbox.state.db.execute(f"SELECT {', '.join(columns)} FROM dv_{table}")
    return [dict(zip(columns, row, strict=True)) for row in found]


def responses(office: Office) -> dict[str, list[dict[str, Any]]]:
    """The rows in Dynamics, by address."""
    columns = ("dyntui_address", "dyntui_answers", "dyntui_iscomplete", "dyntui_contactid", "dyntui_leadid")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows(office, "dyntui_formresponse", *columns):
        found.setdefault(row["dyntui_address"] or "", []).append(row)
    return found


def answered(office: Office, address: str | None, text: str, *, complete: bool = True, form: str = TRIP) -> int:
    """Somebody answers a form now."""
    state = office.sandbox.state
    now = dd_storage.now(state)
    given = [{"fieldId": 2, "subFieldId": 0, "value": 11}, {"fieldId": 3, "subFieldId": 0, "value": text}]
    cursor = state.db.execute(
        "INSERT INTO dd_survey_response (survey_id, email, started, completed, answers)"
        " SELECT id, ?, ?, ?, ? FROM dd_survey WHERE name = ?",
        (address, now, now if complete else None, json.dumps(given), form),
    )
    return int(cursor.lastrowid or 0)


def asks(office: Office, change: Any) -> None:
    """Somebody changes what the form asks."""
    db = office.sandbox.state.db
    pages = json.loads(db.execute("SELECT pages FROM dd_survey WHERE name = ?", (TRIP,)).fetchone()[0])
    change(pages[0]["fields"])
    db.execute("UPDATE dd_survey SET pages = ? WHERE name = ?", (json.dumps(pages), TRIP))


def item(run: RunDetail, name: str = TRIP) -> Any:
    return next(each for each in run.items if each.name == name)


def test_forms_and_responses_come_to_dynamics_with_the_records_they_belong_to(
    office: Office, newsletter: ListRow
) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    half = answered(office, somebody.address, "Wet, but fun", complete=False)
    answered(office, "new@person.example", "Hello", complete=True)
    answered(office, None, "Nobody's")
    run = office.run("forms")
    assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up, run
    truth = office.sandbox.state.db.execute("SELECT count(*) FROM dd_survey_response").fetchone()[0]
    there = responses(office)
    assert sum(len(each) for each in there.values()) == truth > 5
    (forms,) = [
        each for each in rows(office, "dyntui_form", "dyntui_name", "dyntui_questions") if each["dyntui_name"] == TRIP
    ]
    assert "What do you like best?\n  - Hiking" in forms["dyntui_questions"]
    mine = next(each for each in there[somebody.address] if "Wet" in each["dyntui_answers"])
    assert mine["dyntui_contactid"] == somebody.person and not mine["dyntui_iscomplete"]
    assert mine["dyntui_answers"].startswith("What do you like best?\n  Climbing")
    named = {each.address: each for each in office.people(run.run.id)}
    assert named["new@person.example"].reason == "UNKNOWN_PERSON" and named[""].reason == "NO_EMAIL"
    seen = office.wait(office._people.timeline(office.context, TimelineQuery(person=somebody.person))).rows
    assert any(each.kind == "answered" and each.where == TRIP and "Wet, but fun" in each.detail for each in seen)

    office.let_pass(hours=2)
    again, calls = office.calls_between(lambda: office.run("forms"))
    assert writes(calls) == [] and again.run.status is RunStatus.COMPLETED and len(calls) < 10, calls

    # One is answered to the end, somebody becomes a contact, and the form asks something else without saying so.
    office.sandbox.state.db.execute(
        "UPDATE dd_survey_response SET completed = ? WHERE id = ?", (dd_storage.now(office.sandbox.state), half)
    )
    other = office.members(newsletter.id)[5]
    office.change_in_dynamics("contact", other.person, emailaddress1="new@person.example")
    asks(office, lambda fields: fields.append({**fields.pop(2), "id": 30, "text": "What else?"}))
    state = office.sandbox.state
    given = json.dumps([{"fieldId": 30, "subFieldId": 0, "value": "A boat"}, {"fieldId": 77, "value": {"odd": 1}}])
    state.db.execute(
        "INSERT INTO dd_survey_response (survey_id, email, started, completed, answers)"
        " SELECT id, ?, ?, ?, ? FROM dd_survey WHERE name = ?",
        (somebody.address, dd_storage.now(state), dd_storage.now(state), given, TRIP),
    )
    third = office.run("forms")
    assert third.run.status is RunStatus.COMPLETED, third
    there = responses(office)
    assert there["new@person.example"][0]["dyntui_contactid"] == other.person
    mine = [each for each in there[somebody.address] if each["dyntui_contactid"] == somebody.person]
    assert all(each["dyntui_iscomplete"] for each in mine if "Wet" in each["dyntui_answers"])
    assert any(each["dyntui_answers"] == 'What else?\n  A boat\nquestion 77\n  {"odd":1}' for each in mine)
    (forms,) = [
        each for each in rows(office, "dyntui_form", "dyntui_name", "dyntui_questions") if each["dyntui_name"] == TRIP
    ]
    assert "Anything else? (no longer asked)" in forms["dyntui_questions"]


def test_a_respondent_whom_nobody_knows_becomes_a_record_where_the_account_says_so_unless_they_opted_out(
    office: Office,
) -> None:
    office.sandbox.state.db.execute("DELETE FROM dd_survey_response")
    accounts = EmailAccounts(office.resources, lambda: None)
    asked = EditAccount(account="Main", new_respondents="lead")  # type: ignore[arg-type]
    assert office.wait(accounts.edit(office.context, asked)).new_respondents == "lead"
    asks(
        office,
        lambda fields: fields[2].update(isAssignedToContactDataField=True, assignedContactDataFieldName="LASTNAME"),
    )
    with office.db.read() as c:
        assert account_store.accounts(c)[0].new_respondents == "lead"
    newsletter = office.activated("Newsletter")
    gone = "left@person.example"
    state = office.sandbox.state
    office.run("lists")
    known, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    # Who is in Dynamics, and has another address in dotdigital by now, is not made a second time.
    elsewhere = office.moves_in_dotdigital(other.address)
    office.run("lists")
    office.put_into_book(newsletter.id, gone)
    office.unsubscribe(gone)
    office.run("suppressions")
    # Somebody opts out with their other address, of which no synchronisation has told.
    opted_out = "second@person.example"
    office.change_in_dynamics("contact", known.person, emailaddress2=opted_out, donotemail=1)
    said = ("new@person.example", "New@Person.example ", gone, opted_out, "no address", known.address, elsewhere)
    for address in said:
        answered(office, address, "Lovelace")
    # An opt-out that column security hides would read as none: nobody is made until it can be read.
    office.sandbox.switch(dataverse={"secured_columns": {"contact.donotemail": []}})
    refused, calls = office.calls_between(lambda: office.run("forms"))
    assert "CONSENT_HIDDEN" in str([each.note for each in refused.items]) + refused.run.error_code
    assert not [each for each in writes(calls) if "lead" in each]
    office.sandbox.switch(dataverse={"secured_columns": {}})
    run = office.run("forms")
    assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up, run
    there = responses(office)
    leads = [
        each
        for each in rows(office, "lead", "leadid", "lastname", "subject", "emailaddress1")
        if each["emailaddress1"] == "new@person.example"
    ]
    assert [(each["lastname"], each["subject"]) for each in leads] == [("Lovelace", f"Answered {TRIP}")]
    assert {each["dyntui_leadid"] for each in there["new@person.example"]} == {leads[0]["leadid"]}
    named = {each.address: each.reason for each in office.people(run.run.id)}
    assert (named[gone], named["no address"], named[known.address]) == ("SUPPRESSED", "BAD_EMAIL", "")
    assert (named[opted_out], named[elsewhere]) == ("DO_NOT_EMAIL", "UNKNOWN_PERSON")
    assert not state.db.execute("SELECT 1 FROM dv_lead WHERE emailaddress1 = ?", (gone,)).fetchone()
    assert [each.effect for each in office.written(run.run.id)] == ["create"]


def test_odd_forms_and_responses_are_named_and_delay_no_other(office: Office) -> None:
    second = office.sandbox.state.db.execute("SELECT id, name FROM dd_survey ORDER BY id").fetchall()[1]

    def make_odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        path = request.url.path
        if not path.startswith("/v2/surveys") or answer.status_code != 200:
            return answer
        body = answer.json()
        if path == "/v2/surveys":
            body.append({**body[0], "id": "a form"})
            body[0].update(lastResponseDate="2999-01-01T00:00:00Z", aNewField=[1])
        elif path.endswith("/responses"):
            body[0].update(dateStarted="2999-01-01T00:00:00Z")
            body[1].update(givenAnswers="none")
            body[2] = {"id": body[2]["id"]}
        elif path.endswith("/fields") and f"/{second[0]}/" in path:
            body[0]["fields"][1]["choices"] = "all"
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)

    office.sandbox.doctor(make_odd)
    run = office.run("forms")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and run.run.tally.adds_up
    notes = {each.name: (each.status, each.note) for each in run.items}
    assert "DOTDIGITAL_ROW_UNREADABLE" in notes["a form that cannot be read"][1]
    assert notes[second[1]][0] is RunStatus.FAILED and "DOTDIGITAL_ANSWER_UNREADABLE" in notes[second[1]][1]
    rejected = office.people(run.run.id, outcome="rejected")
    assert {each.reason for each in rejected} == {"ODD_ROW"} and len(rejected) == 2
    assert any("2999" in each.detail for each in rejected) and any("givenAnswers" in each.detail for each in rejected)
    there = sum(len(each) for each in responses(office).values())

    # Nothing was lost: what could not be read is read once it can be.
    office.sandbox.doctor(lambda request, answer: answer)
    assert office.run("forms").run.status is RunStatus.COMPLETED
    truth = office.sandbox.state.db.execute("SELECT count(*) FROM dd_survey_response").fetchone()[0]
    assert sum(len(each) for each in responses(office).values()) == truth > there
    office.sandbox.doctor(
        lambda request, answer: (
            httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=[])
            if request.url.path.startswith("/v2/surveys")
            else answer
        )
    )
    empty, calls = office.calls_between(lambda: office.run("forms"))
    assert empty.run.status is RunStatus.COMPLETED and writes(calls) == []

    # A page that is answered again and again is named, and what it holds is there once.
    def again(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != "/v2/surveys":
            return answer
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=kept)

    office.sandbox.doctor(lambda request, answer: answer)
    kept = (json.loads(in_dotdigital(office, "GET", "/v2/surveys")) * 500)[:500]
    office.sandbox.doctor(again)
    repeated = office.run("forms")
    assert repeated.run.status is RunStatus.FAILED and "DOTDIGITAL_PAGE_REPEATS" in repeated.run.error
    assert sum(len(each) for each in responses(office).values()) == truth


def test_a_response_stays_that_of_the_record_it_was_told_for_when_somebody_else_takes_the_address(
    office: Office, newsletter: ListRow
) -> None:
    ada, ben = [each for each in office.members(newsletter.id) if each.entity == "contact" and each.address][:2]
    office.sandbox.state.db.execute("DELETE FROM dd_survey_response")
    half = answered(office, ada.address, "Wet, but fun", complete=False)
    office.run("forms")
    assert responses(office)[ada.address][0]["dyntui_contactid"] == ada.person

    office.let_pass(hours=2)
    office.change_in_dynamics("contact", ada.person, emailaddress1="ada@new.example")
    office.change_in_dynamics("contact", ben.person, emailaddress1=ada.address)
    office.sandbox.state.db.execute(
        "UPDATE dd_survey_response SET completed = ? WHERE id = ?", (dd_storage.now(office.sandbox.state), half)
    )
    run = office.run("forms")
    (row,) = responses(office)[ada.address]
    assert row["dyntui_iscomplete"] and row["dyntui_contactid"] == ada.person
    assert [each.person for each in office.people(run.run.id)] == [ada.person]


def test_what_is_known_of_a_form_that_was_deleted_in_dotdigital_still_comes_to_dynamics(
    office: Office, newsletter: ListRow
) -> None:
    ben = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    answered(office, "taken.later@example.org", "Wet")

    def counts_more(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != "/v2/surveys":
            return answer
        body = [{**each, "totalCompleteResponses": each["totalCompleteResponses"] + 1} for each in answer.json()]
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)

    # One response can never be read, so that each run looks for it.
    office.sandbox.doctor(counts_more)
    office.run("forms")
    office.sandbox.state.db.execute("DELETE FROM dd_survey WHERE name = ?", (TRIP,))
    office.let_pass(hours=3)
    office.change_in_dynamics("contact", ben.person, emailaddress1="taken.later@example.org")
    run = office.run("forms")
    assert run.run.status is RunStatus.COMPLETED and "does not list the form any more" in item(run).note, run
    assert responses(office)["taken.later@example.org"][0]["dyntui_contactid"] == ben.person


def test_a_form_whose_row_somebody_has_deleted_in_dynamics_is_made_anew_for_its_responses(
    office: Office, newsletter: ListRow
) -> None:
    ben = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    answered(office, "taken.later@example.org", "Wet")
    office.run("forms")
    (row,) = [
        each for each in rows(office, "dyntui_form", "dyntui_formid", "dyntui_name") if each["dyntui_name"] == TRIP
    ]
    office.delete_in_dynamics("dyntui_forms", row["dyntui_formid"])
    office.let_pass(hours=3)
    office.change_in_dynamics("contact", ben.person, emailaddress1="taken.later@example.org")
    run = office.run("forms")
    assert run.run.status is RunStatus.COMPLETED, run
    assert responses(office)["taken.later@example.org"][0]["dyntui_contactid"] == ben.person
    assert TRIP in {each["dyntui_name"] for each in rows(office, "dyntui_form", "dyntui_name")}
