"""Taking contacts out of an address book, and waiting until that has happened."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.dotdigital import address_books
from dyntui.dotdigital.address_books import Removal
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.sync.imports import POLL_SECONDS
from dyntui.sync.run_context import RunContext


async def take_out(ctx: RunContext, dd: Dotdigital, book_id: int, contact_ids: Sequence[int]) -> None:
    """These contacts out of the book; who is not in it any more does not matter, so doing it twice changes nothing.

    Raises DyntuiError REMOVAL_FAILED when dotdigital gives a removal up: some of the contacts may be out by then.
    """
    for started in await address_books.start_removal(dd, book_id, contact_ids):
        ended = await until_ended(ctx, dd, started)
        if not ended.succeeded:
            raise DyntuiError(
                "REMOVAL_FAILED",
                f"dotdigital ended a removal from the address book as {ended.status!r}.",
                not_done="Contacts that were to leave the address book may still be in it.",
                remedy="Run it again: what has left is not taken out twice.",
                detail=started.id,
            )


async def until_ended(ctx: RunContext, dd: Dotdigital, started: Removal) -> Removal:
    """A removal as it ended, well or not: asked for slower and slower. Raises DotdigitalError."""
    turn, current = 0, started
    while not current.finished:
        await ctx.sleep(POLL_SECONDS[min(turn, len(POLL_SECONDS) - 1)])
        current = await address_books.removal(dd, started.id)
        turn += 1
    return current
