"""Who unsubscribed from a marketing list, as the feed of its address book says."""

from __future__ import annotations

import functools

from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.moments import text_of
from dyntui.store import list_unsubscribes
from dyntui.store.lists import StoredList
from dyntui.store.odd_rows import OddRow
from dyntui.sync import feeds, list_state, nameless_rows
from dyntui.sync.run_context import RunContext


def feed_of(chosen: StoredList) -> str:
    """The name under which it is kept how far the unsubscribes of a list's book were read."""
    return f"list-unsubscribes/{chosen.id}/{chosen.book_id}"


async def learn(ctx: RunContext, dd: Dotdigital, chosen: StoredList, *, daily: bool = False) -> None:
    """Who unsubscribed from this book alone: neither the account's feeds nor imports tell (dotdigital_api.md 12.7).

    What is learned belongs to the list: a list that takes over the book of another one reads from the beginning.
    `daily`: once a day all are read. Raises LIST_OF_ANOTHER_ACCOUNT: by its number the book is another one there.
    """
    if chosen.account_id != ctx.account_id:
        raise list_state.of_another_account(chosen.name)
    feed = feed_of(chosen)
    until = await feeds.server_time(dd)
    window = await feeds.consent_window(ctx, chosen.account_id, feed, until, daily=daily)
    odd: list[OddRow] = []
    async for page in dd_suppressions.unsubscribed_from_book_since(dd, chosen.book_id, window.since):
        named = await nameless_rows.named(ctx, dd, chosen.account_id, page.rows)
        odd += nameless_rows.odd(page.rows, named)
        found = [(address, text_of(each.removed_at)) for address, each in named]
        contact_ids = {address: each.contact_id for address, each in named}
        await ctx.save(
            ctx.cursor,
            stage="Reading unsubscribes",
            work=functools.partial(
                list_unsubscribes.add,
                list_id=chosen.id,
                rows=found,
                now=ctx.now(),
                book_id=chosen.book_id,
                contact_ids=contact_ids,
            ),
        )
    await nameless_rows.keep(ctx, feed, chosen.account_id, odd, whole=window.whole)
    await feeds.advance(ctx, chosen.account_id, feed, until, whole=window.whole)
