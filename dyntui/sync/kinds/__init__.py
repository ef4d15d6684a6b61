"""What a run of each kind does, from its cursor to its end: a module for each of `dyntui.model.sync_types`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dyntui.model import sync_types
from dyntui.model.errors import DyntuiError
from dyntui.sync.connections import Connections
from dyntui.sync.kinds import campaigns, lists, sends, suppressions
from dyntui.sync.run_context import RunContext

KINDS: dict[str, Callable[[RunContext, Connections], Awaitable[None]]] = {
    sync_types.SUPPRESSIONS.id: suppressions.run,
    sync_types.LISTS.id: lists.run,
    sync_types.CAMPAIGNS.id: campaigns.run,
    sync_types.SEND.id: sends.run,
}


async def execute(ctx: RunContext, connections: Connections) -> None:
    """Everything a run still has to do. Raises DyntuiError, Cancelled, Fenced."""
    try:
        await KINDS[ctx.kind](ctx, connections)
    except DyntuiError as error:
        connections.columns.heed(error)
        raise
