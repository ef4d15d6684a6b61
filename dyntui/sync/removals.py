"""Taking contacts out of an address book, and waiting until that has happened."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from dyntui.dotdigital import address_books
from dyntui.dotdigital.address_books import Removal
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import Removing
from dyntui.model.errors import DyntuiError
from dyntui.sync.imports import POLL_SECONDS
from dyntui.sync.run_context import RunContext

# How dotdigital answers when asked about a removal that it does not know (any more).
_UNKNOWN = (400, 404)


async def take_out(ctx: RunContext, dd: Dotdigital, book_id: int, contact_ids: Sequence[int]) -> None:
    """These contacts out of the book; who is not in it any more does not matter, so doing it twice changes nothing. A
    removal of the same contacts that was begun before an interruption is waited for.

    Raises DyntuiError REMOVAL_FAILED when dotdigital gives a removal up: some of the contacts may be out by then.
    """
    of = _fingerprint(book_id, contact_ids)
    ended = await _followed(ctx, dd, of)
    if ended is None:
        started = await address_books.start_removal(dd, book_id, contact_ids)
        if under_way := tuple(each.id for each in started if not each.finished):
            await ctx.note(replace(ctx.cursor, removing=Removing(under_way, of)))
        ended = [await until_ended(ctx, dd, each) for each in started]
    if ctx.cursor.removing.ids:
        await ctx.note(replace(ctx.cursor, removing=Removing()))
    for each in ended:
        if not each.succeeded:
            raise DyntuiError(
                "REMOVAL_FAILED",
                f"dotdigital ended a removal from the address book as {each.status!r}.",
                not_done="Contacts that were to leave the address book may still be in it.",
                remedy="Run it again: what has left is not taken out twice.",
                detail=each.id,
            )


async def until_ended(ctx: RunContext, dd: Dotdigital, started: Removal) -> Removal:
    """A removal as it ended, well or not: asked for slower and slower. Raises DotdigitalError."""
    turn, current = 0, started
    while not current.finished:
        await ctx.sleep(POLL_SECONDS[min(turn, len(POLL_SECONDS) - 1)])
        current = await address_books.removal(dd, started.id)
        turn += 1
    return current


async def _followed(ctx: RunContext, dd: Dotdigital, of: str) -> list[Removal] | None:
    """The removals of just these contacts that were under way when the run was interrupted, as they ended; None where
    there are none, or dotdigital does not know them any more."""
    under_way = ctx.cursor.removing
    if under_way.of != of:
        return None
    try:
        now = [await address_books.removal(dd, each) for each in under_way.ids]
        return [await until_ended(ctx, dd, each) for each in now]
    except DotdigitalError as error:
        if error.status not in _UNKNOWN:
            raise
        return None


def _fingerprint(book_id: int, contact_ids: Sequence[int]) -> str:
    return hashlib.sha256(repr((book_id, sorted(contact_ids))).encode()).hexdigest()
