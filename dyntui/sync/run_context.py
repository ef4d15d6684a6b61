"""What a sync type has in hand while it carries out a run: the cursor, the store, the time, and the way to stop.

Everything is written through here, so that each write is fenced: a worker that was taken for dead changes nothing.
`work`, `read` and `write` take functions of a connection; they run in a thread, and only their transaction is theirs.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from dyntui.model.cursors import Cursor, cursor_of
from dyntui.model.errors import DyntuiError
from dyntui.model.held_sends import STOOD_STILL
from dyntui.model.mentioned import shown
from dyntui.model.moments import moment_of, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus, Tally
from dyntui.model.sync_types import RUN_KINDS, SENDING, Asked, asked_of
from dyntui.store import intervals, members, named_calls, outcomes, planned_changes, runs
from dyntui.store.database import Database
from dyntui.store.outcomes import Item
from dyntui.store.runs import Calls, Claim, Fenced, Problem
from dyntui.sync.turns import Turn

__all__ = ["Cancelled", "Fenced", "PutBack", "RunContext"]

T = TypeVar("T")
R = TypeVar("R", bound=Asked)
P = TypeVar("P", bound=Cursor)
# A shorter wait is over before anybody has read of it; Dynamics asks for such in every busy run.
NOTICED_SECONDS = 5.0
# As old as what is known of consent may be where it is watched: whoever goes on later asks anew.
_KNOWN_FOR = timedelta(minutes=1)
# How often somebody who waits looks whether the run is to stop.
_HEARS_SECONDS = 5.0

log = logging.getLogger(__name__)


# Rows of which nobody can tell which they are, behind all other parts of a run.
_ODD_ROWS = Item(id="odd-rows", kind="feed", name="Rows that cannot be read", place=1_000_001)


def odd_row(table: str, received: str) -> PersonOutcome:
    """What becomes of such a row."""
    who = hashlib.sha256(f"{table}\n{received}".encode()).hexdigest()[:16]
    return PersonOutcome(
        person=f"{table}/{who}",
        outcome=Outcome.REJECTED,
        reason="ODD_ROW",
        detail=f"one of {table} has no id that can be read; received: {shown(received)}",
    )


class Cancelled(Exception):
    """Somebody asked the run to stop. What was saved stays; the run ends as `Cancelled`."""


class PutBack(Exception):
    """Another run has the marketing list in hand: this one goes back into the queue, and on from its cursor later."""

    def __init__(self, list_id: str) -> None:
        super().__init__(list_id)
        self.list_id = list_id


class LastImport(msgspec.Struct, frozen=True):
    """How many rows the last import of a run had, 0 before the first, and how many seconds dotdigital was at work."""

    rows: int = 0
    seconds: float = 0.0


class RunContext:
    """One run in the hands of one worker. Belongs to one event loop; not shared between tasks that save."""

    def __init__(
        self,
        db: Database,
        run_id: str,
        claim: Claim,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        saved: Callable[[str], None] = lambda run_id: None,
        turn: Turn | None = None,
        prove: Callable[[], None] | None = None,
    ) -> None:
        """`saved` is told of the run after each save (for events), on the event loop: it must not block. `turn` is lent
        to other runs in every wait. `prove` raises `Fenced` before a remote call where the run may be another worker's
        by now. `was_away`: nobody had the run in hand for a while, since it was queued, put back or interrupted; who
        has opted out meanwhile has yet to be asked."""
        self.run_id = run_id
        self.token = claim.token
        self.kind = claim.kind
        self.account_id = claim.account_id
        self.request = claim.request
        self._db = db
        self._stored = claim.cursor
        self._cursor: Cursor | None = None
        self._clock = clock
        self._sleep = sleep
        self._saved = saved
        self._calls: Counter[str] = Counter()
        self._stage = ""
        self._at_work_on = moment_of(claim.at_work_on) or clock()
        self._telling: asyncio.Task[None] | None = None
        self.was_away = clock() - self._at_work_on > _KNOWN_FOR
        self._turn = turn
        self._prove = prove
        self.last_import = LastImport()
        # What this machine's clock showed when dotdigital's showed that (`dyntui.sync.feeds`).
        self.shown_here: dict[str, datetime] = {}
        self._odd: dict[tuple[str, str], None] = {}
        self._made: list[tuple[str, str, str]] = []
        # A send that goes on after an interruption may be past recall; its next save says so.
        self._cancellable = claim.kind not in SENDING or not claim.cursor

    @property
    def cursor(self) -> Cursor:
        """Where the run is, as last saved. Raises RUN_CURSOR_UNREADABLE."""
        if self._cursor is None:
            self._cursor = cursor_of(self._stored, RUN_KINDS[self.kind].cursor)
        return self._cursor

    def at(self, kind: type[P]) -> P:
        """Where the run is, as the cursor of its kind. Raises TypeError for a kind of run that has another one."""
        cursor = self.cursor
        if not isinstance(cursor, kind):
            raise TypeError(f"a run of {self.kind} has no {kind.__name__}")
        return cursor

    def _is_ours(self, cursor: Cursor) -> None:
        kind = RUN_KINDS[self.kind].cursor
        if not isinstance(cursor, kind):
            raise TypeError(f"a {type(cursor).__name__} is no {kind.__name__}, which runs of {self.kind} have")

    def asked(self, request: type[R]) -> R:
        """What the run was asked for."""
        return asked_of(self.request, request)

    def moment(self) -> datetime:
        """Now, in UTC."""
        return self._clock()

    def now(self) -> str:
        """Now, as the store writes it."""
        return text_of(self._clock())

    def stood_still(self) -> bool:
        """Whether nobody worked on the run for so long that it is not to do by itself what was meant for then: the
        service was not running, or this machine was asleep. Once it is so it stays so, whoever takes the run up."""
        return self._clock() - self._at_work_on > STOOD_STILL

    def _at_work(self) -> str:
        """When the run was last at work, from now on: at this moment, unless it has stood still."""
        if not self.stood_still():
            self._at_work_on = self._clock()
        return text_of(self._at_work_on)

    async def sleep(self, seconds: float) -> None:
        """Wait by the injected clock. Whoever would notice the wait does not suffer from it: other runs are at work
        meanwhile, and a request to stop is heard within seconds. Raises Cancelled, unless the run is past the point
        where it can stop."""
        if seconds < NOTICED_SECONDS:
            await self._sleep(seconds)
            return
        async with self._turn.lent() if self._turn is not None else nullcontext():
            left = seconds
            while left > 0:
                await self._sleep(min(left, _HEARS_SECONDS))
                left -= _HEARS_SECONDS
                self._at_work()
                if self._cancellable and await self.read(lambda c: runs.desired(c, self.run_id)) == "cancel":
                    raise Cancelled(self.run_id)

    def count_call(self, system: str, kind: str, route: str = "") -> None:
        """One API call is made: `dataverse` or `dotdigital`, `read` or `write`, on a route. Kept with the next save; of
        a run about one person each call is named.

        Raises `Fenced` where the run may be another worker's by now, DyntuiError PLAN_WRITES for what a plan must not
        do.
        """
        if self._prove is not None:
            self._prove()
        if kind == "write" and self.request.get("plan"):
            raise DyntuiError(
                "PLAN_WRITES",
                f"A plan was about to write to {system}.",
                not_done="The call was not made.",
                remedy="Report it: this is a defect of dyntui.",
            )
        self._calls[f"{system}_{kind}s"] += 1
        if self.request.get("only"):
            self._made.append((system, kind, route))

    def slowed(self, system: str, seconds: float) -> None:
        """A limit of `system` makes the run wait: the stage says so, and until when, until the next save. For waits
        that somebody would notice."""
        if seconds < NOTICED_SECONDS or (self._telling is not None and not self._telling.done()):
            return
        until = self._clock() + timedelta(seconds=seconds)
        stage = f"Waits for the limit of {system} until {until:%H:%M:%S} UTC" + (
            f" - {self._stage}" if self._stage else ""
        )
        self._telling = asyncio.create_task(self._tell(stage))

    async def _tell(self, stage: str) -> None:
        def keep() -> None:
            with self._db.write() as c:
                runs.advance(c, self.run_id, self.token, stage=stage, at=self._at_work())

        try:
            await asyncio.to_thread(keep)
        except (Fenced, DyntuiError) as error:
            # The run itself will meet it; this was a word to whoever looks on.
            log.info("run %s could not say that it waits: %s", self.run_id, error)
        else:
            self._saved(self.run_id)

    def met_odd_row(self, table: str, received: str) -> None:
        """A row was answered of which nobody can tell which it is: the next save names it. The people of a send are
        those that were counted, and no others."""
        if self.kind not in SENDING:
            self._odd[(table, received)] = None

    def _name_odd(self, c: Connection, rows: Iterable[tuple[str, str]]) -> None:
        several = list(rows)
        if not several:
            return
        known = {each.id for each in outcomes.items(c, self.run_id)}
        if _ODD_ROWS.id not in known:
            outcomes.put_item(c, self.run_id, _ODD_ROWS)
        outcomes.record(c, self.run_id, _ODD_ROWS.id, [odd_row(table, received) for table, received in several])
        outcomes.close(c, self.run_id, _ODD_ROWS.id)

    def _forget(self, named: Iterable[tuple[str, str]]) -> None:
        for each in named:
            self._odd.pop(each, None)

    async def _told(self) -> None:
        """What is still being said of a wait must not come after what is saved next."""
        if self._telling is not None:
            await self._telling
            self._telling = None

    async def read(self, what: Callable[[Connection], T]) -> T:
        """Ask the store."""

        def ask() -> T:
            with self._db.read() as c:
                return what(c)

        return await asyncio.to_thread(ask)

    async def write(self, what: Callable[[Connection], T]) -> T:
        """Change the store without moving the cursor: for what may be done twice. Raises `Fenced`."""

        def change() -> T:
            with self._db.write() as c:
                runs.advance(c, self.run_id, self.token, at=self._at_work())
                return what(c)

        return await asyncio.to_thread(change)

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
        """Keep `work`, the cursor after it, the progress and the calls made, in one transaction.

        Raises `Fenced` (nothing was kept) and, once everything is kept, `Cancelled` when the run is to stop, unless it
        is past the point where it can (`cancellable` False). TypeError for the cursor of another kind of run.
        """
        self._is_ours(cursor)
        await self._told()
        calls, odd, made = self._calls.copy(), tuple(self._odd), tuple(self._made)

        def keep() -> str:
            with self._db.write() as c:
                self._name_odd(c, odd)
                named_calls.keep(c, self.run_id, made)
                desired = runs.advance(
                    c,
                    self.run_id,
                    self.token,
                    cursor=msgspec.to_builtins(cursor),
                    stage=stage,
                    done=done,
                    of=of,
                    calls=Calls(**calls),
                    at=self._at_work(),
                )
                if work is not None:
                    work(c)
                return desired

        desired = await asyncio.to_thread(keep)
        self._calls.subtract(calls)
        self._forget(odd)
        del self._made[: len(made)]
        self._stage = stage
        self._cursor = cursor
        self._cancellable = cancellable
        self._saved(self.run_id)
        if desired == "cancel" and cancellable:
            raise Cancelled(self.run_id)

    async def note(self, cursor: Cursor) -> None:
        """Keep the cursor alone: stage, progress, and whether the run can stop are as they were. Raises `Fenced`."""
        self._is_ours(cursor)

        def keep() -> None:
            with self._db.write() as c:
                runs.advance(c, self.run_id, self.token, cursor=msgspec.to_builtins(cursor), at=self._at_work())

        await asyncio.to_thread(keep)
        self._cursor = cursor

    async def begin_item(self, item_id: str, *, kind: str, name: str, place: int) -> None:
        """A part of the run (a list, a campaign, a feed) begins, or goes on: one that is through already stays so."""
        item = Item(id=item_id, kind=kind, name=name, place=place)

        def begin(c: Connection) -> None:
            through = [each for each in outcomes.items(c, self.run_id) if each.id == item_id and each.status.ended]
            if not through or through[0].status is RunStatus.FAILED:
                outcomes.put_item(c, self.run_id, item)

        await self.write(begin)

    async def end_item(self, item_id: str, *, read: int | None = None) -> RunStatus:
        """A part is through, with the status that its recorded people earn. `read`: how many people it has read; None
        for a feed, where everybody read is recorded at once."""
        return await self.write(lambda c: self.close_item(c, item_id, read=read))

    def close_item(
        self,
        c: Connection,
        item_id: str,
        *,
        read: int | None = None,
        note: str = "",
        status: RunStatus | None = None,
    ) -> RunStatus:
        """`end_item` within a transaction at hand (`work`); `note`: what else the audit is to say of it. `status`: of a
        part that is not about people; None: what the recorded people earn."""
        return outcomes.close(c, self.run_id, item_id, read=read, note=note, status=status)

    def close_list(self, c: Connection, item_id: str, list_id: str, mark: str, *, note: str = "") -> RunStatus:
        """A marketing list is through: what became of its people, those under the `mark` and those who left, is the
        item's. Where this run has not read everybody, only those can have changed who are news. Within `work`."""
        read = members.read_by(c, list_id, mark)
        among = None if mark == self.run_id else members.with_news(list_id)
        intervals.keep(c, f"list/{list_id}", self.run_id, item_id, members.named(list_id, mark), among)
        members.told(c, list_id)
        return self.close_item(c, item_id, read=read, note=note)

    def close_plan(self, c: Connection, item_id: str, list_id: str, mark: str, *, note: str = "") -> RunStatus:
        """What would become of a marketing list's people, those under the `mark` and those who left, is the item's.
        Within `work`."""
        read = members.read_by(c, list_id, mark)
        planned_changes.keep_people(c, self.run_id, item_id, list_id, mark)
        return self.close_item(c, item_id, read=read, note=note)

    async def fail_item(self, item_id: str, error: DyntuiError) -> None:
        """A part failed and the run goes on with the others; what was recorded of its people does not count."""
        await self.write(lambda c: self._fail(c, outcomes.item(c, self.run_id, item_id), error))

    async def fail_part(self, item_id: str, error: DyntuiError, *, kind: str, name: str, place: int) -> None:
        """`fail_item` for a part that may not have begun. It is there and has failed at once: a run that is interrupted
        may not come to it again."""
        await self.write(lambda c: self._fail(c, Item(id=item_id, kind=kind, name=name, place=place), error))

    def _fail(self, c: Connection, item: Item, error: DyntuiError) -> None:
        """With it what has begun of it in items of their own (`LIST/in-the-book`)."""
        of_it = [
            each
            for each in outcomes.items(c, self.run_id)
            if each.status is RunStatus.IN_PROCESS and each.id.startswith(f"{item.id}/")
        ]
        note = f"{error.code}: {error.message} {error.not_done} {error.remedy}"
        for each in (item, *of_it):
            outcomes.clear(c, self.run_id, each.id)
            failed = msgspec.structs.replace(each, status=RunStatus.FAILED, tally=Tally(), note=note)
            outcomes.put_item(c, self.run_id, failed)

    async def finish(
        self, status: RunStatus | None = None, *, read: int | None = None, problem: Problem | None = None
    ) -> RunStatus:
        """End the run (see `dyntui.store.runs.finish`), with the calls made since the last save. Raises `Fenced`."""
        await self._told()
        calls, odd, made = self._calls.copy(), tuple(self._odd), tuple(self._made)

        def end() -> RunStatus:
            with self._db.write() as c:
                self._name_odd(c, odd)
                named_calls.keep(c, self.run_id, made)
                runs.advance(c, self.run_id, self.token, calls=Calls(**calls))
                return runs.finish(c, self.run_id, self.token, self.now(), status=status, read=read, problem=problem)

        ended = await asyncio.to_thread(end)
        self._calls.subtract(calls)
        self._forget(odd)
        del self._made[: len(made)]
        self._saved(self.run_id)
        return ended
