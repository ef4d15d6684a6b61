"""Marketing lists as Dynamics has them, read as a whole: what the grid shows, and what a run may synchronise."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList
from dyntui.dataverse.member_tables import MEMBER_TABLES
from dyntui.model.list_definitions import LONGEST_DESCRIPTION
from dyntui.model.list_settings import ORDER
from dyntui.store import accounts
from dyntui.store import lists as list_store
from dyntui.store.lists import RemoteList, StoredList
from dyntui.sync import list_state
from dyntui.sync.list_state import ListRow
from dyntui.sync.run_context import RunContext

UNKNOWN_TYPE = "other"
# What is kept of a query is only shown; it is run as Dynamics has it.
_LONGEST_QUERY = 20_000


class _Name(msgspec.Struct, frozen=True):
    ownerid: str = msgspec.field(name="systemuserid", default="")
    name: str | None = msgspec.field(name="fullname", default="")


async def read_all(dv: Dataverse) -> list[RemoteList]:
    """Every marketing list, with the names of their owners."""
    found = await dv_lists.marketing_lists(dv, ListRow)
    owners = {each.owner_id for each in found if each.owner_id}
    names: dict[str, str] = {}
    async for page in dv_rows.pages(dv, "systemusers", _Name):
        names.update((row.ownerid, row.name or "") for row in page.rows if row.ownerid in owners)
    return [remote(each, names) for each in found]


async def take_turns(ctx: RunContext, dv: Dataverse) -> None:
    """Order and *by hand only* of every activated list as they are now: one call. Where a list was activated that this
    store does not know, or bound to another address book, by another machine, all are read. What somebody says here of
    a list meanwhile is newer than what was read."""
    seen = await ctx.read(list_store.said)
    activated = await list_state.activated(dv)
    stored = await ctx.read(lambda c: list_store.stored(c, [each.id for each in activated]))
    known = {each.id: each for each in stored if each.activated}
    here = {each.id for each in await ctx.read(accounts.accounts)}
    elsewhere = any(_bound_elsewhere(each, known.get(each.id), here) for each in activated)
    rows = await read_all(dv) if elsewhere else []

    def keep(c: Connection) -> None:
        now = list_store.said(c)

        def still(list_id: str) -> bool:
            return now.get(list_id) == seen.get(list_id)

        list_store.put(c, [each for each in rows if still(each.id)], ctx.now())
        turns = [(each.id, _order(each), bool(each.manual_only)) for each in activated if still(each.id)]
        list_store.turns(c, turns)

    await ctx.write(keep)


def _bound_elsewhere(row: ListRow, known: StoredList | None, here: Collection[str]) -> bool:
    """`here`: the email accounts that are connected. A list of another one stays, and is refused by name."""
    if known is None:
        return True
    # What somebody has emptied in Dynamics is written there again.
    return (
        row.account_id in here
        and bool(row.book_id)
        and (row.account_id, row.book_id) != (known.account_id, known.book_id)
    )


def remote(row: ListRow, owners: dict[str, str]) -> RemoteList:
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
        sync_order=_order(row),
        manual_only=bool(row.manual_only),
        membership_action=row.chosen_action,
        subscription_filter=row.chosen_filter,
        clear_on_send=bool(row.clear_on_send),
    )


def _order(row: ListRow) -> int:
    return row.sync_order if row.sync_order is not None else ORDER


def _member_type(row: MarketingList) -> str:
    """Of a list whose members nobody has documented, or whose type cannot be read: shown, and never activated."""
    table = MEMBER_TABLES.get(row.member_code)
    return UNKNOWN_TYPE if table is None else table.logical_name
