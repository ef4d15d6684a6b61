"""Sends whose run ended before anybody knew what became of them at the platform.

Looked at before the campaign is sent again, so that nobody is mailed twice, and whenever campaigns are synchronised,
so that none of them stays open.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.store import runs
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.sync import campaigns, platform_send
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_rows import record, sent_after_all

log = logging.getLogger(__name__)

_Cursor = dict[str, Any]


async def settle(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, campaign_id: int) -> None:
    """What became of the campaign's earlier sends: one that was made is followed to its end, so that its people have
    had the campaign; one that was not loses its address book, so that a request which arrives even now reaches nobody.

    Raises DotdigitalError, SEND_NOT_SEEN: as long as that is not known, the campaign is not sent again.
    """
    for earlier, cursor in await ctx.read(lambda c: _open(c, account_id, campaign_id)):
        if await _was_made(ctx, dd, earlier):
            await _end(ctx, dv, dd, earlier, cursor)


async def look(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> None:
    """Closes the account's open sends of which the platform says by now that they were sent or cancelled; the others
    stay open."""
    for earlier, cursor in await ctx.read(lambda c: _open(c, account_id, None)):
        try:
            made = bool(earlier.platform_send_id) or await platform_send.shows(dd, earlier)
            said = await platform_send.state(dd, earlier, cursor) if made else ""
            if said == "sent":
                await _close(ctx, dv, dd, earlier)
            elif said == "cancelled":
                await _cancel(ctx, dv, dd, earlier)
        except DyntuiError as error:
            log.warning("what became of send %s could not be learnt: %s %s", earlier.id, error, error.detail)


def _open(c: Connection, account_id: str, campaign_id: int | None) -> list[tuple[Send, _Cursor]]:
    found: list[tuple[Send, _Cursor]] = []
    for each in send_store.not_sent(c, account_id, campaign_id):
        run = runs.get(c, each.run_id)
        if run is None or not run.status.ended:
            continue
        this = send_store.get(c, each.id) if _is_open(each, run.cursor) else None
        if this is not None:
            found.append((this, run.cursor))
    return found


def _is_open(each: send_store.State, cursor: _Cursor) -> bool:
    return each.state == "Sending" or (each.book_id != 0 and platform_send.may_exist(cursor))


async def _was_made(ctx: RunContext, dd: Dotdigital, earlier: Send) -> bool:
    if earlier.platform_send_id or earlier.state == "Sending":
        return True
    before = await platform_send.shown(dd, earlier)
    if await platform_send.shows(dd, earlier):
        return True
    # A request that arrived between the look and the deletion has changed what the campaign shows.
    deleted = await address_books.delete_address_book(dd, earlier.book_id)
    if deleted and await platform_send.shown(dd, earlier) != before:
        return True
    await ctx.write(functools.partial(send_store.set_book, send_id=earlier.id, book_id=0, book_name=""))
    return False


async def _end(ctx: RunContext, dv: Dataverse, dd: Dotdigital, earlier: Send, cursor: _Cursor) -> None:
    try:
        await platform_send.follow(ctx, dd, earlier, "Waiting for an earlier send", cursor, cancellable=True)
    except DyntuiError as error:
        if error.code != "SEND_CANCELLED_REMOTELY":
            raise
        await _cancel(ctx, dv, dd, earlier)
    else:
        await _close(ctx, dv, dd, earlier)


async def _cancel(ctx: RunContext, dv: Dataverse, dd: Dotdigital, earlier: Send) -> None:
    # Some may have been mailed before it was cancelled: as long as nobody knows who, all of them have had it.
    await campaigns.learn_who_was_mailed(ctx, dd, earlier.account_id, earlier.campaign_id)
    await record(dv, earlier, "Cancelled")
    await address_books.delete_address_book(dd, earlier.book_id)
    why = "The send was cancelled in dotdigital."
    await ctx.write(functools.partial(_cancelled, this=earlier, now=ctx.now(), why=why))


def _cancelled(c: Connection, this: Send, now: str, why: str) -> None:
    send_store.set_book(c, this.id, 0, "")
    send_store.finish(c, this.id, "Cancelled", now, why)


async def _close(ctx: RunContext, dv: Dataverse, dd: Dotdigital, earlier: Send) -> None:
    # Dynamics first: what is stored as sent is not looked at again.
    await record(dv, msgspec.structs.replace(earlier, sent_on=ctx.now()), "Sent")
    await ctx.write(functools.partial(sent_after_all, this=earlier, now=ctx.now()))
    await address_books.delete_address_book(dd, earlier.book_id)
