"""Who is suppressed leaves the static lists in Dynamics that a campaign was sent to, where the email account says so
(spec section 7: suppressions; decision 0033).

It is a withdrawal of consent: nothing undoes it. Taken off is who was left out of the send because the address is
suppressed. Everybody is named in the send's run, in an item of the list's own; whom Dynamics will not take off stays,
and leaves with the next send.
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
from dyntui.store.lists import StoredList
from dyntui.store.sends import Send
from dyntui.sync import clearing, list_state, parts
from dyntui.sync.run_context import RunContext

_BATCH = 1000
_DONE = "suppressed: taken off the list after the send"


async def take_off(ctx: RunContext, dv: Dataverse, this: Send) -> None:
    """Of all targets of a send that is out. A list that Dynamics does not let be changed is a failed item of the run:
    the mails are out all the same. Repeatable. Raises DyntuiError where Dynamics is away."""
    account = await ctx.read(lambda c: accounts.account(c, ctx.account_id))
    if account is None or not account.takes_off_suppressed:
        return
    # The items of lists that are cleared stand before these.
    first = len(this.list_ids) + 1
    for place, chosen in enumerate(await ctx.read(lambda c: list_store.stored(c, this.list_ids)), start=first):
        if not await _due(ctx, this, chosen, -1, 1):
            continue
        item = f"{chosen.id}/suppressed"
        try:
            row = await dv_lists.marketing_list(dv, chosen.id, list_state.ListRow)
            if row is None or row.dynamic or row.clear_on_send:
                continue
            await ctx.begin_item(item, kind="suppressed", name=f"{chosen.name}: suppressed", place=place)
            await _take_off(ctx, dv, this, row, chosen, item)
        except DyntuiError as error:
            if await parts.is_of_the_run(error, dv):
                raise
            await ctx.begin_item(item, kind="suppressed", name=f"{chosen.name}: suppressed", place=place)
            await ctx.fail_item(item, error)


async def _due(ctx: RunContext, this: Send, chosen: StoredList, after: int, limit: int) -> Sequence[Member]:
    due = functools.partial(
        taken_off.suppressed, list_id=chosen.id, send_id=this.waves_of or this.id, after=after, limit=limit
    )
    return await ctx.read(due)


async def _take_off(
    ctx: RunContext, dv: Dataverse, this: Send, row: list_state.ListRow, chosen: StoredList, item: str
) -> None:
    after = -1
    while some := await _due(ctx, this, chosen, after, _BATCH):
        changed = await membership.remove_members(dv, row, [each.person_id for each in some])
        after = some[-1].seq
        work = functools.partial(_keep, ctx=ctx, item=item, some=some, changed=changed)
        await ctx.save(ctx.cursor, stage=f"Taking who is suppressed off {chosen.name}", work=work, cancellable=False)
    await ctx.end_item(item)


def _keep(c: Connection, ctx: RunContext, item: str, some: Sequence[Member], changed: Changed) -> None:
    refused = {each.id: each.error.message for each in changed.refused}
    outcomes.record(c, ctx.run_id, item, [clearing.became(each, refused.get(each.person_id), _DONE) for each in some])
