"""Who looks at what is stored never waits for whoever writes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.store.database import Database
from dyntui.sync.connections import Connections
from tests.empty_store import open_empty_store


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = open_empty_store(tmp_path / "store.db")
    yield opened
    opened.close()


async def test_readers_are_answered_while_forty_writers_wait_for_a_run(db: Database):
    readers, writers = ThreadPoolExecutor(16), ThreadPoolExecutor(4)
    resources = Resources(
        profile=open_profile("test", {"DYNTUI_HOME": "/nonexistent"}),
        db=db,
        secrets=None,  # type: ignore[arg-type]
        connections=Connections(db, None),  # type: ignore[arg-type]
        clock=lambda: datetime.now(UTC),
        ids=lambda: "",
        publish=lambda *_: None,
        readers=readers,
        writers=writers,
    )
    holding, let_go = threading.Event(), threading.Event()

    def a_run_settles() -> None:
        with db.write():
            holding.set()
            let_go.wait(30)

    run = threading.Thread(target=a_run_settles)
    run.start()
    holding.wait(10)

    def one(c: Connection) -> int:
        return int(c.execute(text("SELECT 1")).scalar_one())

    waiting = [asyncio.create_task(resources.write(one)) for _ in range(40)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(5):
            assert sum(await asyncio.gather(*(resources.read(one) for _ in range(40)))) == 40
        assert not any(task.done() for task in waiting)
    finally:
        let_go.set()
        run.join()
    assert sum(await asyncio.gather(*waiting)) == 40
    readers.shutdown()
    writers.shutdown()
