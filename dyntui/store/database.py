"""Opening the store: one file (SQLite) or one PostgreSQL database, upgraded to this version's schema.

Public: `open_store(url) -> Database`; `Database.read()`, `Database.write()` (context managers giving a connection),
`Database.close()`, `sqlite_url(path) -> str`; `Breaker.break_off()` ends a reading that nobody waits for any more.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext, make_url

from dyntui.model import exact_json
from dyntui.store import failures
from dyntui.store.migrations import HEAD, VERSION_TABLE

# Longer than the longest transaction: settling or counting a list of a million people.
BUSY_SECONDS = 120


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
        driver: Any = connection.connection.driver_connection
        with self._lock:
            # The one call that either driver allows from any thread.
            self._interrupt = driver.interrupt if connection.dialect.name == "sqlite" else driver.cancel
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
        with self.engine.connect() as connection:
            sqlite = connection.dialect.name == "sqlite"
            if sqlite:
                _set_query_only(connection, True)
            else:
                connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
            try:
                with breaker.within(connection) if breaker else nullcontext():
                    yield connection
            finally:
                connection.rollback()
                if sqlite:
                    _set_query_only(connection, False)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction: kept when the block ends, undone when it raises. On SQLite writers take turns from the
        first statement on (BEGIN IMMEDIATE), so that none fails half-way.

        Raises `DyntuiError` STORE_BUSY after two minutes of waiting for a turn.
        """
        with self.engine.connect().execution_options(dyntui_write=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection. The write-ahead log is folded into the file by the last one."""
        self.engine.dispose()


def open_store(url: str) -> Database:
    """The store at `url` (`sqlite:///...` or `postgresql://...`), created or upgraded where that is needed.

    A new file is readable by its owner only. Raises `DyntuiError`: STORE_CORRUPT, STORE_NEWER, STORE_FOREIGN,
    STORE_UNREACHABLE, STORE_READ_ONLY; none of them leaves a trace in what was there.
    """
    parsed = make_url(url)
    where = parsed.database or "" if parsed.drivername == "sqlite" else parsed.render_as_string(hide_password=True)
    engine = _sqlite(parsed, where) if parsed.drivername == "sqlite" else _postgresql(parsed)
    _translate_failures(engine, where)
    database = Database(engine, where)
    try:
        _bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return database


def _sqlite(url: URL, where: str) -> Engine:
    path = Path(where)
    if path.is_dir() or not path.parent.is_dir():
        error = failures.translate(where, sqlite3.OperationalError("unable to open database file"))
        assert error is not None
        raise error
    _prove_readable(path)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=8,
        max_overflow=32,
        json_serializer=exact_json.encode_text,
        json_deserializer=exact_json.decode,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # transactions begin below, never by the driver's guess
        connection.create_function("casefold", 1, _casefold, deterministic=True)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("dyntui_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _prove_readable(path: Path) -> None:
    # Setting WAL writes to the file's header: a file that is no database, or not ours, must be refused before that.
    if not path.exists():
        path.touch(mode=0o600)
        return
    try:
        probe = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        try:
            tables = {name for (name,) in probe.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            probe.close()
    except sqlite3.DatabaseError as error:
        translated = failures.translate(os.fspath(path), error)
        if translated is None:
            raise
        raise translated from error
    if tables and VERSION_TABLE not in tables:
        raise failures.foreign(os.fspath(path))


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=8,
        max_overflow=32,
        pool_pre_ping=True,
        json_serializer=exact_json.encode_text,
        json_deserializer=exact_json.decode,
    )


def _casefold(value: str | None) -> str | None:
    return value if value is None else value.casefold()


def _set_query_only(connection: Connection, value: bool) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA query_only={int(value)}").close()


def _translate_failures(engine: Engine, where: str) -> None:
    @event.listens_for(engine, "handle_error")
    def _on_error(context: ExceptionContext) -> None:
        translated = failures.translate(where, context.original_exception)
        if translated is not None:
            raise translated from context.original_exception


def _bring_up_to_date(database: Database) -> None:
    with database.read() as connection:
        revision, tables = _revision(connection)
    if revision == HEAD:
        return
    if tables and not revision:
        raise failures.foreign(database.where)
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
