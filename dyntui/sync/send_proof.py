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
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books, campaigns, contacts
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.counted import people_of
from dyntui.model.cursors import SendCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.people import normalise
from dyntui.model.reasons import reason_of_status
from dyntui.store import consent_news, counts, target_people
from dyntui.store import lists as list_store
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.store.target_people import Resolved
from dyntui.sync import (
    as_confirmed,
    feeds,
    gone_meanwhile,
    kept_books,
    last_look,
    list_feeds,
    lists_left,
    opt_outs,
    platform_send,
    suppressions,
)
from dyntui.sync.campaigns.recipients import learn_who_was_mailed
from dyntui.sync.last_look import Marks, News
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_rows import SEND_ITEM
from dyntui.sync.together import together

PROVING = "Proving the recipients"
CREATING = "Creating the send"

# Listings may lag behind imports (dotdigital_api.md 5.6): people who do not show are waited for, a quarter of an hour.
_UNTIL_LISTED = (5.0, 10.0, 15.0, 30.0, *(60.0,) * 14)
# A removal that is completed may take effect later: the book is read after a minute, and again.
_UNTIL_REMOVED = 60.0
_MOST_REMOVALS = 15
# Of so few people it is asked one by one whether they are out of the book, of more by a listing.
_FEW = 20
# Of so many people who do not show their contacts are asked why.
_MOST_ASKED = 10 * contacts.CHUNK
# A look that took no longer is over; a longer one is repeated, so often, and then it is as long as the calls are.
_MOST_SLOW = 3
# How often somebody more may be found, a minute's wait each.
_MOST_FINDS = 30
# The book is listed again before it is older: somebody else may have written to it.
_LISTING_LASTS = timedelta(minutes=10)

_INCLUDED = ("channelProperties", lists_left.INCLUDED)

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
    if not await _make_exact(ctx, dd, this):
        # Whoever does not show may have opted out meanwhile: that is the reason then, and not that they do not show.
        await _look_again(ctx, dv, dd, this, elsewhere, as_of)
        await _make_exact(ctx, dd, this, at_last=True)
    listed_on = ctx.moment()
    accounts = {**elsewhere, this.account_id: dd}

    async def look() -> datetime | None:
        return await _last_look(ctx, dv, dd, this, accounts, marks, listed_on, in_book, as_of)

    def holds(c: Connection) -> bool:
        return consent_news.count(c) == as_of.news and as_confirmed.holds(c, this)

    return await platform_send.create_once(ctx, dd, this, CREATING, look, holds)


async def learn_who_opted_out(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    this: Send,
    elsewhere: Mapping[str, Dotdigital],
    among: Collection[str] = (),
) -> dict[str, str]:
    """Suppressions of every email account and of Dynamics, its opt-outs, and who left the target lists through the
    books of sends of any account, as of now; which of the people `among` opted out, and why. Raises SEND_REFUSED."""
    try:
        for account_id, other in elsewhere.items():
            await suppressions.pull(ctx, other, account_id)
            # Of a list that belonged to that account before: who leaves it by a mail from there has left it.
            await kept_books.learn(ctx, other, account_id, this.list_ids)
        await suppressions.pull(ctx, dd, this.account_id)
        await suppressions.tell_dotdigital(ctx, dv, dd, this.account_id)
        await kept_books.learn(ctx, dd, this.account_id, this.list_ids)
        return await opt_outs.read(ctx, dv, among)
    except (DataverseError, DotdigitalError) as error:
        raise _refused(error) from error


def _refused(error: DyntuiError) -> DyntuiError:
    return DyntuiError(
        "SEND_REFUSED",
        f"Who must not be mailed could not be read again before the send: {error.message}",
        not_done="Nothing was sent, and no send was created.",
        remedy="Mend what is named, then send again.",
        detail=error.detail,
    )


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


async def some_left(ctx: RunContext, this: Send) -> int:
    """How many may be mailed. Raises SEND_NO_RECIPIENTS, when everybody's reason stands in the audit of the send."""
    sendable = await ctx.write(lambda c: send_store.take_counts(c, this.id))
    if not sendable:
        await ctx.write(lambda c: _audit(c, ctx, this))
        raise DyntuiError(
            "SEND_NO_RECIPIENTS",
            "Nobody is left who may be mailed.",
            not_done="No send was created: the platform is never called without recipients.",
            remedy="See the exclusions of the count, then count again.",
        )
    return sendable


def _audit(c: Connection, ctx: RunContext, this: Send) -> None:
    target_people.copy_outcomes(c, ctx.run_id, SEND_ITEM, this.count_id)
    ctx.close_item(c, SEND_ITEM, read=this.potential)


# -- who has had the campaign ----------------------------------------------------------------------------------------


async def leave_out_the_mailed(ctx: RunContext, dd: Dotdigital, this: Send) -> bool:
    """Leaves out whom the campaign reached since the count by somebody else's hand, in dotdigital itself. True: it was
    this send that reached them, by a request that was turned away.

    A send of somebody else's that is under way is waited for. Raises SEND_CAMPAIGN_BUSY when that takes hours, or when
    it is to go out later: nobody can say whom it will reach.
    """
    shows = await _at_rest(ctx, dd, this)
    if shows == ctx.at(SendCursor).mailed_as_of:
        return False
    if await platform_send.made_late(ctx, dd, this):
        return True
    if not await _never_sent(dd, this):
        await learn_who_was_mailed(ctx, dd, this.account_id, this.campaign_id)
        await ctx.write(lambda c: counts.recheck(c, this.count_id))
    await ctx.save(replace(ctx.at(SendCursor), mailed_as_of=shows), stage=PROVING)
    await some_left(ctx, this)
    return False


async def _never_sent(dd: Dotdigital, this: Send) -> bool:
    found = await campaigns.campaign(dd, this.campaign_id)
    return found is None or found.status.casefold() == "unsent"


async def _at_rest(ctx: RunContext, dd: Dotdigital, this: Send) -> str:
    for _ in range(_LONGEST_OTHER):
        found = await campaigns.campaign(dd, this.campaign_id)
        status = "" if found is None else found.status.casefold()
        if status not in ("sending", "scheduled", "paused"):
            if not await _is_to_go_out(dd, this):
                return await platform_send.shown(dd, this)
            status = "scheduled"
        if status != "sending":
            break
        await ctx.save(ctx.cursor, stage="Waiting for another send of the campaign")
        await ctx.sleep(_OTHER_SECONDS)
    raise DyntuiError(
        "SEND_CAMPAIGN_BUSY",
        f"Somebody else's send of the email campaign {this.campaign_name!r} is under way in dotdigital: {status}.",
        not_done="Nothing was sent: people who are reached by the other send would have had it twice.",
        remedy=f"See {platform_send.OUTBOX} in dotdigital; send again once that send is over.",
    )


async def _is_to_go_out(dd: Dotdigital, this: Send) -> bool:
    """Whether the campaign has a date in dotdigital that is to come: somebody else's, as one of dyntui's is not begun
    while another one is with dotdigital."""
    now = await feeds.server_time(dd)
    async for page in campaigns.campaign_pages(dd, scheduled_from=now):
        if any(each.id == this.campaign_id for each in page.rows):
            return True
    return False


_OTHER_SECONDS = 15.0
_LONGEST_OTHER = 480


# -- the book --------------------------------------------------------------------------------------------------------


async def _make_exact(ctx: RunContext, dd: Dotdigital, this: Send, *, at_last: bool = False) -> bool:
    """The book against the people shown: nobody more may be in it, and nobody whom the platform would not mail. False:
    some do not show, however long they were waited for; they are left out `at_last`."""
    shown: frozenset[str] = frozenset()
    removals = 0
    asked = False
    left_by = await lists_left.books(ctx, this.account_id, this.list_ids)
    while True:
        refused, missing, others, left = await _compared(ctx, dd, this, left_by)
        if left:
            # Contacts say so themselves: they are to be out of the book as well.
            await ctx.write(lambda c: counts.recheck(c, this.count_id))
            await some_left(ctx, this)
            continue
        if not asked and 0 < len(missing) <= _MOST_ASKED:
            asked = True
            if await _suppressed_among(ctx, dd, this, missing):
                continue
        await ctx.write(lambda c: target_people.resolve(c, this.count_id, refused))  # noqa: B023 - awaited here
        if others and not shown:
            shown = await ctx.read(lambda c: target_people.addresses(c, this.count_id))
        left_out = [contact_id for address, contact_id in others.items() if address in shown]
        if len(left_out) < len(others) or removals > _MOST_REMOVALS:
            raise _not_exact(len(others))
        waits = ctx.at(SendCursor).unlisted
        if not left_out and missing and waits < len(_UNTIL_LISTED):
            cursor = replace(ctx.at(SendCursor), unlisted=waits + 1)
            await ctx.save(cursor, stage="Waiting until the recipients show", of=this.sendable)
            await ctx.sleep(_UNTIL_LISTED[waits])
            continue
        if not left_out and missing:
            if not at_last:
                return False
            left_out = await _unseen(ctx, this, missing)
        if not left_out:
            break
        await _taken_out(ctx, dd, this, left_out)
        removals += 1
    await some_left(ctx, this)
    return True


async def _suppressed_among(ctx: RunContext, dd: Dotdigital, this: Send, missing: list[Resolved]) -> bool:
    """Whether some do not show because dotdigital suppresses them, as their contacts say: that is the reason then."""
    people = {each.person_id for each in missing}
    wanted = await ctx.read(lambda c: target_people.sendable_addresses(c, this.count_id))
    found = await contacts.retrieve_contacts(dd, emails=[each for each, person in wanted.items() if person in people])
    said = [suppressions.Said(each.email, each.status, each.id) for each in found.contacts]
    if not await suppressions.learn_statuses(ctx, this.account_id, said):
        return False
    await ctx.write(lambda c: counts.recheck(c, this.count_id))
    await some_left(ctx, this)
    return True


async def _unseen(ctx: RunContext, this: Send, missing: list[Resolved]) -> list[int]:
    """Leaves out who did not show for long; their contacts, where known, must not be in the book either."""
    people = [each.person_id for each in missing]
    known = await ctx.read(lambda c: target_people.contact_ids(c, this.count_id, people))
    await ctx.write(lambda c: target_people.resolve(c, this.count_id, missing))
    return known


def _not_exact(people: int) -> DyntuiError:
    return DyntuiError(
        "SEND_BOOK_NOT_EXACT",
        f"The address book of the send holds {people_of(people)} who may not be mailed.",
        not_done="Nothing was sent, and no send was created.",
        remedy="Somebody else writes to this address book in dotdigital, or contacts do not leave it: mend that, then "
        "send again.",
    )


async def _taken_out(ctx: RunContext, dd: Dotdigital, this: Send, contact_ids: Collection[int]) -> None:
    await take_out(ctx, dd, this.book_id, list(contact_ids))
    await ctx.save(ctx.cursor, stage="Waiting until people have left the address book", of=this.sendable)
    await ctx.sleep(_UNTIL_REMOVED)


async def _compared(
    ctx: RunContext, dd: Dotdigital, this: Send, left_by: lists_left.Books
) -> tuple[list[Resolved], list[Resolved], dict[str, int], bool]:
    """The book page by page against those to be mailed: whom the platform would not mail, who is missing, everybody who
    must not stay in it, by address with the contact's id, and whether somebody has left a target list of whom that was
    not known. Of the others nothing is kept: a book may hold a million."""
    wanted = await ctx.read(lambda c: target_people.sendable_addresses(c, this.count_id))
    refused: list[Resolved] = []
    others: dict[str, int] = {}
    left = False
    async for page in contacts.contact_pages(dd, list_id=this.book_id, include=_INCLUDED):
        left |= await lists_left.learn(ctx, left_by, page.rows)
        for each in page.rows:
            address = normalise(each.email)
            person_id = wanted.get(address)
            reason = reason_of_status(each.email_status)
            if person_id is None or reason:
                others[address] = each.contact_id
            if person_id and reason:
                refused.append(Resolved(person_id, Outcome.EXCLUDED, reason, each.email_status))
            if person_id is not None:
                # Found; a page may show somebody again.
                wanted[address] = ""
    detail = "not in the address book of the send"
    missing = [Resolved(person_id, Outcome.REJECTED, "REJECTED", detail) for person_id in wanted.values() if person_id]
    return refused, missing, others, left


# -- the last look ---------------------------------------------------------------------------------------------------


async def _begin(ctx: RunContext, dv: Dataverse, this: Send, account_ids: Collection[str]) -> Marks:
    try:
        return await last_look.begin(ctx, dv, this, account_ids)
    except (DataverseError, DotdigitalError) as error:
        raise _refused(error) from error


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
                raise _refused(error) from error
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
    await _taken_out(ctx, dd, this, known)
    if len(known) > _FEW:
        return False
    for contact_id in known:
        if this.book_id in await contacts.books_of_contact(dd, contact_id):
            return False
    return True
