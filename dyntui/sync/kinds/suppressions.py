"""Who must not be mailed, from each of the two systems to the other."""

from __future__ import annotations

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital.http import Dotdigital
from dyntui.sync import copied_suppressions, kept_books, suppressions, telling_dynamics
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext

_ITEM = "suppressions"


async def run(ctx: RunContext, connections: Connections) -> None:
    """All suppressions of an email account, and the unsubscribes of its sends."""
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(_ITEM, kind="feed", name="Suppressions", place=0)
    await both_ways(ctx, dv, dd, _ITEM)
    await ctx.write(lambda c: suppressions.name_odd_rows(ctx, c, ctx.account_id, _ITEM))
    await kept_books.learn(ctx, dd, ctx.account_id, daily=True)
    await kept_books.remove_due(ctx, dd, ctx.account_id)
    await ctx.end_item(_ITEM)


async def both_ways(ctx: RunContext, dv: Dataverse, dd: Dotdigital, item: str = "") -> None:
    """Suppressions of both systems are known before either is told of them: one run tells everything."""
    await suppressions.pull(ctx, dd, ctx.account_id, item, daily=True)
    await suppressions.tell_dotdigital(ctx, dv, dd, ctx.account_id, item)
    if item:
        await copied_suppressions.copy(ctx, dd, ctx.account_id, item)
    await telling_dynamics.tell_dynamics(ctx, dv, ctx.account_id, item)
