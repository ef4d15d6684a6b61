"""Columns of records as they are now, by name: to be compared with what a run wrote, or is to write."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.http import Dataverse
from dyntui.model.changes import moved_fields
from dyntui.model.errors import DyntuiError
from dyntui.model.people import Entity
from dyntui.sync import member_listing

log = logging.getLogger(__name__)


class Now(msgspec.Struct, frozen=True):
    """A record as it is: its etag, and its columns."""

    etag: str
    values: Mapping[str, Any]


async def write(
    dv: Dataverse,
    entity: Entity,
    changes: Sequence[tuple[str, str, Mapping[str, Any]]],
    *,
    caller: str | None = None,
) -> list[RowResult]:
    """Changes records (id, etag, columns) as `bulk.update_unmoved`. One that moved because it had been written already,
    by a call whose answer was lost, is written."""
    table = member_listing.TABLES[entity]
    where = bulk.Table(table.entity_set, table.logical_name, table.key)
    results = await bulk.update_unmoved(dv, where, changes, caller=caller)
    moved = {key: columns for (key, _, columns), each in zip(changes, results, strict=True) if bulk.has_moved(each)}
    there = await holding(dv, entity, moved) if moved else frozenset[str]()
    return [RowResult(id=key) if key in there else result for (key, _, _), result in zip(changes, results, strict=True)]


async def holding(dv: Dataverse, entity: Entity, wanted: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Those of the records (id -> columns) that hold these values, after a call that was to write them has failed; none
    where Dynamics does not say."""
    try:
        now = await read(dv, entity, wanted)
    except DyntuiError as error:
        log.warning("what a call that failed has written is not known: %s", error)
        return frozenset()
    return frozenset(
        each for each, columns in wanted.items() if each in now and not moved_fields(now[each].values, columns)
    )


async def read(dv: Dataverse, entity: Entity, wanted: Mapping[str, Iterable[str]]) -> dict[str, Now]:
    """These records (id -> the names of the columns that matter) as they are; those that are gone are missing."""
    table = member_listing.TABLES[entity]
    names = sorted({name for each in wanted.values() for name in each})
    fields = [
        ("id", str, msgspec.field(name=table.key)),
        ("etag", str, msgspec.field(name="@odata.etag", default="")),
        *((f"column{place}", Any, msgspec.field(name=name, default=None)) for place, name in enumerate(names)),
    ]
    row_type: Any = msgspec.defstruct("Values", fields, frozen=True, kw_only=True)
    found: dict[str, Now] = {}
    async for page in dv_rows.pages_where_any(
        dv, table.entity_set, row_type, table.key, sorted(wanted), select=(table.key, *names)
    ):
        for row in page.rows:
            found[row.id] = Now(row.etag, {name: getattr(row, f"column{place}") for place, name in enumerate(names)})
    return found
