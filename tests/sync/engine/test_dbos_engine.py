"""Runs on the real engine: order, exactly-once work over a kill -9, letting go, and a lost engine database."""

from __future__ import annotations

import queue
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.store import runs
from dyntui.store.database import Database, sqlite_url
from dyntui.store.schema import list_member
from dyntui.sync.dbos_engine import DbosEngine
from dyntui.sync.engine import LATER, Chunk
from tests.empty_store import open_empty_store
from tests.thorough import keeping

WORKER = Path(__file__).with_name("crashing_worker.py")
PAGES, ROWS = 12, 10
NOW = "2026-01-01T00:00:00Z"

# One process has one DBOS: these tests share a worker of the test runner.
pytestmark = pytest.mark.xdist_group("dbos")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = open_empty_store(tmp_path / "store.db")
    yield opened
    opened.close()


def queued(db: Database, run_id: str, priority: int = 50) -> None:
    with db.write() as c:
        runs.create(
            c,
            runs.NewRun(
                id=run_id, kind="lists", title="", account_id="a", sync_key=run_id, queued_on=NOW, priority=priority
            ),
        )


def engine_for(db: Database, tmp_path: Path, chunk: Chunk, **options: float) -> DbosEngine:
    url = sqlite_url(tmp_path / "engine.db")
    return DbosEngine(db, url, chunk, polling_seconds=0.05, **options)  # type: ignore[arg-type]


class Worker:
    """The crashing worker in a process of its own."""

    def __init__(self, tmp_path: Path) -> None:
        urls = [sqlite_url(tmp_path / "store.db"), sqlite_url(tmp_path / "engine.db")]
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), *urls], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.said: list[str] = []

    def until(self, line: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        while True:
            said = self.process.stdout.readline().strip()
            assert said, "the worker ended"
            self.said.append(said)
            if said == line:
                return
            self.process.stdin.write("\n")
            self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.communicate(timeout=180)
        assert self.process.returncode == 0


@pytest.mark.parametrize("moment", keeping(["fetched 5", "kept 5"], "kept 5"))
def test_a_run_killed_in_the_middle_goes_on_at_its_cursor_and_applies_every_row_once(
    db: Database, tmp_path: Path, moment: str
) -> None:
    queued(db, "run")
    first = Worker(tmp_path)
    first.until(moment)
    first.kill()
    second = Worker(tmp_path)
    second.until("done")
    second.end()

    fetched = [line for line in first.said + second.said if line.startswith("fetched")]
    assert len(fetched) == PAGES + (moment == "fetched 5")
    with db.read() as c:
        rows, people, last = c.execute(
            select(func.count(), func.count(list_member.c.person_id.distinct()), func.max(list_member.c.seq))
        ).one()
        run = runs.get(c, "run")
    assert (rows, people, last) == (PAGES * ROWS, PAGES * ROWS, PAGES * ROWS - 1)
    assert run is not None
    assert (run.status, run.attempt) == (RunStatus.COMPLETED, 2)


def test_runs_are_executed_by_priority_and_each_until_it_is_done(db: Database, tmp_path: Path) -> None:
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()
    seen: dict[str, int] = {}

    def waiting() -> int:
        with closing(sqlite3.connect(tmp_path / "engine.db")) as engine_file:
            counted = engine_file.execute("SELECT count(*) FROM workflow_status WHERE status = 'ENQUEUED'").fetchone()
        return int(counted[0])

    def chunk(run_id: str) -> str:
        seen[run_id] = seen.get(run_id, 0) + 1
        if run_id == "first":
            if seen[run_id] == 1:
                calls.put(run_id)
            return "done" if waiting() == 3 else "more"
        calls.put(run_id)
        return "done" if seen[run_id] == 3 else "more"

    queued(db, "first")
    engine = engine_for(db, tmp_path, chunk, at_once=1)
    engine.start()
    try:
        assert calls.get(timeout=180) == "first"
        for run_id, priority in (("campaigns", 60), ("lists", 40), ("send", 10)):
            queued(db, run_id, priority)
            engine.enqueue(run_id, priority)
        order = [calls.get(timeout=180) for _ in range(9)]
    finally:
        engine.stop()
    assert order == ["send"] * 3 + ["lists"] * 3 + ["campaigns"] * 3


def test_a_run_that_is_put_back_leaves_its_slot_to_the_one_that_it_waits_for(db: Database, tmp_path: Path) -> None:
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()
    through: set[str] = set()

    def chunk(run_id: str) -> str:
        calls.put(run_id)
        if run_id == "urgent" and "other" not in through:
            return LATER
        through.add(run_id)
        with db.write() as c:
            claim = runs.claim(c, run_id, NOW)
            assert claim is not None
            runs.finish(c, run_id, claim.token, NOW)
        return "done"

    queued(db, "urgent", 10)
    queued(db, "other", 40)
    engine = engine_for(db, tmp_path, chunk, at_once=1, put_back_seconds=0.3)
    engine.start()
    try:
        order = [calls.get(timeout=180)]
        while "other" not in order or order[-1] != "urgent":
            order.append(calls.get(timeout=180))
    finally:
        engine.stop()
    assert (order[0], order[-1], order.count("other")) == ("urgent", "urgent", 1)


def test_a_run_let_go_by_a_stop_is_taken_up_by_the_next_start(db: Database, tmp_path: Path) -> None:
    queued(db, "run")
    begun, ended, stop = threading.Event(), threading.Event(), threading.Event()

    def interrupted(run_id: str) -> str:
        begun.set()
        stop.wait()
        raise CancelledError

    engine = engine_for(db, tmp_path, interrupted)
    engine.start()
    assert begun.wait(30)
    stop.set()
    engine.stop()

    def carried_on(run_id: str) -> str:
        with db.write() as c:
            claim = runs.claim(c, run_id, NOW)
            assert claim is not None
            runs.finish(c, run_id, claim.token, NOW)
        ended.set()
        return "done"

    again = engine_for(db, tmp_path, carried_on)
    again.start()
    try:
        assert ended.wait(30)
    finally:
        again.stop()


def test_a_chunk_that_fails_again_and_again_is_handed_over_by_the_sweep(db: Database, tmp_path: Path) -> None:
    queued(db, "run")
    ended = threading.Event()
    calls: list[str] = []

    def chunk(run_id: str) -> str:
        calls.append(run_id)
        if len(calls) <= 3:
            raise OSError("the store is away")
        with db.write() as c:
            claim = runs.claim(c, run_id, NOW)
            assert claim is not None
            runs.finish(c, run_id, claim.token, NOW)
        ended.set()
        return "done"

    engine = engine_for(db, tmp_path, chunk, sweep_seconds=0.2)
    engine.start()
    try:
        assert ended.wait(30)
    finally:
        engine.stop()


def test_a_damaged_engine_database_costs_no_run(db: Database, tmp_path: Path) -> None:
    queued(db, "run")
    (tmp_path / "engine.db").write_bytes(b"this is no database at all, whatever its name says" * 100)
    ended = threading.Event()

    def chunk(run_id: str) -> str:
        with db.write() as c:
            claim = runs.claim(c, run_id, NOW)
            assert claim is not None
            runs.finish(c, run_id, claim.token, NOW)
        ended.set()
        return "done"

    engine = engine_for(db, tmp_path, chunk)
    engine.start()
    try:
        assert ended.wait(30)
    finally:
        engine.stop()
    assert (tmp_path / "engine.damaged").read_bytes().startswith(b"this is no database")


def test_a_second_worker_on_the_same_engine_database_is_refused(db: Database, tmp_path: Path) -> None:
    engine = engine_for(db, tmp_path, lambda run_id: "done")
    engine.start()
    try:
        with pytest.raises(DyntuiError, match="ENGINE_LOCKED"):
            engine_for(db, tmp_path, lambda run_id: "done").start()
    finally:
        engine.stop()
