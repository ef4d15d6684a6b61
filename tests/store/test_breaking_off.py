"""A reading that nobody waits for any more is broken off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dyntui.store.database import Breaker, Database

ENDLESS = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_an_endless_reading_ends_and_its_connection_serves_the_next_one(db: Database, thread: ThreadPoolExecutor):
    breaker = Breaker()
    begun = threading.Event()

    def read() -> None:
        with db.read(breaker) as c:
            begun.set()
            c.execute(ENDLESS)

    reading = thread.submit(read)
    begun.wait()
    while not reading.done():  # the statement may not have been reached yet
        breaker.break_off()

    with pytest.raises(DBAPIError):
        reading.result()
    with db.read() as c:
        assert c.execute(text("SELECT 1")).scalar_one() == 1


def test_breaking_off_what_is_over_disturbs_nobody(db: Database):
    breaker = Breaker()
    with db.read(breaker) as c:
        assert c.execute(text("SELECT 1")).scalar_one() == 1
    breaker.break_off()

    with db.read() as c:
        assert c.execute(text("SELECT 1")).scalar_one() == 1
