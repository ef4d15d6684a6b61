"""`make on-postgresql`: scenarios whose offices keep their store on PostgreSQL, each moved there from the file that it
goes on from. What a scenario shows of a store in a file has to be so there, too.

    python -m pytest -n 0 -p tests.on_postgresql tests/scenarios
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from dyntui.store import moving
from dyntui.store.database import open_store, sqlite_url
from tests import built_once, postgresql
from tests.scenarios.office import Office

# About the copies that dyntui makes of a store in a file: a server's are made by the server.
_OF_FILES = ("ends_in_exactly_one_named_outcome", "the_store_is_kept_before_the_initial_synchronisation")
_once, _open, _close = built_once.built_once, Office.__init__, Office.close
# There is one database; a second office, and what all scenarios begin with, keep their files.
_taken: list[object] = []
_servers: dict[int, AbstractContextManager[str]] = {}


def _built_once(temporary: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    def in_a_file(folder: Path) -> None:
        _taken.append(name)
        try:
            build(folder)
        finally:
            _taken.remove(name)

    return _once(temporary, name, in_a_file)


def _opened(office: Office, sandbox: Any, home: Path, **how: Any) -> None:
    file = home / "dyntui.db"
    if _taken or how.get("store_url") or not file.exists():
        _open(office, sandbox, home, **how)
        return
    server = postgresql.database()
    url = server.__enter__()
    _taken.append(server)
    _servers[id(office)] = server
    with closing(open_store(sqlite_url(file))) as before, closing(open_store(url)) as after:
        moving.copy(before, after)
    _open(office, sandbox, home, **{**how, "store_url": url})


def _closed(office: Office) -> None:
    _close(office)
    if (server := _servers.pop(id(office), None)) is not None:
        server.__exit__(None, None, None)
        _taken.remove(server)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out what is about files."""
    for each in items:
        if any(name in each.name for name in _OF_FILES):
            each.add_marker(pytest.mark.skip(reason="about a store in a file"))


# Before any module with fixtures is read: these import what they use by name.
built_once.built_once = _built_once
Office.__init__ = _opened  # type: ignore[method-assign]
Office.close = _closed  # type: ignore[method-assign]
