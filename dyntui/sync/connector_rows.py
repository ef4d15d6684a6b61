"""Rows of the connector's own tables, upserted in bulk by their alternate key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dyntui.dataverse import bulk
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.http import Dataverse
from dyntui.model.errors import DyntuiError
from dyntui.model.solution import TableSpec

KEY = "dyntui_key"
# A table or column that is not there, and a value that a choice does not have (`dyntui.dataverse.errors`).
UNKNOWN_NAME = "DATAVERSE_UNKNOWN_NAME"
_UNKNOWN_CHOICE = "0x8004431a"


async def upsert_rows(dv: Dataverse, table: TableSpec, rows: Sequence[Mapping[str, object]]) -> list[RowResult]:
    """Creates or changes rows, each with its `dyntui_key`; what became of each, in order. Repeatable.

    Raises SETUP_NEEDED where the table, a column or a value of a choice is not installed: that is no row's fault.
    """
    addressed = [
        {"@odata.id": f"{table.entity_set}({KEY}='{row[KEY]}')", **{k: v for k, v in row.items() if k != KEY}}
        for row in rows
    ]
    where = bulk.Table(table.entity_set, table.logical_name, f"{table.logical_name}id")
    results = await bulk.upsert_many(dv, where, addressed)
    for each in results:
        if each.error is not None and (each.error.code == UNKNOWN_NAME or each.error.platform_code == _UNKNOWN_CHOICE):
            raise setup_needed(each.error) from each.error
    return results


def setup_needed(error: DyntuiError) -> DyntuiError:
    """The error of a run that needs what a later version of dyntui installs."""
    return DyntuiError(
        "SETUP_NEEDED",
        f"Dynamics does not have what this version of dyntui needs. {error.message}",
        not_done=error.not_done,
        remedy="Run `dyntui setup` once more: it adds what is missing, and changes nothing else.",
        detail=error.detail,
    )
