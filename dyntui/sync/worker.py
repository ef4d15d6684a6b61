"""Carries runs out, one attempt at a time each, on an event loop and a thread of its own.

The engine promises to call `chunk` for every queued run until it answers "done"; whatever ends an attempt is stored
with the run before that. A run that wants a marketing list which another one has in hand goes back into the queue:
nothing waits in a slot of the engine's, and asking again costs one question to the store.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from dyntui.dataverse.keys import MET
from dyntui.model.budgets import OPERATIONS_A_DAY
from dyntui.model.created_records import CreatedDefaults
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.model.sync_types import SENDING
from dyntui.model.trust import Rule
from dyntui.store import coming_after, lists, runs, workers
from dyntui.store.database import Database
from dyntui.store.failures import STORE_UNREACHABLE
from dyntui.store.runs import Fenced, Problem
from dyntui.sync.connections import RUN_METER, RUN_SLOWED, Connections, Secrets
from dyntui.sync.engine import DONE, LATER
from dyntui.sync.kinds import execute
from dyntui.sync.leases import SPENDER
from dyntui.sync.open_connections import in_hand
from dyntui.sync.run_context import Cancelled, PutBack, RunContext
from dyntui.sync.send import end_unsent
from dyntui.sync.signing_in import RUN_SLEEP
from dyntui.sync.surroundings import REAL, Surroundings
from dyntui.sync.turns import Turn, Turns
from dyntui.sync.worker_lease import Hold, WorkerLease

T = TypeVar("T")
AT_ONCE = 8

log = logging.getLogger(__name__)


class Worker:
    """`start` and `stop` on any thread; `chunk` is called by the engine's threads and blocks them."""

    def __init__(
        self,
        db: Database,
        secrets: Secrets,
        *,
        clock: Callable[[], datetime],
        changed: Callable[[str], None],
        surroundings: Surroundings = REAL,
        at_once: int = AT_ONCE,
        operations_a_day: int = OPERATIONS_A_DAY,
        trust: Rule = Rule(),  # noqa: B008 - a value
        created: CreatedDefaults = CreatedDefaults(),  # noqa: B008 - a value
        lease: WorkerLease | None = None,
    ) -> None:
        """`changed` is told of a run after each of its saves; `at_once`: runs at work side by side, besides those that
        wait. `operations_a_day`: what Dynamics allows in 24 hours; `trust`: how cheap answers earn it;
        `created`: what records say that are made of strangers. `lease`: of this process, where several machines share
        the store."""
        self._db = db
        self._clock = clock
        self._changed = changed
        self._sleep = surroundings.sleep
        self._connections = Connections(
            db, secrets, surroundings, operations_a_day=operations_a_day, trust=trust, created=created
        )
        self._lease = lease
        self._turns = Turns(at_once)
        # By run the list that it was put back for.
        self._put_back: dict[str, str] = {}
        self._loop = surroundings.new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dyntui-runs", daemon=True)

    def start(self) -> None:
        """Opens the loop; connections are opened by the first run."""
        self._thread.start()

    def stop(self) -> None:
        """Lets go of runs where they are - they are resumed by the next start - and closes the connections."""
        self._await(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def reconnect(self) -> None:
        """Forgets open connections, after a setup changed how systems are reached; runs at work go on with theirs."""
        self._await(self._connections.forget())

    def renew(self) -> None:
        """Open connections sign in with what the keyring holds now; runs go on."""
        self._await(self._connections.renew())

    def chunk(self, run_id: str) -> str:
        """One attempt at a run: "done" at its end, "later" where it has to wait for a list or comes after another."""
        return self._await(self._attempt(run_id))

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _close(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._connections.close()

    async def _attempt(self, run_id: str) -> str:
        if run_id in self._put_back:
            waits = await asyncio.to_thread(self._has_to_wait, run_id, self._put_back[run_id])
            if waits:
                return LATER
            del self._put_back[run_id]
        async with self._turns.one(await asyncio.to_thread(self._priority, run_id)) as turn:
            return await self._attempt_in(turn, run_id)

    async def _attempt_in(self, turn: Turn, run_id: str) -> str:
        hold = self._lease.current if self._lease is not None else None
        claim = await asyncio.to_thread(self._claim, run_id, hold)
        if not isinstance(claim, runs.Claim):
            return claim
        ctx = RunContext(
            self._db,
            run_id,
            claim,
            clock=self._clock,
            sleep=self._sleep,
            saved=self._changed,
            turn=turn,
            prove=hold.prove if hold is not None else None,
        )
        SPENDER.set(ctx.kind)
        RUN_METER.set(ctx.count_call)
        MET.set(ctx.met_odd_row)
        RUN_SLOWED.set(ctx.slowed)
        RUN_SLEEP.set(ctx.sleep)
        self._changed(run_id)
        try:
            async with in_hand():
                await self._carry_out(ctx)
        except Fenced:
            # Another worker has the run, and all of what it will become.
            log.info("run %s was taken over", run_id)
        except PutBack as waits:
            self._put_back[run_id] = waits.list_id
        await self._settle_budgets()
        return LATER if run_id in self._put_back else DONE

    async def _settle_budgets(self) -> None:
        try:
            await self._connections.budgets.settle()
        except DyntuiError as error:
            # What was taken and not used counts as used until its time has passed.
            log.warning("budgets of calls could not be settled: %s", error)

    def _has_to_wait(self, run_id: str, list_id: str) -> bool:
        with self._db.read() as c:
            return runs.desired(c, run_id) != "cancel" and not lists.is_free(c, list_id, run_id)

    def _priority(self, run_id: str) -> int:
        with self._db.read() as c:
            return runs.priority(c, run_id)

    def _claim(self, run_id: str, hold: Hold | None) -> runs.Claim | str:
        """The run in hand, or what the engine is told instead."""
        name = hold.name if hold is not None else ""
        with self._db.write() as c:
            if name and not workers.hold(c, name):
                # Taken for dead a moment ago: under its new name the process takes the run up again, or others do.
                return DONE
            if not coming_after.comes_next(c, run_id):
                return LATER
            return runs.claim(c, run_id, self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"), name) or DONE

    async def _carry_out(self, ctx: RunContext) -> None:
        try:
            await execute(ctx, self._connections)
        except Cancelled:
            await self._unsent(ctx, "Cancelled", None)
            await ctx.finish(RunStatus.CANCELLED)
        except DyntuiError as error:
            if self._lease is not None and error.code == STORE_UNREACHABLE:
                # A server that is away for a moment, or has ended this connection: the run goes on where it was.
                raise
            log.warning("run %s failed: %s %s", ctx.run_id, error, error.detail)
            await self._unsent(ctx, "Refused" if error.code == "SEND_REFUSED" else "Failed", error)
            await ctx.finish(RunStatus.FAILED, problem=_problem(error))
        except (Fenced, PutBack, asyncio.CancelledError):
            raise
        except Exception:
            # The boundary of a run: a defect must end it by name, not leave it running for ever.
            log.exception("run %s ended in a defect", ctx.run_id)
            defect = DyntuiError(
                "INTERNAL_ERROR",
                "The run ended in a defect of dyntui; the log has the details.",
                not_done="What the run had not done by then was not done.",
                remedy="Run it again; if it fails again, report it with the log.",
            )
            await self._unsent(ctx, "Failed", defect)
            await ctx.finish(RunStatus.FAILED, problem=_problem(defect))
        else:
            await ctx.finish()

    async def _unsent(self, ctx: RunContext, state: str, error: DyntuiError | None) -> None:
        if ctx.kind in SENDING:
            await end_unsent(ctx, self._connections, state, error)


def _problem(error: DyntuiError) -> Problem:
    return Problem(code=error.code, message=error.message, not_done=error.not_done, remedy=error.remedy)
