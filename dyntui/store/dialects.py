"""What differs between the two databases that a store can live in: SQLite (a file) and PostgreSQL (a server).

Everything else of the store is written once, for both.

Public:
    is_file(url), place(url)                     whether a store is a file; where it is, for messages
    open_engine(url, where, application) -> Engine
    reading(connection) -> context manager       nothing can be written in the block
    interruption(connection) -> Callable         ends the statement under way, from any thread
    insert_into(dialect, table)                  an INSERT that knows ON CONFLICT
    prove_usable(connection, where)              raises where a database orders text in another way
    damage(connection) -> str; size(connection, where) -> int
    count_anew(connection, table)                before a statement about very many rows
    copy_in(connection, table, columns, rows); is_kept_by_key(connection); number_on(connection, table);
    as_stored_everywhere(row)      for copies
    end_connections(connection, application); milliseconds()      for leases
    folded(column), ascii_folded(column), is_ascii(column)       text without case and accents, for searches
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Boolean, Connection, Engine, String, Table, create_engine, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from dyntui.model import exact_json
from dyntui.model.folding import BASES, MARKS, fold
from dyntui.store import failures
from dyntui.store.migrations import VERSION_TABLE

if TYPE_CHECKING:
    import psycopg

# Longer than the longest transaction: settling or counting a list of a million people.
BUSY_SECONDS: Final = 120
# Execution option of a connection whose transaction will write.
WRITES: Final = "dyntui_write"

# How many statements SQLite keeps prepared for each connection, with all that was bound to them: some name thousands of
# addresses, and are a megabyte each. To prepare one again takes some microseconds.
_STATEMENTS: Final = 16
_CONNECTIONS: Final = {
    "pool_size": 8,
    # The one that was used last: as few as are needed at once grow to what a statement takes.
    "pool_use_lifo": True,
    "max_overflow": 32,
    "json_serializer": exact_json.encode_text,
    "json_deserializer": exact_json.decode,
}
# The one lock of a PostgreSQL store, of those that live as long as a transaction; any number, always the same.
_WRITER: Final = 0x64796E747569
# PostgreSQL stores no NUL in a text; the place of one is kept by Unicode's sign for what cannot be shown.
_IN_PLACE_OF_NUL: Final = "\ufffd"
# Statements about very many people take minutes, as does waiting for a turn, whatever the role is otherwise allowed.
_OPTIONS: Final = f"-c lock_timeout={BUSY_SECONDS * 1000} -c statement_timeout=0 -c timezone=UTC"
# Collations that order text by its code points, as SQLite does and the code expects.
_BY_CODE_POINTS: Final = ("C", "POSIX", "C.UTF-8", "C.UTF8", "PG_C_UTF8", "UCS_BASIC", "PG_UNICODE_FAST")


def is_file(url: str) -> bool:
    """Whether a store at this address is a file, which belongs to one machine."""
    return _address(url).drivername == "sqlite"


def place(url: str) -> str:
    """Where a store is, in words: the file, or the server's address without a password."""
    parsed = _address(url)
    if parsed.drivername == "sqlite":
        return parsed.database or ""
    return parsed.difference_update_query(("password", "sslpassword")).render_as_string(hide_password=True)


def _address(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise failures.no_address() from error


def open_engine(url: str, application: str) -> Engine:
    """Connections to the store at `url` (`sqlite:///file`, `postgresql://...`), and what begins a transaction there:
    writers take turns, on either database. `application`: under which name PostgreSQL shows the connections.

    Raises `DyntuiError` STORE_UNREACHABLE, STORE_CORRUPT, STORE_FOREIGN, STORE_ADDRESS.
    """
    parsed = _address(url)
    if parsed.drivername == "sqlite":
        return _file(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _server(parsed, application)
    raise failures.no_address()


def _file(url: URL) -> Engine:
    path = Path(url.database or "")
    if path.is_dir() or not path.parent.is_dir():
        error = failures.translate(os.fspath(path), sqlite3.OperationalError("unable to open database file"))
        assert error is not None
        raise error
    _prove_readable(path)
    options = {"timeout": BUSY_SECONDS, "cached_statements": _STATEMENTS}
    engine = create_engine(url, connect_args=options, **_CONNECTIONS)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # transactions begin below, never by the driver's guess
        connection.create_function("folded", 1, _folded, deterministic=True)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Which waits for nobody and cannot fail: spared what SQLAlchemy does around a statement.
            _at_the_driver(connection, "BEGIN")

    return engine


def _prove_readable(path: Path) -> None:
    # Setting WAL writes to the file's header: a file that is no database, or not ours, must be refused before that.
    if not path.exists():
        path.touch(mode=0o600)
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as probe:
            tables = {name for (name,) in probe.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        translated = failures.translate(os.fspath(path), error)
        if translated is None:
            raise
        raise translated from error
    if tables and VERSION_TABLE not in tables:
        raise failures.foreign(os.fspath(path))


def _server(url: URL, application: str) -> Engine:
    try:
        import psycopg.types.string
    except ImportError as error:
        raise failures.no_driver() from error

    class WithoutNul(psycopg.types.string.StrDumperUnknown):
        """Text as PostgreSQL stores it."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", _IN_PLACE_OF_NUL) if "\0" in obj else obj)

    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        # A machine that went away without a word is noticed by the system's own probes.
        connect_args={
            "application_name": application,
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "options": _OPTIONS,
        },
        # Whatever the database or the role is set to: a snapshot of the whole transaction would be taken as a writer
        # begins to wait for its turn, and show nothing of what others have kept until it comes.
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        **_CONNECTIONS,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: psycopg.Connection[Any], record: object) -> None:
        connection.adapters.register_dumper(str, WithoutNul)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")

    return engine


def prove_usable(connection: Connection, where: str) -> None:
    """Raises `DyntuiError` STORE_COLLATION for a PostgreSQL database that orders text by a language's rules, or does
    not store Unicode."""
    if connection.dialect.name == "sqlite":
        return
    found = connection.execute(
        text(
            "SELECT pg_encoding_to_char(encoding), coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale',"
            " datcollate) FROM pg_database d WHERE datname = current_database()"
        )
    ).one()
    encoding, collation = str(found[0]), str(found[1])
    if encoding != "UTF8" or collation.upper() not in _BY_CODE_POINTS:
        raise failures.wrong_order(where, encoding, collation)


@contextmanager
def reading(connection: Connection) -> Iterator[None]:
    """One moment of the store for the block; nothing is kept of what it does."""
    if connection.dialect.name == "sqlite":
        _set_query_only(connection, True)
    else:
        connection.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
    try:
        yield
    finally:
        connection.rollback()
        if connection.dialect.name == "sqlite":
            _set_query_only(connection, False)


def _set_query_only(connection: Connection, value: bool) -> None:
    _at_the_driver(connection, f"PRAGMA query_only={int(value)}")


def _at_the_driver(connection: Connection, statement: str) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(statement).close()


def interruption(connection: Connection) -> Callable[[], None]:
    """Ends the statement under way: the one call that either driver allows from any thread."""
    driver: Any = connection.connection.driver_connection
    ends: Callable[[], None] = driver.interrupt if connection.dialect.name == "sqlite" else driver.cancel
    return ends


def insert_into(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT; both write it alike."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def damage(connection: Connection) -> str:
    """What SQLite finds wrong with the file; `""`: nothing, or PostgreSQL, which looks after itself."""
    if connection.dialect.name != "sqlite":
        return ""
    said = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
    return "" if said == "ok" else said


def size(connection: Connection, where: str) -> int:
    """How large the store is, in bytes: a file with the changes that are not in it yet."""
    if connection.dialect.name != "sqlite":
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    files = (path for suffix in ("", "-wal") if (path := Path(f"{where}{suffix}")).is_file())
    return sum(each.stat().st_size for each in files)


def number_on(connection: Connection, table: Table) -> None:
    """Rows that the database numbers go on after the highest number that was inserted: SQLite does so itself."""
    column = table.autoincrement_column
    if connection.dialect.name == "sqlite" or column is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    highest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
    connection.execute(select(func.setval(sequence, highest, False)))


def is_kept_by_key(connection: Connection) -> bool:
    """Whether very many rows are inserted faster in the order of their key: SQLite changes a page of its index for each
    row, a random one otherwise; PostgreSQL's cache is large enough not to mind."""
    return connection.dialect.name == "sqlite"


def as_stored_everywhere(row: tuple[object, ...]) -> tuple[object, ...]:
    """The values of a row as both databases give them back."""
    return tuple(value.replace("\0", _IN_PLACE_OF_NUL) if isinstance(value, str) else value for value in row)


def count_anew(connection: Connection, table: Table) -> None:
    """Before a statement about very many rows: where the table has grown by a fifth since PostgreSQL last counted what
    is in it, it counts now. It would do so by itself within a minute or two, and plan until then for a small table."""
    if connection.dialect.name == "sqlite":
        return
    grown = text(
        "SELECT pg_relation_size(oid) / current_setting('block_size')::int > 1.2 * greatest(relpages, 8)"
        " FROM pg_class WHERE oid = CAST(:name AS regclass)"
    )
    if connection.execute(grown, {"name": table.name}).scalar_one():
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def copy_in(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bool:
    """Inserts very many rows (all columns, JSON as text) in the way that PostgreSQL has for it. False on SQLite, which
    has none: nothing was inserted."""
    if connection.dialect.name == "sqlite":
        return False
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as into:
        for row in rows:
            into.write_row(row)
    return True


def end_connections(connection: Connection, application: str) -> None:
    """The server ends the connections of that name: what they were in the middle of is undone, what they held is free.
    Nothing on SQLite, where a process that died holds nothing."""
    if connection.dialect.name == "sqlite":
        return
    connection.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        ),
        {"name": application},
    )


class milliseconds(GenericFunction[int]):
    """Since 1970, by the clock of the database: all machines that share a store agree on it."""

    type = BigInteger()
    inherit_cache = True


@compiles(milliseconds)
def _milliseconds(element: milliseconds, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(milliseconds, "postgresql")
def _milliseconds_on_postgresql(element: milliseconds, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


class folded(GenericFunction[str]):
    """Text without case and accents (`dyntui.model.folding`): SQLite is given the function."""

    type = String()
    inherit_cache = True


def _folded(value: str | None) -> str | None:
    return value if value is None else fold(value)


@compiles(folded, "postgresql")
def _folded_on_postgresql(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    # Of letters that fold into several, the one that names have. What has no counterpart goes: the marks.
    lowered = f"replace(lower({compiler.process(element.clauses, **options)}), 'ß', 'ss')"
    return f"translate({lowered}, '{''.join((*BASES, *MARKS))}', '{''.join(BASES.values())}')"


class is_ascii(GenericFunction[bool]):
    """Whether a text is ASCII alone, told by its length in bytes: that costs less than to fold it."""

    type = Boolean()
    inherit_cache = True


@compiles(is_ascii)
def _as_long_in_bytes(element: is_ascii, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    said = compiler.process(column, **options)
    return f"(length({said}) = length(CAST({said} AS BLOB)))"


@compiles(is_ascii, "postgresql")
def _as_long_in_octets(element: is_ascii, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    said = compiler.process(column, **options)
    return f"(length({said}) = octet_length({said}))"


class ascii_folded(GenericFunction[str]):
    """Text without the case of ASCII letters, for LIKE: SQLite's ignores that by itself, and lower() on every row costs
    twice the search."""

    type = String()
    inherit_cache = True


@compiles(ascii_folded)
def _as_it_is(element: ascii_folded, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(ascii_folded, "postgresql")
def _lowered_on_postgresql(element: ascii_folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"
