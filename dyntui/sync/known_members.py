"""What the store knows of a list's members, after they were changed by hand between two synchronisations."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList
from dyntui.model.people import Entity
from dyntui.store import lists as list_store
from dyntui.store import staging
from dyntui.store.staging import Staged
from dyntui.sync import member_listing
from dyntui.sync.member_rows import readings
from dyntui.sync.run_context import RunContext


async def changed(ctx: RunContext, dv: Dataverse, list_id: str, joined: Sequence[str], left: Sequence[str]) -> None:
    """Who joined is read, and who left is marked so, where the list was ever synchronised; else its members are read
    when somebody looks. A call for some hundred people."""
    known = await ctx.read(lambda c: list_store.get(c, list_id))
    if known is None or known.people is None:
        return
    if not known.last_synced:
        await ctx.write(lambda c: staging.forget(c, list_id))
        return
    unread = await ctx.write(lambda c: staging.mark_changed(c, list_id, joined, left))
    how = await ctx.read(lambda c: readings(c, known.account_id))
    async for rows in member_listing.unseen_members(dv, how, Entity(known.member_type), unread):
        await ctx.write(functools.partial(_keep, list_id=list_id, rows=rows))


async def count(ctx: RunContext, dv: Dataverse, row: MarketingList) -> None:
    """How many members Dynamics has on the list now, for whoever looks at lists."""
    number = await dv_lists.count_members(dv, row)
    await ctx.write(lambda c: list_store.counted(c, row.id, number))


def _keep(c: Connection, list_id: str, rows: Sequence[Staged]) -> None:
    """A synchronisation may have begun meanwhile: whom it has read is its own."""
    staging.stage(c, list_id, staging.PREVIEW, rows, only_new=True)
