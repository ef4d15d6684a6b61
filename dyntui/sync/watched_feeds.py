"""dotdigital's feeds as the consent watch asks them: an account's suppressions, and the unsubscribes of its books.

A feed is asked from dotdigital's own clock on, as its answers' `Date` tells it, with a little overlap; what shows later
than that, and rows whose contact has to be asked for, are left to the synchronisations, which read with more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.paging import Page
from dyntui.dotdigital.suppressions import Suppression
from dyntui.model.moments import moment_of, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.store import list_unsubscribes, members, watermarks
from dyntui.store import lists as list_store
from dyntui.store import suppressions as suppression_store
from dyntui.store.lists import StoredList
from dyntui.sync import list_feeds, suppressions
from dyntui.sync.connections import Connections
from dyntui.sync.watched import Source, Told

SUPPRESSIONS = "suppressions"
# A feed may show its rows later than they happened, and "since" may be exclusive.
_OVERLAP = timedelta(minutes=10)


def suppressions_of(c: Connection, connections: Connections, account_id: str) -> Source:
    """The feed of everything that an account suppresses."""

    async def ask(place: str, now: datetime) -> AsyncIterator[Told]:
        dd = await connections.dotdigital(account_id)
        async for rows, there in _pages(dd, place, now, lambda since: _suppressed(dd, since)):

            def keep(c: Connection, rows: Sequence[Suppression] = rows) -> list[PersonOutcome]:
                found = [suppressions.as_stored(address, row) for address, row in _named(c, account_id, rows)]
                fresh = set(suppression_store.not_known(c, account_id, [each.address for each in found]))
                suppression_store.record(c, account_id, found, text_of(now))
                return [
                    _opted_out(each.address, f"{each.status}, {each.suppressed_on}".rstrip(", "))
                    for each in found
                    if each.address in fresh
                ]

            yield Told(there, keep)

    read_by_runs = moment_of(watermarks.get(c, account_id, suppressions.FEED))
    return Source((account_id, SUPPRESSIONS), "Suppressions", ask, read_by_runs)


def books_of(c: Connection, connections: Connections, account_id: str) -> list[Source]:
    """The feeds of those who unsubscribed from one list of the account."""
    return [_book(c, connections, each) for each in list_store.with_books(c, account_id)]


def _book(c: Connection, connections: Connections, chosen: StoredList) -> Source:
    async def ask(place: str, now: datetime) -> AsyncIterator[Told]:
        dd = await connections.dotdigital(chosen.account_id)
        async for rows, there in _pages(dd, place, now, lambda since: _unsubscribed(dd, chosen.book_id, since)):

            def keep(c: Connection, rows: Sequence[Suppression] = rows) -> list[PersonOutcome]:
                found = _named(c, chosen.account_id, rows)
                fresh = list_unsubscribes.not_known(c, {(chosen.id, address) for address, _ in found})
                list_unsubscribes.add(
                    c,
                    chosen.id,
                    [(address, text_of(row.removed_at)) for address, row in found],
                    text_of(now),
                    book_id=chosen.book_id,
                    contact_ids={address: row.contact_id for address, row in found},
                )
                return [
                    _opted_out(address, f"unsubscribed from {chosen.name}, {text_of(row.removed_at)}".rstrip(", "))
                    for address, row in found
                    if (chosen.id, address) in fresh
                ]

            yield Told(there, keep)

    read_by_runs = moment_of(watermarks.get(c, chosen.account_id, list_feeds.feed_of(chosen)))
    return Source((chosen.account_id, list_feeds.feed_of(chosen)), f"Unsubscribes of {chosen.name}", ask, read_by_runs)


def _suppressed(dd: Dotdigital, since: datetime) -> AsyncIterator[Page[Suppression]]:
    return dd_suppressions.suppressed_since(dd, since, until_empty=False)


def _unsubscribed(dd: Dotdigital, book_id: int, since: datetime) -> AsyncIterator[Page[Suppression]]:
    return dd_suppressions.unsubscribed_from_book_since(dd, book_id, since, until_empty=False)


async def _pages(
    dd: Dotdigital, place: str, now: datetime, pages: Callable[[datetime], AsyncIterator[Page[Suppression]]]
) -> AsyncIterator[tuple[list[Suppression], str]]:
    """The rows of each page, and from where to ask on after it: where it came to an end only after the last one,
    and not where it did not go on."""
    began = dd.connection.clock_of(now)
    since = (moment_of(place) or began) - _OVERLAP
    async for page in pages(since):
        yield page.rows, text_of(began) if page.cursor is None and not page.repeats else place


def _named(c: Connection, account_id: str, rows: Sequence[Suppression]) -> list[tuple[str, Suppression]]:
    """(address, row) for every address that a row names, or that synchronisations know of its contact."""
    found = [(address, row) for row in rows for address in row.addresses]
    nameless = {row.contact_id: row for row in rows if not row.addresses and row.contact_id}
    known = members.addresses_of_contacts(c, account_id, list(nameless))
    return [*found, *((address, nameless[contact]) for contact, address in known)]


def _opted_out(address: str, detail: str) -> PersonOutcome:
    return PersonOutcome(person=address, address=address, outcome=Outcome.ADDED, detail=detail)
