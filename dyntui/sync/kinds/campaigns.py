"""Email campaigns and their results, from dotdigital to Dynamics."""

from __future__ import annotations

from dyntui.model.sync_types import Narrowed
from dyntui.store import accounts
from dyntui.sync import doubtful_sends, earlier_sends, kept_books, send_rows
from dyntui.sync.campaigns import synchronising
from dyntui.sync.connections import Connections, account_unknown
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """The campaigns of an email account, or those that were named. Raises ACCOUNT_UNKNOWN."""
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    if await ctx.read(lambda c: accounts.account(c, ctx.account_id)) is None:
        raise account_unknown(ctx.account_id)
    await earlier_sends.look(ctx, dv, dd, ctx.account_id)
    await doubtful_sends.look(ctx, dd, ctx.account_id)
    await kept_books.learn(ctx, dd, ctx.account_id)
    await kept_books.remove_due(ctx, dd, ctx.account_id)
    only = ctx.asked(Narrowed).campaigns
    await synchronising.synchronise(ctx, dv, dd, ctx.account_id, only)
    await send_rows.tell_again(ctx, dv, ctx.account_id)
