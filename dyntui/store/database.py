"""Opening the store: one file (SQLite) or one PostgreSQL database, upgraded to this version's schema.

Public: `open_store(url) -> Database`; `Database.read()`, `Database.write()` (context managers giving a connection),
`Database.close()`, `sqlite_url(path) -> str`; `Breaker.break_off()` ends a reading that nobody waits for any more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext

from dyntui.model.moments import text_of
from dyntui.store import dialects, failures, watermarks
from dyntui.store.dialects import BUSY_SECONDS, WRITES
from dyntui.store.migrations import HEAD, MOVED, VERSION_TABLE

__all__ = ["BUSY_SECONDS", "Breaker", "Database", "open_store", "sqlite_url"]


def sqlite_url(path: Path) -> str:
    """The address of a store in a file."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


class Breaker:
    """Breaks a reading off from another thread: the statement under way fails, and with it the block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None

    def break_off(self) -> None:
        """Ends what is being read; nothing happens when the reading is over, or has not begun."""
        with self._lock:
            if self._interrupt is not None:
                self._interrupt()

    @contextmanager
    def within(self, connection: Connection) -> Iterator[None]:
        """For `Database.read`: what the block does on the connection may be broken off."""
        with self._lock:
            self._interrupt = dialects.interruption(connection)
        try:
            yield
        finally:
            # Afterwards the connection belongs to somebody else.
            with self._lock:
                self._interrupt = None


class Database:
    """An open store. Threads may share it; a connection belongs to the `with` block that got it."""

    def __init__(self, engine: Engine, where: str) -> None:
        self.engine = engine
        self.where = where  # for messages: without a password

    @contextmanager
    def read(self, breaker: Breaker | None = None) -> Iterator[Connection]:
        """A consistent view of the store for the block; writing in it fails, nothing is kept."""
        with (
            self.engine.connect() as connection,
            dialects.reading(connection),
            breaker.within(connection) if breaker else nullcontext(),
        ):
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction: kept when the block ends, undone when it raises. Writers take turns from the first
        statement on, those of other processes and machines too: none fails half-way, and none sees half of another.

        Raises `DyntuiError` STORE_BUSY after two minutes of waiting for a turn.
        """
        with self.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            yield connection

    @contextmanager
    def beside(self) -> Iterator[Connection]:
        """A write transaction that does not wait for its turn: for leases, which change nothing that others read first.
        On SQLite it does wait."""
        with self.engine.connect() as connection:
            waits = connection.dialect.name == "sqlite"
            with connection.execution_options(**{WRITES: waits}).begin():
                yield connection

    def close(self) -> None:
        """Close every connection. The write-ahead log is folded into the file by the last one."""
        self.engine.dispose()


def open_store(url: str, application: str = "", *, copied: bool = False) -> Database:
    """The store at `url` (`sqlite:///...` or `postgresql://...`), created or upgraded where that is needed.

    A new file is readable by its owner only. `application`: the name of the connections, for who looks at the server.
    `copied`: the store is a copy already, of which none is made before an upgrade.
    Raises `DyntuiError`: STORE_CORRUPT, STORE_NEWER, STORE_FOREIGN, STORE_UNREACHABLE, STORE_READ_ONLY, and for
    addresses STORE_ADDRESS, STORE_DRIVER_MISSING, STORE_COLLATION; none of them leaves a trace in what was there.
    """
    where = dialects.place(url)
    engine = dialects.open_engine(url, application or f"dyntui {os.getpid()}")
    _translate_failures(engine, where)
    database = Database(engine, where)
    try:
        _bring_up_to_date(database, copied=copied)
    except BaseException:
        database.close()
        raise
    return database


def _translate_failures(engine: Engine, where: str) -> None:
    @event.listens_for(engine, "handle_error")
    def _on_error(context: ExceptionContext) -> None:
        translated = failures.translate(where, context.original_exception)
        if translated is not None:
            raise translated from context.original_exception


def _bring_up_to_date(database: Database, *, copied: bool) -> None:
    with database.read() as connection:
        revision, tables = _revision(connection)
        if revision == MOVED:
            raise failures.moved(database.where, watermarks.get(connection, "", MOVED))
        if revision != HEAD:
            dialects.prove_usable(connection, database.where)
    if revision == HEAD:
        return
    if tables and not revision:
        raise failures.foreign(database.where)
    if revision and not copied and database.engine.dialect.name == "sqlite":
        from dyntui.store import backups

        now = text_of(datetime.now(UTC))
        backups.make(Path(database.where), f"before the upgrade from {revision}", now, automatic=True)
    # Alembic takes a second to import: only a store that needs it pays.
    from dyntui.store.migrations.upgrade import upgrade

    with database.write() as connection:
        current, _ = _revision(connection)  # another process may have been first
        if current != HEAD:
            upgrade(connection, current, database.where)


def _revision(connection: Connection) -> tuple[str, set[str]]:
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        return "", tables
    row = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return row or "", tables
