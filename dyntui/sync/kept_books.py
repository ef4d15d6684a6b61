"""The books of sends, kept for what is learnt through them, and removed when nothing more is to come.

Who leaves "this list" by a mail leaves the book that the mail went to: the send's own. So it is kept for two weeks
after the send, its unsubscribes are read with every synchronisation and before every send, and count for all target
lists of the send. Then it is read from its beginning once more, emptied and removed. The book of a send of which nobody
knows whether it was made is emptied and stays, as something may still refer to it. The books of other machines' sends
are theirs: they are read as well (`dyntui.sync.strange_books` finds them), and left alone.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import Connection

from dyntui.dotdigital import address_books
from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.store import list_unsubscribes, strange_books
from dyntui.store import sends as send_store
from dyntui.store.odd_rows import OddRow
from dyntui.store.sends import Kept
from dyntui.sync import feeds, nameless_rows
from dyntui.sync.removals import until_ended
from dyntui.sync.run_context import RunContext

KEPT = timedelta(days=14)

log = logging.getLogger(__name__)


def feed_of(send_id: str) -> str:
    """The name under which it is kept how far the unsubscribes of a send's book were read."""
    return f"send-unsubscribes/{send_id}"


async def learn(
    ctx: RunContext, dd: Dotdigital, account_id: str, list_ids: Collection[str] = (), *, daily: bool = False
) -> None:
    """Who unsubscribed through the books of sends of the account, of those to any of the lists where these are named.

    `daily`: once a day all are read. Raises DotdigitalError. A book that is gone is looked at no more.
    """
    for kept in await ctx.read(lambda c: strange_books.leaving_by(c, account_id, list_ids)):
        await learn_of(ctx, dd, kept, daily=daily)


async def remove_due(ctx: RunContext, dd: Dotdigital, account_id: str) -> None:
    """Removes the books whose time is over, after a last reading; one that cannot be removed now is tried again by the
    next synchronisation."""
    for kept in await ctx.read(lambda c: send_store.with_books(c, account_id)):
        since = moment_of(kept.settled_on)
        if since is None or ctx.moment() - since < KEPT:
            continue
        try:
            if await learn_of(ctx, dd, kept, whole=True):
                await empty(ctx, dd, kept.book_id)
                await address_books.delete_address_book(dd, kept.book_id)
                await _forget(ctx, kept)
        except DyntuiError as error:
            log.warning("the book of send %s could not be removed: %s %s", kept.id, error, error.detail)


async def learn_of(ctx: RunContext, dd: Dotdigital, kept: Kept, *, whole: bool = False, daily: bool = False) -> bool:
    """Who unsubscribed through one of them; whether the book is there. `whole`: from its beginning, for what came
    late."""
    feed, odd = feed_of(kept.id), list[OddRow]()
    until = await feeds.server_time(dd)
    window = await feeds.consent_window(ctx, kept.account_id, feed, until, daily=daily)
    if whole:
        window = feeds.Window(EPOCH, True)
    try:
        async for page in dd_suppressions.unsubscribed_from_book_since(dd, kept.book_id, window.since):
            named = await nameless_rows.named(ctx, dd, kept.account_id, page.rows)
            odd += nameless_rows.odd(page.rows, named)
            found = [(address, text_of(each.removed_at)) for address, each in named]
            ids = {address: each.contact_id for address, each in named}
            for list_id in kept.list_ids:
                work = functools.partial(
                    list_unsubscribes.add, list_id=list_id, rows=found, now=ctx.now(), contact_ids=ids
                )
                await ctx.save(ctx.cursor, stage="Reading unsubscribes", work=work)
    except DotdigitalError as error:
        if error.status != 404:
            raise
        log.warning("the book %r of send %s is gone from dotdigital", kept.book_name, kept.id)
        await _forget(ctx, kept)
        return False
    await nameless_rows.keep(ctx, feed, kept.account_id, odd, whole=window.whole)
    await feeds.advance(ctx, kept.account_id, feed, until, whole=window.whole)
    return True


async def _forget(ctx: RunContext, kept: Kept) -> None:
    def forget(c: Connection) -> None:
        send_store.set_book(c, send_id=kept.id, book_id=0, book_name=kept.book_name)
        strange_books.forget(c, kept.account_id, kept.book_id)

    await ctx.write(forget)


async def empty(ctx: RunContext, dd: Dotdigital, book_id: int) -> None:
    """Takes everybody out of a book: whatever arrives for it now reaches nobody. A book that is gone is empty.

    Raises DotdigitalError, DyntuiError BOOK_NOT_EMPTIED.
    """
    try:
        started = await address_books.start_removal_of_all(dd, book_id)
    except DotdigitalError as error:
        if error.status == 404:
            return
        raise
    ended = await until_ended(ctx, dd, started)
    if not ended.succeeded:
        raise DyntuiError(
            "BOOK_NOT_EMPTIED",
            f"dotdigital ended the emptying of an address book as {ended.status!r}.",
            not_done="Contacts may still be in the address book of a send.",
            remedy="It is tried again by the next synchronisation.",
            detail=started.id,
        )
