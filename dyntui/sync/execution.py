"""What a run of each kind does, from its cursor to its end."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.list_status import NO_BOOK
from dyntui.store import accounts
from dyntui.store import lists as list_store
from dyntui.store.lists import StoredList
from dyntui.sync import (
    campaigns,
    doubtful_sends,
    earlier_sends,
    kept_books,
    lists,
    opt_outs,
    parts,
    send,
    send_rows,
    sight,
    suppressions,
    telling_dynamics,
)
from dyntui.sync.connections import Connections, account_unknown
from dyntui.sync.run_context import RunContext

SUPPRESSIONS = "suppressions"
LISTS = "lists"
CAMPAIGNS = "campaigns"
SEND = "send"

# How the grid names what became of a list, where that is no mere failure.
_LIST_STATUS = {"BOOK_GONE": NO_BOOK, "LIST_GONE": "Not found in Dynamics", "LIST_INACTIVE": "Inactive in Dynamics"}

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
    await kept_books.learn(ctx, dd, ctx.account_id, daily=True)
    await kept_books.remove_due(ctx, dd, ctx.account_id)
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
    if "failed" not in ctx.cursor:
        await _both_ways(ctx, dv, dd)
        await opt_outs.read(ctx, dv)
        await kept_books.learn(ctx, dd, ctx.account_id)
        wanted = [str(each) for each in ctx.request.get("lists", [])]
        due = await ctx.read(lambda c: list_store.due(c, ctx.account_id, wanted))
        start = {"due": [each.id for each in due], "read": 0, "place": 0, "failed": []}
        await ctx.save(start, stage="Preparing", done=0, of=len(due))
    due_ids = [str(each) for each in ctx.cursor["due"]]
    # All are read before the first is settled: which of several records keeps an address is decided over all of them.
    alone = len(due_ids) == 1
    for place in range(int(ctx.cursor["read"]), 0 if alone else len(due_ids)):
        await _list(ctx, dv, dd, place, functools.partial(_read, ctx, dv))
        await ctx.save({**_kept(ctx), "read": place + 1}, stage="Reading the lists", done=place + 1, of=len(due_ids))
    for place in range(int(ctx.cursor["place"]), len(due_ids)):
        if due_ids[place] not in ctx.cursor["failed"]:
            await _list(ctx, dv, dd, place, functools.partial(_synchronise, ctx, dv, dd))
        await ctx.save({**_kept(ctx), "place": place + 1}, stage="Synchronising the lists")


def _kept(ctx: RunContext) -> dict[str, Any]:
    """What of the cursor concerns all lists of the run."""
    return {name: ctx.cursor[name] for name in ("due", "read", "place", "failed")}


_Part = Callable[[StoredList, str], Awaitable[object]]


async def _list(ctx: RunContext, dv: Dataverse, dd: Dotdigital, place: int, part: _Part) -> None:
    """A part of the work on one list; what fails it is named in its item, and delays no other."""
    list_id, of = str(ctx.cursor["due"][place]), len(ctx.cursor["due"])
    found = await ctx.read(functools.partial(list_store.stored, ids=[list_id]))
    name = found[0].name if found else list_id
    title = f"{name} ({place + 1} of {of})" if of > 1 else name
    try:
        await part(await lists.known(ctx, list_id), title)
    except DyntuiError as error:
        if await parts.is_of_the_run(error, dv, dd):
            raise
        await ctx.begin_item(list_id, kind="list", name=name, place=place)
        await ctx.fail_item(list_id, error)
        status = _LIST_STATUS.get(error.code, "")
        text = error.message
        await ctx.write(lambda c: list_store.failed(c, list_id, ctx.run_id, text, status=status))
        if error.code == "LIST_INACTIVE":
            await ctx.write(lambda c: list_store.found_inactive(c, list_id))
        await ctx.save({**ctx.cursor, "failed": [*ctx.cursor["failed"], list_id]}, stage=f"Finished {name}")


async def _read(ctx: RunContext, dv: Dataverse, chosen: StoredList, title: str) -> None:
    await lists.read(ctx, dv, chosen, title)


async def _synchronise(ctx: RunContext, dv: Dataverse, dd: Dotdigital, chosen: StoredList, title: str) -> None:
    await ctx.begin_item(chosen.id, kind="list", name=chosen.name, place=ctx.cursor["due"].index(chosen.id))
    await lists.synchronise(ctx, dv, dd, chosen, title, item=chosen.id, by_hand=not ctx.request.get("scheduled", False))


async def _campaigns(ctx: RunContext, connections: Connections) -> None:
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    known = await ctx.read(lambda c: accounts.account(c, ctx.account_id))
    if known is None:
        raise account_unknown(ctx.account_id)
    await earlier_sends.look(ctx, dv, dd, ctx.account_id)
    await doubtful_sends.look(ctx, dd, ctx.account_id)
    await kept_books.learn(ctx, dd, ctx.account_id)
    await kept_books.remove_due(ctx, dd, ctx.account_id)
    only = [int(each) for each in ctx.request.get("campaigns", [])]
    await campaigns.synchronise(ctx, dv, dd, ctx.account_id, known.sync_level, only)
    await send_rows.tell_again(ctx, dv, ctx.account_id)


async def _send(ctx: RunContext, connections: Connections) -> None:
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    known = await ctx.read(accounts.accounts)
    elsewhere = {each.id: await connections.dotdigital(each.id) for each in known if each.id != ctx.account_id}
    await send.dispatch(ctx, dv, dd, str(ctx.request["send"]), elsewhere)


_KINDS = {SUPPRESSIONS: _suppressions, LISTS: _lists, CAMPAIGNS: _campaigns, SEND: _send}
