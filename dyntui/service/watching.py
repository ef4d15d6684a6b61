"""Keeps the consent watch going while a long-lived service runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from dyntui.model.errors import DyntuiError
from dyntui.model.watch import AT_BEST
from dyntui.service.resources import Resources
from dyntui.sync.connections import Connections
from dyntui.sync.consent_watch import ConsentWatch

log = logging.getLogger(__name__)


class Watching:
    """`start` and `stop` with a long-lived service. `connections` are the watch's own; `learned` is told of every entry
    in the audit (a run's id)."""

    def __init__(self, resources: Resources, connections: Connections, learned: Callable[[str], None]) -> None:
        self._connections = connections
        self._watch = ConsentWatch(resources.db, connections, clock=resources.clock, ids=resources.ids, learned=learned)
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins."""
        self._task = asyncio.create_task(self._again_and_again())

    async def stop(self) -> None:
        """Ends; what was being asked is asked anew after the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._connections.close()

    def reconnect(self) -> None:
        """Forgets open connections, after a setup changed how systems are reached. On any other thread."""
        asyncio.run_coroutine_threadsafe(self._connections.close(), self._loop).result()

    async def _again_and_again(self) -> None:
        while True:
            seconds = AT_BEST
            try:
                seconds = await self._watch.look()
            except DyntuiError as error:
                # The store says by itself what is wrong with it; it is asked again.
                log.warning("consent cannot be watched: %s", error)
            except Exception:  # the boundary of a task that nobody waits for: a defect is logged, the service goes on
                log.exception("consent cannot be watched")
            await asyncio.sleep(seconds)
