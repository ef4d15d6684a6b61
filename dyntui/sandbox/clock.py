"""The sandbox's one source of time.

Everything the simulated systems stamp, expire or let happen reads this clock and never the machine's, so that a test
can move the whole world forward and a replay gets the same times.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _machine_time() -> Callable[[], datetime]:
    """Real time that cannot run backwards: the machine's time now, carried on by its monotonic counter."""
    started, began = datetime.now(UTC), time.monotonic()
    return lambda: started + timedelta(seconds=time.monotonic() - began)


class Clock:
    """World time: a source of real time plus an offset which `advance` lets grow.

    `source` is replaced by tests with a function which returns a fixed time, which makes the clock stand still
    between two calls of `advance`.
    """

    __slots__ = ("_offset", "_source")

    def __init__(self, source: Callable[[], datetime] | None = None, offset: timedelta = timedelta()) -> None:
        self._source = source or _machine_time()
        self._offset = offset

    @classmethod
    def starting_at(cls, start: datetime) -> "Clock":
        """A clock which shows `start` now and runs on in real time."""
        source = _machine_time()
        return cls(source, start.astimezone(UTC) - source())

    @classmethod
    def standing_at(cls, start: datetime) -> "Clock":
        """A clock which moves by `advance` only."""
        fixed = start.astimezone(UTC)
        return cls(lambda: fixed)

    @property
    def offset(self) -> timedelta:
        """How far world time is away from real time."""
        return self._offset

    def now(self) -> datetime:
        """World time, aware, UTC."""
        return self._source() + self._offset

    def client_now(self) -> datetime:
        """The time which a client's own clock shows: world time as it would be had nobody moved it."""
        return self._source()

    def advance(self, by: timedelta) -> None:
        """Moves the world forward. Raises ValueError for a negative span: nothing that happened can be undone."""
        if by < timedelta():
            raise ValueError("the clock cannot be turned back")
        self._offset += by
