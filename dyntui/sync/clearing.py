"""Static lists that are cleared once a campaign was sent to them, so that they can be filled anew (spec section 10).

Taken off the list in Dynamics is whom the send has read on it; who joined since stays. Who was taken off is kept for
the audit, and the next synchronisation takes them out of the address book: that is meant, and not held.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import membership
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.membership import Changed
from dyntui.model.changes import AppliedChange
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.plans import REMOVE
from dyntui.store import applied_changes, clearing, outcomes
from dyntui.store import lists as list_store
from dyntui.store.applied_changes import Place
from dyntui.store.clearing import Member
from dyntui.store.lists import StoredList
from dyntui.sync import list_state, parts
from dyntui.sync.run_context import RunContext

_BATCH = 1000
_DONE = "taken off the list after the send"


async def clear(ctx: RunContext, dv: Dataverse, list_ids: Sequence[str], counted: str = "") -> None:
    """Those of the lists whose setting says so, as it is in Dynamics now. `counted`: of the people of this count alone,
    where the lists may have been read since. A list that cannot be cleared, such as one that was locked meanwhile, is
    a failed item of the run: the mails are out all the same. Repeatable. Raises DyntuiError where Dynamics is away."""
    for place, chosen in enumerate(await ctx.read(lambda c: list_store.stored(c, list_ids)), start=1):
        try:
            row = await dv_lists.marketing_list(dv, chosen.id, list_state.ListRow)
            if row is not None and row.clear_on_send and not row.dynamic and not chosen.dynamic:
                await _begin(ctx, chosen, place)
                await _clear(ctx, dv, row, chosen, counted)
        except DyntuiError as error:
            if await parts.is_of_the_run(error, dv):
                raise
            await _begin(ctx, chosen, place)
            await ctx.fail_item(_item(chosen), error)


def _item(chosen: StoredList) -> str:
    return f"{chosen.id}/cleared"


async def _begin(ctx: RunContext, chosen: StoredList, place: int) -> None:
    await ctx.begin_item(_item(chosen), kind="cleared", name=f"{chosen.name}: cleared", place=place)


async def _clear(ctx: RunContext, dv: Dataverse, row: list_state.ListRow, chosen: StoredList, counted: str) -> None:
    item, after = _item(chosen), -1
    while some := await ctx.read(
        functools.partial(clearing.on_the_list, list_id=chosen.id, after=after, limit=_BATCH, counted=counted)
    ):
        changed = await membership.remove_members(dv, row, [each.person_id for each in some])
        after = some[-1].seq
        work = functools.partial(_keep, ctx=ctx, chosen=chosen, item=item, some=some, changed=changed)
        await ctx.save(ctx.cursor, stage=f"Clearing {chosen.name}", work=work, cancellable=False)
    await ctx.end_item(item)


def _keep(
    c: Connection, ctx: RunContext, chosen: StoredList, item: str, some: Sequence[Member], changed: Changed
) -> None:
    refused = {each.id: each.error.message for each in changed.refused}
    gone = [each for each in some if each.person_id not in refused]
    place = Place(ctx.run_id, item, f"list:{chosen.id}")
    written = [
        AppliedChange(
            item_id=item,
            target=place.target,
            person=each.person_id,
            entity=each.entity,
            name=each.name,
            address=each.address,
            effect=REMOVE,
        )
        for each in gone
    ]
    applied_changes.keep(c, place, written)
    outcomes.record(c, ctx.run_id, item, [became(each, refused.get(each.person_id), _DONE) for each in some])
    clearing.let_go(c, chosen.id, [each.person_id for each in gone], ctx.now())


def became(each: Member, refused: str | None, done: str) -> PersonOutcome:
    """Somebody who was taken off a list, in the words `done`; `refused`: Dynamics would not, and why."""
    return PersonOutcome(
        entity=each.entity,
        person=each.person_id,
        name=each.name,
        address=each.address,
        outcome=Outcome.REMOVED if refused is None else Outcome.REJECTED,
        reason="" if refused is None else "REJECTED",
        detail=done if refused is None else f"Dynamics: {refused}",
    )
