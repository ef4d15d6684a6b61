"""What is open to the two systems. Connections that are forgotten, as a system is reached another way or an account was
connected or disconnected, stay open for whoever has them in hand: a run goes on with those that it began with.

    async with in_hand(): ...          what is asked for within stays open until its end
"""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.sign_in import SignIn
from dyntui.dotdigital.http import Dotdigital


class OpenConnections:
    """Those that were opened together. Belongs to one event loop."""

    def __init__(self) -> None:
        self.dataverse: Dataverse | None = None
        self.sign_in: SignIn | None = None
        self.authority = ""
        self.dotdigital: dict[str, Dotdigital] = {}
        self._users = 0
        self._forgotten = False

    def take(self) -> None:
        """Whoever is at work `in_hand` has them until the end of that."""
        holds = _HOLDS.get()
        if holds is not None and self not in holds:
            holds.add(self)
            self._users += 1

    @property
    def in_hand(self) -> bool:
        """Whether somebody has them until the end of what they do."""
        return self._users > 0

    async def let_go(self) -> None:
        self._users -= 1
        if self._forgotten and not self._users:
            await self.close()

    async def forget(self) -> None:
        """Nobody is given them any more."""
        self._forgotten = True
        if not self._users:
            await self.close()

    async def close(self) -> None:
        """Whoever has them in hand."""
        for connection in (*self.dotdigital.values(), self.dataverse, self.sign_in):
            if connection is not None:
                await connection.close()


_HOLDS: contextvars.ContextVar[set[OpenConnections] | None] = contextvars.ContextVar("connections_held", default=None)


@asynccontextmanager
async def in_hand() -> AsyncIterator[None]:
    """See the module."""
    holds: set[OpenConnections] = set()
    before = _HOLDS.set(holds)
    try:
        yield
    finally:
        _HOLDS.reset(before)
        for each in holds:
            await each.let_go()
