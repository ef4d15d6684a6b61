"""When a private service has nothing left to do."""

from __future__ import annotations


class IdleTimer:
    """Measures how long a service has been without client and without run. Times in seconds of any steady clock."""

    def __init__(self, limit: float, now: float) -> None:
        self._limit = limit
        self._since = now

    def over(self, now: float, *, clients: int, runs: int) -> bool:
        """Whether the service may end, as things stand at `now`."""
        if clients or runs:
            self._since = now
        return now - self._since >= self._limit
