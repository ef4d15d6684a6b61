"""What may be null by dotdigital's own description, what is of no known shape, and text that is no UTF-8."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from dyntui.dotdigital import (
    account,
    activities,
    address_books,
    campaigns,
    contacts,
    data_fields,
    imports,
    sends,
    suppressions,
)
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from tests.dotdigital.conversation import Conversation, ok

NOTHING = dict.fromkeys(
    (
        *("name", "subject", "fromName", "fromAddress", "htmlContent", "plainTextContent", "replyAction", "status"),
        *("replyToAddress", "isSplitTest", "customReplyToAddress", "type", "tags", "sentDate", "scheduledDate"),
    )
)


async def test_a_campaign_may_be_null_in_everything_but_its_id() -> None:
    async with Conversation(ok([{**NOTHING, "id": 7}])).client() as dd:
        (found,) = await campaigns.campaigns(dd)
    assert (found.id, found.name, found.status, found.is_split_test, found.tag_names) == (7, "", "", False, [])


async def test_an_odd_campaign_costs_itself_alone_and_is_told_with_what_was_received_masked() -> None:
    rows = [{**NOTHING, "name": "Spring sale"}, {"id": 7, "name": "Summer"}, {"id": "x", "tags": 5}, "nothing", None]
    async with Conversation(ok(rows)).client() as dd:
        (page,) = [page async for page in campaigns.campaign_pages(dd)]
    assert [row.id for row in page.rows] == [7]
    assert [row.place for row in page.odd] == ["[0]", "[2]", "[3]", "[4]"]
    assert json.loads(page.odd[0].received) == {"name": "11 characters"}
    assert all(row.reason for row in page.odd) and "Spring" not in str(page.odd)


async def test_an_odd_campaign_on_two_overlapping_pages_is_told_once() -> None:
    odd = {"id": None, "name": "x"}
    first = [{"id": number} for number in range(950)] + [odd] + [{"id": number} for number in range(950, 999)]
    talk = Conversation(ok(first), ok([odd, *({"id": number} for number in range(950, 1010))]))
    async with talk.client() as dd:
        pages = [page async for page in campaigns.campaign_pages(dd)]
    assert len(talk.requests) == 2
    assert [len(page.odd) for page in pages] == [1, 0]
    assert sorted(row.id for page in pages for row in page.rows) == list(range(1010))


async def test_a_text_that_was_cut_in_the_middle_of_a_character_costs_nobody_else() -> None:
    people = [
        {"contactId": 1, "dataFields": {"FIRSTNAME": "Ann \ud83d", "LIMIT": 0.1}},
        {"contactId": 2, "status": None},
    ]
    named = [{"id": 7, "name": "Sale \ud83d"}, {"id": 8}]
    answers = (httpx.Response(200, content=json.dumps(each)) for each in ({"_items": people}, named))
    async with Conversation(*answers).client() as dd:
        (page,) = [page async for page in contacts.contact_pages(dd)]
        found = await campaigns.campaigns(dd)
    assert [each.contact_id for each in page.rows] == [1, 2]
    assert page.rows[0].values == {"FIRSTNAME": "Ann ?", "LIMIT": Decimal("0.1")}
    assert [(each.id, each.name) for each in found] == [(7, "Sale ?"), (8, "")]


async def test_a_number_that_nothing_could_hold_costs_its_row_and_no_suppression() -> None:
    people = [{"contactId": each, "email": "ann@kestrel.example"} for each in (2**63, 7, -(2**70))]
    feed = [
        {"suppressedContact": {"id": each, "email": f"{place}@kestrel.example"}, "reason": "Unsubscribed"}
        for place, each in enumerate((2**63, "9" * 5000, 2**63 - 1))
    ]
    summary = {"numTotalOpens": 2**31}
    since = datetime(2026, 3, 4, tzinfo=UTC)
    async with Conversation(ok(people), ok([]), ok(feed), ok([]), ok(summary)).client() as dd:
        page, _ = [page async for page in activities.activity_pages(dd, 1, takes_odd=True)]
        suppressed = [row async for each in suppressions.suppressed_since(dd, since) for row in each.rows]
        with pytest.raises(DotdigitalError, match="DOTDIGITAL_ANSWER_UNREADABLE"):
            await campaigns.summary(dd, 1)
    assert [each.contact_id for each in page.rows] == [7] and len(page.odd) == 2
    assert [(each.contact_id, each.addresses) for each in suppressed] == [
        (0, ("0@kestrel.example",)),
        (0, ("1@kestrel.example",)),
        (2**63 - 1, ("2@kestrel.example",)),
    ]


async def test_where_nobody_may_be_passed_over_an_odd_row_refuses_the_whole_answer() -> None:
    async with Conversation(ok([{"id": 1}, {"id": None, "email": "ada@kestrel.example"}])).client() as dd:
        with pytest.raises(DotdigitalError) as refused:
            [page async for page in contacts.book_contacts(dd, 7)]
    assert refused.value.code == "DOTDIGITAL_ANSWER_UNREADABLE"
    assert "[1]" in refused.value.detail and "ada@" not in refused.value.detail


async def test_books_fields_contacts_properties_and_sends_may_hold_nulls() -> None:
    talk = Conversation(
        ok([{"id": 1, "name": None, "visibility": None, "contacts": None}]),
        ok([{"name": "SIZE", "type": None, "visibility": None, "defaultValue": None}]),
        ok([{"id": 5, "email": None, "status": None, "optInType": None, "emailType": None, "dataFields": None}]),
        ok({"id": 3, "properties": [{"name": None, "value": "x"}, {"name": "Name", "type": None, "value": 7}]}),
        ok({"id": "guid", "campaignId": None, "status": None, "sendDate": None}),
        ok({"_links": None, "_items": [{"contactId": 5, "status": None, "identifiers": None, "lists": None}]}),
    )
    async with talk.client() as dd:
        assert [book.name for book in await address_books.address_books(dd)] == [""]
        assert [field.type for field in await data_fields.data_fields(dd)] == [""]
        pages = [page async for page in contacts.book_contacts(dd, 7)]
        assert [(row.id, row.email) for page in pages for row in page.rows] == [(5, "")]
        assert (await account.account_info(dd)).properties == {"name": "7"}
        assert not (await sends.send_status(dd, "guid")).sent
        people = [page async for page in contacts.contact_pages(dd)]
        assert [(row.contact_id, row.email, row.email_status) for row in people[0].rows] == [(5, "", "")]


REPORT: dict[str, Any] = {
    "importId": "i",
    "status": "Finished",
    "summary": {"newContacts": None, "updatedContacts": 1},
    "created": [{"contactId": 1, "identifiers": {"email": "a@x.example"}}, {"contactId": None, "identifiers": None}],
    "updated": None,
    "failures": [
        {"contactId": None, "matchIdentifier": None, "identifiers": {"email": "b@x.example"}, "failures": None},
        {"identifiers": {"email": "c@x.example"}, "failures": [{"failureCode": None, "description": None}]},
        {"identifiers": None, "failures": [{"failureCode": "invalidEmail"}]},
        7,
    ],
}


async def test_a_report_of_an_import_is_read_row_by_row() -> None:
    async with Conversation(ok(REPORT)).client() as dd:
        result = await imports.import_result(dd, "i")
    assert result.finished and result.succeeded
    assert [row.email for row in result.created or ()] == ["a@x.example"]
    assert [row.email for row in result.failures or ()] == ["b@x.example", "c@x.example", ""]
    assert [row.place for row in result.odd] == ["created[1]", "failures[3]"]


@pytest.mark.parametrize(
    ("report", "finished", "succeeded"),
    [
        ({"importId": "i"}, False, False),
        ({"importId": "i", "status": None, "created": [], "failures": None}, False, False),
        ({"importId": "i", "status": ""}, False, False),
        ({"created": [{"contactId": 1, "identifiers": {"email": "a@x.example"}}]}, True, True),
        ({"importId": "i", "status": "NotFinished", "created": None}, False, False),
        ({"importId": "i", "status": "Failed", "created": None}, True, False),
    ],
)
async def test_a_report_without_status_is_done_with_when_it_names_somebody(
    report: dict[str, Any], finished: bool, succeeded: bool
) -> None:
    async with Conversation(ok(report)).client() as dd:
        result = await imports.import_result(dd, "i")
    assert (result.finished, result.succeeded) == (finished, succeeded)


async def test_text_that_is_no_utf_8_is_read_with_a_replacement() -> None:
    body = b'[{"id":7,"name":"H\xf6st"}]'
    refusal = httpx.Response(400, content=b'{"message":"N\xf6 such thing. ERROR_CAMPAIGN_NOT_FOUND"}')
    async with Conversation(httpx.Response(200, content=body), refusal).client() as dd:
        assert [row.name for row in await campaigns.campaigns(dd)] == ["H\N{REPLACEMENT CHARACTER}st"]
        with pytest.raises(DotdigitalError) as refused:
            await campaigns.summary(dd, 7)
    assert refused.value.platform_code == "ERROR_CAMPAIGN_NOT_FOUND"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'"text"', b"[" * 5000 + b"]" * 5000, b'{"a":\xff'])
async def test_an_answer_of_no_known_shape_is_told_and_nothing_else_happens(body: bytes) -> None:
    async with Conversation(httpx.Response(200, content=body), forever=True).client(attempts=1) as dd:
        for asked in (campaigns.campaigns, data_fields.data_fields, account.account_info):
            with pytest.raises(DotdigitalError):
                await _ask(asked, dd)


async def _ask(asked: Any, dd: Dotdigital) -> None:
    await asked(dd)
