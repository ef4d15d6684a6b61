"""Members of a marketing list, changed by hand: planned, or carried out as planned."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import membership
from dyntui.dataverse.lists import MarketingList
from dyntui.model.cursors import MembersCursor
from dyntui.model.plans import PlannedCalls
from dyntui.model.sync_types import MembersOf
from dyntui.store import lists as list_store
from dyntui.store import planned_changes, runs
from dyntui.store.failures import vanished
from dyntui.sync import known_members, list_state, lists, member_changes
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """The one list that was asked for. Raises LIST_GONE, LIST_DYNAMIC, LIST_LOCKED, LIST_INACTIVE, QUERY_REFUSED."""
    asked = ctx.asked(MembersOf)
    dv = await connections.dataverse()
    row = await dv_lists.marketing_list(dv, asked.list, MarketingList)
    if row is None:
        raise list_state.gone(asked.list)
    if ctx.at(MembersCursor).step == "decide":
        # Later some may have been changed before an interruption: what Dynamics refuses then is its own answer.
        member_changes.require_open(row)
    chosen = await ctx.read(lambda c: list_store.get(c, row.id))
    if chosen is not None and not asked.plan:
        # A synchronisation that is reading the list would take who leaves it now for somebody whom it has read.
        await lists.take(ctx, chosen)
    await ctx.begin_item(row.id, kind="list", name=row.name, place=0)
    await member_changes.carry_out(member_changes.Job(ctx, dv, row))
    await ctx.end_item(row.id)
    if asked.plan:
        await ctx.write(lambda c: _close(c, ctx))
        return
    if asked.apply:
        await ctx.write(lambda c: planned_changes.applied(c, asked.apply, ctx.run_id))
    await known_members.count(ctx, dv, row)
    await ctx.write(lambda c: list_store.release(c, row.id, ctx.run_id))


def _close(c: Connection, ctx: RunContext) -> None:
    """What carrying it out takes: everything is read once more, and people are written 1,000 a call."""
    run = runs.get(c, ctx.run_id)
    if run is None:
        raise vanished("a run")
    effects = planned_changes.effects(c, ctx.run_id)
    writes = sum(-(-number // membership.CHUNK) for each in effects for number in (each.join, each.remove))
    calls = PlannedCalls(dataverse_reads=run.dataverse_reads + 1, dataverse_writes=writes)
    planned_changes.close(c, ctx.run_id, ctx.now(), calls, writes)
