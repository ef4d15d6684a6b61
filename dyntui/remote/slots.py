"""How many calls may run at a time, where the number may change while they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """At most `limit` holders at a time; the limit may change while slots are held."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = 0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold a slot while the context lasts; waits for a free one."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._held < self.limit)
            self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            async with self._freed:
                self._freed.notify_all()
