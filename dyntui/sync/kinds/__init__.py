"""What a run of each kind does, from its cursor to its end: a module for each of `dyntui.model.sync_types`, of
its name."""

from __future__ import annotations

from collections.abc import Awaitable
from importlib import import_module
from typing import Protocol, cast

from dyntui.model import solution
from dyntui.model.errors import DyntuiError
from dyntui.model.sync_types import CARRIED_OUT
from dyntui.sync.connections import Connections
from dyntui.sync.connector_rows import UNKNOWN_NAME, setup_needed
from dyntui.sync.run_context import RunContext


class _Kind(Protocol):
    """A module of this package: `run` does everything that a run of its kind still has to do."""

    def run(self, ctx: RunContext, connections: Connections) -> Awaitable[None]: ...


_KINDS: dict[str, _Kind] = {
    kind: cast(_Kind, import_module(f"{__name__}.{kind.replace('-', '_')}")) for kind in CARRIED_OUT
}


async def execute(ctx: RunContext, connections: Connections) -> None:
    """Everything a run still has to do. Raises DyntuiError, Cancelled, Fenced."""
    try:
        await _KINDS[ctx.kind].run(ctx, connections)
    except DyntuiError as error:
        connections.columns.heed(error)
        if error.code == UNKNOWN_NAME and solution.PREFIX in error.message:
            raise setup_needed(error) from error
        raise
