"""Whatever is sent, the service answers: bodies, paths and options of every shape on every route."""

import random
import re
from typing import Any
from urllib.parse import quote

import pytest

from dyntui.sandbox.dotdigital import bulk_load, dates, extras, life, routes
from dyntui.sandbox.state import State

from .conftest import START, Account, row

NAMES = (
    *("id", "email", "contacts", "addressBookIds", "campaignId", "contactIds"),
    *("sendDate", "dataFields", "key", "value", "optInType", "emailType"),
    *("name", "type", "unsubscribedContact", "mergeOption", "consentFields", "fields"),
    *("contact", "preferences", "isOptedIn", "programId", "addressBooks", "data"),
    *("fileName", "fromAddress", "splitTestOptions", "identifiers", "channelProperties", "lists"),
    *("consentRecords", "categoryId", "defaultValue"),
)
VALUES = (None, 0, 1, -1, 10**20, 2**31, 2**63, 1.5, 1e300, "", "p1@b.example", "\0", "é" * 300, "2026-01-01", True)
SEGMENTS = ("1", "2", "999", "p1@b.example", "2026-01-01", "x", "9" * 20, "%00", "WebInsight", "email", "a%2Fb")
QUERIES = (
    "",
    "?select=5&skip=2",
    "?limit=3&marker=YWZ0ZXI6MQ==",
    "?marker=%ff",
    "?~listId=2",
    f"?minContactId={'9' * 20}&fromId={'9' * 20}",
    "?data-fields=[[ALL]]&include=lists",
)
SOUND: dict[str, Any] = {
    "email": "p1@b.example",
    "name": "N",
    "subject": "S",
    "fromName": "F",
    "htmlContent": "$UNSUB$",
    "plainTextContent": "T",
    "type": "String",
    "contacts": [{"email": "p2@b.example", "matchIdentifier": "email", "identifiers": {"email": "p2@b.example"}}],
    "campaignId": 1,
    "addressBookIds": [2],
    "unsubscribedContact": {"email": "p1@b.example"},
    "contact": {"email": "p1@b.example"},
    "programId": 1,
    "publicName": "x",
    "identifiers": {"email": "q@b.example"},
    "fileName": "a.csv",
    "data": "RW1haWwKYUBiLmV4YW1wbGUK",
}


def anything(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(6)
    if kind < 3 or depth > 3:
        return draw.choice(VALUES)
    if kind == 3:
        return [anything(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice(NAMES): anything(draw, depth + 1) for _ in range(draw.randrange(5))}


def body(draw: random.Random) -> Any:
    if draw.random() < 0.15:
        return anything(draw)
    return SOUND | {draw.choice(NAMES): anything(draw) for _ in range(draw.randrange(4))}


@pytest.mark.parametrize("seed", range(3))
def test_no_call_brings_the_service_down(account: Account, seed: int):
    draw = random.Random(seed)
    at = dates.milliseconds(START)
    bulk_load.contacts(account.state, (bulk_load.Contact(f"p{n}@b.example", {}, at) for n in range(20)))
    bulk_load.book(account.state, "Walkers", [f"p{n}@b.example" for n in range(10)])
    bulk_load.campaign(account.state, "Spring", "S", "$UNSUB$", "T")
    extras.seed(account.state, seed)
    statuses = set()
    for _ in range(1500):
        method, path = draw.choice(routes.ROUTES).template.split(" ")
        target = re.sub(r"\{\w+\}", lambda _: draw.choice(SEGMENTS), path) + draw.choice(QUERIES)
        statuses.add(account.call(method, target, body(draw) if draw.random() < 0.8 else None).status)
        account.advance(seconds=draw.choice((0, 0, 0, 5, 3600)))
    assert max(statuses) < 500
    assert {200, 201, 202, 204, 400, 404} <= statuses


HUGE = 10_000_000_000_000_000_000


def test_an_identifier_beyond_all_numbers_is_one_failed_row_of_a_bulk_deletion(account: Account):
    known = account.contact("ada@kestrel.example")
    entries = [{"contactId": HUGE}, {"contactId": -1}, {"contactId": "seven"}, {"email": 7}, {"contactId": known}]
    started = account.ok(
        "POST", "/contacts/v3/delete", [*entries, {"email": "nobody@kestrel.example"}, {"nothing": "x"}]
    )
    account.advance(minutes=5)
    assert account.call("GET", "/v2/account-info").status == 200
    ended = account.ok("GET", f"/contacts/v3/delete/{started['deleteId']}")
    assert ended["status"] == "Finished"
    assert ended["deleted"] == [{"contactId": known}]
    assert ended["summary"] == {"requestedContacts": 7, "deletedContacts": 1, "unknownContacts": 1, "invalidEntries": 5}
    reasons = {str(failed["identifier"]): failed["failures"] for failed in ended["failures"]}
    assert [len(each) for each in reasons.values()] == [1] * 6
    assert all(reason["failureCode"] and reason["description"] for [reason] in reasons.values())


@pytest.mark.parametrize("kind", [*life._JOBS])
def test_a_job_that_breaks_off_ends_as_failed_and_the_world_goes_on(
    account: Account, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    _, fail = life._JOBS[kind]

    def broken(state: State, ref: str, at: int) -> None:
        state.db.execute("DELETE FROM dd_contact")
        raise ZeroDivisionError

    person, book = account.contact("ada@kestrel.example"), account.book("Walkers", "ada@kestrel.example")
    segment = bulk_load.segment(account.state, "All", {})
    campaign = bulk_load.campaign(account.state, "Spring", "S", "$UNSUB$", "T")
    program = account.state.db.execute(
        "INSERT INTO dd_program (name, status, created) VALUES ('P', 'Active', 0) RETURNING id"
    ).fetchone()[0]
    start, status_at, ends = {
        "import": (
            ("PUT", "/contacts/v3/import", {"contacts": [row("b@kestrel.example")]}),
            "/contacts/v3/import/",
            "Failed",
        ),
        "removal": (
            ("POST", f"/v2/address-books/{book}/contacts/delete-all", None),
            "/v2/contacts/deletion/",
            "Failed",
        ),
        "delete": (("POST", "/contacts/v3/delete", [{"contactId": person}]), "/contacts/v3/delete/", "Failed"),
        "refresh": (("POST", f"/v2/segments/refresh/{segment}", None), "/v2/segments/refresh/", "Failed"),
        "enrolment": (
            ("POST", "/v2/programs/enrolments", {"programId": program, "contacts": [person]}),
            "/v2/programs/enrolments/",
            "Finished",
        ),
        "send": (_send(campaign, book), "/v2/campaigns/send/", "Cancelled"),
        "sent": (_send(campaign, book), "/v2/campaigns/send/", "Cancelled"),
        "rest": (_send(campaign, book, splitTestOptions=_SPLIT), "/v2/campaigns/send/", "Cancelled"),
    }[kind]
    if kind == "rest":
        account.state.db.execute('UPDATE dd_campaign SET split_options = \'["A", "B"]\' WHERE id = ?', (campaign,))
    monkeypatch.setattr(life, "_JOBS", {**life._JOBS, kind: (broken, fail)})
    answer = account.ok(*start)
    key = answer.get("importId") or answer.get("deleteId") or answer["id"]
    account.advance(minutes=5 + 60 * _SPLIT["testPeriodHours"] * (kind == "rest"))
    assert account.ok("GET", "/v2/contacts/count") == 1
    assert account.ok("GET", f"{status_at}{key}")["status"] == ends
    assert account.members(book) == ["ada@kestrel.example"]
    assert f"the {kind}" in caplog.text and "ZeroDivisionError" in caplog.text


_SPLIT: dict[str, Any] = {"testMetric": "Opens", "testPercentage": 30, "testPeriodHours": 1}


def _send(campaign: int, book: int, **more: Any) -> tuple[str, str, Any]:
    return "POST", "/v2/campaigns/send", {"campaignId": campaign, "addressBookIds": [book], **more}


@pytest.mark.parametrize(
    "sent",
    [
        b'{"email":"\xff@kestrel.example"}',
        b'{"email":"\xed\xa0\x80@kestrel.example"}',
        b'{"email":"a@kestrel.example","dataFields":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"identifiers":{"email":' + b"[" * 900 + b"]" * 900 + b"}}",
        b"[" * 100_000,
    ],
    ids=["no utf-8", "half a surrogate", "nested", "nested identifier", "open brackets"],
)
def test_a_body_that_cannot_be_read_is_refused_on_every_route(account: Account, sent: bytes):
    writing = [route.template.split(" ") for route in routes.ROUTES if route.writes]
    answers = {(method, path): account.call(method, re.sub(r"\{\w+\}", "1", path), sent) for method, path in writing}
    assert {key: answer.status for key, answer in answers.items() if answer.status >= 500} == {}


@pytest.mark.parametrize(
    "number",
    ["9" * 5000, str(2**63), "１２", "²", "-1", "1e3"],
    ids=["5000 digits", "2^63", "wide digits", "superscript", "negative", "exponent"],
)
def test_a_number_that_is_none_names_nothing(account: Account, number: str):
    account.contact("ada@kestrel.example")
    written = quote(number)
    for route in routes.ROUTES:
        method, path = route.template.split(" ")
        answer = account.call(method, re.sub(r"\{\w+\}", written, path), {})
        assert answer.status < 500, (route.template, answer.body)
    for option in ("limit", "marker", "~listId", "~segmentId"):
        assert account.call("GET", f"/contacts/v3?{option}={written}").status == 400
    assert account.call("GET", f"/v2/contacts?select={written}").status == 400
