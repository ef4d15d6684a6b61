"""Web behaviour tracking: from dotdigital's sessions to page visits in Dynamics."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx

from dyntui.model import solution
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.people import TimelineQuery
from tests.scenarios.office import Office, writes

SHOP = "https://shop.kestrel-outdoor.example"


def visits(office: Office) -> dict[str, list[dict[str, Any]]]:
    """The rows in Dynamics, by address."""
    columns = ("dyntui_address", "dyntui_url", "dyntui_times", "dyntui_name", "dyntui_contactid", "dyntui_leadid")
    query = f"SELECT {', '.join(columns)} FROM dv_dyntui_engagement WHERE dyntui_kind = ?"
    found: dict[str, list[dict[str, Any]]] = {}
    for row in office.sandbox.state.db.execute(query, (solution.PAGE_VISITED,)):
        found.setdefault(row[0], []).append(dict(zip(columns, row, strict=True)))
    return found


def looked_at(office: Office, key: str, address: str, *paths: str) -> None:
    """A session of a contact, or more of it."""
    state = office.sandbox.state
    now = dd_storage.now(state)
    at = office.sandbox.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    pages = [{"url": f"{SHOP}/{path}", "title": path.capitalize(), "time": at} for path in paths]
    state.db.execute(
        "INSERT OR REPLACE INTO dd_insight (collection, key, contact_id, document, created, updated)"
        " SELECT 'WebInsight', ?, id, ?, ?, ? FROM dd_contact WHERE email = ?",
        (key, json.dumps({"startTime": at, "pages": pages}), now, now, address),
    )


def test_sessions_become_page_visits_of_who_is_known_and_only_news_are_written(
    office: Office, newsletter: ListRow
) -> None:
    office.sandbox.state.db.execute("DELETE FROM dd_insight")
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    looked_at(office, "s1", people[0].address, "tents", "boots", "tents")
    looked_at(office, "s2", people[1].address, "sale")
    office.put_into_book(newsletter.id, "stranger@person.example")
    looked_at(office, "s3", "stranger@person.example", "sale")
    run = office.run("web-behaviour")
    assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up, run
    there = visits(office)
    assert {each["dyntui_url"]: each["dyntui_times"] for each in there[people[0].address]} == {
        f"{SHOP}/tents": 2,
        f"{SHOP}/boots": 1,
    }
    assert {each["dyntui_contactid"] for each in there[people[0].address]} == {people[0].person}
    assert set(there) == {people[0].address, people[1].address}
    said = {each.address: (each.reason, each.detail) for each in office.people(run.run.id)}
    assert said[people[0].address] == ("", "2 pages") and said["stranger@person.example"][0] == "UNKNOWN_PERSON"
    seen = office.wait(office._people.timeline(office.context, TimelineQuery(person=people[0].person))).rows
    assert {(each.where, each.detail) for each in seen if each.kind == "visited"} == {
        ("Tents", f"2 times, {SHOP}/tents"),
        ("Boots", f"{SHOP}/boots"),
    }

    office.let_pass(hours=2)
    again, calls = office.calls_between(lambda: office.run("web-behaviour"))
    assert writes(calls) == [] and again.run.status is RunStatus.COMPLETED and len(calls) < 10, calls

    # A session goes on, and the stranger becomes known.
    looked_at(office, "s1", people[0].address, "tents", "boots", "tents", "basket")
    office.change_in_dynamics("contact", people[2].person, emailaddress1="stranger@person.example")
    third = office.run("web-behaviour")
    assert third.run.status is RunStatus.COMPLETED
    there = visits(office)
    assert (
        len(there[people[0].address]) == 3
        and there["stranger@person.example"][0]["dyntui_contactid"] == people[2].person
    )


def test_odd_sessions_are_named_and_delay_no_other(office: Office, newsletter: ListRow) -> None:
    office.sandbox.state.db.execute("DELETE FROM dd_insight")
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:6]
    for number, each in enumerate(people):
        looked_at(office, f"s{number}", each.address, "tents")
    odd: dict[str, dict[str, Any]] = {
        "s0": {"json": {"pages": [{"url": SHOP, "time": "2999-01-01T00:00:00Z"}]}},
        "s1": {"json": "gone"},
        "s2": {"ownerContactId": "somebody"},
        "s3": {"ownerContactId": None, "aNewField": []},
    }

    body: dict[str, Any] = {}

    def make_odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/retrieve-collection"):
            found = answer.json()
            found["contacts"] = [
                {**each, "id": {"odd": 1}} if each["email"] == people[5].address else each for each in found["contacts"]
            ]
            return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=found)
        if "/insightData/" not in request.url.path:
            return answer
        if body:
            return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)
        body.update(answer.json())
        body["_items"] = [{**each, **odd.get(each["key"], {})} for each in body["_items"]]
        # The next page is the one before, for ever.
        body["_links"]["next"] = {"marker": "1", "link": "?marker=1"}
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)

    office.sandbox.doctor(make_odd)
    run = office.run("web-behaviour")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and run.run.tally.adds_up
    assert "DOTDIGITAL_PAGE_REPEATS" in run.run.error
    rejected = {each.detail.split(";")[0] for each in office.people(run.run.id, outcome="rejected")}
    assert "page 1: visited on '2999-01-01T00:00:00Z'" in rejected and "no JSON: 'gone'" in rejected
    assert any("ownerContactId" in each for each in rejected)
    assert set(visits(office)) == {people[4].address}

    # Nothing was lost: the feed is read from where it was.
    office.sandbox.doctor(lambda request, answer: answer)
    assert office.run("web-behaviour").run.status is RunStatus.COMPLETED
    assert set(visits(office)) == {each.address for each in people}
    office.sandbox.state.db.execute("DELETE FROM dd_insight")
    office.let_pass(days=8)
    empty, calls = office.calls_between(lambda: office.run("web-behaviour"))
    assert empty.run.status is RunStatus.COMPLETED and writes(calls) == []
    office.sandbox.state.db.execute("DELETE FROM dd_collection")
    off = office.run("web-behaviour")
    assert off.run.status is RunStatus.COMPLETED
    assert off.items[0].note == "the account has no web behaviour tracking"


def test_visits_come_to_who_takes_the_address_though_the_clock_of_this_machine_is_ahead(
    office: Office, newsletter: ListRow
) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.entity == "contact" and each.address)
    office.sandbox.state.db.execute("DELETE FROM dd_insight")
    office.put_into_book(newsletter.id, "stranger@person.example")
    looked_at(office, "s1", "stranger@person.example", "sale")
    # A service that has just begun has no answer of Dynamics yet.
    begun = Office(office.sandbox, office.resources.profile.log_file.parents[2])
    begun.take_over()
    begun.number_from(5_000_000)
    begun.behind = timedelta(hours=-3)
    begun.run("web-behaviour")
    begun.close()
    office.change_in_dynamics("contact", somebody.person, emailaddress1="stranger@person.example")
    office.let_pass(hours=1)
    office.run("web-behaviour")
    assert [each["dyntui_contactid"] for each in visits(office)["stranger@person.example"]] == [somebody.person]


def test_a_visit_stays_that_of_the_record_it_was_told_for_when_somebody_else_takes_the_address(
    office: Office, newsletter: ListRow
) -> None:
    ada, ben = [each for each in office.members(newsletter.id) if each.entity == "contact" and each.address][:2]
    office.sandbox.state.db.execute("DELETE FROM dd_insight")
    looked_at(office, "s1", ada.address, "tents")
    office.run("web-behaviour")
    office.let_pass(minutes=20)
    office.change_in_dynamics("contact", ada.person, emailaddress1="ada@new.example")
    office.change_in_dynamics("contact", ben.person, emailaddress1=ada.address)
    looked_at(office, "s1", ada.address, "tents", "tents")
    run = office.run("web-behaviour")
    (row,) = visits(office)[ada.address]
    assert row["dyntui_times"] == 2 and row["dyntui_contactid"] == ada.person
    assert [each.person for each in office.people(run.run.id)] == [ada.person]
