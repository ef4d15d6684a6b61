"""Proving, before a send is asked for, that its address book holds exactly those who may be mailed.

Who opted out is read completely, then the book is listed until it is exact, then every source of opt-outs is asked once
more (`last_look`): whoever is found is left out, taken out of the book, and proved to be out of it. Only a look that
finds nobody lets the request go, and only where nobody else has learned of an opt-out meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books, contacts
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import SendCursor
from dyntui.model.outcomes import Outcome
from dyntui.store import consent_news, counts, target_people
from dyntui.store import lists as list_store
from dyntui.store.sends import Send
from dyntui.store.target_people import Resolved
from dyntui.sync import (
    as_confirmed,
    gone_meanwhile,
    last_look,
    list_feeds,
    platform_send,
)
from dyntui.sync.last_look import Marks, News
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_book import make_exact, taken_out
from dyntui.sync.send_recipients import learn_who_opted_out, leave_out_the_mailed, refused, some_left
from dyntui.sync.together import together

CREATING = "Creating the send"

# Of so few people it is asked one by one whether they are out of the book, of more by a listing.
_FEW = 20
# A look that took no longer is over; a longer one is repeated, so often, and then it is as long as the calls are.
_MOST_SLOW = 3
# How often somebody more may be found, a minute's wait each.
_MOST_FINDS = 30
# The book is listed again before it is older: somebody else may have written to it.
_LISTING_LASTS = timedelta(minutes=10)

log = logging.getLogger(__name__)


class _AsOf(msgspec.Struct):
    """How often something had been learned of opt-outs, by whichever run or the consent watch, when everybody who may
    not be mailed was left out last."""

    news: int = -1


async def create(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send, elsewhere: Mapping[str, Dotdigital]
) -> bool:
    """Proves the people and has the send created; False: they are to be proved anew.

    Raises SEND_REFUSED, SEND_NO_RECIPIENTS, SEND_BOOK_NOT_EXACT, SEND_NOT_PROVED, SEND_CAMPAIGN_BUSY, and what
    `as_confirmed.require` and `platform_send.create_once` do.
    """
    if await platform_send.made_already(ctx, dd, this):
        return True
    marks = await _begin(ctx, dv, this, {this.account_id, *elsewhere})
    as_of = _AsOf()
    await _look_again(ctx, dv, dd, this, elsewhere, as_of)
    if await leave_out_the_mailed(ctx, dd, this):
        return True
    in_book = await _in_book(dd, this)
    if not await make_exact(ctx, dd, this):
        # Whoever does not show may have opted out meanwhile: that is the reason then, and not that they do not show.
        await _look_again(ctx, dv, dd, this, elsewhere, as_of)
        await make_exact(ctx, dd, this, at_last=True)
    listed_on = ctx.moment()
    accounts = {**elsewhere, this.account_id: dd}

    async def look() -> datetime | None:
        return await _last_look(ctx, dv, dd, this, accounts, marks, listed_on, in_book, as_of)

    def holds(c: Connection) -> bool:
        return consent_news.count(c) == as_of.news and as_confirmed.holds(c, this)

    return await platform_send.create_once(ctx, dd, this, CREATING, look, holds)


async def _look_again(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    this: Send,
    elsewhere: Mapping[str, Dotdigital],
    as_of: _AsOf,
    known: Mapping[str, str] | None = None,
) -> frozenset[str]:
    """Leaves out whoever opted out, was suppressed, or left the lists by now; who that is. `known`: people of whom that
    is certain already, with the reason."""
    before = await _sendable(ctx, this)
    opted_out = await learn_who_opted_out(ctx, dv, dd, this, elsewhere, before)
    for chosen in await ctx.read(lambda c: list_store.stored(c, this.list_ids)):
        await list_feeds.learn(ctx, dd, chosen)

    def leave_out(c: Connection) -> int:
        counts.recheck(c, this.count_id)
        return consent_news.count(c)

    as_of.news = await ctx.write(leave_out)
    by_name = {**(known or {}), **opted_out}
    rows = [Resolved(person, Outcome.EXCLUDED, reason) for person, reason in by_name.items()]
    await ctx.write(lambda c: target_people.resolve(c, this.count_id, rows))
    await some_left(ctx, this)
    return before - await _sendable(ctx, this)


async def _sendable(ctx: RunContext, this: Send) -> frozenset[str]:
    return frozenset((await ctx.read(lambda c: target_people.sendable_addresses(c, this.count_id))).values())


async def _begin(ctx: RunContext, dv: Dataverse, this: Send, account_ids: Collection[str]) -> Marks:
    try:
        return await last_look.begin(ctx, dv, this, account_ids)
    except (DataverseError, DotdigitalError) as error:
        raise refused(error) from error


async def _last_look(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    this: Send,
    accounts: Mapping[str, Dotdigital],
    marks: Marks,
    listed_on: datetime,
    in_book: int,
    as_of: _AsOf,
) -> datetime | None:
    """When a look ended that found nobody; None where everything is to be proved anew. `in_book`: how many dotdigital
    counted in the book before it was listed."""
    elsewhere = {account_id: other for account_id, other in accounts.items() if account_id != this.account_id}
    slow, finds = 0, 0
    while finds < _MOST_FINDS:
        if ctx.moment() - listed_on > _LISTING_LASTS:
            return None
        wanted = await ctx.read(lambda c: target_people.sendable_addresses(c, this.count_id))
        try:
            # Patiently, and before the look: each call that has to succeed at once makes it less likely to.
            otherwise = await as_confirmed.otherwise(ctx, dv, dd, this)
            began = ctx.moment()
            nothing_changed, news = await together(
                _nothing_changed(ctx, dd, this, max(in_book, len(wanted))),
                last_look.look(ctx, this, marks, dv, accounts, wanted, shortly=slow > 0),
            )
        except (DataverseError, DotdigitalError) as error:
            log.warning("the last look before send %s failed: %s %s", this.id, error, error.detail)
            if not await platform_send.waited(ctx, error, CREATING):
                raise refused(error) from error
            continue
        finds += 1
        if not nothing_changed:
            return None
        if otherwise is not None:
            raise otherwise
        if news or await ctx.read(consent_news.count) != as_of.news:
            if not await _leave_out(ctx, dv, dd, this, elsewhere, news, as_of):
                return None
            continue
        if ctx.moment() - began <= platform_send.AT_ONCE or slow >= _MOST_SLOW:
            return ctx.moment()
        slow += 1
    raise platform_send.not_proved()


async def _in_book(dd: Dotdigital, this: Send) -> int:
    book = await address_books.address_book(dd, this.book_id)
    return 0 if book is None else book.contacts


async def _nothing_changed(ctx: RunContext, dd: Dotdigital, this: Send, most: int) -> bool:
    """Whether nobody else has sent the campaign since, and the book holds no more people than the `most` there can be:
    a count that lags shows fewer. Raises SEND_BOOK_GONE."""
    at_once = dd.at_once()
    book, shows = await together(address_books.address_book(at_once, this.book_id), platform_send.shown(at_once, this))
    if book is None or book.id != this.book_id or book.name != this.book_name:
        raise gone_meanwhile.send_book_gone(this)
    return bool(shows == ctx.at(SendCursor).mailed_as_of and book.contacts <= most)


async def _leave_out(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    this: Send,
    elsewhere: Mapping[str, Dotdigital],
    news: News,
    as_of: _AsOf,
) -> bool:
    """Whether whoever was found is out of the book for certain; otherwise a listing has to show it."""
    gone = await _look_again(ctx, dv, dd, this, elsewhere, as_of, news.people)
    if not gone:
        return True
    known = await ctx.read(lambda c: target_people.contact_ids(c, this.count_id, gone))
    if len(known) < len(gone):
        return False
    await taken_out(ctx, dd, this, known)
    if len(known) > _FEW:
        return False
    for contact_id in known:
        if this.book_id in await contacts.books_of_contact(dd, contact_id):
            return False
    return True
