"""Runs executed by DBOS: durable, in priority order, taken up again after a crash.

DBOS keeps its own database beside the store's. That one may be lost: what is unfinished stands in the store, and the
sweep hands it over again. For why each setting is as it is, see the reference page on the engine.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import fcntl
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

# DBOS loads it in a thread of its own; whoever asks the store while it is half loaded would meet it unfinished.
import sqlalchemy.orm  # noqa: F401
from sqlalchemy import Connection, create_engine, event
from sqlalchemy import Engine as SqlEngine
from sqlalchemy.engine import make_url

from dyntui.model.errors import DyntuiError, Exit
from dyntui.store import runs
from dyntui.store.database import BUSY_SECONDS, Database
from dyntui.sync.engine import LATER, MORE, PUT_BACK_SECONDS, Chunk

if TYPE_CHECKING:
    from dbos import DBOS

log = logging.getLogger(__name__)

# Constant: DBOS would leave the runs of another application version alone, for ever.
_VERSION = "1"
_QUEUE = "runs"
# A run keeps its slot, which is a thread that sleeps, while it waits for a limit; one that waits for a marketing list
# is put back and keeps none. More runs than these there are never:
# one of a kind for each email account, one send for each campaign.
_SLOTS = 128
_WORKFLOW = "run"
# A step that fails is tried again at once; after that the next sweep hands the run over again. Waits are short, as
# nothing can interrupt them when the process is to end.
_ATTEMPTS = 3
_NEVER = 2**31 - 1
_UNUSED_SECONDS = 60.0
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_AT_ONCE = 500


class _LetGo(BaseException):
    """The process is stopping: not an error of the run. DBOS keeps no outcome for it, and takes the run up again after
    the next start."""


class DbosEngine:
    """One worker of the engine, at most one per engine database on a machine, and one per process."""

    def __init__(
        self,
        db: Database,
        url: str,
        chunk: Chunk,
        *,
        unfinished: Callable[[Connection], list[runs.Waiting]] = runs.unfinished,
        at_once: int = _SLOTS,
        polling_seconds: float = 0.75,
        sweep_seconds: float = 30.0,
        put_back_seconds: float = PUT_BACK_SECONDS,
    ) -> None:
        """`url`: the engine's own database, a file (`sqlite:///file`); `unfinished`: the runs that are to be carried
        out here; `at_once`: runs in hand side by side, those that wait included; how many of them are at work is the
        owner's of `chunk` to say."""
        self._db = db
        self._url = url
        self._chunk = chunk
        self._unfinished = unfinished
        self._at_once = at_once
        self._polling_seconds = polling_seconds
        self._sweep_seconds = sweep_seconds
        self._put_back_seconds = put_back_seconds
        # When (monotonic) runs that were put back are due again.
        self._put_back: dict[str, float] = {}
        self._stopping = threading.Event()
        self._in_hand: set[str] = set()
        self._abandoned: set[str] = set()
        self._orders: queue.SimpleQueue[runs.Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="dyntui-engine", daemon=True)
        self._resources = contextlib.ExitStack()

    def start(self) -> None:
        """Take the lock and begin; DBOS is loaded on a thread of its own (it takes a second). Raises `DyntuiError`
        ENGINE_LOCKED when another process works on the same engine database."""
        path = Path(make_url(self._url).database or "")
        self._resources.enter_context(_locked(path.with_suffix(".lock")))
        _put_aside_if_damaged(path)
        self._thread.start()

    def stop(self) -> None:
        """See `dyntui.sync.engine.Engine`. What `chunk` is in the middle of must be ended by its owner."""
        self._stopping.set()
        self._orders.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._resources.close()

    def enqueue(self, run_id: str, priority: int) -> None:
        """See `dyntui.sync.engine.Engine`. Returns at once; the engine's thread hands the run to DBOS."""
        self._orders.put(runs.Waiting(run_id, priority))

    def sweep(self) -> None:
        """See `dyntui.sync.engine.Engine`; done by the engine itself, at its start and every half minute."""
        self._orders.put(runs.Waiting("", 0))

    def _serve(self) -> None:
        try:
            with self._dbos() as dbos:
                self._sweep(dbos)
                sweep_at = time.monotonic() + self._sweep_seconds
                while not self._stopping.is_set():
                    now = time.monotonic()
                    # Copied at once: the threads of the slots add to it.
                    due = min([sweep_at, *self._put_back.copy().values()])
                    try:
                        order = self._orders.get(timeout=max(due - now, 0.0))
                    except queue.Empty:
                        order = runs.Waiting("", 0)
                        if due < sweep_at:
                            self._try(self._hand_over_again, dbos)
                            continue
                        sweep_at = time.monotonic() + self._sweep_seconds
                    if order is not None:
                        self._try(self._obey, dbos, order)
        except Exception:
            # The boundary of the engine's thread: without it nothing is executed, and the log must say so.
            log.exception("the engine stopped; runs stay queued until the service is started again")

    def _try(self, what: Callable[..., None], *given: Any) -> None:
        try:
            what(*given)
        except Exception:
            # A database that is busy or away for a moment: the next sweep makes up for it.
            log.exception("the engine could not be given a run; it is tried again")

    def _obey(self, dbos: type[DBOS], order: runs.Waiting) -> None:
        if order.id:
            self._hand_over(dbos, order)
        else:
            self._sweep(dbos)

    def _hand_over_again(self, dbos: type[DBOS]) -> None:
        """The runs that were put back and are due, to the end of the queue of their priority."""
        now = time.monotonic()
        due = [run_id for run_id, when in self._put_back.copy().items() if when <= now]
        for each in due:
            self._put_back.pop(each, None)
        over: list[str] = []
        for known in _workflows(dbos, workflow_ids=due):
            if known.status in _ENDED:
                over.append(known.workflow_id)
            else:
                # On a busy machine it may not be written yet that the workflow has come to its end.
                self._put_back.setdefault(known.workflow_id, now + self._put_back_seconds)
        with self._db.read() as c:
            unfinished = [each for each in self._unfinished(c) if each.id in over]
        if over:
            dbos.delete_workflows(over)
        for waiting in unfinished:
            self._hand_over(dbos, waiting)

    @contextlib.contextmanager
    def _dbos(self) -> Any:
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        config: DBOSConfig = {
            "name": "dyntui",
            "application_version": _VERSION,
            "executor_id": "local",
            "log_level": "ERROR",
            "serializer": DBOSPortableJSONSerializer(),
        }
        engine = config["system_database_engine"] = _sqlite_engine(self._url)
        dbos = DBOS(config=config)
        # DBOS's own queue, of which nothing here makes use, would be asked every second as long as the service lives.
        dbos._registry.get_internal_queue()._polling_interval_sec = _UNUSED_SECONDS
        self._register(DBOS)
        DBOS.launch()
        try:
            DBOS.register_queue(
                _QUEUE,
                worker_concurrency=self._at_once,
                polling_interval_sec=self._polling_seconds,
                on_conflict="always_update",
            )
            yield DBOS
        finally:
            # A run let go in the middle cannot be recorded any more, and is taken up by the next start: no error.
            logging.getLogger("dbos").setLevel(logging.CRITICAL)
            DBOS.destroy(destroy_registry=True)
            engine.dispose()

    def _register(self, dbos: type[DBOS]) -> None:
        @dbos.step(name="chunk", retries_allowed=True, max_attempts=_ATTEMPTS, interval_seconds=0.5)
        def chunk(run_id: str) -> str:
            return self._carry_on(run_id)

        # These three lines are frozen: a run of an older version is replayed through them.
        @dbos.workflow(name=_WORKFLOW, max_recovery_attempts=_NEVER)
        def run(run_id: str) -> None:
            while chunk(run_id) == MORE:
                pass

    def _carry_on(self, run_id: str) -> str:
        if self._stopping.is_set():
            raise _LetGo
        self._in_hand.add(run_id)
        try:
            answer = self._chunk(run_id)
            if answer == LATER:
                self._put_back[run_id] = time.monotonic() + self._put_back_seconds
                self._orders.put(None)
            return answer
        except (asyncio.CancelledError, concurrent.futures.CancelledError) as error:
            raise _LetGo from error
        except Exception as error:
            if self._stopping.is_set():
                raise _LetGo from error
            log.exception("run %s could not be carried on; it is tried again", run_id)
            raise
        finally:
            self._in_hand.discard(run_id)

    def _hand_over(self, dbos: type[DBOS], order: runs.Waiting) -> None:
        dbos.enqueue_workflow_with_options(
            {
                "workflow_name": _WORKFLOW,
                "queue_name": _QUEUE,
                "workflow_id": order.id,
                "priority": max(1, order.priority),
                "app_version": _VERSION,
            },
            order.id,
        )

    def _sweep(self, dbos: type[DBOS]) -> None:
        """Runs without a workflow are handed over; workflows that gave up, or that nobody works on, begin again; those
        that ended are deleted."""
        with self._db.read() as c:
            unfinished = {waiting.id: waiting for waiting in self._unfinished(c)}
        known = {each.workflow_id: each.status for each in _workflows(dbos, workflow_ids=list(unfinished))}
        given_up = [run_id for run_id, status in known.items() if status in _ENDED]
        idle = {run_id for run_id, status in known.items() if status == "PENDING"} - self._in_hand
        ended = [each.workflow_id for each in _workflows(dbos, status=list(_ENDED), limit=_AT_ONCE)]
        gone = [run_id for run_id in ended if run_id not in unfinished]
        if gone or given_up:
            dbos.delete_workflows([*gone, *given_up])
        for run_id, waiting in unfinished.items():
            if run_id not in known or run_id in given_up:
                self._hand_over(dbos, waiting)
        # A workflow was perhaps only just taken from the queue: it is idle when the second sweep finds it so.
        stuck = idle & self._abandoned
        self._abandoned = idle - stuck
        for run_id in stuck:
            dbos.resume_workflow(run_id, queue_name=_QUEUE)


def _workflows(dbos: type[DBOS], **wanted: Any) -> list[Any]:
    if wanted.get("workflow_ids") == []:
        return []
    return dbos.list_workflows(load_input=False, load_output=False, **wanted)


def _sqlite_engine(url: str) -> SqlEngine:
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


@contextlib.contextmanager
def _locked(path: Path) -> Any:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DyntuiError(
                "ENGINE_LOCKED",
                f"Another process executes the runs of {path.parent}.",
                not_done="No second worker was started; nothing runs twice.",
                remedy="Use the running service, or stop it first.",
                exit=Exit.LOCKED,
            ) from error
        yield
    finally:
        os.close(descriptor)


def _put_aside_if_damaged(path: Path) -> None:
    """Nothing in the engine's database is needed to go on: a damaged one is kept for whoever wants to look, and a new
    one begun."""
    if not path.exists():
        path.touch(mode=0o600)
        return
    try:
        with contextlib.closing(sqlite3.connect(path)) as probe:
            sound = probe.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        sound = False
    if sound:
        return
    aside = path.with_suffix(".damaged")
    log.error("the engine's database was damaged: kept as %s, a new one is begun", aside)
    path.replace(aside)
    for companion in ("-wal", "-shm"):
        Path(f"{path}{companion}").unlink(missing_ok=True)
    path.touch(mode=0o600)
