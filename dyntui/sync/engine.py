"""The port to whatever executes runs: it calls a run's `chunk` until that answers "done".

A run whose `chunk` answers "later" goes back into the queue, behind others, and keeps no slot meanwhile. An engine
promises: at least once, in priority order, again after a crash. Everything else - one run per key, one worker
per run, the cursor - is kept by `dyntui.store.runs`, so that an engine can be replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dyntui.store import runs
from dyntui.store.database import Database

# Carries a run on: `more` (call again), `later` (put it back into the queue) or `done`. Called on a thread of the
# engine's, which it may block.
Chunk = Callable[[str], str]

MORE = "more"
LATER = "later"
DONE = "done"
# How long a run that was put back waits before it is carried on again.
PUT_BACK_SECONDS = 5.0


class Engine(Protocol):
    """What the service knows of an engine. Every method may be called on any thread, an event loop's included."""

    def start(self) -> None:
        """Begin to execute what is queued, and what was left by a process that died."""

    def stop(self) -> None:
        """Let go of the runs in hand - they are carried on after the next start - and release everything."""

    def enqueue(self, run_id: str, priority: int) -> None:
        """Execute a run that the store has as queued; lower priorities first. Twice is once."""

    def sweep(self) -> None:
        """Take up again what the store has as unfinished and the engine does not know of, or has given up."""


class InlineEngine:
    """Executes runs on the caller's thread, when told to: deterministic, for scenarios that need no real engine."""

    def __init__(self, db: Database, chunk: Chunk) -> None:
        self._db = db
        self._chunk = chunk
        self._queued: dict[str, int] = {}

    def start(self) -> None:
        """Takes up what the store has as unfinished."""
        self.sweep()

    def stop(self) -> None:
        """Forgets what is queued."""
        self._queued.clear()

    def enqueue(self, run_id: str, priority: int) -> None:
        """Remembers the run for `drain`."""
        self._queued.setdefault(run_id, priority)

    def sweep(self) -> None:
        """Queues every unfinished run."""
        with self._db.read() as c:
            for waiting in runs.unfinished(c):
                self.enqueue(waiting.id, waiting.priority)

    def drain(self) -> list[str]:
        """Executes what is queued, by priority, then in the order it came, until nothing is left; the runs' ids. Who is
        put back comes after all others; where nobody else is left it stays queued for the next time."""
        done: list[str] = []
        later: dict[str, int] = {}
        try:
            while self._queued:
                run_id = min(self._queued, key=self._queued.__getitem__)
                while (answer := self._chunk(run_id)) == MORE:
                    pass
                priority = self._queued.pop(run_id)
                if answer == LATER:
                    later[run_id] = priority
                    continue
                done.append(run_id)
                self._queued |= later
                later = {}
        finally:
            self._queued |= later
        return done
