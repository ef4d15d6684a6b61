"""The lines that clients send, and how much may be held of lines that have begun and not ended."""

from __future__ import annotations

import asyncio

from dyntui.model.errors import DyntuiError
from dyntui.service.protocol import REQUEST_LIMIT

# Of all clients together: four of the largest requests, or thousands of usual ones.
UNFINISHED_LIMIT = 4 * REQUEST_LIMIT
# A client writes a request in one go: what stays away for longer does not come any more.
UNFINISHED_SECONDS = 30.0
# What is read at a time, and all that is held of a client beside its unfinished line.
CHUNK = 64 * 1024


class Unfinished:
    """Bytes of unfinished lines that a service holds, of all its clients."""

    def __init__(self, most: int = UNFINISHED_LIMIT) -> None:
        self.most = most
        self.held = 0


class Lines:
    """The lines of one client. `close` lets go of what is held of it."""

    def __init__(
        self, reader: asyncio.StreamReader, unfinished: Unfinished, *, patience: float = UNFINISHED_SECONDS
    ) -> None:
        """`patience`: seconds without a further byte after which an unfinished line is given up."""
        self._reader = reader
        self._unfinished = unfinished
        self._patience = patience
        self._held = bytearray()
        self._looked_at = 0
        self._counted = 0

    async def next(self) -> bytes | None:
        """The next line, with its end; None when the client has gone.

        Raises DyntuiError REQUEST_MALFORMED (too long), REQUEST_UNFINISHED, SERVICE_FULL: the client cannot go on.
        """
        while (end := self._held.find(b"\n", self._looked_at)) < 0:
            self._looked_at = len(self._held)
            if self._looked_at > REQUEST_LIMIT:
                raise _refused("REQUEST_MALFORMED", "The line is too long.", "Send one JSON object a line.")
            chunk = await self._more()
            if not chunk:
                return None
            self._held += chunk
            self._count()
            if self._unfinished.held > self._unfinished.most:
                raise _refused(
                    "SERVICE_FULL",
                    "The service holds as many unfinished requests as it can.",
                    "Try again in a moment; end programs that begin requests and do not finish them.",
                )
        line = bytes(self._held[: end + 1])
        del self._held[: end + 1]
        self._count()
        self._looked_at = 0
        return line

    def close(self) -> None:
        """Nothing more is read."""
        self._held.clear()
        self._count()

    def _count(self) -> None:
        """The first bytes of everybody are free: usual requests are answered however full it is."""
        counted = max(0, len(self._held) - CHUNK)
        self._unfinished.held += counted - self._counted
        self._counted = counted

    async def _more(self) -> bytes:
        try:
            return await asyncio.wait_for(self._reader.read(CHUNK), self._patience if self._held else None)
        except TimeoutError as error:
            raise _refused(
                "REQUEST_UNFINISHED",
                f"The rest of a request has not come for {self._patience:g} seconds.",
                "Send one JSON object a line, with its end.",
            ) from error


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was read or changed; the connection was ended.", remedy=remedy)
