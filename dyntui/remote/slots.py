"""How many calls may run at a time, where the number may change while they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """At most `limit` holders at a time, and at most `most`; both may change while slots are held. `held`: how many
    are."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.most: int | None = None
        self.held = 0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold a slot while the context lasts; waits for a free one."""
        async with self._freed:
            await self._freed.wait_for(self._has_room)
            self.held += 1
        try:
            yield
        finally:
            self.held -= 1
            async with self._freed:
                self._freed.notify_all()

    def _has_room(self) -> bool:
        return self.held < (self.limit if self.most is None else min(self.limit, self.most))
