"""The organisation's rows in SQLite: one table `dv_<logical name>` per table, one column per attribute.

How values are kept:
- text: TEXT, compared without regard to ASCII letter case, trailing spaces trimmed (SQL function `fold` for the rest)
- GUIDs: TEXT in lower case; a lookup with several targets has the target's logical name in a second column,
  `Column.type_column`
- whole numbers and choices: INTEGER; Boolean: 0 or 1; several choices: "1,3" in ascending order
- Decimal, Double, Money: REAL, rounded to the column's precision when written
- date and time: TEXT `2026-03-04T08:10:44Z`, always UTC with whole seconds; plain dates `2026-03-04`

`versionnumber` grows over the whole organisation. Deleted rows leave a line in `dv_tombstone`.
"""

import re
import sqlite3
from datetime import datetime

import msgspec

from dyntui.sandbox.dataverse.schema import Schema
from dyntui.sandbox.dataverse.system_columns import add_system_columns
from dyntui.sandbox.dataverse.tables import (
    FRACTION_TYPES,
    TEXT_TYPES,
    WHOLE_NUMBER_TYPES,
    Column,
    Key,
    ManyToMany,
    OneToMany,
    Table,
)
from dyntui.sandbox.state import State

FIRST_VERSION = 2_751_000
SYSTEM_LOOKUPS = frozenset(
    {
        *("createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby", "ownerid", "owninguser", "owningteam"),
        *("owningbusinessunit", "transactioncurrencyid", "organizationid"),
    }
)
"""Lookups that nearly every row fills in: not indexed, and not followed when the row they lead to is deleted."""

INDEXED = ("versionnumber", "modifiedon", "ownerid", "emailaddress1", "emailaddress2", "emailaddress3", "createdon")


def timestamp(moment: datetime) -> str:
    """A moment as rows keep it: UTC with whole seconds, `2026-03-04T08:10:44Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def now(state: State) -> str:
    """World time as rows keep it."""
    return timestamp(state.clock.now())


def fold(value: str | float | None) -> str | None:
    """Text as the platform compares it: without regard to letter case in any alphabet. Numbers are read as text."""
    return None if value is None else str(value).casefold()


def _matches(pattern: str, value: str | float | None) -> bool | None:
    return None if value is None else re.fullmatch(pattern, str(value), re.IGNORECASE | re.DOTALL) is not None


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def schema_of(state: State) -> Schema:
    """The schema of a state's organisation."""
    return state.config.dataverse.schema


def prepare(state: State) -> None:
    """Creates what is missing of the bookkeeping, and reads the tables kept in the database. Idempotent."""
    db = state.db
    db.create_function("fold", 1, fold, deterministic=True)
    db.create_function("regexp", 2, _matches, deterministic=True)
    db.execute("CREATE TABLE IF NOT EXISTS dv_counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID")
    db.execute("INSERT INTO dv_counter VALUES ('version', ?) ON CONFLICT DO NOTHING", (FIRST_VERSION,))
    db.execute(
        "CREATE TABLE IF NOT EXISTS dv_tombstone (table_name TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,"
        " deleted_on TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX IF NOT EXISTS dv_tombstone_version ON dv_tombstone (table_name, version)")
    db.execute(
        "CREATE TABLE IF NOT EXISTS dv_pending_count (listid TEXT NOT NULL, due TEXT NOT NULL,"
        " difference INTEGER NOT NULL)"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS dv_snapshot (table_name TEXT PRIMARY KEY, number INTEGER NOT NULL,"
        " taken_on TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS dv_schema (kind TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,"
        " PRIMARY KEY (kind, name)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS entra_group_member (group_id TEXT NOT NULL, oid TEXT NOT NULL,"
        " PRIMARY KEY (group_id, oid)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS dv_share (row_id TEXT NOT NULL, principal TEXT NOT NULL, kind TEXT NOT NULL,"
        " given INTEGER NOT NULL DEFAULT 0, inherited INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (row_id, principal))"
        " WITHOUT ROWID"
    )
    db.execute("CREATE INDEX IF NOT EXISTS dv_share_principal ON dv_share (principal)")
    if not schema_of(state).tables:
        reload_schema(state)


def reload_schema(state: State) -> None:
    """Makes the schema in memory what the database holds: after opening a file, and after an undone change."""
    schema = schema_of(state)
    schema.tables.clear()
    schema.one_to_many.clear()
    schema.many_to_many.clear()
    for kind, name, body in state.db.execute("SELECT kind, name, body FROM dv_schema ORDER BY kind, name"):
        if kind == "table":
            schema.tables[name] = msgspec.json.decode(body, type=Table)
        elif kind == "1:N":
            schema.one_to_many[name] = msgspec.json.decode(body, type=OneToMany)
        else:
            schema.many_to_many[name] = msgspec.json.decode(body, type=ManyToMany)
    schema.changed()


def next_version(state: State, count: int = 1) -> int:
    """The first of `count` new row versions."""
    last: int = state.db.execute(
        "UPDATE dv_counter SET value = value + ? WHERE name = 'version' RETURNING value", (count,)
    ).fetchall()[0][0]
    return last - count + 1


def current_version(state: State) -> int:
    """The highest row version given out so far."""
    value: int = state.db.execute("SELECT value FROM dv_counter WHERE name = 'version'").fetchone()[0]
    return value


def create_table(state: State, table: Table) -> None:
    """Adds the standard columns that `table` lacks, creates its place in the database and registers it."""
    add_system_columns(table)
    first = [table.primary_id, "versionnumber"]
    ordered = [table.columns[name] for name in first] + [
        column for column in table.stored_columns() if column.logical_name not in first
    ]
    definitions = [part for column in ordered for part in _definitions(column, table)]
    state.db.execute(f"CREATE TABLE {quoted(table.sql_name)} ({', '.join(definitions)})")
    for name in INDEXED:
        if name in table.columns:
            _create_index(state, table, name)
    schema_of(state).tables[table.logical_name] = table
    save_table(state, table)
    for key in table.keys.values():
        _create_key_index(state, table, key)


def drop_table(state: State, table: Table) -> None:
    """Removes a table with its rows and every relationship it takes part in."""
    schema = schema_of(state)
    name = table.logical_name
    for one in [each for each in schema.one_to_many.values() if name in {each.referenced, each.referencing}]:
        drop_one_to_many(state, one)
    for many in [each for each in schema.many_to_many.values() if name in {each.entity1, each.entity2}]:
        drop_many_to_many(state, many)
    state.db.execute(f"DROP TABLE {quoted(table.sql_name)}")
    state.db.execute("DELETE FROM dv_tombstone WHERE table_name = ?", (name,))
    state.db.execute("DELETE FROM dv_schema WHERE kind = 'table' AND name = ?", (name,))
    del schema.tables[name]
    schema.changed()


def add_column(state: State, table: Table, column: Column) -> None:
    """Adds a column to a table; rows that exist get null."""
    if column.is_stored:
        for definition in _definitions(column, table):
            state.db.execute(f"ALTER TABLE {quoted(table.sql_name)} ADD COLUMN {definition}")
    table.columns[column.logical_name] = column
    save_table(state, table)


def drop_column(state: State, table: Table, column: Column) -> None:
    """Removes a column with its values, and the keys and relationships that need it."""
    schema = schema_of(state)
    for key in [each for each in table.keys.values() if column.logical_name in each.columns]:
        drop_key(state, table, key)
    for one in list(schema.one_to_many.values()):
        if (one.referencing, one.referencing_attribute) == (table.logical_name, column.logical_name):
            drop_one_to_many(state, one)
    if column.is_stored:
        state.db.execute(f"DROP INDEX IF EXISTS {quoted(_index_name(table, column.logical_name))}")
        for name in filter(None, (column.logical_name, column.type_column)):
            state.db.execute(f"ALTER TABLE {quoted(table.sql_name)} DROP COLUMN {quoted(name)}")
    del table.columns[column.logical_name]
    save_table(state, table)


def save_table(state: State, table: Table) -> None:
    """Keeps a table's definition after a change of anything that needs no change in the database."""
    _save(state, "table", table.logical_name, table)


def add_one_to_many(state: State, relationship: OneToMany) -> None:
    """Registers a 1:N relationship whose lookup column exists, and indexes that column."""
    schema = schema_of(state)
    schema.one_to_many[relationship.schema_name] = relationship
    _save(state, "1:N", relationship.schema_name, relationship)
    referencing = schema.tables.get(relationship.referencing)
    name = relationship.referencing_attribute
    if referencing is not None and name in referencing.columns and name not in SYSTEM_LOOKUPS:
        # Most lookups are empty in most rows: only filled ones are worth their place in an index. The key beside them
        # keeps the rows of one parent in the order of pages.
        index, column, key = (quoted(each) for each in (_index_name(referencing, name), name, referencing.primary_id))
        state.db.execute(
            f"CREATE INDEX IF NOT EXISTS {index} ON {quoted(referencing.sql_name)} ({column}, {key})"
            f" WHERE {column} IS NOT NULL"
        )


def drop_one_to_many(state: State, relationship: OneToMany) -> None:
    _drop(state, "1:N", relationship.schema_name)
    del schema_of(state).one_to_many[relationship.schema_name]
    schema_of(state).changed()


def add_many_to_many(state: State, relationship: ManyToMany) -> None:
    """Registers an N:N relationship and creates its intersect table unless that exists."""
    schema = schema_of(state)
    name = relationship.intersect
    if name not in schema.tables:
        table = Table(
            name,
            name,
            f"{name}set",
            f"{name}id",
            None,
            object_type_code=10_000 + len(schema.tables),
            ownership="None",
            intersect=True,
            custom=relationship.custom,
            can_change_tracking=False,
            metadata_id=state.ids.guid(),
        )
        for attribute in (relationship.attribute1, relationship.attribute2):
            table.columns[attribute] = Column(attribute, attribute, "Uniqueidentifier", metadata_id=state.ids.guid())
        create_table(state, table)
    index_intersect(state, relationship)
    schema.many_to_many[relationship.schema_name] = relationship
    _save(state, "N:N", relationship.schema_name, relationship)


def index_intersect(state: State, relationship: ManyToMany) -> None:
    """Lets a pair occur once in an N:N relationship, and makes both directions quick to follow."""
    name, first, second = relationship.intersect, relationship.attribute1, relationship.attribute2
    table, one, two = (quoted(each) for each in (f"dv_{name}", first, second))
    pair = quoted(f"dv_{name}_pair")
    state.db.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {pair} ON {table} ({one}, {two})")
    state.db.execute(f"CREATE INDEX IF NOT EXISTS {quoted(f'dv_{name}_{second}')} ON {table} ({two}, {one})")


def drop_many_to_many(state: State, relationship: ManyToMany) -> None:
    """Removes an N:N relationship, and its intersect table when no other relationship uses that."""
    schema = schema_of(state)
    _drop(state, "N:N", relationship.schema_name)
    del schema.many_to_many[relationship.schema_name]
    table = schema.tables.get(relationship.intersect)
    if table is not None and all(each.intersect != relationship.intersect for each in schema.many_to_many.values()):
        drop_table(state, table)
    schema.changed()


def add_key(state: State, table: Table, key: Key) -> None:
    """Registers an alternate key and builds its unique index; rows in which a part is null are outside of it.

    Raises sqlite3.IntegrityError when rows that exist share a value: the platform's key then ends as Failed.
    """
    _create_key_index(state, table, key)
    table.keys[key.logical_name] = key
    save_table(state, table)


def drop_key(state: State, table: Table, key: Key) -> None:
    state.db.execute(f"DROP INDEX IF EXISTS {quoted(_key_index(table, key))}")
    del table.keys[key.logical_name]
    save_table(state, table)


def key_of_violation(table: Table, error: sqlite3.IntegrityError) -> Key | None:
    """The alternate key that a failed write would have broken; None when it was the primary key."""
    columns = {part.strip().rpartition(".")[2] for part in str(error).partition(":")[2].split(",")}
    return next((key for key in table.keys.values() if set(key.columns) == columns), None)


def _key_index(table: Table, key: Key) -> str:
    return f"dv_{table.logical_name}_key_{key.logical_name}"


def _create_key_index(state: State, table: Table, key: Key) -> None:
    columns = ", ".join(quoted(name) for name in key.columns)
    name = quoted(_key_index(table, key))
    state.db.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {quoted(table.sql_name)} ({columns})")


def _index_name(table: Table, column: str) -> str:
    return f"dv_{table.logical_name}_by_{column}"


def _create_index(state: State, table: Table, column: str) -> None:
    name = quoted(_index_name(table, column))
    state.db.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(table.sql_name)} ({quoted(column)})")


def _definitions(column: Column, table: Table) -> list[str]:
    name = quoted(column.logical_name)
    if column.logical_name == table.primary_id:
        return [f"{name} TEXT PRIMARY KEY NOT NULL"]
    if column.type in TEXT_TYPES:
        return [f"{name} TEXT COLLATE NOCASE"]
    if column.type in WHOLE_NUMBER_TYPES or column.type == "Boolean":
        return [f"{name} INTEGER"]
    if column.type in FRACTION_TYPES:
        return [f"{name} REAL"]
    return [f"{name} TEXT"] + ([f"{quoted(column.type_column)} TEXT"] if column.type_column else [])


def _save(state: State, kind: str, name: str, value: Table | OneToMany | ManyToMany) -> None:
    schema_of(state).changed()
    body = msgspec.json.encode(value)
    state.db.execute(
        "INSERT INTO dv_schema (kind, name, body) VALUES (?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET body = ?3",
        (kind, name, body),
    )


def _drop(state: State, kind: str, name: str) -> None:
    state.db.execute("DELETE FROM dv_schema WHERE kind = ? AND name = ?", (kind, name))
