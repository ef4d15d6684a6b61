"""Address books to Dynamics: values of changed contacts, by the mappings that lead there."""

from __future__ import annotations

from dyntui.model.sync_types import Narrowed
from dyntui.store import planned_changes
from dyntui.sync import inward, planning
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """One email account. A plan ends with what would be written, and changes nothing."""
    asked = ctx.asked(Narrowed)
    how = inward.How(plan=asked.plan, apply=asked.apply)
    await inward.bring(ctx, await connections.dataverse(), await connections.dotdigital(ctx.account_id), how)
    if asked.plan:
        await ctx.write(lambda c: planning.close(c, ctx.run_id, ctx.moment()))
    if asked.apply:
        await ctx.write(lambda c: planned_changes.applied(c, asked.apply, ctx.run_id))
