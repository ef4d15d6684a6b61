"""Contact scores: from dotdigital to contacts and leads in Dynamics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.scores import COLUMNS, ENGAGEMENT, LABEL, SCORE, SCORED_ON
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.people import TimelineQuery
from dyntui.service.housekeeping import forget
from tests.scenarios.office import Office, writes


def in_dynamics(office: Office, person: str, table: str = "contact") -> dict[str, Any]:
    query = f"SELECT {', '.join(COLUMNS)} FROM dv_{table} WHERE {table}id = ?"
    return dict(zip(COLUMNS, office.sandbox.state.db.execute(query, (person,)).fetchone(), strict=True))


def scored(office: Office, address: str, score: int, *, label: str = "Cool", **moved: float) -> None:
    """dotdigital works out a score for a contact now."""
    state = office.sandbox.state
    state.db.execute(
        "INSERT OR REPLACE INTO dd_score (contact_id, label, score, engagement, suitability, modified)"
        " SELECT id, ?, ?, 10, 30, ? FROM dd_contact WHERE email = ?",
        (label, score, dd_storage.now(state), address),
    )


def records_with_a_score(office: Office) -> dict[str, list[tuple[str, int | None]]]:
    """By address: what the sandbox's own tables say that contacts and leads should hold, and what they do."""
    found: dict[str, list[tuple[str, int | None]]] = {}
    for table in ("contact", "lead"):
        rows = office.sandbox.state.db.execute(
            f"SELECT s.score, r.{SCORE}, c.email FROM dd_score s JOIN dd_contact c ON c.id = s.contact_id"
            f" JOIN dv_{table} r ON lower(trim(r.emailaddress1)) = c.email"
        )
        for wanted, there, address in rows:
            found.setdefault(address, []).append((wanted, there))
    return found


def test_scores_come_to_every_record_with_the_address_and_only_news_are_written(
    office: Office, newsletter: ListRow
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:5]
    for number, each in enumerate(people):
        scored(office, each.address, 20 + number)
    run, calls = office.calls_between(lambda: office.run("scoring"))
    assert run.run.tally.adds_up and run.run.status is RunStatus.COMPLETED, run
    records = records_with_a_score(office)
    assert len(records) >= 5 and all(wanted == there for each in records.values() for wanted, there in each)
    assert in_dynamics(office, people[0].person)[LABEL] == "Cool"
    said = {each.person: each for each in office.people(run.run.id)}
    assert (
        said[people[1].person].detail
        == "score empty, now 21; engagement empty, now 10; suitability empty, now 30; label empty, now Cool"
    )
    office.let_pass(hours=2)
    again, calls = office.calls_between(lambda: office.run("scoring"))
    assert writes(calls) == [] and again.run.tally.adds_up and len(calls) < 10, calls

    # A new record gets the score that was known before it; one with another address that of the new one.
    office.change_in_dynamics("contact", people[0].person, emailaddress1=people[4].address)
    scored(office, people[2].address, 70, label="Hot")
    third = office.run("scoring")
    assert third.run.status is RunStatus.COMPLETED
    assert in_dynamics(office, people[0].person)[SCORE] == 24
    now = in_dynamics(office, people[2].person)
    assert (now[SCORE], now[LABEL], now[ENGAGEMENT]) == (70, "Hot", 10) and now[SCORED_ON]
    assert {each.person for each in office.people(third.run.id, outcome="updated")} == {
        people[0].person,
        people[2].person,
    }
    seen = office.wait(office._people.timeline(office.context, TimelineQuery(person=people[2].person))).rows
    assert next(each.detail for each in seen if each.kind == "scored") == "score 22, now 70; label Cool, now Hot"

    # What somebody undoes stays until there is another score.
    assert office.undo(third.run.id).run.status is RunStatus.COMPLETED
    assert in_dynamics(office, people[2].person)[SCORE] == 22
    assert office.run("scoring").run.status is RunStatus.COMPLETED
    assert in_dynamics(office, people[2].person)[SCORE] == 22
    scored(office, people[2].address, 71, label="Hot")
    office.run("scoring")
    assert in_dynamics(office, people[2].person)[SCORE] == 71


def test_an_undone_score_stays_undone_when_the_run_that_wrote_it_is_old_enough_to_be_forgotten(
    office: Office, newsletter: ListRow
) -> None:
    ada, bob = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    for each in (ada, bob):
        scored(office, each.address, 70)
    wrong = office.run("scoring")
    office.undo(wrong.run.id)
    office.let_pass(days=31)
    office.run("scoring")
    office.wait(forget(office.resources, timedelta(days=30)))
    for each in (ada, bob):
        office.change_in_dynamics("contact", each.person, jobtitle="Engineer")
    scored(office, bob.address, 71)
    office.run("scoring")
    assert in_dynamics(office, ada.person)[SCORE] is None
    assert in_dynamics(office, bob.person)[SCORE] == 71


def test_a_run_whose_undone_scores_have_all_been_followed_by_others_is_forgotten_in_its_time(
    office: Office, newsletter: ListRow
) -> None:
    office.sandbox.state.db.execute("DELETE FROM dd_score")
    ada, bob = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    for each in (ada, bob):
        scored(office, each.address, 70)
    wrong = office.run("scoring")
    office.undo(wrong.run.id)

    def kept() -> bool:
        office.let_pass(days=32)
        office.wait(forget(office.resources, timedelta(days=30)))
        return wrong.run.id in {each.id for each in office.audit(kind="scoring").rows}

    scored(office, ada.address, 71)
    office.run("scoring")
    assert kept()
    # By now the run that wrote of ada since is forgotten.
    scored(office, bob.address, 72)
    office.run("scoring")
    assert [in_dynamics(office, each.person)[SCORE] for each in (ada, bob)] == [71, 72]
    assert not kept()


def test_odd_scores_are_named_and_delay_no_other(office: Office, newsletter: ListRow) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:7]
    for each in people:
        scored(office, each.address, 50)
    odd: dict[str, dict[str, Any]] = {
        people[0].address: {"dateModified": "2999-01-01T00:00:00Z"},
        people[1].address: {"score": "fifty"},
        people[2].address: {"contactId": "a contact"},
        people[3].address: {"engagement": None, "aNewField": {"deep": 1}},
        people[4].address: {"email": None},
    }

    first: list[dict[str, Any]] = []

    def make_odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/contacts/score" not in request.url.path or answer.status_code != 200:
            return answer
        if not first:
            rows = [{**each, **odd.get(each["email"], {})} for each in answer.json()]
            first.extend(rows)
            first.extend({**rows[0], "contactId": 10**7 + n, "email": None} for n in range(1000 - len(rows)))
        # The first page is answered whatever is skipped.
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=first)

    office.sandbox.doctor(make_odd)
    run = office.run("scoring")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and run.run.tally.adds_up
    assert "DOTDIGITAL_PAGE_REPEATS" in run.run.error
    named = {each.address: each for each in office.people(run.run.id, outcome="rejected")}
    assert named[people[0].address].detail == "scored on 2999-01-01T00:00:00Z"
    assert named[people[1].address].detail == "score 'fifty'"
    assert {each.reason for each in named.values()} == {"ODD_ROW"} and "contactId" in named[""].detail
    assert [in_dynamics(office, each.person)[SCORE] for each in people] == [None, None, None, 50, None, 50, 50]
    assert in_dynamics(office, people[3].person)[ENGAGEMENT] is None

    # Nothing was lost: the feed is read from where it was.
    office.sandbox.doctor(lambda request, answer: answer)
    assert office.run("scoring").run.status is RunStatus.COMPLETED
    assert [in_dynamics(office, each.person)[SCORE] for each in people] == [50] * 7
    office.sandbox.doctor(
        lambda request, answer: (
            httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=[])
            if "/contacts/score" in request.url.path
            else answer
        )
    )
    office.let_pass(days=8)
    empty, calls = office.calls_between(lambda: office.run("scoring"))
    assert empty.run.status is RunStatus.COMPLETED and writes(calls) == []
    assert in_dynamics(office, people[5].person)[SCORE] == 50

    office.sandbox.doctor(lambda request, answer: answer)
    office.sandbox.switch(dotdigital={"scoring_active": False})
    off = office.run("scoring")
    assert off.run.status is RunStatus.FAILED and "not part of the dotdigital account" in off.run.error
