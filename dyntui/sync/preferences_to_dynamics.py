"""Choices of marketing preferences that Dynamics does not have, as rows of its own.

The rows are asked once more directly before they are written: a row that somebody has changed meanwhile is left to the
next run.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.errors import GONE
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.reading import Whole
from dyntui.dataverse.rows import bind
from dyntui.model import solution
from dyntui.model.lengths import cut
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.model.preferences import CODE_OF, CODES, Choice
from dyntui.store import preferences
from dyntui.store.preferences import Known, OfRecord
from dyntui.sync import preference_tree
from dyntui.sync.preference_due import IN_DYNAMICS, Due, begin_changes, keep_changes, name
from dyntui.sync.run_context import RunContext

_TABLE: Final = bulk.Table(
    solution.PREFERENCE_CHOICE.entity_set, solution.PREFERENCE_CHOICE.logical_name, "dyntui_preferencechoiceid"
)
_LOOKUPS: Final = {Entity.CONTACT: ("dyntui_ContactId", "contacts"), Entity.LEAD: ("dyntui_LeadId", "leads")}


class _Now(msgspec.Struct, frozen=True, rename={"id": _TABLE.key, "choice": "dyntui_choice", "etag": "@odata.etag"}):
    id: str
    choice: Whole | None = None
    etag: str = ""


async def tell(ctx: RunContext, dv: Dataverse, offered: Mapping[int, Known], due: Sequence[Due]) -> None:
    """Rows that are as they were known are changed, those that are missing made. A row that somebody has changed
    meanwhile is left alone: the next run reads it."""
    if not due:
        return
    there = await _rows(dv, [each.record.row_id for each in due])
    stale = [each for each in due if _differs(there.get(each.record.row_id), each.record.choice)]
    change = [each for each in due if each.record.row_id in there and each not in stale]
    fresh = [_with_id(ctx, each) for each in due if each.record.row_id not in there]
    await ctx.write(lambda c: begin_changes(c, ctx, IN_DYNAMICS, [*change, *fresh]))
    values = [(each.record.row_id, there[each.record.row_id].etag, _said(each, offered)) for each in change]
    changed = await bulk.update_unmoved(dv, _TABLE, values)
    rows = [{_TABLE.key: each.record.row_id, **_columns(each, offered)} for each in fresh]
    made = await bulk.create_many(dv, _TABLE, rows) if rows else []
    results = [*zip(change, changed, strict=True), *zip(fresh, made, strict=True)]
    # A batch whose answer was lost is sent again, and finds moved what it had changed itself.
    now = await _rows(dv, [each.record.row_id for each, result in results if bulk.has_moved(result)])
    ours = {key for key, row in now.items() if not _differs(row, _wanted(due, key))}
    results = [(each, RowResult() if each.record.row_id in ours else result) for each, result in results]
    if any(result.error is not None and result.error.platform_code in GONE for _, result in results):
        await preference_tree.look_for_rows(ctx, dv)
    keep = functools.partial(_told_dynamics, ctx=ctx, results=results, stale=stale)
    await ctx.save(ctx.cursor, stage="Writing choices to Dynamics", work=keep)


async def _rows(dv: Dataverse, ids: Sequence[str]) -> dict[str, _Now]:
    """The rows with these ids as they are, as far as there are any."""
    wanted = sorted(set(ids) - {""})
    found: dict[str, _Now] = {}
    select = (_TABLE.key, "dyntui_choice")
    async for page in dv_rows.pages_where_any(
        dv, _TABLE.entity_set, _Now, _TABLE.key, wanted, select=select, orderby=(_TABLE.key,)
    ):
        found.update((each.id, each) for each in page.rows)
    return found


def _wanted(due: Sequence[Due], row_id: str) -> Choice:
    return next(each.decided.choice for each in due if each.record.row_id == row_id)


def _differs(now: _Now | None, known: Choice) -> bool:
    return now is not None and CODES.get(now.choice or 0, Choice.NONE) is not known


def _id_of(ctx: RunContext, record: OfRecord) -> str:
    """The id of the row that a run makes: the same one however often it tries."""
    said = f"dyntui/{ctx.run_id}/preference/{record.preference_id}/{record.person_id}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, said))


def _with_id(ctx: RunContext, each: Due) -> Due:
    record = replace(each.record, row_id=_id_of(ctx, each.record))
    return replace(each, pair=replace(each.pair, record=record))


def _said(each: Due, offered: Mapping[int, Known]) -> dict[str, object]:
    title = offered[each.record.preference_id].preference.title
    return {
        "dyntui_name": cut(f"{title}: {each.decided.choice}", 255),
        "dyntui_choice": CODE_OF[each.decided.choice],
        "dyntui_chosenon": each.pair.dotdigital.on or None,
        "dyntui_address": each.record.address,
    }


def _columns(each: Due, offered: Mapping[int, Known]) -> dict[str, object]:
    column, entity_set = _LOOKUPS[Entity(each.record.entity)]
    row_id = offered[each.record.preference_id].row_id
    return {
        **_said(each, offered),
        "dyntui_PreferenceId@odata.bind": bind(solution.PREFERENCE.entity_set, row_id),
        f"{column}@odata.bind": bind(entity_set, each.record.person_id),
    }


def _told_dynamics(
    c: Connection, ctx: RunContext, results: Sequence[tuple[Due, RowResult]], stale: Sequence[Due]
) -> None:
    told = [each for each, result in results if result.error is None]
    rows = [replace(each.record, choice=each.decided.choice, chosen_on=each.pair.dotdigital.on) for each in told]
    preferences.settled(c, ctx.account_id, rows)
    keep_changes(c, ctx, IN_DYNAMICS, told, [each for each, result in results if result.error is not None])
    moved = "changed in Dynamics meanwhile"
    name(
        c,
        ctx,
        [
            *((each, Outcome.UPDATED, "", each.said) for each in told),
            *((each, Outcome.REJECTED, "STALE", moved) for each in stale),
            *(
                (each, Outcome.REJECTED, "STALE", moved)
                if bulk.has_moved(result)
                else (each, Outcome.REJECTED, "REJECTED", f"Dynamics: {result.error.message}")
                for each, result in results
                if result.error is not None
            ),
        ],
    )
