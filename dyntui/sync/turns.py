"""How many runs are at work at once, the most urgent first. Whoever only waits - for a limit, for another run, for a
remote job - lends its turn to others meanwhile: a system that is closed for an hour holds nobody else up.

    turns = Turns(8)
    async with turns.one(priority) as turn:       # waits for a free one
        async with turn.lent():                   # others are at work
            await sleep(2400)                     # and here it is our turn again
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Belongs to one event loop."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._line: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    @asynccontextmanager
    async def one(self, priority: int) -> AsyncIterator[Turn]:
        """A turn of somebody's own while the context lasts; lower priorities first, then who came first."""
        turn = Turn(self, priority)
        await turn.take()
        try:
            yield turn
        finally:
            turn.give_back()

    async def take(self, priority: int) -> None:
        """Waits in line for a free one."""
        if self._free and not self._line:
            self._free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, (priority, next(self._numbers), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        """The first in line is called."""
        while self._line:
            called = heapq.heappop(self._line)[2]
            if not called.done():
                called.set_result(None)
                return
        self._free += 1


class Turn:
    """One run's, which several of its calls may lend at once: it is given back with the first wait, and taken again
    with the end of the last one."""

    def __init__(self, turns: Turns, priority: int) -> None:
        self._turns = turns
        self._priority = priority
        self._held = False
        self._waits = 0
        self._taking = asyncio.Lock()

    async def take(self) -> None:
        """See `Turns.take`; once, however often it is asked for."""
        async with self._taking:
            if not self._held:
                await self._turns.take(self._priority)
                self._held = True

    def give_back(self) -> None:
        """Others may be at work; nothing where it was given back already."""
        if self._held:
            self._held = False
            self._turns.give_back()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        """Others are at work while the context lasts. Who leaves it by an exception has nothing more to do that would
        need a turn."""
        self._waits += 1
        self.give_back()
        try:
            yield
        finally:
            self._waits -= 1
        if not self._waits:
            await self.take()
