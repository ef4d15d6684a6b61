"""How far each of dotdigital's feeds was read: on its own clock, advanced over stored work only, read with overlap."""

from __future__ import annotations

from datetime import datetime, timedelta

from dyntui.dotdigital import account
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.store import watermarks
from dyntui.sync.run_context import RunContext

# Events may be processed late and "since" may be exclusive (dotdigital_api.md 7.6, 10): what is read again is known.
OVERLAP = timedelta(hours=1)


async def since(ctx: RunContext, account_id: str, feed: str) -> datetime:
    """Where to read a feed from; the beginning of time for the first reading."""
    mark = await ctx.read(lambda c: watermarks.get(c, account_id, feed))
    known = moment_of(mark)
    return EPOCH if known is None else known - OVERLAP


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


async def advance(ctx: RunContext, account_id: str, feed: str, until: datetime) -> None:
    """Moves the mark, once everything before it is stored."""
    await ctx.write(lambda c: watermarks.put(c, account_id, feed, text_of(until)))
