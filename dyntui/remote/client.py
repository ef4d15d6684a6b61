"""What every client of a remote system is: a connection that can be closed, and used without waiting."""

from __future__ import annotations

import copy
from typing import Self

from dyntui.remote.connection import Connection


class Client:
    """A client for one system at `origin`; its calls go through `connection`. Close it, or use it as a context."""

    def __init__(self, origin: str, connection: Connection) -> None:
        self.origin = origin
        self.connection = connection
        self._at_once = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.connection.close()

    @property
    def waits(self) -> bool:
        """Whether its calls wait where a system asks for it."""
        return not self._at_once

    def at_once(self) -> Self:
        """The same connection for calls that are made in one attempt, without any waiting, as they rest on what would
        be out of date afterwards: a limit that is closed is an error."""
        same = copy.copy(self)
        same._at_once = True
        return same
