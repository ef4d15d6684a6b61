"""Address books to Dynamics: values of changed contacts, by the mappings that lead there."""

from __future__ import annotations

from dyntui.sync import inward
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """One email account."""
    await inward.bring(ctx, await connections.dataverse(), await connections.dotdigital(ctx.account_id))
