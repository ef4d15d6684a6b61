"""Sends that dotdigital has and mails later, of which this store knows nothing: those of a store that was lost.

This store's own are looked after until they go out (`dyntui.sync.handed_sends`). Of the others every synchronisation of
lists takes those out of the address book who may not be mailed any more, as long as Dynamics says of the send that it
was handed over, and dotdigital does not say that it is out. If the store that made the send is another machine's and
still at work, both do the same.
"""

from __future__ import annotations

import functools

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import contacts, sends
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import normalise
from dyntui.model.sends import HANDED_OVER
from dyntui.store import outcomes, run_people, strange_sends
from dyntui.store.sends import Kept
from dyntui.sync import strange_books
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext

# What dotdigital calls a send that mails nobody any more.
_OVER = ("sent", "cancelled")


class _Send(
    msgspec.Struct,
    frozen=True,
    rename={"id": "dyntui_campaignsendid", "name": "dyntui_name", "platform_id": "dyntui_platformsendid"},
):
    id: str
    name: str | None = None
    platform_id: str | None = None


async def look_after(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, place: int) -> None:
    """Whoever may not be mailed any more leaves the address books of such sends, each an item of the run where that is
    anybody. Raises DataverseError, DotdigitalError."""
    books = {each.kept.id: each.kept for each in await strange_books.find(ctx, dv, dd, account_id) if each.handed}
    if not books:
        return
    set_, handed_over = solution.CAMPAIGN_SEND.entity_set, f"dyntui_state eq '{HANDED_OVER}'"
    handed = [row for row in await dv_rows.find_rows(dv, set_, _Send, filter=handed_over) if row.id in books]
    for row in handed:
        if not await _is_over(dd, row):
            await _clean(ctx, dd, row, books[row.id], place)
            place += 1


async def _is_over(dd: Dotdigital, row: _Send) -> bool:
    """Where dotdigital does not say how the send stands, it may still mail somebody."""
    if not row.platform_id:
        return False
    try:
        return (await sends.send_status(dd, row.platform_id)).status.casefold() in _OVER
    except DotdigitalError as error:
        if error.status != 404:
            raise
        return False


async def _clean(ctx: RunContext, dd: Dotdigital, row: _Send, book: Kept, place: int) -> None:
    item, found = f"send/{row.id}", dict[int, PersonOutcome]()
    try:
        async for page in contacts.contact_pages(dd, list_id=book.book_id):
            there = {normalise(each.email): each.contact_id for each in page.rows}
            refused = await ctx.read(
                functools.partial(
                    strange_sends.refused, account_id=book.account_id, list_ids=book.list_ids, addresses=[*there]
                )
            )
            for address, why in refused.items():
                found[there[address]] = PersonOutcome(
                    person=address, address=address, outcome=Outcome.REMOVED, reason=why.reason, detail=why.detail
                )
    except DotdigitalError as error:
        if error.status != 404:
            raise
        return
    if not found:
        return
    await ctx.begin_item(item, kind="send", name=f"Send that dotdigital has: {row.name or row.id}", place=place)
    # Before they leave the book: after an interruption it does not name them any more.
    await ctx.write(lambda c: outcomes.record(c, ctx.run_id, item, found.values()))
    await take_out(ctx, dd, book.book_id, list(found))
    await ctx.write(lambda c: ctx.close_item(c, item, read=len(run_people.recorded(c, ctx.run_id, item))))
