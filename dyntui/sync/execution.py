"""What a run of each kind does, from its cursor to its end."""

from __future__ import annotations

import functools

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError, Exit
from dyntui.store import accounts
from dyntui.store import lists as list_store
from dyntui.sync import (
    campaigns,
    earlier_sends,
    lists,
    opt_outs,
    send,
    send_rows,
    sight,
    suppressions,
    telling_dynamics,
)
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext

SUPPRESSIONS = "suppressions"
LISTS = "lists"
CAMPAIGNS = "campaigns"
SEND = "send"

# Lower first: sends before suppressions before lists before the rest (spec section 7).
PRIORITIES = {SEND: 10, SUPPRESSIONS: 20, LISTS: 40, CAMPAIGNS: 60}


def send_key(account_id: str, campaign_id: int) -> str:
    """What a send holds while it lasts: a campaign is sent by one run at a time."""
    return f"{SEND}/{account_id}/{campaign_id}"


async def execute(ctx: RunContext, connections: Connections) -> None:
    """Everything a run still has to do. Raises DyntuiError, Cancelled, Fenced."""
    await _KINDS[ctx.kind](ctx, connections)


async def _suppressions(ctx: RunContext, connections: Connections) -> None:
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(SUPPRESSIONS, kind="feed", name="Suppressions", place=0)
    await _both_ways(ctx, dv, dd, SUPPRESSIONS)
    await ctx.write(lambda c: suppressions.name_odd_rows(ctx, c, ctx.account_id, SUPPRESSIONS))
    await ctx.end_item(SUPPRESSIONS)


async def _both_ways(ctx: RunContext, dv: Dataverse, dd: Dotdigital, item: str = "") -> None:
    """Suppressions of both systems are known before either is told of them: one run tells everything."""
    await suppressions.pull(ctx, dd, ctx.account_id, item, daily=True)
    await suppressions.tell_dotdigital(ctx, dv, dd, ctx.account_id, item)
    await telling_dynamics.tell_dynamics(ctx, dv, ctx.account_id, item)


async def _lists(ctx: RunContext, connections: Connections) -> None:
    """Suppressions first, then every list due, each its own item: one that fails delays no other."""
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    await sight.require_columns(ctx, dv)
    if "place" not in ctx.cursor:
        await _both_ways(ctx, dv, dd)
        await opt_outs.read(ctx, dv)
        wanted = [str(each) for each in ctx.request.get("lists", [])]
        due = await ctx.read(lambda c: list_store.due(c, ctx.account_id, wanted))
        await ctx.save({"place": 0, "due": [each.id for each in due]}, stage="Preparing", done=0, of=len(due))
    due_ids = [str(each) for each in ctx.cursor["due"]]
    for place in range(int(ctx.cursor["place"]), len(due_ids)):
        list_id = due_ids[place]
        names = [each.name for each in await ctx.read(functools.partial(list_store.stored, ids=[list_id]))]
        name = names[0] if names else list_id
        title = f"{name} ({place + 1} of {len(due_ids)})" if len(due_ids) > 1 else name
        await ctx.begin_item(list_id, kind="list", name=name, place=place)
        try:
            await lists.synchronise(ctx, dv, dd, await lists.known(ctx, list_id), title, item=list_id)
        except DyntuiError as error:
            if error.exit in (Exit.UNREACHABLE, Exit.NOT_PERMITTED):
                raise
            await ctx.fail_item(list_id, error)
            await ctx.write(
                functools.partial(list_store.failed, list_id=list_id, run_id=ctx.run_id, text=error.message)
            )
        await ctx.save({"place": place + 1, "due": due_ids}, stage=f"Finished {name}")


async def _campaigns(ctx: RunContext, connections: Connections) -> None:
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    known = await ctx.read(lambda c: accounts.account(c, ctx.account_id))
    assert known is not None
    await earlier_sends.look(ctx, dv, dd, ctx.account_id)
    await campaigns.synchronise(ctx, dv, dd, ctx.account_id, known.sync_level)
    await send_rows.tell_again(ctx, dv, ctx.account_id)


async def _send(ctx: RunContext, connections: Connections) -> None:
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    known = await ctx.read(accounts.accounts)
    elsewhere = {each.id: await connections.dotdigital(each.id) for each in known if each.id != ctx.account_id}
    await send.dispatch(ctx, dv, dd, str(ctx.request["send"]), elsewhere)


_KINDS = {SUPPRESSIONS: _suppressions, LISTS: _lists, CAMPAIGNS: _campaigns, SEND: _send}
