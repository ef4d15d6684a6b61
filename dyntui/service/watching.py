"""Keeps the consent watch going while a long-lived service runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dyntui.model.watch import AT_BEST
from dyntui.service.repeating import Repeating
from dyntui.service.resources import Resources
from dyntui.sync.connections import Connections
from dyntui.sync.consent_watch import ConsentWatch
from dyntui.sync.open_connections import in_hand


class Watching:
    """`start` and `stop` with a long-lived service. `connections` are the watch's own; `learned` is told of every entry
    in the audit (a run's id)."""

    def __init__(self, resources: Resources, connections: Connections, learned: Callable[[str], None]) -> None:
        self._connections = connections
        self._watch = ConsentWatch(resources.db, connections, clock=resources.clock, ids=resources.ids, learned=learned)
        self._loop = asyncio.get_running_loop()
        self._seconds = AT_BEST
        self._again = Repeating(
            self._look, lambda: asyncio.sleep(self._seconds), "consent cannot be watched", resources.troubles
        )

    def start(self) -> None:
        """Begins."""
        self._again.start()

    async def stop(self) -> None:
        """Ends; what was being asked is asked anew after the next start."""
        await self._again.stop()
        await self._connections.close()

    def reconnect(self) -> None:
        """Forgets open connections, after a setup changed how systems are reached. On any other thread."""
        asyncio.run_coroutine_threadsafe(self._connections.forget(), self._loop).result()

    def renew(self) -> None:
        """Open connections sign in with what the keyring holds now. On any other thread."""
        asyncio.run_coroutine_threadsafe(self._connections.renew(), self._loop).result()

    async def _look(self) -> None:
        # Where it cannot be asked, it is tried again as soon as it would be at best.
        self._seconds = AT_BEST
        async with in_hand():
            self._seconds = await self._watch.look()
