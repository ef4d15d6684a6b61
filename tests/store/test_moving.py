"""A store whose tables are longer than what is carried at once: whole on the other side, with every index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect

from dyntui.store import moving
from dyntui.store.database import Database, open_store
from dyntui.store.schema import list_member
from tests import postgresql
from tests.benchmarks.settling import build
from tests.empty_store import open_empty_store

pytestmark = pytest.mark.xdist_group("postgresql")


def indexes(db: Database) -> set[str | None]:
    with db.read() as c:
        return {each["name"] for each in inspect(c).get_indexes(list_member.name)}


@pytest.fixture
def long_store(tmp_path: Path) -> Iterator[Database]:
    with closing(open_empty_store(tmp_path / "here.db")) as here:
        with here.write() as c:
            build(c, 95)
        yield here


def test_long_tables_arrive_whole_and_keep_their_indexes_on_a_server_and_back_in_a_file(
    long_store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_ROWS_AT_ONCE", 20)
    with (
        postgresql.database() as url,
        closing(open_store(url)) as there,
        closing(open_empty_store(tmp_path / "back.db")) as back,
    ):
        names = [indexes(long_store), indexes(there)]
        first = moving.copy(long_store, there)
        assert moving.copy(there, back) == first
        assert {each.table: each.rows for each in first}["list_member"] == 95
        assert [indexes(back), indexes(there)] == names and len(names[0]) > 4
