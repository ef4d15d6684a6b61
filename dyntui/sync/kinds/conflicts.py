"""The other value of conflicts, taken by somebody after the mapping's rule had decided."""

from __future__ import annotations

from dyntui.model.sync_types import TakeOf
from dyntui.sync import other_values
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """One email account."""
    asked = ctx.asked(TakeOf)
    dd = await connections.dotdigital(ctx.account_id)
    await other_values.take(ctx, await connections.dataverse(), dd, asked)
