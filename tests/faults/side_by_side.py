"""Runs truly at once: two workers share a store, each has several runs in hand, and between any two calls of one run
another may go on.

Both are at work on one event loop and on the world's clock, so that a seed comes to the same end each time. A run that
is let go, or has to wait for a list, is queued again, and whichever worker is drawn takes it up.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from msgspec.structs import replace

from dyntui.store.database import Database
from dyntui.sync.engine import DONE, LATER, MORE, PUT_BACK_SECONDS, InlineEngine
from dyntui.sync.worker import Worker
from tests.faults.restless import Restless
from tests.simulation.time import VirtualTime

SLOTS = 4
# Nothing has to wait for a list as often: a run that does waits for one that nobody gives back.
_PUT_BACK = 500


class SideBySide(InlineEngine):
    """Carries out as many runs at once as there are slots, each by one of the workers, whose loop is that of the
    first. `chance` draws the worker; `most`: the most runs at once that there were; `put_back`: how often one had to
    wait for a list."""

    def __init__(self, db: Database, workers: tuple[Worker, ...], time: VirtualTime) -> None:
        super().__init__(db, workers[0].chunk)
        self._workers, self._time = workers, time
        self._in_hand: dict[asyncio.Task[str], tuple[str, int]] = {}
        self.chance = random.Random(0)
        self.most = self.put_back = 0

    def enqueue(self, run_id: str, priority: int) -> None:
        """As an engine does: what is in hand already is not taken up a second time."""
        if run_id not in {each for each, _ in self._in_hand.values()}:
            super().enqueue(run_id, priority)

    def drain(self) -> list[str]:
        """Executes what is queued until nothing is left; the runs' ids in the order in which they ended."""
        return asyncio.run_coroutine_threadsafe(self._all(), self._workers[0]._loop).result()

    async def _all(self) -> list[str]:
        ended: list[str] = []
        while self._queued or self._in_hand:
            while self._queued and len(self._in_hand) < SLOTS:
                run_id = min(self._queued, key=self._queued.__getitem__)
                work = asyncio.ensure_future(self._carry_on(self.chance.choice(self._workers), run_id))
                self._in_hand[work] = run_id, self._queued.pop(run_id)
            self.most = max(self.most, len(self._in_hand))
            await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)
            for work in [each for each in self._in_hand if each.done()]:
                run_id, priority = self._in_hand.pop(work)
                if work.cancelled() or work.result() != DONE:
                    self._queued[run_id] = priority
                else:
                    ended.append(run_id)
        return ended

    async def _carry_on(self, worker: Worker, run_id: str) -> str:
        while (answer := await worker._attempt(run_id)) == MORE:
            pass
        if answer == LATER:
            self.put_back += 1
            assert self.put_back < _PUT_BACK, f"run {run_id} waits for a list that nobody gives back"
            await self._time.until(self._time.now() + timedelta(seconds=PUT_BACK_SECONDS))
        return answer


class TwoWorkers(Restless):
    """An office whose runs are carried out side by side by two workers."""

    engine: SideBySide

    def new_engine(self) -> SideBySide:
        """See `SideBySide`."""
        loop = self.worker._loop
        around = replace(self.sandbox.surroundings(sleep=self._pass_time), new_loop=lambda: loop)
        self._second = Worker(
            self.db,
            self.secrets,
            clock=self._now,
            changed=lambda run_id: None,
            surroundings=around,
            trust=self.trust,
        )
        return SideBySide(self.db, (self.worker, self._second), self.sandbox.time)

    def reconnect(self) -> None:
        """Both workers forget their connections, after a setup changed how systems are reached."""
        self.worker.reconnect()
        asyncio.run_coroutine_threadsafe(self._second._connections.close(), self.worker._loop).result()

    def close(self) -> None:
        self.reconnect()
        super().close()
