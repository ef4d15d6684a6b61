"""Marketing preferences: whoever chooses while a run is at work is not overruled by what the run had decided before."""

from __future__ import annotations

import asyncio
import concurrent.futures
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.errors import DataverseError
from dyntui.model.outcomes import RunStatus
from dyntui.model.preferences import Choice
from dyntui.store.schema import contact_choice, preference, record_choice, watermark
from dyntui.sync import imports, preference_tree
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
    leaf,
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


def test_choices_in_dynamics_are_read_once_the_row_of_their_preference_is_known(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ada,) = members(office, 1)
    completed(office.run("preferences"))
    choose(office, ada.person, OFFERS, Choice.NO)
    office.let_pass(hours=3)
    # A new store takes the installation over, and Dynamics refuses one row.
    with office.db.write() as c:
        for table in (preference, record_choice, contact_choice):
            c.execute(table.delete())
        c.execute(watermark.delete().where(watermark.c.feed.startswith("preferences")))
    offers, upsert = leaf(office, OFFERS), preference_tree.upsert_rows

    async def refusing(dv: Any, spec: Any, rows: list[dict[str, object]]) -> list[RowResult]:
        error = DataverseError("DATAVERSE_BUSY", "It is busy.", not_done="Not written.", remedy="Later.")
        done = await upsert(dv, spec, rows)
        return [
            RowResult(error=error) if row["dyntui_preferencenumber"] == offers else each
            for row, each in zip(rows, done, strict=True)
        ]

    with monkeypatch.context() as patched:
        patched.setattr(preference_tree, "upsert_rows", refusing)
        assert office.run("preferences").run.status is RunStatus.COMPLETED_WITH_ERRORS
    office.let_pass(hours=3)
    completed(office.run("preferences"))
    assert in_dotdigital(office, ada.address) == {OFFERS: False}


def test_a_preference_that_dynamics_refuses_lets_choices_of_the_others_be_read_as_they_change(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = members(office, 2)
    offers, upsert = leaf(office, OFFERS), preference_tree.upsert_rows

    async def refusing(dv: Any, spec: Any, rows: list[dict[str, object]]) -> list[RowResult]:
        error = DataverseError("DATAVERSE_REFUSED", "A rule.", not_done="Not written.", remedy="Mend the rule.")
        done = await upsert(dv, spec, rows)
        return [
            RowResult(error=error) if row["dyntui_preferencenumber"] == offers else each
            for row, each in zip(rows, done, strict=True)
        ]

    asked: list[str] = []

    def listening(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/dyntui_preferencechoices"):
            asked.append(request.url.params.get("$filter", "everything"))
        return answer

    def runs() -> set[str]:
        office.let_pass(hours=3)
        asked.clear()
        office.run("preferences")
        return set(asked)

    office.sandbox.doctor(listening)
    with monkeypatch.context() as patched:
        patched.setattr(preference_tree, "upsert_rows", refusing)
        assert runs() == {"everything"}
        choose(office, ada.person, EVENTS, Choice.NO)
        choose(office, ada.person, OFFERS, Choice.NO)
        marks = runs() | runs()
    assert "everything" not in marks and len(marks) == 2
    assert in_dotdigital(office, ada.address) == {EVENTS: False}
    # What was passed over is read as soon as its preference has a row.
    assert runs() == {"everything"}
    assert in_dotdigital(office, ada.address) == {EVENTS: False, OFFERS: False}
    choose(office, ben.person, OFFERS, Choice.NO)
    assert "everything" not in runs() and in_dotdigital(office, ben.address) == {OFFERS: False}


def test_a_no_that_dotdigital_tells_of_late_comes_to_dynamics(office: Office) -> None:
    (ada,) = members(office, 1)
    completed(office.run("preferences"))
    chosen(office, ada.address, OFFERS, False)
    rows = office.sandbox.state.db.execute("SELECT * FROM dd_opt_in").fetchall()
    office.sandbox.state.db.execute("DELETE FROM dd_opt_in")
    office.let_pass(hours=4)
    completed(office.run("preferences"))
    marks = ", ".join("?" * len(rows[0]))
    office.sandbox.state.db.executemany(f"INSERT INTO dd_opt_in VALUES ({marks})", rows)
    completed(office.run("preferences"))
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.NO}


def test_a_yes_that_was_taken_back_unseen_is_found_and_does_not_come_back(office: Office) -> None:
    people = members(office, 12)
    ada = people[0]
    for each in people:
        chosen(office, each.address, OFFERS, True)
    completed(office.run("preferences"))
    # The feed does not tell of it.
    said = "contact_id = (SELECT id FROM dd_contact WHERE email = ?) AND preference_id = ?"
    office.sandbox.state.db.execute(
        f"UPDATE dd_opt_in SET opted_in = 0 WHERE {said}", (ada.address, leaf(office, OFFERS))
    )

    def unseen(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "opt-ins-since" not in request.url.path:
            return answer
        rows = [each for each in answer.json() if each["contact"]["email"] == ada.address]
        for each in rows:
            each["marketingPreferenceOptIns"][0]["isOptedIn"] = True
        others = [each for each in answer.json() if each["contact"]["email"] != ada.address]
        body = sorted([*others, *rows], key=lambda each: each["contact"]["id"])
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)

    office.sandbox.doctor(unseen)
    told = []
    for _ in range(18):
        office.let_pass(hours=4)
        completed(office.run("preferences"))
        told.append(in_dynamics(office, ada.person)[OFFERS])
    assert told == sorted(told, key=lambda each: each is Choice.NO) and told[-1] is Choice.NO


def test_choices_in_dynamics_are_read_where_the_clock_of_this_machine_is_ahead(office: Office) -> None:
    (ada,) = members(office, 1)
    completed(office.run("preferences"))
    office.let_pass(hours=4)
    # A service that has just begun has no answer of Dynamics yet.
    begun = Office(office.sandbox, office.resources.profile.log_file.parents[2])
    begun.take_over()
    begun.number_from(5_000_000)
    begun.behind = timedelta(hours=-3)
    completed(begun.run("preferences"))
    begun.close()
    choose(office, ada.person, OFFERS, Choice.NO)
    office.let_pass(hours=1)
    completed(office.run("preferences"))
    assert in_dotdigital(office, ada.address) == {OFFERS: False}


@pytest.mark.parametrize("yes", [True, False])
def test_a_choice_stays_that_of_the_contact_when_somebody_else_takes_the_address(office: Office, yes: bool) -> None:
    ada, ben = members(office, 2)
    chosen(office, ada.address, OFFERS, yes)
    completed(office.run("preferences"))
    office.let_pass(days=3)
    completed(office.run("preferences"))
    moved = office.moves_in_dotdigital(ada.address)
    office.change_in_dynamics("contact", ada.person, emailaddress1=moved)
    office.change_in_dynamics("contact", ben.person, emailaddress1=ada.address)
    for _ in range(2):
        completed(office.run("preferences"))
        office.let_pass(hours=4)
    assert in_dynamics(office, ben.person) == {}
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.YES if yes else Choice.NO}
    assert in_dotdigital(office, moved) == {OFFERS: yes}


def test_a_feed_that_tells_still_of_an_older_choice_does_not_bring_it_back(office: Office) -> None:
    (ada,) = members(office, 1)
    chosen(office, ada.address, OFFERS, True)
    old: dict[str, Any] = {}

    def listening(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "opt-ins-since" in request.url.path:
            old.setdefault(request.url.path.split("opt-ins-since")[0], []).extend(answer.json())
        return answer

    def behind(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "opt-ins-since" not in request.url.path:
            return answer
        rows = old.get(request.url.path.split("opt-ins-since")[0], [])
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(listening)
    completed(office.run("preferences"))
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.YES} and any(old.values())
    office.sandbox.doctor(lambda request, answer: answer)
    office.let_pass(hours=3)
    change(office, ada.person, Choice.NO)
    completed(office.run("preferences"))
    assert in_dotdigital(office, ada.address) == {OFFERS: False}
    # What was written there a moment ago does not show in the feeds yet.
    office.sandbox.doctor(behind)
    office.let_pass(minutes=30)
    completed(office.run("preferences"))
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.NO}
    office.sandbox.doctor(lambda request, answer: answer)
    office.let_pass(hours=1)
    completed(office.run("preferences"))
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.NO}
    # A choice that comes after it counts as ever.
    chosen(office, ada.address, OFFERS, True)
    office.let_pass(hours=1)
    completed(office.run("preferences"))
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.YES}
