"""A send that dotdigital mails later than it gets it: handed over, and looked after until everybody was mailed."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.sends import HANDED_OVER
from dyntui.model.sync_types import SendOf
from dyntui.store import outcomes, sends
from dyntui.sync import handed_sends, send
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """Hands the send over, or looks after one that was."""
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    everywhere = await connections.everywhere()
    elsewhere = {account_id: other for account_id, other in everywhere.items() if account_id != ctx.account_id}
    send_id = ctx.asked(SendOf).send
    this = await ctx.read(lambda c: sends.get(c, send_id))
    if this is None or this.run_id == ctx.run_id:
        await send.dispatch(ctx, dv, dd, send_id, elsewhere)
        return
    if this.state == HANDED_OVER:
        await handed_sends.tend(ctx, dv, dd, this, elsewhere)
        return
    if this.doubt == "emptied":
        await handed_sends.prove_empty(ctx, dd, this)
    await ctx.write(lambda c: _close_begun(c, ctx))


def _close_begun(c: Connection, ctx: RunContext) -> None:
    """Somebody has taken the send back while a look after it was interrupted: there is nothing left to look after."""
    for item_id in outcomes.in_process(c, ctx.run_id):
        ctx.close_item(c, item_id)
