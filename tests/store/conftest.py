"""A fresh store for every test: SQLite, and PostgreSQL too where DYNTUI_TEST_POSTGRESQL names a database to use up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import Connection, create_engine, text

from dyntui.store.database import Database, open_store, sqlite_url
from tests.empty_store import lay_empty_store

POSTGRESQL = os.environ.get("DYNTUI_TEST_POSTGRESQL", "")


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "store.db")
    engine = create_engine(POSTGRESQL.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as c:
        c.execute(text("DROP SCHEMA public CASCADE"))
        c.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return POSTGRESQL


@pytest.fixture
def db(url: str, tmp_path: Path) -> Iterator[Database]:
    if url == sqlite_url(path := tmp_path / "store.db"):
        lay_empty_store(path)
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def c(db: Database) -> Iterator[Connection]:
    """A write transaction that lasts for the test."""
    with db.write() as connection:
        yield connection


class World(Protocol):
    def __call__(self) -> AbstractContextManager[Connection]: ...


@pytest.fixture
def world(db: Database) -> World:
    """An empty store per generated example: what is written within the block is undone."""

    @contextmanager
    def scratch() -> Iterator[Connection]:
        with db.engine.connect().execution_options(dyntui_write=True) as connection:
            transaction = connection.begin()
            yield connection
            transaction.rollback()

    return scratch
