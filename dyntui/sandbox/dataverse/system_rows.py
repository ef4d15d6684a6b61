"""Rows which the platform itself writes: no caller, no privileges, no rules; stamped like all others."""

# ruff: noqa: S608 - names in the SQL are quoted ones of the schema, values are parameters

from collections.abc import Iterable, Mapping
from typing import Any

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.storage import quoted, schema_of
from dyntui.sandbox.state import State

Value = str | int | float | None


def insert(state: State, table_name: str, values: Mapping[str, Value]) -> str:
    """Inserts one row of column -> stored value and returns its id; a missing id, version and times are added."""
    table = schema_of(state).tables[table_name]
    stamp = storage.now(state)
    row: dict[str, Value] = {table.primary_id: None, "versionnumber": storage.next_version(state)}
    for name in ("createdon", "modifiedon"):
        if name in table.columns:
            row[name] = stamp
    row.update({name: value for name, value in _defaults(table_name, state).items() if name not in values})
    row.update(values)
    row_id = str(row[table.primary_id] or state.ids.guid())
    row[table.primary_id] = row_id
    names = ", ".join(quoted(name) for name in row)
    marks = ", ".join("?" * len(row))
    state.db.execute(f"INSERT INTO {quoted(table.sql_name)} ({names}) VALUES ({marks})", tuple(row.values()))
    return row_id


def link(state: State, intersect: str, pairs: Iterable[Mapping[str, Value]]) -> None:
    """Inserts rows of an intersect table, passing over pairs that exist."""
    table = schema_of(state).tables[intersect]
    for pair in pairs:
        row = {table.primary_id: state.ids.guid(), "versionnumber": storage.next_version(state), **pair}
        names = ", ".join(quoted(name) for name in row)
        marks = ", ".join("?" * len(row))
        state.db.execute(
            f"INSERT INTO {quoted(table.sql_name)} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",
            tuple(row.values()),
        )


def _defaults(table_name: str, state: State) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in schema_of(state).tables[table_name].columns.values():
        if column.type == "State":
            found[column.logical_name] = column.options[0].value
        elif column.type == "Status":
            first = schema_of(state).tables[table_name].columns["statecode"].options[0].default_status
            found[column.logical_name] = first
        elif column.is_stored and column.default_value is not None:
            found[column.logical_name] = int(column.default_value)
    return found
