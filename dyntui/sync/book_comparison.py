"""What an address book holds, read as cheaply as has shown itself to be right.

The contacts that were modified are asked for, and the book's own count has to be explained: by what was in it, what
runs put into it and took out of it since, and who withdrew consent in dotdigital, which takes them out itself. The
whole book is read while trust in that is to be earned, once a day afterwards, and whenever the count is not explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital import address_books, contacts
from dyntui.dotdigital.address_books import AddressBook
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.counted import counted
from dyntui.model.cursors import OneList
from dyntui.model.moments import moment_of, text_of
from dyntui.model.trust import BOOK, Rule, age_of, why_proved
from dyntui.store import book_contents, cheap_answers, reading_places, unanswered_imports
from dyntui.store.book_contents import Reading
from dyntui.store.lists import StoredList
from dyntui.sync import book_reading, feeds, list_feeds, suppressions
from dyntui.sync.run_context import RunContext

# Listings may lag behind imports (dotdigital_api.md 5.6): who was imported lately and does not show is asked for one by
# one where they are few, and waited for where they are many.
_LAG = timedelta(minutes=15)
# And no import takes so long that it shows later than that.
_IMPORTS_SHOW = timedelta(days=1)
_FEW = 20
# How the audit says that the book was read.
_WHOLE_BOOK, _PROVED_BOOK = "the whole book was read: ", "book proved "
_UNTIL_LISTED = (5.0, 10.0, 15.0, 30.0, *(60.0,) * 14)


class Compared(msgspec.Struct, frozen=True):
    """The addresses that a book has lost by other hands, and how many contacts it has."""

    lost: Sequence[str]
    contacts: int


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Which book is compared with which list: those on it carry the `mark`; `now`: the book as it was asked for just
    before. `rule` as in `dyntui.sync.lists.How`; `read_only` and `strangers` as in `book_reading.read`."""

    chosen: StoredList
    title: str
    mark: str
    now: AddressBook
    rule: Rule | None
    read_only: bool
    strangers: Sequence[str] | None


async def compare(ctx: RunContext, dd: Dotdigital, book: Book) -> Compared:
    """The book against what is known of the list's people."""
    chosen = book.chosen
    # The suppressions of this run were read by dotdigital's clock: so much earlier nothing is missed.
    asked_on = await feeds.mark(ctx, chosen.account_id, suppressions.FEED)
    await ctx.save(replace(ctx.at(OneList), joined=0, left=0), stage=f"Reading the address book of {book.title}")
    changes = await _what_changed(ctx, dd, book)
    if not changes.why:
        await _keep(ctx, book, changes.expected, asked_on, changes.said)
        return Compared((), book.now.contacts)
    reading = await _whole(ctx, dd, book)
    lost = await ctx.write(lambda c: book_contents.missing(c, chosen.id, book.mark, reading))
    ended_before = text_of(ctx.moment() - _IMPORTS_SHOW)
    await ctx.write(lambda c: unanswered_imports.forget(c, chosen.id, ended_before))
    await _judge(ctx, dd, book, changes, reading.contacts, reading.found + len(lost))
    # What is made of strangers afterwards is not counted.
    in_book = reading.contacts if book.strangers is None else -1
    await _keep(ctx, book, in_book, asked_on, f"{_WHOLE_BOOK}{changes.why}")
    return Compared(lost, reading.contacts)


async def _whole(ctx: RunContext, dd: Dotdigital, book: Book) -> Reading:
    """All of the book. That somebody does not show who was imported a moment ago proves nothing."""
    chosen = book.chosen
    waits = iter(_UNTIL_LISTED)
    while True:
        reading = await ctx.write(lambda c: book_contents.begin(c, chosen.id))
        await book_reading.read(
            ctx,
            dd,
            chosen,
            book.title,
            book.mark,
            reading,
            read_only=book.read_only,
            strangers=book.strangers,
        )
        since = text_of(ctx.moment() - _LAG)
        unseen = await ctx.read(lambda c: book_contents.unseen(c, chosen.id, reading, since))  # noqa: B023 - awaited here
        known = {place: contact_id for place, contact_id in unseen if contact_id is not None}
        if len(known) == len(unseen) <= _FEW:
            there = [each for each in known if chosen.book_id in await contacts.books_of_contact(dd, known[each])]
            book_contents.present(reading, there)
            return reading
        if (wait := next(waits, None)) is None:
            return reading
        they_show = counted(len(unseen), "person shows", "people show")
        await ctx.save(ctx.cursor, stage=f"Waiting until {they_show} in the address book of {book.title}")
        await ctx.sleep(wait)


class _Changes(msgspec.Struct, frozen=True):
    """`why`: the whole book has to be read, and why; `asked`: what changed was asked before, and `agrees` with the
    count. `expected`: how many contacts the book holds by what is known; `said`: how it was read, for the audit."""

    why: str
    asked: bool = False
    agrees: bool = False
    expected: int = -1
    said: str = ""


async def _what_changed(ctx: RunContext, dd: Dotdigital, book: Book) -> _Changes:
    chosen, counted = book.chosen, book.now.contacts
    place = await ctx.read(lambda c: reading_places.place(c, chosen.id))
    since = moment_of(place.book_since)
    if book.rule is None:
        return _Changes("before a send everybody is read")
    if book.strangers is not None:
        return _Changes("something is to become of contacts in it who are not on the list")
    if since is None or place.book_count < 0:
        return _Changes("nothing of it was read before")
    reading = await ctx.read(lambda c: book_contents.begin_with_news(c, chosen.id))
    try:
        await book_reading.read(
            ctx,
            dd,
            chosen,
            book.title,
            book.mark,
            reading,
            since=since - feeds.OVERLAP,
            read_only=book.read_only,
        )
    except DotdigitalError as error:
        if error.status != 400:
            raise
        return _Changes(f"dotdigital does not say what changed in an address book ({error.code})")
    await ctx.write(lambda c: cheap_answers.asked(c, chosen.account_id, BOOK, chosen.id, ctx.now()))
    agrees = await _explained(ctx, chosen, place.book_count, counted)
    if not agrees:
        # Whoever is missing may have withdrawn consent a moment ago.
        await suppressions.pull(ctx, dd, chosen.account_id)
        await list_feeds.learn(ctx, dd, chosen)
        agrees = await _explained(ctx, chosen, place.book_count, counted)
    known = await ctx.read(lambda c: cheap_answers.known(c, chosen.account_id, BOOK, chosen.id))
    why = why_proved(known, book.rule, ctx.moment())
    if not why and not agrees:
        why = f"it holds {counted} contacts and not {place.book_count}"
    said = f"{_PROVED_BOOK}{age_of(known.last_proof, ctx.moment())} ago"
    return _Changes(why, True, agrees, place.book_count, said)


async def _explained(ctx: RunContext, chosen: StoredList, expected: int, counted: int) -> bool:
    """Whether the book holds as many contacts as were in it, without those who withdrew consent in dotdigital since, or
    with them, where it leaves them there."""
    withdrew = await ctx.read(lambda c: book_contents.gone_by_themselves(c, chosen.id, chosen.account_id))
    return counted in (expected, expected - withdrew)


async def _judge(ctx: RunContext, dd: Dotdigital, book: Book, changes: _Changes, contacts: int, found: int) -> None:
    """The whole book was read. What it shows besides what was said to have changed is a difference, unless it happened
    meanwhile."""
    chosen, counted = book.chosen, book.now.contacts
    differences: int | None = None
    if changes.asked:
        differences = found if changes.agrees else 0
        if contacts != counted:
            differences = max(1, differences)
        if differences:
            after = await address_books.address_book(dd, chosen.book_id)
            if after is None or after.contacts != counted:
                differences = None
    said = f"the address book of {chosen.name!r} counts {counted} contacts and shows {contacts}, {found} of them news"
    await ctx.write(lambda c: cheap_answers.proved(c, chosen.account_id, BOOK, chosen.id, ctx.now(), differences, said))


async def _keep(ctx: RunContext, book: Book, in_book: int, asked_on: datetime, said: str) -> None:
    """How far the book is known now; how many contacts it holds is known once the run has changed it."""
    at, list_id = ctx.at(OneList), book.chosen.id

    def keep(c: Connection) -> None:
        how = reading_places.place(c, list_id).read_how
        moved = {} if book.read_only else {"book_since": text_of(asked_on), "book_count": -1}
        # A run that goes on after an interruption reads it once more, for no reason of its own.
        if _WHOLE_BOOK not in how and _PROVED_BOOK not in how:
            how = f"{how}, {said}" if how else said
        reading_places.put(c, list_id, **moved, read_how=how)

    await ctx.save(replace(at, in_book=in_book), stage=f"Comparing {book.chosen.name}", work=keep)
