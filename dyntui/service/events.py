"""Events on their way to one client: bounded, the newest state of a thing in place of its older ones."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from itertools import count

from dyntui.service.contract.session import EVENTS_LOST, Lost
from dyntui.service.protocol import notification_line


class EventQueue:
    """At most `limit` waiting events. One with the key of a waiting event takes its place; when full, the oldest is
    dropped and counted."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._waiting: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._serial = count()
        self._lost = 0
        self._filled = asyncio.Event()

    def put(self, name: str, line: bytes, key: str) -> None:
        """Never waits."""
        slot = (name, f"={key}" if key else f"#{next(self._serial)}")
        if slot not in self._waiting and len(self._waiting) >= self._limit:
            self._waiting.popitem(last=False)
            self._lost += 1
        self._waiting[slot] = line
        self._filled.set()

    async def take(self) -> tuple[str, bytes]:
        """The next event for the client, its name and its line, oldest first; word of lost events goes before the
        rest."""
        await self._filled.wait()
        if self._lost:
            line = notification_line(EVENTS_LOST.name, Lost(self._lost))
            self._lost = 0
            return EVENTS_LOST.name, line
        (name, _), line = self._waiting.popitem(last=False)
        if not self._waiting:
            self._filled.clear()
        return name, line
