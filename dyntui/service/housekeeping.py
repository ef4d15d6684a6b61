"""Forgets what the settings say is old enough: once at the start of the service, then every day."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Literal

from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.service.repeating import Repeating
from dyntui.service.resources import Resources
from dyntui.store import accounts, retention
from dyntui.sync import feeds

# Between two of these, others get their turn to write.
_AT_ONCE = 20
_EVERY_SECONDS = 86_400.0
_AGAIN_SECONDS = 3_600.0
# What is kept is counted in days.
_CLOCKS_APART = timedelta(days=1)
_FAILED = "old runs could not be forgotten"

log = logging.getLogger(__name__)


class Housekeeping:
    """`start` and `stop` with the service."""

    def __init__(self, resources: Resources, keep_days: int | Literal["for ever"]) -> None:
        self._kept = timedelta(days=keep_days) if keep_days != "for ever" else None

        async def daily() -> None:
            if self._kept is not None:
                await forget_by_a_right_clock(resources, self._kept)

        async def pause() -> None:
            await asyncio.sleep(_AGAIN_SECONDS if _FAILED in resources.troubles else _EVERY_SECONDS)

        self._daily = Repeating(daily, pause, _FAILED, resources.troubles)

    def start(self) -> None:
        """Begins, unless everything is kept for ever."""
        if self._kept is not None:
            self._daily.start()

    async def stop(self) -> None:
        """Ends after the transaction in hand."""
        await self._daily.stop()


async def forget_by_a_right_clock(resources: Resources, kept: timedelta) -> int:
    """Like `forget`, unless this machine's clock is ahead: all runs would seem old enough. dotdigital is asked for its
    own only where something is. Raises DyntuiError CLOCK_AHEAD, STORE_..., or why no email account answers."""
    moment = text_of(resources.clock() - kept)
    if await resources.read(lambda c: retention.any_ended_before(c, moment)):
        await _not_ahead(resources)
    return await forget(resources, kept)


async def _not_ahead(resources: Resources) -> None:
    """By the first email account that answers; where none is connected nothing says otherwise."""
    unanswered: DyntuiError | None = None
    for each in await resources.read(accounts.accounts):
        try:
            dd = await resources.connections.dotdigital(each.id)
            theirs = await feeds.server_time(dd.at_once())
        except DyntuiError as error:
            unanswered = error
            continue
        mine = resources.clock()
        if mine - theirs > _CLOCKS_APART:
            raise DyntuiError(
                "CLOCK_AHEAD",
                f"This machine's clock says {text_of(mine)}, and that of dotdigital {text_of(theirs)}.",
                not_done="No old run was forgotten.",
                remedy="Set the clock, for example with systemd-timesyncd.",
            )
        return
    if unanswered is not None:
        raise unanswered


async def forget(resources: Resources, kept: timedelta) -> int:
    """Forgets the runs that ended longer than `kept` ago, some at a time; how many. Raises DyntuiError STORE_..."""
    moment = text_of(resources.clock() - kept)
    forgotten = 0
    while some := await resources.write(lambda c: retention.forget_ended_before(c, moment, _AT_ONCE)):
        forgotten += some
    if forgotten:
        log.info("forgot %d runs that ended before %s", forgotten, moment)
    return forgotten
