"""Marketing lists as Dynamics has them, read as a whole: what the grid shows, and what a run may synchronise."""

from __future__ import annotations

import msgspec

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList
from dyntui.dataverse.member_tables import MEMBER_TABLES
from dyntui.model.list_definitions import LONGEST_DESCRIPTION
from dyntui.store import lists as list_store
from dyntui.store.lists import RemoteList
from dyntui.sync import list_state
from dyntui.sync.run_context import RunContext

UNKNOWN_TYPE = "other"
# What is kept of a query is only shown; it is run as Dynamics has it.
_LONGEST_QUERY = 20_000


class Row(list_state.ListRow, frozen=True, kw_only=True):
    """A marketing list with the connector's own columns."""

    account_id: str | None = msgspec.field(name="_dyntui_emailaccountid_value", default=None)


class _Name(msgspec.Struct, frozen=True):
    ownerid: str = msgspec.field(name="systemuserid", default="")
    name: str | None = msgspec.field(name="fullname", default="")


async def read_all(dv: Dataverse) -> list[RemoteList]:
    """Every marketing list, with the names of their owners."""
    found = await dv_lists.marketing_lists(dv, Row)
    owners = {each.owner_id for each in found if each.owner_id}
    names: dict[str, str] = {}
    async for page in dv_rows.pages(dv, "systemusers", _Name):
        names.update((row.ownerid, row.name or "") for row in page.rows if row.ownerid in owners)
    return [remote(each, names) for each in found]


async def take_turns(ctx: RunContext, dv: Dataverse) -> None:
    """Order and *by hand only* of every activated list as they are now: one call. Where a list was activated that this
    store does not know, by another machine, all are read."""
    turns = await list_state.turns(dv)
    stored = await ctx.read(lambda c: list_store.stored(c, [id for id, _, _ in turns]))
    known = {each.id for each in stored if each.activated}
    if any(id not in known for id, _, _ in turns):
        rows = await read_all(dv)
        await ctx.write(lambda c: list_store.put(c, rows, ctx.now()))
    await ctx.write(lambda c: list_store.turns(c, turns))


def remote(row: Row, owners: dict[str, str]) -> RemoteList:
    return RemoteList(
        id=row.id,
        name=row.name,
        member_type=_member_type(row),
        dynamic=row.dynamic,
        description=(row.description or "")[:LONGEST_DESCRIPTION],
        query=(row.query or "")[:_LONGEST_QUERY],
        member_count=None if row.dynamic else row.member_count,
        active=row.state == 0,
        locked=bool(row.locked),
        owner_id=row.owner_id or "",
        owner=owners.get(row.owner_id or "", ""),
        modified_on=row.modified_on or "",
        activated=bool(row.activated),
        account_id=row.account_id or "",
        book_id=row.book_id or 0,
        sync_order=row.sync_order if row.sync_order is not None else 1000,
        manual_only=bool(row.manual_only),
        membership_action=row.chosen_action,
        subscription_filter=row.chosen_filter,
        clear_on_send=bool(row.clear_on_send),
    )


def _member_type(row: MarketingList) -> str:
    """Of a list whose members nobody has documented, or whose type cannot be read: shown, and never activated."""
    table = MEMBER_TABLES.get(row.member_code)
    return UNKNOWN_TYPE if table is None else table.logical_name
