"""Rows from the database to JSON objects: which columns are read, in which order they are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dyntui.sandbox.dataverse import annotations, secured
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import unknown_property
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Column, Table

Row = tuple[Any, ...]

_PRINCIPALS = frozenset({"systemuser", "team"})
"""Tables that derive from `principal`: their rows also show the key of that, `ownerid`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a table's rows is shown, in order, and which database columns that takes (key and version first)."""

    table: Table
    shown: tuple[Column, ...]
    read: tuple[str, ...]

    def select_list(self, alias: str) -> str:
        """The columns for SELECT."""
        return ", ".join(f"{quoted(alias)}.{quoted(name)}" for name in self.read)

    def place(self, name: str) -> int:
        """Where a database column stands in a row that was read."""
        return self.read.index(name)


def shape(call: Call, table: Table, select: str | None, also_read: Iterable[Column] = ()) -> Shape:
    """The shape that a $select asks for; `also_read` are columns which are needed without being shown.

    Raises DataverseError for a property that does not exist.
    """
    if select is None or select.strip() in {"", "*"}:
        now = call.now
        chosen = [column for column in call.schema.properties(table).values() if column.visible_at <= now]
    else:
        chosen = _selected(call, table, select)
    key = table.columns[table.primary_id]
    shown = list(dict.fromkeys(column.logical_name for column in chosen))
    if any(column.type == "Money" for column in chosen) and "transactioncurrencyid" in table.columns:
        shown = list(dict.fromkeys([*shown, "transactioncurrencyid"]))
    if key.logical_name not in shown:
        shown.append(key.logical_name)
    elif select is None:
        shown = [name for name in shown if name != key.logical_name] + [key.logical_name]
    read = [table.primary_id, "versionnumber"]
    for name in [*shown, *(column.logical_name for column in also_read)]:
        column = table.columns[name]
        read += [name] if column.type_column is None else [name, column.type_column]
    return Shape(table, tuple(table.columns[name] for name in shown), tuple(dict.fromkeys(read)))


def _selected(call: Call, table: Table, select: str) -> list[Column]:
    found = []
    now = call.now
    for part in select.split(","):
        name = part.strip()
        column = call.schema.find_property(table, name, now)
        if column is not None:
            found.append(column)
        elif name not in call.schema.lookups(table) and name not in call.schema.collections(table):
            raise unknown_property(name, table.logical_name)
    return found


def encode(call: Call, chosen: Shape, rows: Sequence[Row], *, omit_null: bool = False) -> list[dict[str, Any]]:
    """JSON objects of rows that were read in the shape's order."""
    if not rows:
        return []
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    annotated = bool(call.prefer.annotations)
    hidden = secured.hidden(call.state, call.caller, chosen.table)
    names = ["@odata.etag"]
    data: list[Sequence[Any]] = [[f'W/"{version}"' for version in columns[1]]]
    optional = [False]
    for column in chosen.shown:
        stored = columns[chosen.place(column.logical_name)]
        if column.logical_name in hidden:
            stored = [None] * len(rows)
        if annotated:
            targets = columns[chosen.place(column.type_column)] if column.type_column else None
            for annotation, texts in annotations.of_column(call, column, stored, targets):
                names.append(f"{column.property_name}@{annotation}")
                data.append(texts)
                optional.append(True)
        names.append(column.property_name)
        data.append(served(column, stored))
        optional.append(omit_null)
    if chosen.table.logical_name in _PRINCIPALS and "ownerid" not in names:
        names.append("ownerid")
        data.append(columns[0])
        optional.append(False)
    if not any(optional):
        return [dict(zip(names, values, strict=True)) for values in zip(*data, strict=True)]
    objects: list[dict[str, Any]] = [{} for _row in rows]
    for name, values, may_miss in zip(names, data, optional, strict=True):
        if may_miss:
            for each, value in zip(objects, values, strict=True):
                if value is not None:
                    each[name] = value
        else:
            for each, value in zip(objects, values, strict=True):
                each[name] = value
    return objects


def served(column: Column, stored: Sequence[Any]) -> Sequence[Any]:
    """Stored values as JSON shows them."""
    if column.type == "Boolean":
        return [None if value is None else value == 1 for value in stored]
    if column.type in {"Decimal", "Money"} and (column.precision == 0):
        return [None if value is None else int(value) for value in stored]
    return stored


def context(call: Call, table: Table, select: str | None, expanded: str = "", *, single: bool = False) -> str:
    """The @odata.context of rows of a table."""
    parts = ",".join(part for part in ((select or "").replace(" ", ""), expanded) if part)
    return f"{call.base}/$metadata#{table.entity_set}{f'({parts})' if parts else ''}{'/$entity' if single else ''}"
