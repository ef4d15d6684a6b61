"""How far each of dotdigital's feeds was read: on its own clock, advanced over stored work only, read with overlap."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dotdigital import account
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, due_again, moment_of, text_of, to_come
from dyntui.store import watermarks
from dyntui.sync.run_context import RunContext

_WHOLE = "/whole"
# When a feed was read, by the clock of the machine that read it.
_HERE = "/here"
# Events may be processed late and "since" may be exclusive (dotdigital_api.md 7.6, 10): what is read again is known.
OVERLAP = timedelta(hours=1)
# What two clocks show that go well differs by no more, however long an answer takes.
_ALIKE = timedelta(minutes=5)
# What happens while a feed is read is newer than the clock that was read before it; clocks differ. Later than that
# nothing can have happened.
AHEAD = timedelta(days=1)
# Nobody says how late a withdrawal of consent may come into its feed: those are read with more overlap, and daily as a
# whole, which also shows what is not in them any more.
CONSENT_OVERLAP = timedelta(hours=48)
WHOLE_EVERY = timedelta(days=1)


def whole_of(feed: str) -> str:
    """The name under which it is kept when a feed was read as a whole."""
    return feed + _WHOLE


class Window(msgspec.Struct, frozen=True):
    """What to read of a feed: from `since` on; `whole` where that is everything."""

    since: datetime
    whole: bool


async def mark(ctx: RunContext, account_id: str, feed: str) -> datetime:
    """Up to where a feed is stored, by dotdigital's clock; the beginning of time before the first reading."""
    return moment_of(await ctx.read(lambda c: watermarks.get(c, account_id, feed))) or EPOCH


async def since(
    ctx: RunContext, account_id: str, feed: str, now: datetime, *, overlap: timedelta = OVERLAP
) -> datetime:
    """Where to read a feed from, by dotdigital's clock; the beginning of time for the first reading."""
    known = await _until_now(ctx, account_id, feed, now)
    return EPOCH if known is None else max(EPOCH, known - overlap)


async def consent_window(ctx: RunContext, account_id: str, feed: str, now: datetime, *, daily: bool) -> Window:
    """Where to read a feed of consent from. `daily`: as a whole when that was a day ago by dotdigital's clock."""
    return await window(ctx, account_id, feed, now, whole_every=WHOLE_EVERY if daily else None, overlap=CONSENT_OVERLAP)


async def window(
    ctx: RunContext,
    account_id: str,
    feed: str,
    now: datetime,
    *,
    whole_every: timedelta | None,
    overlap: timedelta = OVERLAP,
) -> Window:
    """Where to read a feed from, by dotdigital's clock: what came since the last run, with an `overlap`; everything the
    first time, and again once `whole_every` has passed since it was read as a whole."""
    mark = await _until_now(ctx, account_id, feed, now)
    read_whole = moment_of(await ctx.read(lambda c: watermarks.get(c, account_id, whole_of(feed))))
    if mark is None or (whole_every is not None and due_again(read_whole, now, whole_every)):
        return Window(EPOCH, True)
    return Window(max(EPOCH, mark - overlap), False)


async def _until_now(ctx: RunContext, account_id: str, feed: str, now: datetime) -> datetime | None:
    """Up to where a feed was read, by the clock that shows `now`. None where it never was; or that is later than
    dotdigital's clock shows: that was ahead once, and what came since would be read by nobody before it shows that
    time."""
    here = ctx.moment()
    ctx.shown_here[text_of(now)] = here
    known, read_here = await ctx.read(
        lambda c: (watermarks.get(c, account_id, feed), watermarks.get(c, account_id, feed + _HERE))
    )
    mark, then = moment_of(known), moment_of(read_here)
    if mark is None or to_come(mark, now):
        return None
    if then is None:
        return mark
    # A clock that was ahead shows by now what it showed then: by the other one it is longer ago that the feed was read.
    by_ours = now - min(here - then, now - EPOCH)
    return by_ours if mark - by_ours > _ALIKE else mark


async def server_time(dd: Dotdigital) -> datetime:
    """dotdigital's clock, to be read before the feed it will stand for."""
    text = await account.server_time(dd)
    now = moment(text)
    if now is None:
        raise DyntuiError(
            "DOTDIGITAL_TIME_UNREADABLE",
            f"dotdigital's clock answered {text[:40]!r}.",
            not_done="Nothing was read from its feeds.",
            remedy="Try again later.",
        )
    return now


async def advance(ctx: RunContext, account_id: str, feed: str, until: datetime, *, whole: bool = False) -> None:
    """Moves the mark, once everything before it is stored. `whole`: the feed was read from its beginning."""

    # Unknown where the run was taken up again since by another process.
    here = text_of(ctx.shown_here.get(text_of(until)))

    def move(c: Connection) -> None:
        watermarks.put(c, account_id, feed, text_of(until))
        watermarks.put(c, account_id, feed + _HERE, here)
        if whole:
            watermarks.put(c, account_id, whole_of(feed), text_of(until))

    await ctx.write(move)
