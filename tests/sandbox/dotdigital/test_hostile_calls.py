"""Whatever is sent, the service answers: bodies, paths and options of every shape on every route."""

import random
import re
from typing import Any

import pytest

from dyntui.sandbox.dotdigital import bulk_load, dates, extras, routes

from .conftest import START, Account

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
