"""Static lists that are cleared once a campaign was sent to them, so that they can be filled anew (spec section 10).

Taken off the list in Dynamics is whom the send was about, mailed or not; who joined since stays. Who was taken off is
kept for the audit, and the next synchronisation takes them out of the address book: that is meant, and not held.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.model.changes import AppliedChange
from dyntui.model.plans import REMOVE
from dyntui.store import applied_changes, clearing
from dyntui.store import lists as list_store
from dyntui.store.applied_changes import Place
from dyntui.store.clearing import Member
from dyntui.store.lists import StoredList
from dyntui.sync import leaving_lists
from dyntui.sync.leaving_lists import Leaving
from dyntui.sync.run_context import RunContext


async def clear(ctx: RunContext, dv: Dataverse, list_ids: Sequence[str], counted: str) -> None:
    """Those of the lists whose setting says so, as it is in Dynamics now, of the people of the count `counted` alone:
    the lists may have been read since. Repeatable. Raises as `leaving_lists.take_off`."""
    for place, chosen in enumerate(await ctx.read(lambda c: list_store.stored(c, list_ids)), start=1):
        if not chosen.dynamic:
            await leaving_lists.take_off(ctx, dv, chosen, place, _cleared(ctx, chosen, counted))


def _cleared(ctx: RunContext, chosen: StoredList, counted: str) -> Leaving:
    return Leaving(
        kind="cleared",
        because="taken off the list after the send",
        of=lambda row: bool(row.clear_on_send),
        due=lambda c, after, limit: clearing.on_the_list(c, chosen.id, after, limit, counted),
        gone=lambda c, item, some: _gone(c, ctx, chosen, item, some),
        cancellable=False,
    )


def _gone(c: Connection, ctx: RunContext, chosen: StoredList, item: str, gone: Sequence[Member]) -> None:
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
    clearing.let_go(c, chosen.id, [each.person_id for each in gone], ctx.now())
