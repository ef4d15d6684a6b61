"""A feed of dotdigital that is read page by page: the cursor keeps the place of the next page, so that a run which is
taken up again reads at most one page twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.paging import Page
from dyntui.model.cursors import FeedCursor
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.sync import feeds, odd_answers
from dyntui.sync.run_context import RunContext

T = TypeVar("T")
Work = Callable[[Connection], object]


async def read(
    ctx: RunContext,
    dd: Dotdigital,
    feed: str,
    title: str,
    *,
    whole_every: timedelta,
    pages: Callable[[datetime | None, str | None], AsyncIterator[Page[T]]],
    take: Callable[[Page[T], datetime, int], Awaitable[Work]],
) -> None:
    """What is new of a feed, or all of it. `pages`: since when (None: from the beginning), and from which place on;
    `take`: of a page, the latest moment that something of it can have happened at, and the page's number, what is to be
    kept of it.

    A feed that does not go on is named in the audit, and its mark stays where it is.
    """
    at = ctx.at(FeedCursor)
    if not at.until:
        until = await feeds.server_time(dd)
        window = await feeds.window(ctx, ctx.account_id, feed, until, whole_every=whole_every)
        at = FeedCursor(until=text_of(until), since="" if window.whole else text_of(window.since))
        await ctx.save(at, stage=f"Reading {title}")
    until = moment_of(at.until) or EPOCH
    if not at.read:
        async for page in pages(moment_of(at.since), at.next or None):
            keep = await take(page, until + feeds.AHEAD, at.page)
            at = replace(
                at, next=page.cursor or "", page=at.page + 1, done=at.done + len(page.rows), read=page.cursor is None
            )
            at = replace(at, repeats=at.repeats or page.repeats)
            await ctx.save(at, stage=f"Reading {title}", done=at.done, work=keep)
    if at.repeats:
        await odd_answers.name_repeating(ctx, feed, title)
    else:
        await feeds.advance(ctx, ctx.account_id, feed, until, whole=not at.since)
