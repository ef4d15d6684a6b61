"""Looks after a send that dotdigital has and mails later, until it has mailed everybody.

dotdigital takes the people of a send from its address book when it begins (dotdigital_api.md 7.4, assumption DD-08),
and has no call that takes a send back. So until then whoever opts out is taken out of the book: as soon as it is known,
and after every source of opt-outs was asked at set times before mails go out (`dyntui.model.held_sends`). Of a split
test those who were mailed its versions have had the campaign; the others can still be taken out.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import contacts
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.counted import counted
from dyntui.model.cursors import SendCursor, cursor_of
from dyntui.model.errors import DyntuiError
from dyntui.model.held_sends import STOOD_STILL
from dyntui.model.moments import moment_of, text_of
from dyntui.model.people import normalise
from dyntui.store import consent_news, handed_sends, outcomes, run_people, runs, target_people
from dyntui.store import lists as list_store
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.sync import after_send, earlier_sends, kept_books, list_feeds, platform_send, send_recipients
from dyntui.sync.campaigns.recipients import told_who_was_mailed
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_rows import SEND_ITEM, record

_STAGE = "Looking after a send that dotdigital has"
# A removal that is completed may take effect later (assumption DD-15).
_UNTIL_REMOVED = 60.0
_LOOKS = 5
# Of so few people it is asked one by one whether they are out of the book, of more by a listing.
_FEW = 20

log = logging.getLogger(__name__)


async def tend(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send, elsewhere: Mapping[str, Dotdigital]) -> None:
    """Whoever may not be mailed any more leaves its address book; once dotdigital has mailed everybody, the send ends.

    Raises SEND_REFUSED where opt-outs cannot be read, SEND_BOOK_NOT_EXACT where people do not leave the book,
    DotdigitalError.
    """
    await ctx.begin_item(SEND_ITEM, kind="send", name=this.campaign_name, place=0)
    this = await read_back(ctx, dd, this)
    asked_with = await ctx.read(lambda c: _cursor(c, this))
    said = await platform_send.state(dd, this, asked_with)
    # It is dotdigital's clock by which it mails.
    clock = dd.connection.clock_of
    now = text_of(clock(ctx.moment()))
    begun = not this.handed_for or now >= this.handed_for
    if said == "cancelled" and not begun:
        await _never_went_out(ctx, dv, this)
        return
    over = said == "cancelled" or (now >= this.out_by and said not in _NOT_BEGUN)
    news = await ctx.read(consent_news.count)
    wanted = await ctx.read(lambda c: target_people.sendable_addresses(c, this.count_id))
    try:
        opted_out = await send_recipients.learn_who_opted_out(ctx, dv, dd, this, elsewhere, frozenset(wanted.values()))
        note = await _learn_who_left(ctx, dd, this)
        told = not begun or await told_who_was_mailed(ctx, dd, this.account_id, this.campaign_id)
    except DyntuiError:
        # Who is known to have opted out leaves the book all the same, whatever else cannot be asked.
        await ctx.write(lambda c: _leave_out(c, ctx, this, now, wanted))
        if not over:
            await _clean(ctx, dd, this)
        raise
    await ctx.write(lambda c: _leave_out(c, ctx, this, now, wanted, opted_out))

    def ended(c: Connection) -> None:
        ctx.close_item(c, SEND_ITEM, note=note)
        handed_sends.tended(c, this.id, text_of(clock(ctx.moment())), news)

    if not told and now >= this.out_by and said != "sent":
        # Whoever has deleted the campaign has taken with it what would tell: a person says what became of the send.
        await earlier_sends.cancel(ctx, dv, dd, this, platform_send.campaign_gone(this), also=ended)
    elif over:
        await _until_sent(ctx, dv, dd, this, asked_with, wanted, ended)
    else:
        await _clean(ctx, dd, this)
    await ctx.write(ended)
    due = moment_of(this.out_by)
    if not over and due is not None and clock(ctx.moment()) - due > STOOD_STILL:
        raise platform_send.not_seen(said)


# What dotdigital calls a send that it has and has not begun with.
_NOT_BEGUN = ("scheduled", "notsent")


def _cursor(c: Connection, this: Send) -> SendCursor:
    """Where the run was that asked for the send."""
    run = runs.get(c, this.run_id)
    return SendCursor() if run is None else cursor_of(run.cursor, SendCursor)


def out_by(this: Send, begins: datetime) -> str:
    """When dotdigital is to have begun with the last mail of a send that begins then."""
    return text_of(begins + timedelta(hours=this.split.hours if this.split else 0))


async def read_back(ctx: RunContext, dd: Dotdigital, this: Send) -> Send:
    """The send as dotdigital has it: its date, which is the one that counts, and, as long as it was not looked after,
    who is in its address book as which contact. Raises DotdigitalError."""
    date, note = await platform_send.date_of_send(dd, this)
    if note:
        until = out_by(this, moment_of(date) or ctx.moment())
        await ctx.write(lambda c: handed_sends.dated(c, this.id, date, until, note))
    if not this.tended_on and await ctx.read(lambda c: bool(target_people.without_contact(c, this.count_id))):
        async for page in contacts.contact_pages(dd, list_id=this.book_id):
            found = {normalise(each.email): each.contact_id for each in page.rows}
            await ctx.write(functools.partial(handed_sends.know_contacts, count_id=this.count_id, found=found))
    stored = await ctx.read(lambda c: send_store.get(c, this.id))
    return this if stored is None else stored


async def prove_empty(ctx: RunContext, dd: Dotdigital, this: Send) -> None:
    """Nobody is in the address book of a send that was taken back. Raises DotdigitalError, BOOK_NOT_EMPTIED."""
    await kept_books.empty(ctx, dd, this.book_id)
    await ctx.write(lambda c: handed_sends.emptied(c, this.id))


async def _learn_who_left(ctx: RunContext, dd: Dotdigital, this: Send) -> str:
    """Who unsubscribed from the target lists; what the audit is to say of it. By an address book that somebody has
    deleted nobody leaves a list any more, and dotdigital mails the people of the send all the same: it is still looked
    after."""
    gone: list[str] = []
    for chosen in await ctx.read(lambda c: list_store.stored(c, this.list_ids)):
        if chosen.account_id != this.account_id:
            gone.append(f"{chosen.name} is activated for another email account: who left it last is not known")
            continue
        try:
            await list_feeds.learn(ctx, dd, chosen)
        except DotdigitalError as error:
            if error.status != 404:
                raise
            gone.append(f"the address book of {chosen.name} is gone: who left that list last is not known")
    return "; ".join(gone)


def _leave_out(
    c: Connection,
    ctx: RunContext,
    this: Send,
    now: str,
    before: Mapping[str, str],
    opted_out: Mapping[str, str] | None = None,
) -> None:
    """Whoever may not be mailed any more, by `handed_sends.leave_out`; the people of this look are those whom it has
    left out. `before`: who was to be mailed when it began, or went on after an interruption (address -> person)."""
    handed_sends.leave_out(c, this, now, opted_out)
    named = run_people.recorded(c, ctx.run_id, SEND_ITEM)
    still = set(target_people.sendable_addresses(c, this.count_id).values())
    outcomes.clear(c, ctx.run_id, SEND_ITEM)
    gone = (named | set(before.values())) - still
    outcomes.record(c, ctx.run_id, SEND_ITEM, handed_sends.people(c, this.count_id, gone))


async def _clean(ctx: RunContext, dd: Dotdigital, this: Send) -> None:
    for look in range(_LOOKS):
        waiting = await ctx.read(lambda c: handed_sends.to_take_out(c, this.count_id))
        if waiting and not look:
            await take_out(ctx, dd, this.book_id, list(waiting))
        elif waiting:
            await ctx.save(ctx.cursor, stage="Waiting until people have left the address book")
            await ctx.sleep(_UNTIL_REMOVED)
        there = await _still_there(dd, this, waiting)
        out = [person for contact_id, person in waiting.items() if contact_id not in there]
        await ctx.write(lambda c: handed_sends.taken_out(c, this.count_id, out))  # noqa: B023 - awaited here
        if not there:
            return
    raise DyntuiError(
        "SEND_BOOK_NOT_EXACT",
        f"{counted(len(there), 'person', 'people')} who may not be mailed any more did not leave the address book of "
        "the send.",
        not_done="They may be mailed at its hour.",
        remedy=f"Cancel the send in dotdigital, under {platform_send.OUTBOX}, or take them out of the address book "
        f"{this.book_name!r} there.",
    )


async def _still_there(dd: Dotdigital, this: Send, waiting: Mapping[int, str]) -> set[int]:
    """Which of these contacts are in the address book."""
    if len(waiting) <= _FEW:
        return {each for each in waiting if this.book_id in await contacts.books_of_contact(dd, each)}
    there: set[int] = set()
    async for page in contacts.contact_pages(dd, list_id=this.book_id):
        there |= {each.contact_id for each in page.rows if each.contact_id in waiting}
    return there


async def _until_sent(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    this: Send,
    asked_with: SendCursor,
    wanted: Mapping[str, str],
    also: earlier_sends.Also,
) -> None:
    async def here() -> bool:
        return not await ctx.read(lambda c: send_store.ended_by_person(c, this.id))

    try:
        await platform_send.follow(ctx, dd, this, _STAGE, asked_with, cancellable=True, still=here)
    except DyntuiError as error:
        if error.code != "SEND_CANCELLED_REMOTELY":
            raise
        await earlier_sends.cancel(ctx, dv, dd, this, also=also)
        return
    await told_who_was_mailed(ctx, dd, this.account_id, this.campaign_id)
    if not await here():
        # Its address book is yet to be proved empty, by a run of its own.
        return
    now = text_of(dd.connection.clock_of(ctx.moment()))
    await ctx.write(lambda c: _leave_out(c, ctx, this, now, wanted))
    # Before it has ended, as it is looked after until then: who joined meanwhile was not mailed, and stays.
    await after_send.take_off_lists(ctx, dv, this)
    ended = await ctx.read(lambda c: send_store.get(c, this.id))
    if ended is not None:
        await earlier_sends.close(ctx, dv, dd, ended, also=also)


async def _never_went_out(ctx: RunContext, dv: Dataverse, this: Send) -> None:
    """Somebody cancelled it in dotdigital before its hour: nobody was mailed."""
    why = "It was cancelled in dotdigital before its hour; nobody was mailed."

    def end(c: Connection) -> Send:
        ctx.close_item(c, SEND_ITEM)
        if send_store.ended_by_person(c, this.id):
            return this
        return send_store.finish(c, this.id, "Cancelled", ctx.now(), why)

    ended = await ctx.write(end)
    if ended is not this:
        await record(dv, ended, "Cancelled")
