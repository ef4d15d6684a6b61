"""Pages: overlapping ones that drift, and ones with markers."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dyntui.dotdigital import contacts, suppressions
from dyntui.dotdigital.contacts import ALL_DATA_FIELDS
from tests.dotdigital.conversation import Conversation, ok

SINCE = datetime(2026, 3, 4, 8, 10, 44, tzinfo=UTC)


class Book:
    """An address book in no order; `drift` changes it between two pages."""

    def __init__(self, size: int) -> None:
        self.ids = list(range(1, size + 1))
        self.drift = lambda: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = parse_qs(urlsplit(str(request.url)).query)
        skip, select = int(asked["skip"][0]), int(asked["select"][0])
        page = self.ids[skip : skip + select]
        self.drift()
        return ok(
            [{"id": each, "email": f"p{each}@x.org", "status": "Subscribed", "dataFields": None} for each in page]
        )


async def read(book: Book, resume: str | None = None) -> tuple[list[int], Conversation]:
    talk = Conversation(book, forever=True)
    async with talk.client() as dd:
        pages = [page async for page in contacts.book_contacts(dd, 7, resume=resume)]
    return [row.id for page in pages for row in page.rows], talk


async def test_everybody_is_read_once_though_pages_overlap():
    found, talk = await read(Book(2750))
    assert found == list(range(1, 2751))
    assert talk.paths()[1] == "GET /v2/address-books/7/contacts?withFullData=false&select=1000&skip=900"


async def test_nobody_is_lost_when_up_to_a_hundred_leave_between_pages():
    book = Book(2750)

    def leave() -> None:
        del book.ids[:100]

    book.drift = leave
    found, _ = await read(book)
    assert len(found) == len(set(found))
    assert set(found) == set(range(1, 2751))


async def test_nobody_is_read_twice_when_others_join_in_front():
    book = Book(2750)

    def join() -> None:
        book.ids[:0] = range(10_000 + len(book.ids), 10_000 + len(book.ids) + 50)

    book.drift = join
    found, _ = await read(book)
    assert len(found) == len(set(found))
    assert set(found) >= set(range(1, 2751))


async def test_an_empty_book_costs_one_call():
    found, talk = await read(Book(0))
    assert found == []
    assert len(talk.requests) == 1


async def test_a_full_last_page_is_followed_by_a_look_behind_it():
    found, talk = await read(Book(1000))
    assert len(found) == 1000
    assert len(talk.requests) == 2


async def test_a_listing_goes_on_from_a_stored_cursor():
    talk = Conversation(Book(2750), forever=True)
    async with talk.client() as dd:
        first = await anext(contacts.book_contacts(dd, 7))
    found, _ = await read(Book(2750), resume=first.cursor)
    assert set(found) | {row.id for row in first.rows} == set(range(1, 2751))


async def test_v3_pages_follow_the_marker_and_end_without_a_next_link():
    def answer(request: httpx.Request) -> httpx.Response:
        marker = parse_qs(urlsplit(str(request.url)).query).get("marker", [None])[0]
        links = {"self": {"marker": "a", "link": "x"}, "first": {"marker": "a", "link": "x"}}
        if marker is None:
            links["next"] = {"marker": "b+/=", "link": "https://ignored"}
        person = {
            "contactId": 2 if marker else 1,
            "identifiers": {"email": "Ada@Example.org", "mobileNumber": None},
            "status": "subscribed",
            "dataFields": {"firstname": "Ada"},
            "channelProperties": {"email": {"status": "softBounced", "emailType": "Html", "optInType": "Single"}},
        }
        return ok({"_links": links, "_items": [person]})

    talk = Conversation(answer, forever=True)
    async with talk.client() as dd:
        pages = [
            page
            async for page in contacts.contact_pages(
                dd, list_id=7, modified_since=SINCE, data_fields=ALL_DATA_FIELDS, include=["channelProperties", "lists"]
            )
        ]
    assert [row.contact_id for page in pages for row in page.rows] == [1, 2]
    assert [page.cursor for page in pages] == ["b+/=", None]
    person = pages[0].rows[0]
    assert person.email == "ada@example.org"
    assert person.values == {"FIRSTNAME": "Ada"}
    assert person.channel_properties is not None
    assert person.channel_properties.email is not None
    assert person.channel_properties.email.status == "softBounced"
    query = parse_qs(urlsplit(str(talk.requests[1].url)).query)
    assert query == {
        "data-fields": ["[[ALL]]"],
        "include": ["channelProperties|lists"],
        "~listId": ["7"],
        "~modified": ["gte::2026-03-04T08:10:44Z"],
        "limit": ["5000"],
        "marker": ["b+/="],
    }


@pytest.mark.parametrize(
    "following",
    [
        {"marker": "b+/=", "link": "https://r1-api.dotdigital.com/contacts/v3?limit=1&marker=b%2B%2F%3D"},
        {"marker": "b+/=", "href": "https://r1-api.dotdigital.com/contacts/v3?limit=1&marker=b%2B%2F%3D"},
        {"marker": "b+/="},
        {"marker": None, "link": "/contacts/v3?limit=1&marker=b%2B%2F%3D"},
        {"link": "/contacts/v3?marker=b%2B%2F%3D&limit=1"},
        {"marker": "", "href": "/contacts/v3?limit=1&marker=b%2B%2F%3D"},
    ],
    ids=["link and marker", "href and marker", "marker", "link", "link alone", "href"],
)
async def test_v3_pages_are_followed_however_the_next_one_is_named(following: dict[str, str | None]):
    def answer(request: httpx.Request) -> httpx.Response:
        marker = parse_qs(urlsplit(str(request.url)).query).get("marker", [None])[0]
        links = {"self": {"marker": marker}, "first": {"marker": None}} | ({} if marker else {"next": following})
        return ok({"_links": links, "_items": [{"contactId": 2 if marker else 1}]})

    talk = Conversation(answer, forever=True)
    async with talk.client() as dd:
        pages = [page async for page in contacts.contact_pages(dd, limit=1)]
    assert [[row.contact_id for row in page.rows] for page in pages] == [[1], [2]]
    assert [page.cursor for page in pages] == ["b+/=", None]


@pytest.mark.parametrize(
    "following", [None, {}, {"marker": None}, {"marker": "", "link": ""}, {"link": "/contacts/v3"}]
)
async def test_v3_pages_end_where_no_next_one_is_named(following: dict[str, str | None] | None):
    talk = Conversation(ok({"_links": {"next": following}, "_items": [{"contactId": 1}]}))
    async with talk.client() as dd:
        assert [page.cursor async for page in contacts.contact_pages(dd)] == [None]


@pytest.mark.parametrize(
    "filters", [{"list_id": 1, "segment_id": 2}, {"modified_since": SINCE, "created_since": SINCE}]
)
async def test_filters_that_dotdigital_cannot_combine_are_refused(filters: dict[str, object]):
    async with Conversation().client() as dd:
        with pytest.raises(ValueError, match="dotdigital filters by"):
            contacts.contact_pages(dd, **filters)  # type: ignore[arg-type]


class Feed:
    """A feed of suppressions whose pages hold at most `page` rows, whatever is asked for; `leave` of the first ones are
    gone after each page."""

    def __init__(self, size: int, page: int, leave: int = 0) -> None:
        self.ids, self.page, self.leave = list(range(1, size + 1)), page, leave

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = parse_qs(urlsplit(str(request.url)).query)
        skip, select = int(asked["skip"][0]), int(asked["select"][0])
        ids = self.ids[skip : skip + min(select, self.page)]
        del self.ids[: self.leave]
        return ok([{"suppressedContact": {"id": n, "email": f"p{n}@x.org"}, "reason": "Unsubscribed"} for n in ids])


@pytest.mark.parametrize(
    ("size", "page", "calls"), [(0, 1000, 1), (5, 1000, 2), (1000, 1000, 3), (2500, 1000, 4), (730, 250, 7)]
)
async def test_a_feed_of_consent_is_read_to_its_empty_page(size: int, page: int, calls: int):
    talk = Conversation(Feed(size, page), forever=True)
    async with talk.client() as dd:
        found = [row.contact_id async for each in suppressions.suppressed_since(dd, SINCE) for row in each.rows]
    assert found == list(range(1, size + 1))
    assert len(talk.requests) == calls


@pytest.mark.parametrize("page", [2, 7, 50, 250, 1000])
@pytest.mark.parametrize("size", [1, 12, 163, 730])
async def test_nobody_is_lost_in_short_pages_from_which_rows_go(size: int, page: int):
    talk = Conversation(Feed(size, page, leave=min(page // 3, 50)), forever=True)
    async with talk.client() as dd:
        found = [row.contact_id async for each in suppressions.suppressed_since(dd, SINCE) for row in each.rows]
    assert sorted(found) == list(range(1, size + 1))


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_a_feed_of_short_pages_goes_on_from_a_stored_cursor(after: int):
    feed = Feed(730, 250)
    async with Conversation(feed, forever=True).client() as dd:
        pages = [each async for each in suppressions.suppressed_since(dd, SINCE)]
        left = pages[after - 1].cursor
        assert left is not None
        del feed.ids[:60]
        resumed = [each async for each in suppressions.suppressed_since(dd, SINCE, resume=left)]
    found = [row.contact_id for each in (*pages[:after], *resumed) for row in each.rows]
    assert set(found) == set(range(1, 731))


async def test_a_feed_of_short_pages_ends_though_each_of_its_pages_is_read_anew():
    feed, left, found = Feed(163, 50), "", []
    async with Conversation(feed, forever=True).client() as dd:
        for _ in range(20):
            page = await anext(suppressions.suppressed_since(dd, SINCE, resume=left or None))
            found += [row.contact_id for row in page.rows]
            if page.cursor is None:
                break
            left = page.cursor
    assert page.cursor is None and set(found) == set(range(1, 164))


async def test_a_row_of_a_feed_may_lack_everything_and_the_others_are_read():
    talk = Conversation(
        ok(
            [
                {"suppressedContact": None, "dateRemoved": None, "reason": None},
                {"suppressedContact": {"id": 5, "email": None}, "dateRemoved": "0001-01-01T00:00:00", "reason": "Sick"},
                {"suppressedContact": {"id": None, "email": "<A@x.org>"}, "dateRemoved": "yesterday", "reason": ""},
                {},
            ]
        ),
        ok([]),
    )
    async with talk.client() as dd:
        rows = [row async for page in suppressions.suppressed_since(dd, SINCE) for row in page.rows]
    assert [(row.contact_id, row.addresses, row.removed_at) for row in rows] == [
        (0, (), None),
        (5, (), None),
        (0, ("a@x.org",), None),
    ]


async def test_suppressions_keep_a_reason_that_nobody_has_heard_of():
    row = {
        "suppressedContact": {"id": 5, "email": "x@y.org", "dataFields": None, "status": "NotAvailableInThisVersion"},
        "dateRemoved": "2026-03-01 09:00:00.123456+00:00",
        "reason": "KnownLitigator",
    }
    talk = Conversation(ok([row, {**row, "dateRemoved": "2026-03-01T09:00:00"}]), ok([]))
    async with talk.client() as dd:
        pages = [page async for page in suppressions.suppressed_since(dd, SINCE)]
    assert [found.reason for found in pages[0].rows] == ["KnownLitigator"]
    assert pages[0].rows[0].removed_at == datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert talk.paths()[0].startswith("GET /v2/contacts/suppressed-since/2026-03-04T08:10:44Z?")
