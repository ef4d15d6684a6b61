"""Marketing preferences: what people chose, both ways."""

from __future__ import annotations

import asyncio
import concurrent.futures
from types import ModuleType
from typing import Any

import httpx
import pytest

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.rows import bind
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.preferences import CODE_OF, CODES, Choice
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.contract.lists import MemberRow
from dyntui.service.contract.runs import RunDetail
from dyntui.sync import imports, preferences_to_dotdigital
from tests.scenarios.office import Office, writes

OFFERS, EVENTS = "Offers", "Local events"


def leaf(office: Office, name: str) -> int:
    return int(
        office.sandbox.state.db.execute("SELECT id FROM dd_preference WHERE public_name = ?", (name,)).fetchone()[0]
    )


def chosen(office: Office, address: str, name: str, yes: bool) -> None:
    """A contact chooses now, in dotdigital."""
    state = office.sandbox.state
    state.db.execute(
        "INSERT OR REPLACE INTO dd_opt_in (preference_id, contact_id, opted_in, modified)"
        " SELECT ?, id, ?, ? FROM dd_contact WHERE email = ?",
        (leaf(office, name), yes, dd_storage.now(state), address),
    )


def in_dotdigital(office: Office, address: str) -> dict[str, bool]:
    query = (
        "SELECT p.public_name, o.opted_in FROM dd_opt_in o JOIN dd_preference p ON p.id = o.preference_id"
        " JOIN dd_contact c ON c.id = o.contact_id WHERE c.email = ?"
    )
    return {name: bool(yes) for name, yes in office.sandbox.state.db.execute(query, (address,))}


def in_dynamics(office: Office, person: str) -> dict[str, Choice]:
    query = (
        "SELECT p.dyntui_name, c.dyntui_choice FROM dv_dyntui_preferencechoice c JOIN dv_dyntui_preference p"
        " ON p.dyntui_preferenceid = c.dyntui_preferenceid WHERE c.dyntui_contactid = ? OR c.dyntui_leadid = ?"
    )
    rows = office.sandbox.state.db.execute(query, (person, person))
    return {name: CODES.get(code or 0, Choice.NONE) for name, code in rows}


def choose(office: Office, person: str, name: str, choice: Choice) -> None:
    """A sales person makes a row in Dynamics."""
    query = "SELECT dyntui_preferenceid FROM dv_dyntui_preference WHERE dyntui_name = ?"
    (row_id,) = office.sandbox.state.db.execute(query, (name,)).fetchone()
    body = {
        "dyntui_name": name,
        "dyntui_choice": CODE_OF.get(choice),
        "dyntui_PreferenceId@odata.bind": bind("dyntui_preferences", row_id),
        "dyntui_ContactId@odata.bind": bind("contacts", person),
    }

    async def create() -> None:
        await dv_rows.create(await office.resources.connections.dataverse(), "dyntui_preferencechoices", body)

    office.wait(create())


def change(office: Office, person: str, choice: Choice) -> None:
    """A sales person changes the row of a person."""
    query = "SELECT dyntui_preferencechoiceid FROM dv_dyntui_preferencechoice WHERE dyntui_contactid = ?"
    (row_id,) = office.sandbox.state.db.execute(query, (person,)).fetchone()
    office.change_in_dynamics("dyntui_preferencechoice", row_id, dyntui_choice=CODE_OF[choice])


def members(office: Office, count: int) -> list[MemberRow]:
    """Members of a list whose contacts have chosen nothing."""
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.sandbox.state.db.execute("DELETE FROM dd_opt_in")
    found = [
        each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED and each.entity == "contact"
    ]
    return found[:count]


def completed(run: RunDetail) -> RunDetail:
    assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up, run
    return run


def test_choices_go_both_ways_and_what_nobody_chose_stays_unchosen(office: Office) -> None:
    ada, ben, cleo, dan, eve = members(office, 5)
    chosen(office, ada.address, OFFERS, True)
    chosen(office, ben.address, OFFERS, False)
    office.put_into_book(office.list_named("Newsletter").id, "stranger@person.example")
    chosen(office, "stranger@person.example", OFFERS, True)
    first = completed(office.run("preferences"))
    assert in_dynamics(office, ada.person) == {OFFERS: Choice.YES} and in_dynamics(office, ben.person) == {
        OFFERS: Choice.NO
    }
    assert in_dynamics(office, cleo.person) == {} == in_dotdigital(office, cleo.address)
    names = office.sandbox.state.db.execute("SELECT dyntui_name, dyntui_category FROM dv_dyntui_preference").fetchall()
    assert (OFFERS, "Newsletters") in names and len(names) == 5
    said = {each.address: each.reason for each in office.people(first.run.id)}
    assert said[ada.address] == "" and said["stranger@person.example"] == "UNKNOWN_PERSON"

    office.let_pass(hours=2)
    again, calls = office.calls_between(lambda: office.run("preferences"))
    assert writes(calls) == [] and len(calls) <= 15, calls
    completed(again)

    # Dynamics chooses too: a new row, a row that says otherwise now, and an empty one.
    choose(office, cleo.person, EVENTS, Choice.YES)
    change(office, ada.person, Choice.NO)
    choose(office, dan.person, OFFERS, Choice.NONE)
    third = completed(office.run("preferences"))
    assert in_dotdigital(office, cleo.address) == {EVENTS: True} and in_dotdigital(office, ada.address) == {
        OFFERS: False
    }
    assert in_dotdigital(office, dan.address) == {} and in_dynamics(office, dan.person) == {OFFERS: Choice.NONE}
    written = {(each.person, each.target): each.after for each in office.written(third.run.id)}
    assert written[ada.person, "preferences"] == {"choice": "no"}
    undone = office.undo(third.run.id)
    assert {each.reason for each in office.people(undone.run.id)} == {"NOT_UNDONE"}

    # Both choose: the later one wins, and the audit says so. Somebody gets the stranger's address, and their choice;
    # somebody else another address, and keeps what they chose.
    change(office, ben.person, Choice.YES)
    office.let_pass(hours=1)
    chosen(office, ben.address, OFFERS, False)
    change(office, ada.person, Choice.YES)
    office.change_in_dynamics("contact", eve.person, emailaddress1="stranger@person.example")
    office.put_into_book(office.list_named("Newsletter").id, "cleo@new.example")
    office.change_in_dynamics("contact", cleo.person, emailaddress1="cleo@new.example")
    fourth = completed(office.run("preferences"))
    assert in_dynamics(office, ben.person) == {OFFERS: Choice.NO} and in_dotdigital(office, ada.address) == {
        OFFERS: True
    }
    assert in_dynamics(office, eve.person) == {OFFERS: Choice.YES}
    assert in_dotdigital(office, "cleo@new.example") == {EVENTS: True} == in_dotdigital(office, cleo.address)
    assert in_dynamics(office, cleo.person) == {EVENTS: Choice.YES}
    said_of = {each.person: each for each in office.people(fourth.run.id)}
    assert "now no in Dynamics" in said_of[ben.person].detail
    office.let_pass(hours=2)
    last, calls = office.calls_between(lambda: office.run("preferences"))
    assert writes(calls) == [] and completed(last)

    # Whoever chooses between the reading and the writing is not overruled by it.
    change(office, ada.person, Choice.NO)
    chosen(office, "stranger@person.example", OFFERS, False)

    def meanwhile(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "emailaddress1" in str(request.url):
            change(office, eve.person, Choice.NO)
        elif request.url.path == "/v2/contacts/retrieve-collection":
            chosen(office, ada.address, OFFERS, False)
        return answer

    office.sandbox.doctor(meanwhile)
    moved = office.run("preferences")
    assert {each.person for each in office.people(moved.run.id) if each.reason == "STALE"} == {ada.person, eve.person}
    office.sandbox.doctor(lambda request, answer: answer)
    completed(office.run("preferences"))
    assert in_dynamics(office, eve.person) == {OFFERS: Choice.NO} and in_dotdigital(office, ada.address) == {
        OFFERS: False
    }


def test_of_several_records_with_one_address_a_no_is_not_overruled_by_the_yes_of_another(office: Office) -> None:
    ada, ben, cleo, dan = members(office, 4)
    office.run("preferences")
    for one, other in ((ada, ben), (cleo, dan)):
        office.change_in_dynamics("contact", other.person, emailaddress1=one.address)
    # At once, and later than the other's no was written.
    choose(office, ada.person, OFFERS, Choice.YES)
    choose(office, ben.person, OFFERS, Choice.NO)
    choose(office, dan.person, OFFERS, Choice.NO)
    office.run("preferences")
    office.let_pass(hours=1)
    choose(office, cleo.person, OFFERS, Choice.YES)
    for _ in range(2):
        run = office.run("preferences")
        assert run.run.tally.adds_up
        assert in_dotdigital(office, ada.address) == in_dotdigital(office, cleo.address) == {OFFERS: False}
        office.let_pass(hours=1)


def test_a_no_in_dotdigital_counts_for_every_record_with_the_address(office: Office) -> None:
    ada, ben, cleo, dan = members(office, 4)
    office.change_in_dynamics("contact", ben.person, emailaddress1=ada.address)
    office.change_in_dynamics("contact", cleo.person, statecode=1, statuscode=2, emailaddress1=ada.address)
    chosen(office, ada.address, OFFERS, False)
    chosen(office, ada.address, EVENTS, True)
    completed(office.run("preferences"))
    said = {each.person: in_dynamics(office, each.person) for each in (ada, ben, cleo)}
    assert [each[OFFERS] for each in said.values()] == [Choice.NO] * 3
    assert sorted(each.get(EVENTS, Choice.NONE) for each in said.values()) == [Choice.NONE, Choice.NONE, Choice.YES]
    office.let_pass(hours=2)
    again, calls = office.calls_between(lambda: office.run("preferences"))
    assert writes(calls) == [] and completed(again)
    # Somebody gets the address later, and with it the no. A yes by the person's own hand takes it back for all.
    office.change_in_dynamics("contact", dan.person, emailaddress1=ada.address)
    completed(office.run("preferences"))
    assert in_dynamics(office, dan.person) == {OFFERS: Choice.NO}
    office.let_pass(hours=2)
    chosen(office, ada.address, OFFERS, True)
    completed(office.run("preferences"))
    assert {in_dynamics(office, each.person)[OFFERS] for each in (ada, ben, cleo, dan)} == {Choice.YES}
    assert in_dotdigital(office, ada.address) == {OFFERS: True, EVENTS: True}


def test_preferences_whose_rows_somebody_has_deleted_are_made_anew(office: Office) -> None:
    ada, bob = members(office, 2)
    chosen(office, ada.address, OFFERS, True)
    completed(office.run("preferences"))
    rows = office.sandbox.state.db.execute("SELECT dyntui_preferenceid FROM dv_dyntui_preference").fetchall()
    for (row_id,) in rows:
        office.delete_in_dynamics("dyntui_preferences", row_id)
    chosen(office, bob.address, OFFERS, True)
    assert office.run("preferences").run.tally.of(Outcome.REJECTED) == 1
    completed(office.run("preferences"))
    assert in_dynamics(office, bob.person)[OFFERS] is Choice.YES


def test_an_account_that_declines_what_an_import_does_not_name_is_noticed_at_the_first_contact(office: Office) -> None:
    people = members(office, 4)
    office.sandbox.switch(dotdigital={"import_declines_unsaid_preferences": True})
    office.run("preferences")
    for each in people:
        choose(office, each.person, OFFERS, Choice.YES)
    run = office.run("preferences")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and "PREFERENCES_DECLINED" in run.run.error
    told = [each for each in people if in_dotdigital(office, each.address)]
    assert len(told) == 1
    refused = office.people(run.run.id, outcome="rejected")
    assert len(refused) == 3 and {each.reason for each in refused} == {"NOT_SYNCED"}
    # What nobody chose does not come to Dynamics as a no.
    office.let_pass(hours=2)
    office.run("preferences")
    assert in_dynamics(office, told[0].person) == {OFFERS: Choice.YES}
    # Nor when their record changes.
    office.change_in_dynamics("contact", told[0].person, jobtitle="Baker")
    office.run("preferences")
    assert in_dynamics(office, told[0].person) == {OFFERS: Choice.YES}


def _first_import_killed(
    office: Office, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> list[MemberRow]:
    """Four people whose choices are told to an account that declines what an import leaves unsaid, for the first time,
    by a run that is killed before a step."""
    people = members(office, 4)
    office.sandbox.switch(dotdigital={"import_declines_unsaid_preferences": True})
    office.run("preferences")
    for each in people:
        choose(office, each.person, OFFERS, Choice.YES)

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(module, step, killed)
        office.run("preferences")
    return people


def test_an_account_that_declines_is_noticed_by_a_run_that_was_killed_before_it_looked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = _first_import_killed(office, monkeypatch, preferences_to_dotdigital, "_declined_by")
    office.engine.drain()
    told = [each for each in people if in_dotdigital(office, each.address)]
    assert len(told) == 1
    office.let_pass(hours=2)
    office.run("preferences")
    assert in_dynamics(office, told[0].person) == {OFFERS: Choice.YES}


def test_an_account_that_declines_is_noticed_by_a_run_that_was_killed_while_the_first_import_was_at_work(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = _first_import_killed(office, monkeypatch, imports, "_follow")
    looked = preferences_to_dotdigital._declined_by

    async def slowly(*given: Any) -> Any:
        found = await looked(*given)
        # What follows takes so long that the import has ended by then.
        office.let_pass(minutes=2)
        return found

    monkeypatch.setattr(preferences_to_dotdigital, "_declined_by", slowly)
    office.engine.drain()
    assert len([each for each in people if in_dotdigital(office, each.address)]) == 1


def test_odd_preferences_and_choices_are_named_and_delay_no_other(office: Office) -> None:
    people = members(office, 5)
    for each in people:
        chosen(office, each.address, OFFERS, True)
    odd: dict[str, dict[str, Any]] = {
        people[0].address: {"dateModifed": "2999-01-01T00:00:00Z"},
        people[1].address: {"isOptedIn": "perhaps"},
    }
    gone = leaf(office, EVENTS)

    def make_odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        path = request.url.path
        if path.endswith("/dyntui_preferencechoices") and request.method == "GET":
            body = answer.json()
            for row in body["value"]:
                # Whose it is cannot be told.
                row["_dyntui_contactid_value"] = "somebody"
        elif path == "/v2/preferences":
            body = answer.json()
            body[0]["preferences"][2]["id"] = "a preference"
            body[0]["aNewField"] = {"deep": 1}
        elif "opt-ins-since" in path:
            body = answer.json()
            for row in body:
                for one in row["marketingPreferenceOptIns"]:
                    one.update(odd.get(row["contact"]["email"], {}))
                if row["contact"]["email"] == people[2].address:
                    row["contact"] = None
        else:
            return answer
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)

    completed(office.run("preferences"))
    office.sandbox.state.db.execute("DELETE FROM dv_dyntui_preferencechoice")
    for each in people:
        chosen(office, each.address, OFFERS, False)
    office.sandbox.doctor(make_odd)
    run = office.run("preferences")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and run.run.tally.adds_up
    tree = next(each for each in run.items if each.name == "Preferences offered")
    assert "cannot be read" in tree.note and "not offered" not in tree.note
    rejected = {each.detail.split(";")[0] for each in office.people(run.run.id, outcome="rejected")}
    assert "chosen on 2999-01-01T00:00:00Z" in rejected and len(rejected) == 3
    assert [in_dynamics(office, each.person).get(OFFERS) for each in people] == [None, None, None, Choice.NO, Choice.NO]
    again = office.run("preferences")
    rejected = {each.detail for each in office.people(again.run.id, outcome="rejected")}
    assert again.run.status is RunStatus.COMPLETED_WITH_ERRORS and "no contact and no lead" in str(rejected)

    # An empty tree is not believed, and nobody is taken for opted out because dotdigital shows nobody any more.
    def nothing(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        path = request.url.path
        if path == "/v2/preferences" or "opt-ins-since" in path:
            return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=[])
        if path == "/contacts/v3":
            body = answer.json()
            body["_items"] = [{**each, "preferences": []} for each in body["_items"]]
            return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)
        return answer

    office.sandbox.doctor(nothing)
    office.let_pass(days=2)
    empty, calls = office.calls_between(lambda: office.run("preferences"))
    assert empty.run.status is RunStatus.COMPLETED_WITH_ERRORS and writes(calls) == []
    assert {each.name for each in empty.items if each.status is not RunStatus.COMPLETED} >= {
        "Preferences offered",
        "Who is opted in",
    }

    # Nothing was lost: what could not be read is read once it can be; a preference that is gone is said to be.
    office.sandbox.doctor(lambda request, answer: answer)
    for each in people[:3]:
        chosen(office, each.address, OFFERS, False)
    office.sandbox.state.db.execute("DELETE FROM dd_preference WHERE id = ?", (gone,))
    last = completed(office.run("preferences"))
    assert [in_dynamics(office, each.person).get(OFFERS) for each in people] == [Choice.NO] * 5
    tree = next(each for each in last.items if each.name == "Preferences offered")
    assert f"not offered any more: Newsletters: {EVENTS}" in tree.note

    # A page that is answered again and again is named, and nobody's choice is another one for it.
    def again(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "opt-ins-since" not in request.url.path:
            return answer
        rows = kept.setdefault(request.url.path, (answer.json() * 1000)[:1000])
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=rows)

    kept: dict[str, list[Any]] = {}
    for each in people[:3]:
        chosen(office, each.address, OFFERS, True)
    office.sandbox.doctor(again)
    repeated = office.run("preferences")
    assert repeated.run.status is RunStatus.COMPLETED_WITH_ERRORS and "DOTDIGITAL_PAGE_REPEATS" in repeated.run.error
    told = [in_dynamics(office, each.person).get(OFFERS) for each in people]
    assert told == [Choice.YES] * 3 + [Choice.NO] * 2


def _shown_without(office: Office, name: str) -> None:
    """dotdigital shows a preference no more, neither among those offered nor with contacts."""
    gone = leaf(office, name)

    def without(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        path = request.url.path
        if path == "/v2/preferences":
            body = answer.json()
            for each in body:
                each["preferences"] = [one for one in each.get("preferences") or () if one["id"] != gone]
        elif path == "/contacts/v3":
            body = answer.json()
            for each in body["_items"]:
                each["preferences"] = [one for one in each.get("preferences") or () if one["id"] != gone]
        else:
            return answer
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)

    office.sandbox.doctor(without)


@pytest.mark.parametrize("people", [3, 12])
def test_who_had_said_yes_to_a_preference_that_is_not_offered_any_more_has_not_taken_it_back(
    office: Office, people: int
) -> None:
    several = members(office, people)
    for each in several:
        chosen(office, each.address, OFFERS, True)
    chosen(office, several[0].address, EVENTS, True)
    completed(office.run("preferences"))
    _shown_without(office, OFFERS)
    office.let_pass(days=2)
    completed(office.run("preferences"))
    office.sandbox.doctor(lambda request, answer: answer)
    office.let_pass(hours=2)
    completed(office.run("preferences"))
    assert {in_dynamics(office, each.person)[OFFERS] for each in several} == {Choice.YES}


def test_who_asks_for_a_plan_of_preferences_is_promised_no_undo_that_there_is_not(office: Office) -> None:
    (ada,) = members(office, 1)
    chosen(office, ada.address, OFFERS, True)
    run = completed(office.run("preferences"))
    with pytest.raises(DyntuiError) as refused:
        office.plan_of("preferences")
    undone = office.undo(run.run.id)
    assert {each.reason for each in office.people(undone.run.id)} == {"NOT_UNDONE"}
    assert "dyntui undo" not in refused.value.remedy
