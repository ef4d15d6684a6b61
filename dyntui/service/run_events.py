"""Tells every client how runs get on: at most ten times a second per run, always with the newest state."""

from __future__ import annotations

import asyncio

from dyntui.model.sync_types import RUN_KINDS
from dyntui.service.contract.runs import RUN_CHANGED, RunChanged, RunRow
from dyntui.service.contract.subjects import changed_event
from dyntui.service.resources import Publish
from dyntui.store import run_window
from dyntui.store.database import Database

PAUSE = 0.1


class RunEvents:
    """`changed` may be called from any thread; it never waits."""

    def __init__(self, db: Database, publish: Publish) -> None:
        self._db = db
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None

    def changed(self, run_id: str) -> None:
        """A step of a run was stored."""
        self._loop.call_soon_threadsafe(self._mark, run_id)

    async def close(self) -> None:
        """Tells what is still waiting, and ends."""
        if self._telling is not None:
            await self._telling

    def _mark(self, run_id: str) -> None:
        self._waiting[run_id] = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._waiting:
            some, self._waiting = list(self._waiting), {}
            for run_id in some:
                await self._tell_one(run_id)
            await asyncio.sleep(PAUSE)

    async def _tell_one(self, run_id: str) -> None:
        def read() -> RunRow | None:
            with self._db.read() as c:
                return run_window.row(c, run_id)

        run = await asyncio.to_thread(read)
        if run is None:
            return
        self._publish(RUN_CHANGED.name, RunChanged(run=run), key=run_id)
        if run.status.ended:
            for subject in RUN_KINDS[run.kind].changes:
                event = changed_event(subject)
                self._publish(event.name, event.value())
