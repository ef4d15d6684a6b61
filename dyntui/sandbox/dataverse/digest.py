"""The business data of the organisation, told in a way that two runs can be compared by."""

# ruff: noqa: S608 - names in the SQL come from the schema

from collections.abc import Iterator
from typing import Any

from dyntui.sandbox.dataverse.schema import Schema
from dyntui.sandbox.dataverse.storage import quoted, schema_of
from dyntui.sandbox.dataverse.tables import TEXT_TYPES, Column, Table
from dyntui.sandbox.state import State

_LEFT_OUT = frozenset(
    {
        *("versionnumber", "createdon", "modifiedon", "createdby", "modifiedby", "createdonbehalfby"),
        *("modifiedonbehalfby", "overriddencreatedon", "owninguser", "owningteam", "owningbusinessunit", "installedon"),
        *("completedon", "startedon", "asyncoperationid", "dyntui_bookid"),
    }
)
"""Made by the platforms: different whenever something is done at another time or in another order, as are plain ids."""
_HASH = "length({0}) >= 24 AND {0} NOT GLOB '*[^-0-9a-fA-F]*'"
"""SQL for a text that is a GUID or a hash: keys that a connector makes from random ids."""
_NAMED = {
    "contact": ("emailaddress1", "fullname"),
    "lead": ("emailaddress1", "fullname"),
    "account": ("name", "emailaddress1"),
}
_PLATFORM = frozenset({"sdkmessage", "sdkmessagefilter", "privilege", "asyncoperation", "roletemplate"})


def digest_rows(state: State) -> Iterator[tuple[Any, ...]]:
    """One tuple per row of every table: the table's name, then (column, value) for every value that is not null.

    Ids and lookups are replaced by what they name - an address and a name for people, the primary name for all else -
    so that rows created in another order or a second time compare equal. Of the columns that a connector adds, times
    (when it synchronised, when the other platform did something) and hashes of random ids are left out.
    """
    schema = schema_of(state)
    for table in schema.tables.values():
        if table.logical_name not in _PLATFORM:
            yield from _table_rows(state, schema, table)


def _table_rows(state: State, schema: Schema, table: Table) -> Iterator[tuple[Any, ...]]:
    columns = [
        column
        for column in table.stored_columns()
        if column.logical_name not in _LEFT_OUT
        and not (column.custom and column.type == "DateTime" and not column.is_date_only)
        and (column.type != "Uniqueidentifier" or _intersect_target(schema, table, column))
    ]
    shown = [_expression(schema, table, column) for column in columns]
    if not shown:
        return
    names = [column.logical_name for column in columns]
    for row in state.db.execute(f"SELECT {', '.join(shown)} FROM {quoted(table.sql_name)} AS t"):
        yield (
            table.logical_name,
            *((name, value) for name, value in zip(names, row, strict=True) if value is not None),
        )


def _expression(schema: Schema, table: Table, column: Column) -> str:
    sql = f"t.{quoted(column.logical_name)}"
    targets = column.targets if column.is_lookup else _intersect_target(schema, table, column)
    parts = [part for part in (_name_of(schema.table(target), sql) for target in targets) if part]
    if parts:
        return f"COALESCE({', '.join([*parts, sql])})"
    if column.custom and column.type in TEXT_TYPES:
        return f"CASE WHEN {_HASH.format(sql)} THEN NULL ELSE {sql} END"
    return sql


def _intersect_target(schema: Schema, table: Table, column: Column) -> list[str]:
    """Where a column of an intersect table leads to."""
    found = []
    for many in schema.many_to_many.values():
        if many.intersect == table.logical_name:
            found += [many.entity1] if many.attribute1 == column.logical_name else []
            found += [many.entity2] if many.attribute2 == column.logical_name else []
    return list(dict.fromkeys(found))


def _name_of(table: Table | None, sql: str) -> str | None:
    """SQL for what a row is known by; None for tables whose rows have no names."""
    if table is None:
        return None
    names = [name for name in _NAMED.get(table.logical_name, ()) if name in table.columns]
    if not names and table.primary_name is not None:
        names = [table.primary_name]
    if not names:
        return None
    label = " || '|' || ".join(f"COALESCE(n.{quoted(name)}, '')" for name in names)
    return f"(SELECT {label} FROM {quoted(table.sql_name)} AS n WHERE n.{quoted(table.primary_id)} = {sql})"
