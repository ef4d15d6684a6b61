"""Work that is done again and again beside the calls, as long as the service runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from dyntui.model.errors import DyntuiError
from dyntui.model.schedules import minute

log = logging.getLogger(__name__)


class Repeating:
    """Does `work`, awaits `pause`, and begins again. What keeps `work` from being done is logged after the words
    `failed`, stands under them in `troubles` until it was done again, and does not keep it from being done the next
    time."""

    def __init__(
        self,
        work: Callable[[], Awaitable[object]],
        pause: Callable[[], Awaitable[object]],
        failed: str,
        troubles: dict[str, str],
    ) -> None:
        self._work = work
        self._pause = pause
        self._failed = failed
        self._troubles = troubles
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
                log.warning("%s: %s", self._failed, error)
                self._troubles[self._failed] = str(error)
            except Exception:  # the boundary of a task that nobody waits for: a defect is named, the service goes on
                log.exception("%s", self._failed)
                self._troubles[self._failed] = "a defect of dyntui; the log has the details"
            else:
                self._troubles.pop(self._failed, None)
            await self._pause()


class EveryMinute:
    """A pause until the next minute begins, or until somebody calls `wake`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """The pause is over."""
        self._woken.set()

    async def pause(self) -> None:
        """See the class."""
        now = self._clock()
        with contextlib.suppress(TimeoutError):
            # Not wait_for: in Python 3.11 that forgets a cancellation that comes together with the event.
            async with asyncio.timeout(60.0 - (now - minute(now)).total_seconds()):
                await self._woken.wait()
        self._woken.clear()
