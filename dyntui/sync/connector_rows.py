"""Rows of the connector's own tables, upserted in bulk by their alternate key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dyntui.dataverse import bulk
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.http import Dataverse
from dyntui.model.solution import TableSpec

KEY = "dyntui_key"


async def upsert_rows(dv: Dataverse, table: TableSpec, rows: Sequence[Mapping[str, object]]) -> list[RowResult]:
    """Creates or changes rows, each with its `dyntui_key`; what became of each, in order. Repeatable."""
    addressed = [
        {"@odata.id": f"{table.entity_set}({KEY}='{row[KEY]}')", **{k: v for k, v in row.items() if k != KEY}}
        for row in rows
    ]
    where = bulk.Table(table.entity_set, table.logical_name, f"{table.logical_name}id")
    return await bulk.upsert_many(dv, where, addressed)
