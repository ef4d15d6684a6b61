"""Forgets what the settings say is old enough: once at the start of the service, then every day."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import Literal

from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.service.resources import Resources
from dyntui.store import runs

# Between two of these, others get their turn to write.
_AT_ONCE = 20
_EVERY_SECONDS = 86_400.0

log = logging.getLogger(__name__)


class Housekeeping:
    """`start` and `stop` with the service."""

    def __init__(self, resources: Resources, keep_days: int | Literal["for ever"]) -> None:
        self._resources = resources
        self._keep_days = keep_days
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, unless everything is kept for ever."""
        if self._keep_days != "for ever":
            self._task = asyncio.create_task(self._every_day(timedelta(days=self._keep_days)))

    async def stop(self) -> None:
        """Ends after the transaction in hand."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _every_day(self, kept: timedelta) -> None:
        while True:
            try:
                await forget(self._resources, kept)
            except DyntuiError as error:
                # What is old enough today is so tomorrow; the store says by itself what is wrong with it.
                log.warning("old runs could not be forgotten: %s", error)
            except Exception:  # the boundary of a task that nobody waits for: a defect is logged, the service goes on
                log.exception("old runs could not be forgotten")
            await asyncio.sleep(_EVERY_SECONDS)


async def forget(resources: Resources, kept: timedelta) -> int:
    """Forgets the runs that ended longer than `kept` ago, some at a time; how many. Raises DyntuiError STORE_..."""
    moment = text_of(resources.clock() - kept)
    forgotten = 0
    while some := await resources.write(lambda c: runs.delete_ended_before(c, moment, _AT_ONCE)):
        forgotten += some
    if forgotten:
        log.info("forgot %d runs that ended before %s", forgotten, moment)
    return forgotten
