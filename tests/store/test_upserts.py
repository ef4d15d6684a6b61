"""Keeping many rows: statements are worked out once where they live on, and forgotten where they do not."""

from __future__ import annotations

import gc

import pytest
from sqlalchemy import ColumnElement, select
from sqlalchemy.sql.dml import Insert

from dyntui.store import upserts
from dyntui.store.database import Database
from dyntui.store.schema import watermark
from dyntui.store.upserts import Excluded, upsert

COLUMNS = ("account_id", "feed", "value")


def test_statements_that_are_made_for_one_use_are_not_kept(db: Database):
    def keep(feed: str) -> None:
        with db.write() as c:
            new = {"value": watermark.c.value}
            upsert(c, watermark, COLUMNS, COLUMNS[:2], [("a", feed, "1")], update=(), computed=lambda _: new)

    keep("first")
    gc.collect()
    # What there is by now is looked through no more: it is the whole suite.
    gc.freeze()
    for number in range(20):
        keep(f"feed {number}")
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, Insert)]


def test_the_same_rows_are_kept_by_the_same_statement(db: Database):
    with db.write() as c:
        for value in ("1", "2"):
            upsert(c, watermark, COLUMNS, COLUMNS[:2], [("a", "feed", value)])
        upsert(c, watermark, COLUMNS, COLUMNS[:2], [("a", "feed", "3")], update=())
    with db.read() as c:
        assert c.execute(select(watermark.c.value)).scalars().all() == ["2"]


def test_what_lasting_functions_compute_is_worked_out_once(db: Database, monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    insert = upserts.insert_into
    monkeypatch.setattr(
        upserts, "insert_into", lambda dialect, table: made.append(table.name) or insert(dialect, table)
    )
    upserts._lasting.cache_clear()
    for _ in range(3):
        with db.write() as c:
            upsert(c, watermark, COLUMNS, COLUMNS[:2], [("a", "feed", "1")], update=(), computed=_longer)
    with db.read() as c:
        assert c.execute(select(watermark.c.value)).scalars().all() == ["111"]
    assert made == ["watermark"]


def _longer(new: Excluded) -> dict[str, ColumnElement[str]]:
    return {"value": watermark.c.value + new.value}
