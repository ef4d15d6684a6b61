"""What a connection's dotdigital account answers to what is assumed of it. Reading calls alone, some twenty-five.

`probes(dd, now) -> {id: Probe}`. Each probe stands below under its assumption's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dyntui.dotdigital import account, address_books, campaigns, contacts, data_fields, suppressions
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import stamp
from dyntui.model.errors import Exit
from dyntui.model.first_connection import Seen
from dyntui.model.reasons import reason_of_status
from dyntui.model.sends import book_of_send
from dyntui.sync.first_connection.asking import Probe, no, told, unknown, yes

_SINCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE: Final = 1000
_LATELY: Final = timedelta(days=30)
_YEAR: Final = timedelta(days=365)
_BOOKS: Final = 3
_SEND_BOOKS: Final = 5
_NAMES: Final = ("FIRSTNAME", "LASTNAME", "FULLNAME")
_Row = dict[str, Any]


def probes(dd: Dotdigital, now: datetime) -> Mapping[str, Probe]:
    """Every probe by its assumption."""
    return {
        "DD-01": lambda: _waiting(dd, now),
        "DD-03": lambda: _capitals(dd),
        "DD-04": lambda: _cancelled(dd),
        "DD-05": lambda: _sent_to_all(dd),
        "DD-07": lambda: _scheduled(dd, now),
        "DD-10": lambda: _unsubscribes_of_books(dd),
        "DD-12": lambda: _short_pages(dd),
        "DD-13": lambda: _suppressions(dd),
        "DD-16": lambda: _sent_again(dd, now),
        "DD-18": lambda: _statuses(dd),
        "DD-19": lambda: _numbers_of_books(dd),
        "DD-20": lambda: _filters_together(dd, now),
        "DD-23": lambda: _books_of_suppressed(dd),
        "DD-24": lambda: _empty_fields(dd),
        "DD-26": lambda: _year_one(dd),
        "DD-27": lambda: _fields(dd),
        "DD-28": lambda: _everybody_once(dd),
        "DD-35": lambda: _preferences(dd),
        "DD-30": lambda: _limits(dd),
        "DD-31": lambda: _calls_of_others(dd),
        "DD-32": lambda: _question_with_a_body(dd),
        "DD-36": lambda: _web_behaviour(dd),
    }


async def _waiting(dd: Dotdigital, now: datetime) -> Seen:
    async for page in contacts.contact_pages(dd, created_since=now - _LATELY, limit=_PAGE):
        waiting = sum(each.email_status.lower() == "pendingoptin" for each in page.rows)
        if not page.rows:
            return unknown("nobody was added within 30 days")
        return told(not waiting, f"{waiting} of {len(page.rows)} who were added within 30 days wait to confirm")
    return unknown("nobody was added within 30 days")


async def _capitals(dd: Dotdigital) -> Seen:
    body = {"CONTACTS": [{"EMAIL": "nobody@example.invalid"}], "withFullData": False}
    try:
        answer = await dd.get("/v2/contacts/retrieve-collection", _Row, body=body)
    except DotdigitalError as error:
        if not 400 <= error.status < 500:
            raise
        return no(f"a request in capitals: HTTP {error.status}")
    return told(
        bool(answer.get("notFound")), "a request in capitals was " + ("read" if answer.get("notFound") else "not read")
    )


async def _cancelled(dd: Dotdigital) -> Seen:
    for each in (await campaigns.campaigns(dd, statuses=["Cancelled"]))[:1]:
        summary = await campaigns.summary(dd, each.id)
        rows = await _activities(dd, each.id)
        return told(
            len(rows) == min(summary.num_total_sent, _PAGE),
            f"{summary.num_total_sent} sent by the summary, {len(rows)} activities",
        )
    return unknown("no campaign was cancelled")


async def _sent_to_all(dd: Dotdigital) -> Seen:
    latest = await _latest_sent(dd)
    if latest is None:
        return unknown("no campaign was sent")
    total = (await campaigns.summary(dd, latest)).num_total_sent
    rows = await _activities(dd, latest)
    if len(rows) == _PAGE:
        return unknown("more were mailed than one page holds")
    return told(total == len(rows), f"{total} sent by the summary of the latest, {len(rows)} activities")


async def _unsubscribes_of_books(dd: Dotdigital) -> Seen:
    """Those of the books that sends were made to: what stands there was not told to the list's own book."""
    books = [each for each in await address_books.address_books(dd) if each.name.startswith(book_of_send(""))]
    if not books:
        return unknown("there is no address book of a send")
    found = 0
    for book in books[-_SEND_BOOKS:]:
        async for page in suppressions.unsubscribed_from_book_since(dd, book.id, _SINCE):
            found += len(page.rows)
            break
    return told(not found, f"{found} in {min(len(books), _SEND_BOOKS)} address books of sends")


async def _preferences(dd: Dotdigital) -> Seen:
    try:
        tree = await dd.get("/v2/preferences", list[_Row])
    except DotdigitalError as error:
        if error.status not in (403, 404):
            raise
        return unknown(f"the account has no preferences: HTTP {error.status}")
    if not tree:
        return unknown("the account has no preferences")
    odd = sum(not isinstance(each.get("id"), int) for each in tree)
    return told(not odd, f"{len(tree)} at the top of the tree, {odd} of them without an id")


async def _scheduled(dd: Dotdigital, now: datetime) -> Seen:
    async for page in campaigns.campaign_pages(dd, scheduled_from=now):
        for each in page.rows[:1]:
            books = await campaigns.books_of_campaign(dd, each.id)
            if not books:
                return no("a scheduled campaign names no address book")
            shown = await campaigns.campaigns_of_book(dd, books[0].id)
            there = any(found.id == each.id for found in shown)
            return told(there, "its address book " + ("names it" if there else "does not name it"))
        break
    return unknown("no campaign is scheduled")


async def _short_pages(dd: Dotdigital) -> Seen:
    path = f"/v2/contacts/suppressed-since/{stamp(_SINCE)}"
    first = await dd.get(path, list[_Row], params={"select": _PAGE, "skip": 0})
    if len(first) == _PAGE:
        return unknown("the first page was full")
    behind = await dd.get(path, list[_Row], params={"select": _PAGE, "skip": len(first)})
    return told(not behind, f"a page of {len(first)}, and {len(behind)} rows behind it")


async def _suppressions(dd: Dotdigital) -> Seen:
    feed: set[int] = set()
    async for page in suppressions.suppressed_since(dd, _SINCE):
        feed |= {each.contact_id for each in page.rows}
        if len(feed) > 10 * _PAGE:
            return unknown("accepted from 1970; too long to be compared")
    missing, looked_at = 0, 0
    async for found in contacts.contact_pages(dd):
        looked_at += len(found.rows)
        missing += sum(
            reason_of_status(each.email_status) not in ("", "PENDING_OPT_IN") and each.contact_id not in feed
            for each in found.rows
        )
        break
    return told(not missing, f"{len(feed)} in the feed; of {looked_at} contacts {missing} are suppressed and not in it")


async def _sent_again(dd: Dotdigital, now: datetime) -> Seen:
    asked = {"startDate": stamp(now - _YEAR), "endDate": stamp(now)}
    # By one description a list, by another an object that holds one.
    found: Any = await dd.get("/v2/campaigns/metrics", Any, params=asked)
    listed = found if isinstance(found, list) else next((each for each in found.values() if isinstance(each, list)), [])
    again = sum(
        bool(each.get("lastDateSent")) and str(each["lastDateSent"])[:10] > str(each.get("dateSent"))[:10]
        for each in listed
    )
    if not again:
        return unknown(f"none of {len(listed)} campaigns of a year was sent on two days")
    return yes(f"{again} of {len(listed)} campaigns of a year were sent on two days or more")


async def _statuses(dd: Dotdigital) -> Seen:
    async for page in contacts.contact_pages(dd):
        odd = {each.email_status for each in page.rows if reason_of_status(each.email_status) == "UNKNOWN"}
        # A status is a word of dotdigital's own; whatever else stands there is not repeated.
        words = ", ".join(sorted(each for each in odd if each.isalpha()))[:100]
        return told(not odd, f"new among {len(page.rows)} contacts: {words}" if odd else f"none among {len(page.rows)}")
    return unknown("there are no contacts")


async def _numbers_of_books(dd: Dotdigital) -> Seen:
    compared: list[str] = []
    same = True
    books = sorted(await address_books.address_books(dd), key=lambda each: each.contacts)
    for book in [each for each in books if 0 < each.contacts <= 5 * _PAGE][-_BOOKS:]:
        async for page in contacts.contact_pages(dd, list_id=book.id, include=()):
            compared.append(f"{book.contacts} and {len(page.rows)} listed")
            same = same and len(page.rows) == book.contacts
            break
    return told(same, "; ".join(compared)) if compared else unknown("no address book can be compared")


async def _filters_together(dd: Dotdigital, now: datetime) -> Seen:
    books = await address_books.address_books(dd)
    if not books:
        return unknown("there is no address book")
    try:
        async for _ in contacts.contact_pages(dd, list_id=books[0].id, modified_since=now - _LATELY, limit=1):
            break
    except DotdigitalError as error:
        if error.status != 400:
            raise
        return no("both filters together: HTTP 400")
    return yes("both filters together are taken")


async def _books_of_suppressed(dd: Dotdigital) -> Seen:
    async for page in suppressions.suppressed_since(dd, _SINCE, until_empty=False):
        for each in page.rows:
            found = await contacts.contact_as_received(dd, each.addresses[0]) if each.addresses else None
            if found is not None:
                books = await contacts.books_of_contact(dd, each.contact_id)
                return told(not books, f"a suppressed contact is in {len(books)} address books")
        break
    return unknown("no contact is suppressed")


async def _empty_fields(dd: Dotdigital) -> Seen:
    feed = await dd.get(f"/v2/contacts/suppressed-since/{stamp(_SINCE)}", list[_Row], params={"select": _PAGE})
    empty = sum(not each.get("suppressedContact") or not each["suppressedContact"].get("email") for each in feed)
    rows = await _latest_activities(dd)
    empty += sum(not each.get("email") for each in rows)
    return told(not empty, f"{empty} of {len(feed)} suppressions and {len(rows)} activities")


async def _year_one(dd: Dotdigital) -> Seen:
    rows = await _latest_activities(dd)
    if not rows:
        return unknown("there are no activities")
    found = sum(str(value).startswith("0001-") for each in rows for value in each.values())
    return told(not found, f"{found} dates of year 1 in {len(rows)} activities")


async def _fields(dd: Dotdigital) -> Seen:
    types = {each.name.upper(): each.type for each in await data_fields.data_fields(dd)}
    odd = [f"{name} is {types.get(name) or 'missing'}" for name in _NAMES if types.get(name) != data_fields.STRING]
    return told(not odd, ", ".join(odd) if odd else "all three are")


async def _everybody_once(dd: Dotdigital) -> Seen:
    rows = await _latest_activities(dd)
    if not rows:
        return unknown("there are no activities")
    twice = len(rows) - len({each.get("contactId") for each in rows})
    return told(not twice, f"{twice} of {len(rows)} activities are of somebody who is there already")


async def _limits(dd: Dotdigital) -> Seen:
    remaining = (await account.account_info(dd)).calls_remaining
    return told(remaining is None, "limited by tiers" if remaining is None else f"{remaining} calls are left this hour")


async def _calls_of_others(dd: Dotdigital) -> Seen:
    """Two calls one after the other: what they use up beyond themselves, somebody else does."""
    left: dict[str, list[int]] = {}
    for _ in range(2):
        await account.server_time(dd)
        for scope, window in dd.limits.items():
            left.setdefault(scope, []).append(window.remaining)
    if not left:
        return unknown("no answer tells what is left")
    scope, remaining = min(left.items(), key=lambda each: each[1][-1])
    return unknown(f"{remaining[-1]} of {dd.limits[scope].limit} calls of a window are left; nothing tells whose")


async def _question_with_a_body(dd: Dotdigital) -> Seen:
    body = {"contacts": [{"email": "nobody@example.invalid"}], "withFullData": False}
    try:
        answer = await dd.get("/v2/contacts/retrieve-collection", _Row, body=body)
    except DotdigitalError as error:
        if error.exit is Exit.UNREACHABLE and not error.status:
            raise
        return no(f"refused: HTTP {error.status}")
    return told("notFound" in answer, "answered" if "notFound" in answer else "the body did not arrive")


async def _web_behaviour(dd: Dotdigital) -> Seen:
    try:
        await dd.get("/insightData/v3/collections/WebInsight/schema", _Row)
    except DotdigitalError as error:
        if error.status != 404:
            raise
        return unknown("the account has no collection of this name")
    return yes("there is a collection of this name")


async def _latest_activities(dd: Dotdigital) -> list[_Row]:
    latest = await _latest_sent(dd)
    return [] if latest is None else await _activities(dd, latest)


async def _latest_sent(dd: Dotdigital) -> int | None:
    """The campaign's id."""
    sent = [each for each in await campaigns.campaigns(dd, statuses=["Sent"]) if each.sent_date]
    return max(sent, key=lambda each: each.sent_date or "").id if sent else None


async def _activities(dd: Dotdigital, campaign_id: int) -> list[_Row]:
    return await dd.get(f"/v2/campaigns/{campaign_id}/activities", list[_Row], params={"select": _PAGE})
