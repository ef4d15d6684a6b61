"""Forgets what the settings say is old enough: once at the start of the service, then every day."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Literal

from dyntui.model.moments import text_of
from dyntui.service.repeating import Repeating
from dyntui.service.resources import Resources
from dyntui.store import retention

# Between two of these, others get their turn to write.
_AT_ONCE = 20
_EVERY_SECONDS = 86_400.0

log = logging.getLogger(__name__)


class Housekeeping:
    """`start` and `stop` with the service."""

    def __init__(self, resources: Resources, keep_days: int | Literal["for ever"]) -> None:
        self._kept = timedelta(days=keep_days) if keep_days != "for ever" else None

        async def daily() -> None:
            if self._kept is not None:
                await forget(resources, self._kept)

        self._daily = Repeating(
            daily, lambda: asyncio.sleep(_EVERY_SECONDS), "old runs could not be forgotten", resources.troubles
        )

    def start(self) -> None:
        """Begins, unless everything is kept for ever."""
        if self._kept is not None:
            self._daily.start()

    async def stop(self) -> None:
        """Ends after the transaction in hand."""
        await self._daily.stop()


async def forget(resources: Resources, kept: timedelta) -> int:
    """Forgets the runs that ended longer than `kept` ago, some at a time; how many. Raises DyntuiError STORE_..."""
    moment = text_of(resources.clock() - kept)
    forgotten = 0
    while some := await resources.write(lambda c: retention.forget_ended_before(c, moment, _AT_ONCE)):
        forgotten += some
    if forgotten:
        log.info("forgot %d runs that ended before %s", forgotten, moment)
    return forgotten
