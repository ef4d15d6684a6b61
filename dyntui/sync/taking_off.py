"""Who unsubscribes from a static list in dotdigital leaves it in Dynamics too, where the email account says so
(spec section 7: "removed from the marketing list").

It is a withdrawal of consent: neither held nor undone. Everybody is named in the run, in an item of the list's own;
whom Dynamics will not take off stays, is not mailed all the same, and is tried again by the next run.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import membership
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.membership import Changed
from dyntui.model.errors import DyntuiError
from dyntui.store import accounts, outcomes, taken_off
from dyntui.store import lists as list_store
from dyntui.store.clearing import Member
from dyntui.sync import clearing, list_state, parts
from dyntui.sync.run_context import RunContext

_BATCH = 1000
_DONE = "unsubscribed: taken off the list"


async def take_off(ctx: RunContext, dv: Dataverse, list_ids: Sequence[str], places: int) -> None:
    """Of those of the lists that are static. `places`: items that the run has. Repeatable.

    A list that Dynamics does not let be changed is named in its item, and delays no other. Raises DyntuiError for
    what concerns the whole run.
    """
    account = await ctx.read(lambda c: accounts.account(c, ctx.account_id))
    if account is None or not account.takes_off_unsubscribed:
        return
    wanted = set(list_ids)
    for list_id in await ctx.read(lambda c: taken_off.lists(c, ctx.account_id)):
        if list_id not in wanted:
            continue
        if not await ctx.read(functools.partial(taken_off.begun, account_id=ctx.account_id, list_id=list_id)):
            begin = functools.partial(taken_off.begin, account_id=ctx.account_id, list_id=list_id, now=ctx.now())
            await ctx.write(begin)
            continue
        if await ctx.read(functools.partial(taken_off.due, list_id=list_id, limit=1)):
            await _one_list(ctx, dv, list_id, places)
            places += 1


async def _one_list(ctx: RunContext, dv: Dataverse, list_id: str, place: int) -> None:
    (chosen,) = await ctx.read(lambda c: list_store.stored(c, [list_id]))
    item = f"{list_id}/unsubscribed"
    await ctx.begin_item(item, kind="unsubscribed", name=f"{chosen.name}: unsubscribed", place=place)
    try:
        await _take_off(ctx, dv, list_id, item, chosen.name)
    except DyntuiError as error:
        if await parts.is_of_the_run(error, dv):
            raise
        await ctx.fail_item(item, error)
    else:
        await ctx.end_item(item)


async def _take_off(ctx: RunContext, dv: Dataverse, list_id: str, item: str, name: str) -> None:
    row = await dv_lists.marketing_list(dv, list_id, list_state.ListRow)
    if row is None or row.dynamic:
        return
    refused: set[str] = set()
    while some := [
        each
        for each in await ctx.read(functools.partial(taken_off.due, list_id=list_id, limit=_BATCH + len(refused)))
        if each.person_id not in refused
    ]:
        changed = await membership.remove_members(dv, row, [each.person_id for each in some])
        refused |= {each.id for each in changed.refused}
        work = functools.partial(_keep, ctx=ctx, list_id=list_id, item=item, some=some, changed=changed)
        await ctx.save(ctx.cursor, stage=f"Taking who unsubscribed off {name}", work=work)


def _keep(c: Connection, ctx: RunContext, list_id: str, item: str, some: Sequence[Member], changed: Changed) -> None:
    refused = {each.id: each.error.message for each in changed.refused}
    outcomes.record(c, ctx.run_id, item, [clearing.became(each, refused.get(each.person_id), _DONE) for each in some])
    gone = [each.person_id for each in some if each.person_id not in refused]
    taken_off.decided(c, list_id, gone, ctx.now())
