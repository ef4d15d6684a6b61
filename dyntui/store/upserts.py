"""Inserting or updating many rows at once, alike on both databases.

Public: `upsert(connection, table, columns, keys, rows, *, update, where)`, `insert_many(connection, table, columns,
rows)`, `update_many(connection, statement, rows)`, `json_text(value)`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import ColumnElement, Connection, Dialect, Executable, Table, bindparam
from sqlalchemy.sql import ClauseElement

from dyntui.model import exact_json
from dyntui.store.dialects import copy_in, insert_into

# Of an insert's row, in `where` and computed values of an upsert: `excluded.c.name`.
Excluded = Any


class _Text(msgspec.Struct, frozen=True):
    """A statement as the database takes it: `order`: the names of its parameters, where they go by place; `values` of
    those that it brings itself. Nothing here leads back to the statement, which would then live for ever."""

    sql: str
    order: tuple[str, ...] | None
    values: dict[str, Any]


_TEXTS: WeakKeyDictionary[ClauseElement, dict[tuple[str, str], _Text]] = WeakKeyDictionary()


def json_text(value: object) -> str:
    """A value as a JSON column of a bulk statement takes it."""
    return exact_json.encode_text(value)


def upsert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    update: Sequence[str] | None = None,
    computed: Callable[[Excluded], Mapping[str, ColumnElement[Any]]] | None = None,
    where: Callable[[Excluded], ColumnElement[bool]] | None = None,
) -> None:
    """Insert `rows` (tuples in the order of `columns`; JSON columns as text: `json_text`). Where `keys` exist already,
    set the columns of `update` (default: all others; empty: none) and what `computed` makes of the row that could not
    be inserted, but only where `where` holds.
    """
    batch = [tuple(row) for row in rows]
    if not batch:
        return
    changed = tuple(update) if update is not None else tuple(name for name in columns if name not in keys)
    make = _lasting if all(map(_lasts, (computed, where))) else _upsert
    final = make(connection.dialect.name, table, tuple(columns), tuple(keys), changed, computed, where)
    _many(connection, final, columns, batch)


def _upsert(
    dialect: str,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[str],
    changed: Sequence[str],
    computed: Callable[[Excluded], Mapping[str, ColumnElement[Any]]] | None,
    where: Callable[[Excluded], ColumnElement[bool]] | None,
) -> Executable:
    # Bulk values are bound as they are: the drivers take text for JSON, and no per-value processing is paid for.
    statement = insert_into(dialect, table).values({name: bindparam(name, type_=None) for name in columns})
    values: dict[str, ColumnElement[Any]] = {name: statement.excluded[name] for name in changed}
    if computed is not None:
        values.update(computed(statement.excluded))
    if not values:
        return statement.on_conflict_do_nothing(index_elements=list(keys))
    condition = where(statement.excluded) if where is not None else None
    return statement.on_conflict_do_update(index_elements=list(keys), set_=values, where=condition)


# As many as there are places in the code that keep rows: made once, not for every row of a feed.
_lasting = functools.cache(_upsert)


def _lasts(function: Callable[..., Any] | None) -> bool:
    """Whether there is one of it for as long as the program runs: those made within another function may hold values of
    one call."""
    return function is None or "<locals>" not in function.__qualname__


def insert_many(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert `rows` (tuples in the order of `columns`, which are all of the table's; JSON columns as text)."""
    if rows and not copy_in(connection, table, columns, rows):
        _many(connection, _insert(connection.dialect.name, table), columns, [tuple(row) for row in rows])


@functools.cache
def _insert(dialect: str, table: Table) -> Executable:
    return insert_into(dialect, table).values({each.name: bindparam(each.name, type_=None) for each in table.columns})


def update_many(
    connection: Connection, statement: Executable, names: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Run an UPDATE or DELETE that binds exactly `names` once per row; the number of table rows it touched."""
    batch = [tuple(row) for row in rows]
    return _many(connection, statement, names, batch) if batch else 0


def _text_of(statement: ClauseElement, dialect: Dialect) -> _Text:
    """What the database is told; worked out once for a statement that lives on."""
    known = _TEXTS.setdefault(statement, {})
    key = (dialect.name, dialect.driver)
    if key not in known:
        compiled = statement.compile(dialect=dialect)
        order = getattr(compiled, "positiontup", None)
        known[key] = _Text(str(compiled), None if order is None else tuple(order), dict(compiled.params))
    return known[key]


def _many(connection: Connection, statement: Executable, names: Sequence[str], batch: list[tuple[object, ...]]) -> int:
    assert isinstance(statement, ClauseElement)
    text = _text_of(statement, connection.dialect)
    constants = {name: value for name, value in text.values.items() if name not in names}
    if text.order is None:
        dicts = [dict(zip(names, row, strict=True)) | constants for row in batch]
        return connection.exec_driver_sql(text.sql, dicts).rowcount
    if text.order == tuple(names):
        return connection.exec_driver_sql(text.sql, batch).rowcount
    place = {name: index for index, name in enumerate(names)}
    tuples = [tuple(row[place[name]] if name in place else constants[name] for name in text.order) for row in batch]
    return connection.exec_driver_sql(text.sql, tuples).rowcount
