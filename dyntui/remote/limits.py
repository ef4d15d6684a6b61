"""Limits that a remote system closes for a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

Slowed = Callable[[float, str], None]
"""Told of every wait that a limit imposes: its seconds, and the system's code for the limit."""


def retry_after(response: httpx.Response) -> float | None:
    """The seconds of an answer's `Retry-After`; None where it has none, or names a date."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


class Gate:
    """Holds calls back while a limit is closed: sending on would meet it too, or make it stay closed for longer.

    `refusal` is the answer that closed it last.
    """

    def __init__(
        self, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]], slowed: Slowed | None
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._slowed = slowed
        self._closed_until = 0.0
        self._code = ""
        self.refusal: httpx.Response | None = None

    def close(self, seconds: float, refusal: httpx.Response, code: str) -> None:
        """Closed for so long at least."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)
        self._code = code
        self.refusal = refusal

    @property
    def closed_for(self) -> float:
        """Seconds until it opens; 0.0 when it is open."""
        return max(0.0, self._closed_until - self._clock())

    async def wait_until_open(self) -> None:
        """Returns when no limit is closed that was known when the last wait began."""
        waited_for = 0.0
        while self._closed_until > waited_for:
            waited_for = self._closed_until
            seconds = waited_for - self._clock()
            if seconds > 0:
                if self._slowed is not None:
                    self._slowed(seconds, self._code)
                await self._sleep(seconds)
