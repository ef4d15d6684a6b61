"""The console on a real terminal, timed from the key to the answer on the wire."""

from __future__ import annotations

import math
import os
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dyntui.service.profile import Profile
from tests.terminal.terminal import Terminal


class Spread(msgspec.Struct, frozen=True):
    """How long something took, many times over; milliseconds."""

    times: int
    best: float
    median: float
    p95: float
    worst: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """From measurements in seconds."""
        ordered = sorted(1000 * each for each in seconds)
        return cls(
            len(ordered),
            ordered[0],
            ordered[len(ordered) // 2],
            ordered[math.ceil(0.95 * len(ordered)) - 1],
            ordered[-1],
        )

    def __str__(self) -> str:
        return (
            f"best {self.best:6.1f}   median {self.median:6.1f}   p95 {self.p95:6.1f}   worst {self.worst:6.1f} ms"
            f"   ({self.times} times)"
        )


class Used(msgspec.Struct, frozen=True):
    """What a process got of the machine (proc(5), schedstat), in seconds: time on a core, and time spent waiting for
    one because others had them."""

    on_core: float
    waiting: float

    def since(self, before: Used) -> Used:
        """Between two moments."""
        return Used(self.on_core - before.on_core, self.waiting - before.waiting)


class Idle(msgspec.Struct, frozen=True):
    """What a screen costs while nobody does anything: bytes per second on the wire, per cent of one core."""

    bytes_per_second: float
    cpu_percent: float


class Typist(Terminal):
    """A terminal that does not interpret what it gets until somebody looks at the screen, so that reading costs nothing
    of the time measured."""

    def __init__(self, profile: Profile, *, columns: int = 120, lines: int = 40) -> None:
        self._looked_at = 0
        command = (sys.executable, "-m", "dyntui.cli.main", "--profile", profile.name)
        super().__init__(command, {**os.environ, "COLORTERM": "truecolor"}, columns=columns, lines=lines)

    @property
    def text(self) -> str:
        """What is on the screen."""
        self._stream.feed(self.raw[self._looked_at :])
        self._looked_at = len(self.raw)
        return super().text

    def press(self, keys: str, answer: str, *, patience: float = 60.0) -> float:
        """Types keys; the seconds until `answer` has been written to the terminal."""
        wanted = answer.encode()
        before = len(self.raw)
        began = time.perf_counter()
        self.type(keys)
        while wanted not in self.raw[before:]:
            left = began + patience - time.perf_counter()
            assert left > 0 and self._read(left), f"{keys!r} was not answered by {answer!r}\n{self.text}"
        return time.perf_counter() - began

    def settle(self, silence: float = 0.3) -> None:
        """Reads until nothing was written for so many seconds."""
        while self._read(silence):
            pass

    def used(self) -> Used:
        """What the console has used so far."""
        return used(self.process.pid)

    def watch_idle(self, seconds: float) -> Idle:
        """Does nothing for a while."""
        written, before = len(self.raw), self.used()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        on_core = self.used().since(before).on_core
        return Idle((len(self.raw) - written) / seconds, 100 * on_core / seconds)

    def _read(self, wait: float) -> bool:
        if self._master < 0 or not select.select([self._master], [], [], wait)[0]:
            return False
        read = os.read(self._master, 65536)
        self.raw += read
        return bool(read)


def used(process: int) -> Used:
    """What a process has used so far, all of its threads that are still there."""
    counted = [path.read_text().split() for path in Path(f"/proc/{process}/task").glob("*/schedstat")]
    return Used(sum(int(each[0]) for each in counted) / 1e9, sum(int(each[1]) for each in counted) / 1e9)
