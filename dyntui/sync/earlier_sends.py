"""Sends whose run ended before anybody knew what became of them at the platform.

Looked at before the campaign is sent again, so that nobody is mailed twice, and whenever campaigns are synchronised,
so that none of them stays open longer than it has to. That a send does not show proves nothing: it is never sent again
until it shows, or until somebody has looked into dotdigital's outbox and says what became of it.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.counted import people_of
from dyntui.model.cursors import SendCursor, cursor_of
from dyntui.model.errors import DyntuiError
from dyntui.store import runs
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.sync import doubtful_sends, kept_books, platform_send
from dyntui.sync.campaigns import listing
from dyntui.sync.campaigns.recipients import told_who_was_mailed
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_rows import record, sent_after_all, whole_settled

log = logging.getLogger(__name__)


async def settle(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> None:
    """What became of the campaign's earlier sends: one that was made is followed to its end, so that its people have
    had the campaign; the book of one that is not seen is emptied, so that a request which arrives even now reaches
    nobody.

    Raises DotdigitalError, SEND_NOT_SEEN, SEND_UNSETTLED: as long as that is not known, the campaign is not sent again.
    """
    for earlier, cursor in await ctx.read(lambda c: _open(c, this.account_id, this.campaign_id)):
        if await _was_made(ctx, dd, earlier):
            await _end(ctx, dv, dd, earlier, cursor)
        elif _unproved(earlier, cursor):
            raise _unsettled(earlier)


def _unsettled(earlier: Send) -> DyntuiError:
    return DyntuiError(
        "SEND_UNSETTLED",
        f"It is not known whether the send of {earlier.created_on} to {people_of(earlier.sendable)} was made: "
        "dotdigital did not answer then, and does not show it.",
        not_done="The campaign was not sent again: those people might have it twice.",
        remedy=f"Look for it in dotdigital, under {platform_send.OUTBOX}; then say what you found: `dyntui campaigns "
        f"settle {earlier.id} --was-mailed` or `--was-not-mailed`. If it shows by itself, sending goes on.",
    )


async def look(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> None:
    """Closes the account's open sends of which the platform says by now that they were sent or cancelled; the others
    stay open."""
    for earlier, cursor in await ctx.read(lambda c: _open(c, account_id, None)):
        try:
            made = bool(earlier.platform_send_id) or await platform_send.shows(dd, earlier)
            said = await platform_send.state(dd, earlier, cursor) if made else ""
            if said == "sent":
                await close(ctx, dv, dd, earlier)
            elif said == "cancelled":
                await cancel(ctx, dv, dd, earlier)
            elif _unproved(earlier, cursor) and not made:
                await _empty(ctx, dd, earlier)
        except DyntuiError as error:
            log.warning("what became of send %s could not be learnt: %s %s", earlier.id, error, error.detail)


def _open(c: Connection, account_id: str, campaign_id: int | None) -> list[tuple[Send, SendCursor]]:
    found: list[tuple[Send, SendCursor]] = []
    for each in send_store.not_sent(c, account_id, campaign_id):
        run = runs.get(c, each.run_id)
        if run is None or not run.status.ended:
            continue
        cursor = cursor_of(run.cursor, SendCursor)
        this = send_store.get(c, each.id) if _is_open(each, cursor) else None
        if this is not None:
            found.append((this, cursor))
    return found


def _is_open(each: send_store.State, cursor: SendCursor) -> bool:
    if each.decision or each.doubt in ("cancelled", "emptied"):
        return False
    may_exist = each.book_id != 0 and cursor.may_exist
    return each.state == "Sending" or each.doubt == "unproved" or may_exist


def _unproved(earlier: Send, cursor: SendCursor) -> bool:
    """Whether a request may have been carried out; not where dotdigital itself said that it was not taken up."""
    return earlier.doubt == "unproved" or cursor.asked


async def _was_made(ctx: RunContext, dd: Dotdigital, earlier: Send) -> bool:
    if earlier.platform_send_id or earlier.state == "Sending":
        return True
    before = await platform_send.shown(dd, earlier)
    if await platform_send.shows(dd, earlier):
        return True
    await _empty(ctx, dd, earlier)
    # A request that arrived between the look and the emptying has changed what the campaign shows, or shows itself.
    return await platform_send.shows(dd, earlier) or await platform_send.shown(dd, earlier) != before


async def _empty(ctx: RunContext, dd: Dotdigital, earlier: Send) -> None:
    book = await address_books.address_book(dd, earlier.book_id) if earlier.book_id else None
    if book is not None:
        await kept_books.empty(ctx, dd, book.id)


async def _end(ctx: RunContext, dv: Dataverse, dd: Dotdigital, earlier: Send, cursor: SendCursor) -> None:
    try:
        await platform_send.follow(ctx, dd, earlier, "Waiting for an earlier send", cursor, cancellable=True)
    except DyntuiError as error:
        if error.code != "SEND_CANCELLED_REMOTELY":
            raise
        await cancel(ctx, dv, dd, earlier)
    else:
        await close(ctx, dv, dd, earlier)


Also = Callable[[Connection], object]
"""What is kept in the same transaction as the end of a send: a run that is interrupted does not come to it again."""


def _nothing(c: Connection) -> None:
    """`Also` of whoever only looks."""


async def cancel(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    earlier: Send,
    error: DyntuiError | None = None,
    *,
    also: Also = _nothing,
) -> None:
    """Some may have been mailed before it was cancelled, and nobody can tell who: all of them have had it, until
    somebody says otherwise. `error`: what became of it, where that is something else."""
    if await ctx.read(lambda c: send_store.settled_by_person(c, earlier.id)):
        return
    # What is stored as cancelled is not looked at again: its book first, and Dynamics.
    await told_who_was_mailed(ctx, dd, earlier.account_id, earlier.campaign_id)
    await _empty(ctx, dd, earlier)
    await record(dv, earlier, "Cancelled")
    error = error or platform_send.cancelled(earlier)
    why = f"{error.message} {error.remedy}"
    await ctx.write(functools.partial(_cancelled, this=earlier, now=ctx.now(), why=why, also=also))


def _cancelled(c: Connection, this: Send, now: str, why: str, also: Also) -> None:
    if send_store.settled_by_person(c, this.id):
        return
    send_store.put_doubt(c, this.id, "cancelled", why)
    send_store.finish(c, this.id, "Cancelled", now, why)
    whole_settled(c, this, "it was cancelled in dotdigital", now)
    also(c)


async def close(ctx: RunContext, dv: Dataverse, dd: Dotdigital, earlier: Send, *, also: Also = _nothing) -> None:
    """Keeps that a send was sent, with everybody's outcome and what is doubted of it; not of one that a person has
    ended meanwhile."""
    if await ctx.read(lambda c: send_store.ended_by_person(c, earlier.id)):
        return
    # Dynamics and the doubts first: what is stored as sent is not looked at again.
    await record(dv, msgspec.structs.replace(earlier, sent_on=ctx.now()), "Sent")
    doubt = await doubtful_sends.doubt_of(ctx, dd, earlier)

    def sent(c: Connection) -> Send:
        ended = sent_after_all(c, earlier, ctx.now())
        doubtful_sends.keep(c, earlier, doubt)
        also(c)
        return ended

    ended = await ctx.write(sent)
    if ended.state != "Sent":
        await record(dv, ended, ended.state)
    try:
        await listing.read_again(ctx, dd, earlier.account_id, earlier.campaign_id)
    except DotdigitalError as error:
        # Its send has ended all the same; the next synchronisation of the campaigns says so of the campaign.
        log.warning("campaign %d could not be read after its send: %s %s", earlier.campaign_id, error, error.detail)
