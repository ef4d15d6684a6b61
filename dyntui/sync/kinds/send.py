"""One dispatch of an email campaign."""

from __future__ import annotations

from dyntui.model.sync_types import SendOf
from dyntui.sync import send
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """The send that the run was queued with; every email account is asked who must not be mailed."""
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    everywhere = await connections.everywhere()
    elsewhere = {account_id: other for account_id, other in everywhere.items() if account_id != ctx.account_id}
    await send.dispatch(ctx, dv, dd, ctx.asked(SendOf).send, elsewhere)
