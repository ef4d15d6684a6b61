"""Members who are taken off a static list in Dynamics, named one by one in an item of the run that is the list's own.

Whom Dynamics will not take off stays on the list, and is named as rejected.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import membership
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.membership import Changed, Refused
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.store import outcomes, run_people
from dyntui.store.clearing import Member
from dyntui.store.lists import StoredList
from dyntui.sync import parts
from dyntui.sync.list_state import ListRow
from dyntui.sync.run_context import RunContext

_BATCH: Final = 1000


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """`kind`: of the item, in one word; `because`: what is said of everybody who was taken off; `of`: whether it
    concerns this list, as it is in Dynamics now; `due`: so many of those after a `seq`; `gone`: kept beside
    the outcomes of those who were taken off, in the item of this id; `cancellable`: between two batches."""

    kind: str
    because: str
    of: Callable[[ListRow], bool]
    due: Callable[[Connection, int, int], Sequence[Member]]
    gone: Callable[[Connection, str, Sequence[Member]], None]
    cancellable: bool


async def take_off(ctx: RunContext, dv: Dataverse, chosen: StoredList, place: int, leaving: Leaving) -> bool:
    """Off one list, and whether anybody was due. `place`: of the item in the run. Repeatable.

    A list that Dynamics does not let be changed, such as one that was locked meanwhile, is a failed item. Raises
    DyntuiError for what concerns the whole run, as when Dynamics is away.
    """
    item = f"{chosen.id}/{leaving.kind}"
    name = f"{chosen.name}: {leaving.kind}"
    if not await ctx.read(functools.partial(_due, leaving=leaving, after=-1)):
        await _close_begun(ctx, item)
        return False
    try:
        row = await dv_lists.marketing_list(dv, chosen.id, ListRow)
        if row is not None and not row.dynamic and leaving.of(row):
            await ctx.begin_item(item, kind=leaving.kind, name=name, place=place)
            await _in_batches(ctx, dv, row, item, leaving)
        await _close_begun(ctx, item)
    except DyntuiError as error:
        if await parts.is_of_the_run(error, dv):
            raise
        await ctx.fail_part(item, error, kind=leaving.kind, name=name, place=place)
    return True


async def _close_begun(ctx: RunContext, item: str) -> None:
    """What was to be done when the item began may be due no more: since an interruption, or by another run."""
    if item in await ctx.read(lambda c: outcomes.in_process(c, ctx.run_id)):
        await ctx.end_item(item)


def _due(c: Connection, leaving: Leaving, after: int) -> Sequence[Member]:
    return leaving.due(c, after, _BATCH)


async def _in_batches(ctx: RunContext, dv: Dataverse, row: ListRow, item: str, leaving: Leaving) -> None:
    """The last batch closes the item: what was taken off may not be due again when an interrupted run goes on."""
    after = -1
    while some := await ctx.read(functools.partial(_due, leaving=leaving, after=after)):
        changed = await _remove(ctx, dv, row, item, [each.person_id for each in some])
        work = functools.partial(_keep, ctx=ctx, item=item, leaving=leaving, some=some, changed=changed)
        await ctx.save(ctx.cursor, stage="Taking members off their lists", work=work, cancellable=leaving.cancellable)
        after = some[-1].seq


async def _remove(ctx: RunContext, dv: Dataverse, row: ListRow, item: str, people: Sequence[str]) -> Changed:
    """A list that changes its mind between two batches is no failed item: who was taken off before is to stay named."""
    try:
        return await membership.remove_members(dv, row, people)
    except DataverseError as error:
        named = await ctx.read(lambda c: run_people.counts(c, ctx.run_id, item))
        if not named or await parts.is_of_the_run(error, dv):
            raise
        return Changed([], [Refused(each, error) for each in people])


def _keep(
    c: Connection, ctx: RunContext, item: str, leaving: Leaving, some: Sequence[Member], changed: Changed
) -> None:
    refused = {each.id: each.error.message for each in changed.refused}
    outcomes.record(c, ctx.run_id, item, [_became(each, refused.get(each.person_id), leaving.because) for each in some])
    leaving.gone(c, item, [each for each in some if each.person_id not in refused])
    if not _due(c, leaving, some[-1].seq):
        ctx.close_item(c, item)


def _became(each: Member, refused: str | None, because: str) -> PersonOutcome:
    return PersonOutcome(
        entity=each.entity,
        person=each.person_id,
        name=each.name,
        address=each.address,
        outcome=Outcome.REMOVED if refused is None else Outcome.REJECTED,
        reason="" if refused is None else "REJECTED",
        detail=because if refused is None else f"Dynamics: {refused}",
    )
