"""A run that waits for a limit is nobody's obstacle: others are at work meanwhile, and it can be stopped at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dyntui.model.outcomes import RunStatus
from dyntui.store import runs
from dyntui.store.database import Database
from dyntui.store.runs import NewRun
from dyntui.sync import worker as worker_module
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext
from dyntui.sync.signing_in import RUN_SLEEP
from dyntui.sync.surroundings import Surroundings
from dyntui.sync.turns import Turns
from dyntui.sync.worker import Worker
from tests.empty_store import open_empty_store

NOW = "2026-03-01T10:00:00Z"
LIMIT, SHORT = 2400.0, 20.0


class NoSecrets:
    async def get(self, name: str) -> str | None:
        return None

    async def set(self, name: str, secret: str, *, instead_of: str | None = None) -> None:
        return

    async def check(self, name: str, secret: str) -> None:
        return


class Workshop:
    """A worker with a single turn, whose time passes when the test says so."""

    def __init__(self, home: Path) -> None:
        self.db: Database = open_empty_store(home / "store.db")
        self.passing = threading.Semaphore(0)
        self.waits = threading.Semaphore(0)
        self.order: list[str] = []
        self.worker = Worker(
            self.db,
            NoSecrets(),
            clock=lambda: datetime(2026, 3, 1, 10, tzinfo=UTC),
            changed=lambda run_id: None,
            surroundings=Surroundings(sleep=self._sleep),
            at_once=1,
        )
        self.worker.start()
        self._threads = ThreadPoolExecutor()

    async def _sleep(self, seconds: float) -> None:
        self.waits.release()
        await asyncio.to_thread(self.passing.acquire)

    def begin(self, run_id: str, priority: int = 50) -> Future[str]:
        with self.db.write() as c:
            new = NewRun(id=run_id, kind="lists", title="", account_id="a", sync_key=run_id, queued_on=NOW)
            runs.create(c, new)
        return self._threads.submit(self.worker.chunk, run_id)

    def status(self, run_id: str) -> RunStatus:
        with self.db.read() as c:
            run = runs.get(c, run_id)
        assert run is not None
        return run.status

    def close(self) -> None:
        self.passing.release(10_000)
        self.worker.stop()
        self._threads.shutdown()
        self.db.close()


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    opened = Workshop(tmp_path)

    async def execute(ctx: RunContext, connections: Connections) -> None:
        """A run named after a limit waits for it as the clients of both systems do, in two calls at once."""
        opened.order.append(ctx.run_id)
        if ctx.run_id.startswith("limited"):
            wait = RUN_SLEEP.get()
            assert wait is not None
            seconds = SHORT if "briefly" in ctx.run_id else LIMIT
            await asyncio.gather(wait(seconds), wait(seconds))
        opened.order.append(f"{ctx.run_id} went on")

    monkeypatch.setattr(worker_module, "execute", execute)
    yield opened
    opened.close()


def test_another_run_is_carried_out_while_one_waits_and_the_wait_ends_at_once_when_cancelled(
    workshop: Workshop,
) -> None:
    limited = workshop.begin("limited")
    assert workshop.waits.acquire(timeout=180)
    assert workshop.begin("other").result(20) == "done"
    assert workshop.status("other") is RunStatus.COMPLETED
    assert workshop.status("limited") is RunStatus.IN_PROCESS and not limited.done()

    with workshop.db.write() as c:
        runs.request_cancel(c, "limited", NOW)
    # A few seconds of the forty minutes.
    workshop.passing.release(4)
    assert limited.result(20) == "done"
    assert workshop.status("limited") is RunStatus.CANCELLED
    assert "limited went on" not in workshop.order
    assert workshop.begin("third").result(20) == "done"


def test_a_run_whose_limit_opened_goes_on_and_all_turns_are_there_again(workshop: Workshop) -> None:
    limited = [workshop.begin(f"limited briefly {each}") for each in range(5)]
    for _ in limited:
        assert workshop.waits.acquire(timeout=180)
    workshop.passing.release(5 * 2 * int(SHORT))
    assert {each.result(60) for each in limited} == {"done"}
    assert {workshop.status(f"limited briefly {each}") for each in range(5)} == {RunStatus.COMPLETED}
    assert workshop.begin("other").result(20) == "done"


async def test_the_most_urgent_is_next_and_who_gave_up_is_passed_over() -> None:
    turns, order = Turns(1), list[str]()

    async def work(name: str, priority: int, until: Callable[[], bool] = lambda: True) -> None:
        async with turns.one(priority):
            order.append(name)
            while not until():  # noqa: ASYNC110 - the loop's own turns
                await asyncio.sleep(0)

    free = asyncio.Event()
    first = asyncio.create_task(work("first", 50, free.is_set))
    await asyncio.sleep(0)
    waiting = {
        name: asyncio.create_task(work(name, priority))
        for name, priority in (("campaigns", 60), ("lists", 40), ("gives up", 5), ("send", 10), ("lists too", 40))
    }
    await asyncio.sleep(0)
    waiting["gives up"].cancel()
    free.set()
    await asyncio.gather(first, *waiting.values(), return_exceptions=True)
    assert order == ["first", "send", "lists", "lists too", "campaigns"]
    await work("last", 99)
    assert order[-1] == "last"
