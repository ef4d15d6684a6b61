"""What a connection to the store keeps in memory."""

from __future__ import annotations

import _sqlite3
import ctypes
from pathlib import Path

from sqlalchemy import select

from dyntui.store.database import open_store, sqlite_url
from dyntui.store.schema import suppression

_MEGABYTE = 1_000_000


def sqlite_memory() -> int:
    """Bytes that SQLite has in use in this process."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_memory_used.restype = ctypes.c_int64
    return int(library.sqlite3_memory_used())


def test_statements_that_name_thousands_of_addresses_are_not_kept_for_ever(tmp_path: Path) -> None:
    db = open_store(sqlite_url(tmp_path / "store.db"))
    before = sqlite_memory()
    for many in range(2000, 2100):
        asked = select(suppression.c.address).where(
            suppression.c.address.in_([f"somebody.with.a.long.name.{each}@example.com" for each in range(many)])
        )
        with db.read() as c:
            c.execute(asked).all()
    assert sqlite_memory() - before < 15 * _MEGABYTE
    db.close()
