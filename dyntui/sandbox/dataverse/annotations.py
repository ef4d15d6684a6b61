"""Annotations of property values: formatted values, names of lookups, their tables and navigation properties.

Values are formatted for a user with the language en-US in UTC: the simulated users' settings.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.preferences import FORMATTED_VALUE, LOOKUP_NAME, NAVIGATION
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import CHOICE_TYPES, Column

_DEFAULT_DECIMALS = 2


def of_column(
    call: Call, column: Column, values: Sequence[Any], targets: Sequence[str | None] | None
) -> list[tuple[str, list[str | None]]]:
    """The annotations of a column for many rows: (annotation name, one text or None per row), in the platform's order.

    `values` are as stored; `targets` the logical names of the tables that a lookup points to, where it has several.
    """
    found: list[tuple[str, list[str | None]]] = []
    if not column.is_lookup:
        if call.prefer.wants(FORMATTED_VALUE):
            found.append((FORMATTED_VALUE, formatted(call, column, values)))
        return found
    tables = list(targets) if targets is not None else [column.targets[0] if column.targets else None] * len(values)
    tables = [None if value is None else table for value, table in zip(values, tables, strict=True)]
    if call.prefer.wants(FORMATTED_VALUE):
        found.append((FORMATTED_VALUE, names(call, values, tables)))
    if call.prefer.wants(NAVIGATION):
        found.append((NAVIGATION, [column.navigation.get(table or "") for table in tables]))
    if call.prefer.wants(LOOKUP_NAME):
        found.append((LOOKUP_NAME, tables))
    return found


def formatted(call: Call, column: Column, values: Sequence[Any]) -> list[str | None]:
    """Display texts of the stored values of a column that is no lookup; None where the platform gives none."""
    if column.type in CHOICE_TYPES:
        labels = {option.value: option.label for option in column.options}
        return [labels.get(value) for value in values]
    if column.type == "Boolean":
        labels = {0: "No", 1: "Yes", **{option.value: option.label for option in column.options}}
        return [labels.get(value) for value in values]
    if column.type == "MultiSelectPicklist":
        labels = {option.value: option.label for option in column.options}
        return [
            None if value is None else "; ".join(labels.get(int(each), each) for each in value.split(","))
            for value in values
        ]
    if column.type == "DateTime":
        show = _date_text if column.is_date_only or column.format == "DateOnly" else _moment_text
        return [None if value is None else show(value) for value in values]
    if column.type in {"Integer", "BigInt"}:
        return [None if value is None else f"{value:,}" for value in values]
    if column.type in {"Decimal", "Double", "Money"}:
        places = _DEFAULT_DECIMALS if column.precision is None else column.precision
        sign = _currency_symbol(call) if column.type == "Money" else ""
        return [
            None if value is None else f"{'-' if value < 0 else ''}{sign}{abs(value):,.{places}f}" for value in values
        ]
    return [None] * len(values)


def names(call: Call, ids: Sequence[str | None], tables: Sequence[str | None]) -> list[str | None]:
    """The primary names of rows, given their ids and tables; None for empty lookups and rows without a name."""
    wanted: dict[str, set[str]] = {}
    for row_id, name in zip(ids, tables, strict=True):
        if row_id is not None and name is not None:
            wanted.setdefault(name, set()).add(row_id)
    known: dict[tuple[str | None, str | None], str | None] = {}
    for logical_name, group in wanted.items():
        table = call.schema.table(logical_name)
        if table is None or table.primary_name is None:
            continue
        rows = call.state.db.execute(
            f"SELECT {quoted(table.primary_id)}, {quoted(table.primary_name)} FROM {quoted(table.sql_name)}"
            f" WHERE {quoted(table.primary_id)} IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(group)),),
        )
        known.update({(logical_name, row_id): name for row_id, name in rows})
    return [known.get(pair) for pair in zip(tables, ids, strict=True)]


def _date_text(value: str) -> str:
    day = date.fromisoformat(value[:10])
    return f"{day.month}/{day.day}/{day.year}"


def _moment_text(value: str) -> str:
    moment = datetime.fromisoformat(value)
    half = "PM" if moment.hour >= 12 else "AM"
    return f"{_date_text(value)} {(moment.hour + 11) % 12 + 1}:{moment.minute:02} {half}"


def _currency_symbol(call: Call) -> str:
    if "transactioncurrency" not in call.schema.tables:
        return "$"
    row = call.state.db.execute(
        "SELECT currencysymbol FROM dv_transactioncurrency ORDER BY createdon LIMIT 1"
    ).fetchone()
    return "$" if row is None else str(row[0])
