"""The store is read in threads; what nobody waits for is given up."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from dyntui.model.errors import DyntuiError
from dyntui.model.paging import Page, Window
from dyntui.service import standing_still
from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.service.standing_still import PAGE, answered, reading_of
from dyntui.store import watermarks
from dyntui.store.schema import watermark
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


def people_at(offset: int, still: str = "an export") -> Window:
    return Window(offset=offset, limit=2, still=still)


async def asked(resources: Resources, window: Window) -> Page[str]:
    """As a request of a client asks."""
    reading = reading_of(1000, window)

    def work(c: Connection) -> Page[str]:
        rows = tuple(c.execute(select(watermark.c.feed).order_by(watermark.c.feed)).scalars())
        some = rows[window.offset : window.offset + window.limit]
        return Page(rows=some, matching=len(rows), total=len(rows), offset=window.offset)

    async def request() -> Page[str]:
        PAGE.set(reading)
        page = await resources.read(work)
        await answered(reading, page)
        return page

    return await asyncio.create_task(request())


def put(resources: Resources, name: str) -> None:
    with resources.db.write() as c:
        watermarks.put(c, "", name, "read")


async def test_pages_of_one_name_are_of_one_moment_until_the_last_or_until_nobody_asks_for_long(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
):
    for name in "bcd":
        put(resources, name)
    assert (await asked(resources, people_at(0))).rows == ("b", "c")
    put(resources, "a")
    assert (await asked(resources, people_at(0, ""))).rows == ("a", "b")
    last = await asked(resources, people_at(2))
    assert (last.rows, last.matching) == (("d",), 3)
    # It has moved on with the last page; nobody is told half of one moment and half of another.
    with pytest.raises(DyntuiError, match="LISTING_MOVED_ON"):
        await asked(resources, people_at(2))
    monkeypatch.setattr(standing_still, "IDLE_SECONDS", 0.0)
    assert (await asked(resources, people_at(0))).rows == ("a", "b")
    for _ in range(1000):
        await asyncio.sleep(0)
        if not resources.still.open:
            break
    with pytest.raises(DyntuiError, match="LISTING_MOVED_ON"):
        await asked(resources, people_at(2))
    monkeypatch.setattr(standing_still, "IDLE_SECONDS", 60.0)
    for number in range(standing_still.MOST):
        await asked(resources, people_at(0, f"export {number}"))
    with pytest.raises(DyntuiError, match="TOO_MANY_LISTINGS"):
        await asked(resources, people_at(0))
    await resources.still.close()
    assert not resources.still.open


async def test_a_listing_whose_first_page_is_refused_stands_in_nobodys_way(resources: Resources):
    def refused(c: Connection) -> Page[str]:
        raise DyntuiError(
            "SORT_UNKNOWN", "There is no such column.", not_done="Nothing was read.", remedy="Another one."
        )

    async def request(name: str) -> None:
        PAGE.set(reading_of(1000, people_at(0, name)))
        await resources.read(refused)

    for number in range(standing_still.MOST + 1):
        with pytest.raises(DyntuiError, match="SORT_UNKNOWN"):
            await asyncio.create_task(request(f"export {number}"))
    assert not resources.still.open and (await asked(resources, people_at(0))).rows == ()


async def test_what_a_listing_reads_before_it_is_shown_is_part_of_it(resources: Resources):
    def names(c: Connection) -> list[str]:
        return list(c.execute(select(watermark.c.feed)).scalars())

    async def request() -> list[str]:
        PAGE.set(reading_of(1000, people_at(0)))
        assert await resources.read(names) == []
        # As lists are, whose members are read from Dynamics when somebody looks at them first.
        await asyncio.create_task(resources.write(lambda c: watermarks.put(c, "", "a", "read")))
        return await resources.read(names)

    assert await asyncio.create_task(request()) == ["a"]
    await resources.still.close()


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
