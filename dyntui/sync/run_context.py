"""What a run works with: its request and cursor, the store, the clock, and progress that everybody sees.

Work and the cursor after it are stored in one transaction under the run's fencing token, so that a run that is killed
goes on where it was, and a worker that was taken for dead changes nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.model.outcomes import RunStatus, Tally, status_of
from dyntui.store import members, outcomes, runs
from dyntui.store.database import Database
from dyntui.store.outcomes import Item
from dyntui.store.runs import Calls, Claim

T = TypeVar("T")
Cursor = dict[str, Any]


class Cancelled(Exception):
    """Somebody asked the run to stop; what was acknowledged so far is stored."""


class RunContext:
    """One attempt at a run. `changed` is told after every stored step."""

    def __init__(
        self,
        run_id: str,
        claim: Claim,
        db: Database,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        changed: Callable[[str], None],
    ) -> None:
        self.run_id = run_id
        self.kind = claim.kind
        self.account_id = claim.account_id
        self.request = claim.request
        self.cursor: Cursor = claim.cursor
        self.sleep = sleep
        self._token = claim.token
        self._db = db
        self._clock = clock
        self._changed = changed
        self._calls: dict[str, int] = {}

    def meter(self, system: str, kind: str) -> None:
        """Counts a call; stored with the next step. `system`: `dataverse` or `dotdigital`; `kind`: `read` or `write`."""
        name = f"{system}_{kind}s"
        self._calls[name] = self._calls.get(name, 0) + 1

    def moment(self) -> datetime:
        """The time, UTC."""
        return self._clock()

    def now(self) -> str:
        """The time as the store writes it."""
        return text_of(self._clock())

    async def read(self, work: Callable[[Connection], T]) -> T:
        """`work` on a reading connection, in a thread."""

        def run() -> T:
            with self._db.read() as c:
                return work(c)

        return await asyncio.to_thread(run)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """`work` in a transaction of its own, with the cursor as it is. Raises Fenced, Cancelled never."""
        return await self._step(work, self.cursor, None, None, None, cancellable=False)

    async def save(
        self,
        cursor: Cursor,
        *,
        stage: str,
        done: int = 0,
        of: int = 0,
        work: Callable[[Connection], object] | None = None,
        cancellable: bool = True,
    ) -> None:
        """`work` and the cursor after it, at once. Raises Fenced, and Cancelled once it is stored."""
        await self._step(work or (lambda c: None), cursor, stage, done, of, cancellable=cancellable)

    async def _step(
        self,
        work: Callable[[Connection], T],
        cursor: Cursor,
        stage: str | None,
        done: int | None,
        of: int | None,
        *,
        cancellable: bool,
    ) -> T:
        calls, self._calls = Calls(**self._calls), {}

        def run() -> tuple[T, str]:
            with self._db.write() as c:
                answer = work(c)
                desired = runs.advance(
                    c, self.run_id, self._token, cursor=cursor, stage=stage, done=done, of=of, calls=calls
                )
                return answer, desired

        answer, desired = await asyncio.to_thread(run)
        self.cursor = cursor
        self._changed(self.run_id)
        if cancellable and desired == "cancel":
            raise Cancelled
        return answer

    async def begin_item(self, item_id: str, *, kind: str, name: str, place: int) -> None:
        """An item (a list, a feed, the send) is at work."""
        item = Item(id=item_id, kind=kind, name=name, place=place)
        await self.write(lambda c: outcomes.put_item(c, self.run_id, item))

    async def end_item(self, item_id: str, read: int) -> None:
        """An item is through; `read` people were read, and each must have an outcome recorded."""
        await self.write(lambda c: self._end_item(c, item_id, read))

    async def fail_item(self, item_id: str, error: DyntuiError) -> None:
        """An item could not be carried out; the run goes on with the others."""
        note = f"{error.code}: {error.message} {error.remedy}"
        await self.write(lambda c: self._put_end(c, item_id, RunStatus.FAILED, 0, note, clear=True))

    def end_list_item(self, c: Connection, item_id: str, list_id: str) -> None:
        """A list's people become its item's, in the caller's transaction."""
        read = members.listed(c, list_id, self.run_id) + members.gone(c, list_id, self.run_id)
        members.copy_outcomes(c, self.run_id, item_id, list_id, self.run_id)
        self._end_item(c, item_id, read)

    def _end_item(self, c: Connection, item_id: str, read: int) -> None:
        recorded = next(item for item in outcomes.items(c, self.run_id) if item.id == item_id)
        status = status_of(Tally(read, recorded.tally.counts))
        self._put_end(c, item_id, status, read, "", clear=False)

    def _put_end(self, c: Connection, item_id: str, status: RunStatus, read: int, note: str, *, clear: bool) -> None:
        if clear:
            outcomes.clear(c, self.run_id, item_id)
        known = next(item for item in outcomes.items(c, self.run_id) if item.id == item_id)
        outcomes.put_item(
            c,
            self.run_id,
            Item(
                id=known.id,
                kind=known.kind,
                name=known.name,
                place=known.place,
                status=status,
                tally=Tally(read, known.tally.counts),
                note=note,
            ),
        )
