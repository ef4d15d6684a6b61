"""Work that is done again and again beside the calls, as long as the service runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from dyntui.model.errors import DyntuiError

log = logging.getLogger(__name__)


class Repeating:
    """Does `work`, awaits `pause`, and begins again. What keeps `work` from being done is logged after the words
    `failed`, and does not keep it from being done the next time."""

    def __init__(
        self, work: Callable[[], Awaitable[object]], pause: Callable[[], Awaitable[object]], failed: str
    ) -> None:
        self._work = work
        self._pause = pause
        self._failed = failed
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins."""
        self._task = asyncio.create_task(self._again_and_again())

    async def stop(self) -> None:
        """Ends after the transaction in hand; nothing where it has not begun."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _again_and_again(self) -> None:
        while True:
            try:
                await self._work()
            except DyntuiError as error:
                # What a store or a system says is wrong with it, it says by itself as well.
                log.warning("%s: %s", self._failed, error)
            except Exception:  # the boundary of a task that nobody waits for: a defect is logged, the service goes on
                log.exception("%s", self._failed)
            await self._pause()
