"""What a connection asks before each request: a budget of calls that several connections and processes may share."""

from __future__ import annotations

from typing import Protocol

import httpx
import msgspec

from dyntui.remote.calls import Call


class UsedUp(msgspec.Struct, frozen=True):
    """The next request would be one too many: `limit` says of what (`calls in an hour`), and it may be asked for again
    in so many `seconds`."""

    limit: str
    seconds: float


class Budget(Protocol):
    """Belongs to one connection, and to one event loop."""

    @property
    def at_once(self) -> int | None:
        """How many requests the connection may have under way at present; None: as many as it likes."""
        ...

    async def admit(self, call: Call) -> UsedUp | None:
        """Awaited directly before a request is sent: None where it may be."""
        ...

    def ended(self, call: Call, response: httpx.Response | None, seconds: float) -> None:
        """A request that was admitted has ended, after so many seconds: with an answer, or without (None)."""
        ...
