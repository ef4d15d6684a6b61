"""Rows of the connector's own tables, upserted in bulk by their alternate key.

A store that is new, on a machine that took over an installation, does not know what the one before it wrote. So a few
of the rows are looked for first: where one is there, all are compared with what Dynamics has, and only those that
differ are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import any_of
from dyntui.model.errors import DyntuiError
from dyntui.model.solution import TableSpec

KEY = "dyntui_key"
_BIND = "@odata.bind"
_LOOKED_FOR = 20
_Row = dict[str, Any]
# A table or column that is not there, and a value that a choice does not have (`dyntui.dataverse.errors`).
UNKNOWN_NAME = "DATAVERSE_UNKNOWN_NAME"
_UNKNOWN_CHOICE = "0x8004431a"


async def upsert_rows(dv: Dataverse, table: TableSpec, rows: Sequence[Mapping[str, object]]) -> list[RowResult]:
    """Creates or changes rows, each with its `dyntui_key`; what became of each, in order. Repeatable. Of several with
    one key the last is written: what Dynamics makes of a row that is there twice in a request nobody says.

    Raises SETUP_NEEDED where the table, a column or a value of a choice is not installed: that is no row's fault.
    """
    by_key = {str(row[KEY]): row for row in rows}
    same = await _same(dv, table, by_key)
    where = bulk.Table(table.entity_set, table.logical_name, f"{table.logical_name}id")
    wanted = [key for key in by_key if key not in same]
    addressed = [
        {"@odata.id": f"{table.entity_set}({KEY}='{key}')", **{k: v for k, v in by_key[key].items() if k != KEY}}
        for key in wanted
    ]
    written = dict(zip(wanted, await bulk.upsert_many(dv, where, addressed), strict=True))
    results = [written.get(key) or RowResult(id=same[key]) for key in (str(row[KEY]) for row in rows)]
    for each in results:
        if each.error is not None and (each.error.code == UNKNOWN_NAME or each.error.platform_code == _UNKNOWN_CHOICE):
            raise setup_needed(each.error) from each.error
    return results


async def _same(dv: Dataverse, table: TableSpec, rows: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """The keys of rows (by key) that are in Dynamics just so, each with its id."""
    keys = list(rows)
    some = keys[:: max(1, len(keys) // _LOOKED_FOR)]
    id_column = f"{table.logical_name}id"
    columns = sorted({_column(name) for row in rows.values() for name in row})
    try:
        if not await dv_rows.find_rows(dv, table.entity_set, _Row, select=[KEY], filter=any_of(KEY, some), top=1):
            return {}
        there: dict[str, _Row] = {}
        async for page in dv_rows.pages_where_any(
            dv, table.entity_set, _Row, KEY, keys, select=[id_column, *columns], orderby=[id_column]
        ):
            there.update((str(each.get(KEY)), each) for each in page.rows)
    except DataverseError as error:
        # Writing says what is wrong with a table or a column.
        if not 400 <= error.status < 500:
            raise
        return {}
    return {
        key: str(found[id_column])
        for key, row in rows.items()
        if (found := there.get(key)) is not None and all(_equal(name, row[name], found) for name in row)
    }


def _column(name: str) -> str:
    """As a column that is written is read."""
    lookup = name.removesuffix(_BIND)
    return name if lookup == name else f"_{lookup.lower()}_value"


def _equal(name: str, value: object, found: _Row) -> bool:
    """Whether a column has this value already; where that cannot be said it has not."""
    # Dataverse keeps an empty text as no value.
    value, there = None if value == "" else value, found.get(_column(name))
    if name.endswith(_BIND) and isinstance(value, str):
        return isinstance(there, str) and value.lower().endswith(f"({there.lower()})")
    if isinstance(value, str) and isinstance(there, str):
        return value == there or (_moment(value) is not None and _moment(value) == _moment(there))
    return value == there and isinstance(value, bool) == isinstance(there, bool)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def setup_needed(error: DyntuiError) -> DyntuiError:
    """The error of a run that needs what a later version of dyntui installs."""
    return DyntuiError(
        "SETUP_NEEDED",
        f"Dynamics does not have what this version of dyntui needs. {error.message}",
        not_done=error.not_done,
        remedy="Run `dyntui setup` once more: it adds what is missing, and changes nothing else.",
        detail=error.detail,
    )
