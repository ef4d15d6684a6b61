"""The store is read in threads; what nobody waits for is given up."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.sync.connections import Connections
from tests.empty_store import open_empty_store
from tests.scenarios.office import Pocket


@pytest.fixture
def resources(tmp_path: Path):
    db = open_empty_store(tmp_path / "store.db")
    yield Resources(
        profile=open_profile("test", {"DYNTUI_HOME": str(tmp_path)}),
        db=db,
        secrets=Pocket(),
        connections=Connections(db, Pocket()),
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        ids=lambda: "an-id",
        publish=lambda *event, **key: None,
    )
    db.close()


async def test_a_cancelled_reading_leaves_no_thread_at_work(resources: Resources):
    steps, over = threading.Semaphore(0), threading.Event()

    def count_for_ever(c: Connection) -> None:
        c.connection.driver_connection.create_function("step", 0, steps.release)
        try:
            c.execute(text("WITH RECURSIVE n(x) AS (SELECT step() UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"))
        finally:
            over.set()

    reading = asyncio.create_task(resources.read(count_for_ever))
    await asyncio.to_thread(steps.acquire)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert await asyncio.to_thread(over.wait, 30)
