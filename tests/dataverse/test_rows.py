"""Reading pages and changes, and writing rows."""

from __future__ import annotations

from datetime import timedelta

import httpx
import msgspec
import pytest

from dyntui.dataverse import changes, rows
from dyntui.dataverse.errors import DataverseError, UnknownOutcome
from tests.dataverse.conversation import API, Conversation, batched, error, ok

ADA = "00000015-0000-4000-8000-000000000015"
BOB = "00000016-0000-4000-8000-000000000016"
BROKEN = httpx.ReadError("reset")


class Person(msgspec.Struct, frozen=True, rename={"id": "contactid", "name": "fullname", "email": "emailaddress1"}):
    id: str
    name: str | None = None
    email: str | None = None
    owner: str | None = msgspec.field(name="_ownerid_value@OData.Community.Display.V1.FormattedValue", default=None)


def row(row_id: str, name: str) -> dict[str, object]:
    return {"@odata.etag": 'W/"1"', "contactid": row_id, "fullname": name, "emailaddress1": None}


async def test_pages_follow_the_links_and_decode_into_the_callers_type():
    second = f"{API}contacts?$select=contactid&$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E"
    talk = Conversation(
        ok({"@odata.count": 2, "value": [row(ADA, "Ada")], "@odata.nextLink": second}), ok({"value": [row(BOB, "Bob")]})
    )
    async with talk.client() as dv:
        found = [
            page
            async for page in rows.pages(
                dv, "contacts", Person, filter="statecode eq 0", orderby=["contactid"], count=True, maxpagesize=2
            )
        ]
    assert [person.name for page in found for person in page.rows] == ["Ada", "Bob"]
    assert (found[0].count, found[0].next_link, found[1].next_link) == (2, second, None)
    assert talk.paths()[0] == (
        "GET contacts?$select=contactid,fullname,emailaddress1&$filter=statecode eq 0&$orderby=contactid&$count=true"
    )
    assert {request.headers["Prefer"] for request in talk.requests} == {"odata.maxpagesize=2"}
    assert str(talk.requests[1].url) == second


async def test_a_listing_goes_on_from_a_stored_link():
    talk = Conversation(ok({"value": [row(BOB, "Bob")]}))
    async with talk.client() as dv:
        found = [page async for page in rows.pages(dv, "contacts", Person, resume=f"{API}contacts?$skiptoken=2")]
    assert len(found) == 1
    assert talk.paths() == ["GET contacts?$skiptoken=2"]


async def test_many_values_are_asked_for_in_few_queries_below_the_url_limit():
    values = [f"0000{n:04x}-0000-4000-8000-000000000000" for n in range(3000)]
    found_one = ok({"value": [row(ADA, "Ada")]})
    talk = Conversation(lambda asked: batched(found_one) if asked.method == "POST" else found_one, forever=True)
    async with talk.client() as dv:
        found = [
            page
            async for page in rows.pages_where_any(
                dv, "contacts", Person, "contactid", values, filter="statecode eq 0", orderby=["contactid"]
            )
        ]
    assert [page.rows[0].name for page in found] == ["Ada"] * len(found)
    assert talk.calls == [*[("read", "POST $batch")] * 2, ("read", "GET contacts")]
    lines = [line for request in talk.requests for line in request.content.split(b"\r\n") if line.startswith(b"GET ")]
    assert all(len(line) < 65_536 for line in lines)
    asked = b"".join(lines).decode() + str(talk.requests[-1].url)
    assert all(value in asked for value in values)


async def test_a_long_query_meets_a_limit_inside_its_batch_and_waits():
    values = [f"0000{n:04x}-0000-4000-8000-000000000000" for n in range(500)]
    limited = batched(error(429, "0x80072322", "Number of requests exceeded"))
    talk = Conversation(limited, batched(ok({"value": []})))
    async with talk.client() as dv:
        async for _ in rows.pages_where_any(dv, "contacts", Person, "contactid", values):
            pass
    assert talk.time.slept == [15]


async def test_a_quote_in_a_value_cannot_leave_its_literal():
    talk = Conversation(ok({"value": []}))
    async with talk.client() as dv:
        async for _ in rows.pages_where_any(dv, "contacts", Person, "emailaddress1", ["o'hara@x.ie')] or true"]):
            pass
    assert "PropertyValues=['o''hara@x.ie'')] or true'])" in talk.paths()[0]


async def test_changes_tell_new_rows_from_deleted_ones_even_when_a_name_imitates_a_deletion():
    hostile = "x$deletedEntity"
    deleted = {"@odata.context": f"{API}$metadata#contacts/$deletedEntity", "id": BOB.upper(), "reason": "deleted"}
    talk = Conversation(
        ok({"value": [row(ADA, hostile)], "@odata.nextLink": f"{API}contacts?$skiptoken=2"}),
        ok({"value": [deleted], "@odata.deltaLink": f"{API}contacts?$deltatoken=9"}),
    )
    async with talk.client() as dv:
        found = [page async for page in changes.changes(dv, "contacts", Person)]
    assert [person.name for person in found[0].rows] == [hostile]
    assert found[1].deleted == [BOB]
    assert [page.delta_link for page in found] == [None, f"{API}contacts?$deltatoken=9"]
    assert all("odata.track-changes" in request.headers["Prefer"] for request in talk.requests)


async def test_a_page_that_leads_back_to_one_before_ends_the_listing_by_name():
    again = ok({"value": [row(ADA, "Ada")], "@odata.nextLink": f"{API}contacts?$skiptoken=2"})
    for listing in (rows.pages, changes.changes):
        seen = 0
        async with Conversation(again, forever=True).client() as dv:
            with pytest.raises(DataverseError, match="DATAVERSE_PAGE_REPEATS"):
                async for page in listing(dv, "contacts", Person):
                    seen += len(page.rows)
        assert seen == 2


async def test_an_expired_delta_link_says_so():
    talk = Conversation(error(400, "0x80044352", "Version stamp associated with the client has expired."))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            async for _ in changes.changes(dv, "contacts", Person, since=f"{API}contacts?$deltatoken=1"):
                pass
    assert raised.value.code == "DATAVERSE_CHANGES_EXPIRED"


async def test_a_missing_row_is_none():
    talk = Conversation(error(404, "0x80040217", "Entity 'Contact' With Id = ... Does Not Exist"))
    async with talk.client() as dv:
        assert await rows.get_row(dv, "contacts", ADA, Person) is None


async def test_a_missing_table_is_an_error_and_not_a_missing_row():
    talk = Conversation(error(404, "0x80060888", "Resource not found for the segment 'contactz'."))
    async with talk.client() as dv:
        with pytest.raises(DataverseError):
            await rows.get_row(dv, "contactz", ADA, Person)


async def test_a_count_says_when_dataverse_stopped_counting():
    talk = Conversation(httpx.Response(200, content=b"\xef\xbb\xbf5000"), httpx.Response(200, content=b"17"))
    async with talk.client() as dv:
        assert (await rows.count_rows(dv, "contacts")).capped
        assert await rows.count_rows(dv, "contacts", filter="statecode eq 1") == rows.Count(rows=17, capped=False)


async def test_a_created_row_answers_with_its_id():
    talk = Conversation(httpx.Response(204, headers={"OData-EntityId": f"{API}contacts({ADA})"}))
    async with talk.client() as dv:
        assert await rows.create(dv, "contacts", {"lastname": "Z"}) == ADA


async def test_a_row_created_with_an_id_of_our_own_survives_a_lost_answer():
    talk = Conversation(BROKEN, error(412, "0x80040237", "A record with matching key values already exists."))
    async with talk.client() as dv:
        made = await rows.create(dv, "contacts", {"lastname": "Z"}, id_column="contactid", row_id=ADA)
    assert made == ADA
    assert talk.body()["contactid"] == ADA


async def test_a_row_created_without_an_id_of_our_own_is_never_created_twice():
    talk = Conversation(BROKEN)
    async with talk.client() as dv:
        with pytest.raises(UnknownOutcome):
            await rows.create(dv, "contacts", {"lastname": "Z"})


async def test_a_clash_of_an_alternate_key_is_an_error_even_with_an_own_id():
    talk = Conversation(error(412, "0x80060892", "A record that has the attribute values External Id already exists."))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await rows.create(dv, "contacts", {"lastname": "Z"}, id_column="contactid", row_id=ADA)
    assert raised.value.code == "DATAVERSE_DUPLICATE"


async def test_an_update_never_creates():
    talk = Conversation(httpx.Response(204))
    async with talk.client() as dv:
        await rows.update(dv, "contacts", ADA, {"jobtitle": "x"})
    assert talk.requests[0].headers["If-Match"] == "*"


async def test_a_guarded_update_that_meets_its_own_lost_try_is_unknown():
    mismatch = error(412, "0x80060882", "The version of the existing record doesn't match.")
    talk = Conversation(BROKEN, mismatch, mismatch)
    async with talk.client() as dv:
        with pytest.raises(UnknownOutcome):
            await rows.update(dv, "contacts", ADA, {"jobtitle": "x"}, etag='W/"1"')
        with pytest.raises(DataverseError) as raised:
            await rows.update(dv, "contacts", ADA, {"jobtitle": "x"}, etag='W/"1"')
    assert raised.value.code == "DATAVERSE_ROW_CHANGED"


async def test_a_deletion_that_meets_its_own_lost_try_is_a_deletion():
    gone = error(404, "0x80040217", "Does Not Exist")
    talk = Conversation(BROKEN, gone, gone)
    async with talk.client() as dv:
        assert await rows.delete(dv, "contacts", ADA) is True
        assert await rows.delete(dv, "contacts", ADA) is False


async def test_linking_rows_that_are_linked_is_success():
    talk = Conversation(httpx.Response(204), error(412, "0x80040237", "Cannot insert duplicate key."))
    async with talk.client() as dv:
        for _ in range(2):
            await rows.associate(dv, "dyntui_emailcampaigns", ADA, "dyntui_emailcampaign_list", "lists", BOB)
    assert talk.body(0) == {"@odata.id": f"{API}lists({BOB})"}


async def test_a_query_with_too_many_values_is_asked_in_halves_and_the_size_that_worked_is_kept():
    values = [f"0000{n:04x}-0000-4000-8000-000000000000" for n in range(8)]
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        number = str(request.url).count("-0000-4000-8000-")
        asked.append(number)
        return error(500, "0x80040216", "An unexpected error occurred.") if number > 3 else ok({"value": []})

    talk = Conversation(answer, forever=True)
    async with talk.client() as dv:
        for _again in range(2):
            async for _ in rows.pages_where_any(dv, "contacts", Person, "contactid", values):
                pass
        assert dv.most_values == 2
    assert asked == [8, 4, 2, 2, 2, 2, 2, 2, 2, 2]


async def test_what_is_refused_for_one_value_too_is_an_error_and_limits_nothing():
    talk = Conversation(error(400, "0x80060888", "Could not find a property named 'nosuch'"), forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            async for _ in rows.pages_where_any(dv, "contacts", Person, "nosuch", ["a", "b", "c"]):
                pass
        assert dv.most_values is None
    assert raised.value.code == "DATAVERSE_UNKNOWN_NAME"
    assert len(talk.requests) == 3
    refused = Conversation(error(403, "0x80040220", "missing prvReadContact"), forever=True)
    async with refused.client() as dv:
        with pytest.raises(DataverseError):
            async for _ in rows.pages_where_any(dv, "contacts", Person, "contactid", ["a", "b", "c"]):
                pass
    assert len(refused.requests) == 1


async def test_changes_that_are_none_may_be_told_by_an_empty_object_and_the_link_stays():
    link = f"{API}contacts?$deltatoken=1"
    for empty in ({}, {"value": []}):
        talk = Conversation(ok(empty))
        async with talk.client() as dv:
            found = [page async for page in changes.changes(dv, "contacts", Person, since=link)]
        assert [(page.rows, page.deleted, page.delta_link) for page in found] == [([], [], link)]


async def test_an_empty_object_is_no_answer_to_an_ordinary_query():
    talk = Conversation(ok({}), forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            async for _ in rows.pages(dv, "contacts", Person):
                pass
    assert raised.value.code == "DATAVERSE_ANSWER_UNREADABLE"


@pytest.mark.parametrize(
    ("age", "life", "used"),
    [
        (timedelta(days=5), timedelta(days=7), True),
        (timedelta(days=6), timedelta(days=7), False),
        (timedelta(hours=11), timedelta(days=1), True),
        (timedelta(hours=13), timedelta(days=1), False),
        (timedelta(), timedelta(), False),
    ],
)
async def test_a_link_of_nearly_the_life_of_changes_is_not_used(age: timedelta, life: timedelta, used: bool):
    talk = Conversation(ok({"value": []}), forever=True)
    async with talk.client() as dv:
        try:
            async for _ in changes.changes(dv, "contacts", Person, since=f"{API}contacts?x", age=age, life=life):
                pass
        except DataverseError as failure:
            assert failure.code == "DATAVERSE_CHANGES_EXPIRED"
    assert bool(talk.requests) is used


async def test_the_life_of_changes_is_the_organisations_setting():
    odd = [{"expirechangetrackingindays": each} for each in (-1, 2**31 - 1, 2**63, "many")]
    known = (([{"expirechangetrackingindays": 30}], 30), ([{}], 7), ([], 7), *(([each], 7) for each in odd))
    for answer, days in known:
        talk = Conversation(ok({"value": answer}))
        async with talk.client() as dv:
            assert await changes.tracking_life(dv) == timedelta(days=days)
