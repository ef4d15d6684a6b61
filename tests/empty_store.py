"""A new store in a moment: its migrations run once for each process of tests, and are copied from then on.

That a store is created by its migrations is tested in `tests/store/test_opening.py`.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from dyntui.store.database import Database, open_store, sqlite_url


def lay_empty_store(path: Path) -> None:
    """Puts an empty store of this version into a file that is not there yet."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(_empty())


def open_empty_store(path: Path) -> Database:
    """An empty store of this version in a file that is not there yet."""
    lay_empty_store(path)
    return open_store(sqlite_url(path))


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory(prefix="dyntui-empty-store-") as folder:
        path = Path(folder) / "store.db"
        open_store(sqlite_url(path)).close()
        return path.read_bytes()
