"""A fresh store for every test: SQLite, and PostgreSQL too (`ON_BOTH`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import Connection

from dyntui.store.database import Database, open_store, sqlite_url
from tests import postgresql
from tests.empty_store import lay_empty_store

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# Modules and tests that run on both databases always; the others too where DYNTUI_TEST_POSTGRESQL is set (`make
# postgresql`).
ON_BOTH = {
    "test_runs",
    "test_coming_after",
    "test_upserts",
    "test_workers",
    "test_the_sends_to_a_list_are_those_that_it_took_part_in",
    "test_the_revisions_build_exactly_the_tables_that_the_code_speaks_of",
    "test_opt_outs_known_by_address_alone_and_counts_of_runs_go_on_counting",
    "test_a_block_that_raises_leaves_nothing_behind",
    "test_a_reader_sees_one_moment_while_somebody_writes",
}
# About what only SQLite has: its index of pieces of names.
ON_SQLITE = {"test_person_search"}
ALL_ON_BOTH = bool(os.environ.get("DYNTUI_TEST_POSTGRESQL"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "url" not in metafunc.fixturenames:
        return
    names = {metafunc.module.__name__.rpartition(".")[2], metafunc.function.__name__}
    both = (ALL_ON_BOTH and ON_SQLITE.isdisjoint(names)) or not ON_BOTH.isdisjoint(names)
    # One server is enough: all of its tests are one worker's.
    on_server = pytest.param(POSTGRESQL, marks=pytest.mark.xdist_group("postgresql"))
    metafunc.parametrize("url", [SQLITE, on_server] if both else [SQLITE], indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == SQLITE:
        yield sqlite_url(tmp_path / "store.db")
    else:
        with postgresql.blank_database() if "db" not in request.fixturenames else postgresql.database() as address:
            yield address


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
