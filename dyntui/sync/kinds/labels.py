"""Data labels and dotdigital's data fields: each side learns what the other one has."""

from __future__ import annotations

from dyntui.sync import data_labels
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext

_ITEM = "labels"


async def run(ctx: RunContext, connections: Connections) -> None:
    """Unknown fields become labels, new labels become fields; what is in conflict is named."""
    dd = await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(_ITEM, kind="labels", name="Data field labels", place=0)
    found = await data_labels.synchronise(ctx, dd, ctx.account_id)
    await ctx.save(
        ctx.cursor,
        stage="Comparing data labels",
        work=lambda c: ctx.close_item(c, _ITEM, read=0, note=found.note, status=found.status),
    )
