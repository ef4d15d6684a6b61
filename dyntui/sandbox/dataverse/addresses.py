"""Addresses of the Web API: path segments, and the keys in parentheses that name rows."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dyntui.sandbox.dataverse.call import API_PATH, Call
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, unknown_segment
from dyntui.sandbox.dataverse.expand import split
from dyntui.sandbox.dataverse.filter import with_aliases
from dyntui.sandbox.dataverse.filter_functions import stored_value
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table

_SEGMENT = re.compile(r"([^()]+)(?:\((.*)\))?", re.DOTALL)
_GUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_UNUSABLE = re.compile(r"[/<>*%&:\\?+]")
_WITHOUT_NAMED_KEY = {"systemuser", "team"}
"""These derive from `principal`, whose key is `ownerid`: their own key cannot be named."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path: `contacts(1)` has the name `contacts` and the key `1`."""

    name: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class RowKey:
    """What names a row: its id, or the values of an alternate key by logical name, as stored."""

    row_id: str | None
    values: dict[str, Value] = field(default_factory=dict)


def segments(path: str) -> list[Segment]:
    """The steps below the service root. Raises DataverseError for a path that is none."""
    found = []
    for part in split(path.strip("/"), "/") if path.strip("/") else []:
        match = _SEGMENT.fullmatch(part)
        if match is None:
            raise bad_request(f"Bad Request - Error in query syntax: '{part}'.")
        found.append(Segment(match[1], match[2]))
    return found


def visible_table(call: Call, entity_set: str) -> Table:
    """The table of an entity set. Raises DataverseError 404 for sets which do not exist for this organisation now."""
    table = call.schema.by_set(entity_set)
    if table is None or table.visible_at > call.now or (table.app == "sales" and not has_sales_app(call)):
        raise unknown_segment(entity_set)
    return table


def has_sales_app(call: Call) -> bool:
    return call.state.config.dataverse.sales_app


def read_key(call: Call, table: Table, text: str) -> RowKey:
    """The key in parentheses. Raises DataverseError for one that the table does not have."""
    text = with_aliases(text.strip(), call.aliases) if "@" in text else text.strip()
    if _GUID.fullmatch(text):
        return RowKey(text.strip("{}").lower())
    pairs = [part.partition("=") for part in split(text, ",")]
    if not all(separator for _name, separator, _value in pairs):
        raise _wrong_key(table)
    given = {name.strip(): value.strip() for name, _separator, value in pairs}
    if list(given) == [table.primary_id]:
        if table.logical_name in _WITHOUT_NAMED_KEY:
            raise _wrong_key(table)
        return RowKey(_as_guid(table, given[table.primary_id]))
    values = {}
    for name, literal in given.items():
        column = call.schema.find_property(table, name, call.now)
        if column is None:
            raise _wrong_key(table)
        values[column.logical_name] = stored_value(column, _literal(literal))
    check_key(call, table, list(values))
    return RowKey(None, values)


def check_key(call: Call, table: Table, columns: list[str]) -> None:
    """Raises DataverseError unless the columns form an alternate key whose index is built."""
    for key in table.keys.values():
        if set(key.columns) == set(columns):
            if not key.is_active(call.now):
                raise DataverseError(
                    "0x8006088f",
                    f"Invalid EntityKey Operation performed : Entity Key {key.logical_name} is not active.",
                )
            return
    raise DataverseError(
        "0x80060890",
        f"The specified key attributes are not a defined key for the {table.logical_name} entity.",
    )


def locate(call: Call, table: Table, key: RowKey) -> str | None:
    """The id of the row that a key names, None when there is no such row."""
    values: dict[str, Any] = dict(key.values) if key.row_id is None else {table.primary_id: key.row_id}
    condition = " AND ".join(f"{quoted(name)} = ?" for name in values)
    found = call.state.db.execute(
        f"SELECT {quoted(table.primary_id)} FROM {quoted(table.sql_name)} WHERE {condition} LIMIT 2",
        tuple(values.values()),
    ).fetchall()
    if len(found) > 1:
        raise DataverseError("0x8006089d", f"More than one record exists for entity {table.logical_name} with the key.")
    return found[0][0] if found else None


def read_reference(call: Call, text: str) -> tuple[Table, RowKey]:
    """The row that an address in a body names: absolute, from the root, or `contacts(1)` alone; `$1` inside batches.

    Raises DataverseError when it names no row.
    """
    written = text.strip()
    if written.startswith("$"):
        name, slash, rest = written.partition("/")
        if name not in call.references:
            raise bad_request(f"Content-ID Reference: '{name}' does not exist in the batch context.")
        written = call.references[name] + slash + rest
    path = written
    if "://" in path:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    path = re.sub(rf"^{re.escape(API_PATH[:-1])}\d(?=/)", "", path)
    steps = segments(path)
    if len(steps) != 1 or steps[0].key is None:
        raise bad_request(f"The address '{text}' does not name a row.")
    table = visible_table(call, steps[0].name)
    return table, read_key(call, table, steps[0].key)


def _as_guid(table: Table, literal: str) -> str:
    try:
        return str(UUID(literal.strip("'")))
    except ValueError as error:
        raise _wrong_key(table) from error


def _literal(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == "'":
        value = text[1:-1].replace("''", "'")
        if _UNUSABLE.search(value):
            raise bad_request(
                "The key value contains characters that cannot be used in an address: / < > * % & : \\ ? +"
            )
        return value
    return text


def _wrong_key(table: Table) -> DataverseError:
    return bad_request(
        f"The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table.logical_name}'."
    )
