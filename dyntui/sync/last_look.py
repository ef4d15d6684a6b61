"""The last look at who opted out, directly before a send is asked for.

Every source is asked at once, by calls that are made in one attempt and wait for nothing: the suppressions of all email
accounts, the unsubscribes of the target lists' books, of the send's own book and of those of earlier sends to these
lists, the records that opted out in Dynamics and the suppression rows written there. It answers only what is news for
the people of the send; what the news means is for the complete readings, which take longer.

Each source is asked from a mark that was taken, on its own system's clock, before everything was read completely
(`begin`): what happened since shows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.paging import Page
from dyntui.model.moments import EPOCH, text_of
from dyntui.model.reasons import reason_of_status
from dyntui.store import list_unsubscribes, members, moved_contacts, strange_books, suppressed_people, target_people
from dyntui.store import lists as list_store
from dyntui.store import suppressions as suppression_store
from dyntui.store.opt_outs import OptOut
from dyntui.store.sends import Send
from dyntui.store.suppressed_people import Had
from dyntui.sync import feeds, kept_books, list_feeds, opt_outs, suppressions
from dyntui.sync.run_context import RunContext
from dyntui.sync.together import together

T = TypeVar("T")

# How far behind its mark a feed is read by a look that must be short.
_A_LITTLE = timedelta(minutes=10)


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed of dotdigital. `since` allows for what shows late, `lately` for little of that. `book_id`: the book whose
    unsubscribes it names, 0 for the account's suppressions; `list_ids`: the marketing lists whom these concern."""

    account_id: str
    since: datetime
    lately: datetime
    book_id: int = 0
    list_ids: tuple[str, ...] = ()
    of_this_send: bool = False
    of_other_send: bool = False


class Marks(msgspec.Struct, frozen=True):
    """From when on each source is asked; `had`: the addresses that the people of the send had before."""

    feeds: tuple[Feed, ...]
    opted_out: opt_outs.Marks
    rows: suppressions.RowsMark
    had: Mapping[str, Sequence[Had]]


class News(msgspec.Struct, frozen=True):
    """Who is found: `people` by id with the reason; `lists`: whether somebody left a list who may be mailed through
    another one, which the complete reading decides."""

    people: Mapping[str, str]
    lists: bool = False

    def __bool__(self) -> bool:
        return bool(self.people) or self.lists


async def begin(ctx: RunContext, dv: Dataverse, this: Send, account_ids: Iterable[str]) -> Marks:
    """The marks of this moment. `account_ids`: all email accounts."""
    wanted = await ctx.read(lambda c: _feeds(c, this, list(account_ids)))
    found: list[Feed] = []
    for feed, name in wanted:
        mark = await feeds.mark(ctx, feed.account_id, name)
        since = EPOCH if mark == EPOCH else mark - feeds.CONSENT_OVERLAP
        found.append(msgspec.structs.replace(feed, since=since, lately=max(since, mark - _A_LITTLE)))
    people = await ctx.read(lambda c: frozenset(target_people.sendable_addresses(c, this.count_id).values()))
    had = await ctx.read(lambda c: suppressed_people.had(c, people))
    return Marks(tuple(found), await opt_outs.newest(ctx, dv), await suppressions.newest_row(ctx, dv), had)


def _feeds(c: Connection, this: Send, account_ids: list[str]) -> list[tuple[Feed, str]]:
    """The feeds, with the names that their marks are kept under."""
    never = datetime.min
    found = [(Feed(account_id=each, since=never, lately=never), suppressions.FEED) for each in account_ids]
    for target in list_store.stored(c, this.list_ids):
        of_list = Feed(
            account_id=target.account_id, since=never, lately=never, book_id=target.book_id, list_ids=(target.id,)
        )
        found.append((of_list, list_feeds.feed_of(target)))
    # A list may have belonged to another account before: mails that it has sent to it say no there.
    for kept in [kept for each in account_ids for kept in strange_books.leaving_by(c, each, this.list_ids)]:
        concerned = tuple(each for each in kept.list_ids if each in this.list_ids)
        of_send = Feed(
            account_id=kept.account_id,
            since=never,
            lately=never,
            book_id=kept.book_id,
            list_ids=concerned,
            of_this_send=kept.id == this.id,
            of_other_send=kept.id != this.id,
        )
        found.append((of_send, kept_books.feed_of(kept.id)))
    return found


async def look(
    ctx: RunContext,
    this: Send,
    marks: Marks,
    dv: Dataverse,
    accounts: Mapping[str, Dotdigital],
    wanted: Mapping[str, str],
    *,
    shortly: bool = False,
) -> News:
    """What is news for the people `wanted` (address -> person id). `shortly`: without what may show late, for a look
    that is repeated because it took long. Raises DataverseError, DotdigitalError: nothing was waited for."""
    at_once = {account_id: dd.at_once() for account_id, dd in accounts.items()}
    people = frozenset(wanted.values())
    hasty = dv.at_once()
    former = await ctx.read(lambda c: list_unsubscribes.former_addresses(c, this.list_ids, people))
    as_of_lists = {**former, **wanted}
    of_feeds = [
        _unsubscribed(at_once[feed.account_id], feed, as_of_lists if _of_lists(feed) else wanted, marks.had, shortly)
        for feed in marks.feeds
    ]
    records, rows, *left = await together(
        opt_outs.since(hasty, marks.opted_out), suppressions.rows_since(hasty, marks.rows, ctx.moment()), *of_feeds
    )
    through = await ctx.read(lambda c: members.mailed_as(c, people))
    found = _opted_out(records, wanted, people, through)
    ahead = hasty.connection.ahead
    standing = await ctx.read(lambda c: suppressions.standing(c, this.account_id, rows, ahead))
    for address in standing:
        found |= {wanted[address]: "SUPPRESSED"} if address in wanted else {}
        as_people = _as_people(marks.had, [address], "SUPPRESSED", rows[address])
        found |= {person_id: reason for person_id, reason in as_people.items() if person_id in people}
    doubtful: set[tuple[str, str]] = set()
    for feed, said in zip(marks.feeds, left, strict=True):
        found |= {person_id: reason for person_id, reason in said.people.items() if person_id in people}
        among = as_of_lists if _of_lists(feed) else wanted
        named = said.addresses | await _addresses_of(ctx, feed, said.nameless, among)
        moved = await _moved(ctx, feed, said.others, wanted)
        if _of_lists(feed):
            # The complete reading knows them by the address that the feed names.
            there = [*named, *(said.others[each].address for each in moved)]
            doubtful.update((list_id, address) for address in there for list_id in feed.list_ids)
        else:
            found |= {wanted[address]: reason for address, reason in named.items()}
            found |= {wanted[address]: said.others[each].reason for each, address in moved.items()}
    unknown = doubtful and await ctx.read(lambda c: list_unsubscribes.not_known(c, doubtful))
    return News(found, lists=bool(unknown))


def _of_lists(feed: Feed) -> bool:
    """Who leaves a list has left it whatever address they have by now: the complete reading knows which they had."""
    return bool(feed.book_id) and not feed.of_this_send


async def _addresses_of(
    ctx: RunContext, feed: Feed, nameless: Mapping[int, str], wanted: Mapping[str, str]
) -> dict[str, str]:
    """Rows that name a contact and no address, by what synchronisations know of the contact: address -> reason."""
    if not nameless:
        return {}
    known = await ctx.read(lambda c: members.addresses_of_contacts(c, feed.account_id, list(nameless)))
    return {address: nameless[contact_id] for contact_id, address in known if address in wanted}


async def _moved(
    ctx: RunContext, feed: Feed, others: Mapping[int, _Other], wanted: Mapping[str, str]
) -> dict[int, str]:
    """Those of the contacts that are of somebody wanted, whose address was changed in dotdigital: id -> the address
    that was sent of the person."""
    if not others:
        return {}
    known = await ctx.read(lambda c: moved_contacts.addresses(c, feed.account_id, list(others)))
    return {contact_id: address for contact_id, address in known.items() if address in wanted}


def _as_people(had: Mapping[str, Sequence[Had]], addresses: Iterable[str], reason: str, when: str) -> dict[str, str]:
    """Those of the people who had one of the addresses when it was suppressed by somebody's will: person id ->
    reason. `when`: `""` where that is not known."""
    if reason not in suppression_store.BY_WILL:
        return {}
    return {
        each.person_id: reason
        for address in addresses
        for each in had.get(address, ())
        if not each.until or each.until >= when
    }


class _Other(msgspec.Struct, frozen=True):
    """A contact that is named by an address of nobody wanted, and why."""

    address: str
    reason: str


class _Said(msgspec.Struct, frozen=True):
    """What a feed says: those of the people whom it names, by `addresses` with the reason; contacts that it names
    without an address; those whom the account's suppressions name by an address that they had before, by person id;
    and the `others` who said no themselves."""

    addresses: dict[str, str] = {}
    nameless: dict[int, str] = {}
    people: dict[str, str] = {}
    others: dict[int, _Other] = {}


async def _unsubscribed(
    dd: Dotdigital, feed: Feed, wanted: Mapping[str, str], had: Mapping[str, Sequence[Had]], shortly: bool
) -> _Said:
    since = feed.lately if shortly else feed.since
    pages = (
        dd_suppressions.unsubscribed_from_book_since(dd, feed.book_id, since)
        if feed.book_id
        else dd_suppressions.suppressed_since(dd, since)
    )
    said = _Said()
    async for page in _as_long_as_it_is_there(pages, feed):
        for row in page.rows:
            reason = "UNSUBSCRIBED_LIST" if feed.book_id else reason_of_status(row.reason or "") or "UNKNOWN"
            found = [address for address in row.addresses if address in wanted]
            said.addresses.update(dict.fromkeys(found, reason))
            if not feed.book_id:
                said.people.update(_as_people(had, row.addresses, reason, text_of(row.removed_at)))
            if not row.addresses and row.contact_id:
                said.nameless[row.contact_id] = reason
            elif row.contact_id and not found and (feed.book_id or reason in suppression_store.BY_WILL):
                said.others[row.contact_id] = _Other(row.addresses[0], reason)
    return said


async def _as_long_as_it_is_there(
    pages: AsyncIterator[Page[dd_suppressions.Suppression]], feed: Feed
) -> AsyncIterator[Page[dd_suppressions.Suppression]]:
    """The book of another send is removed two weeks after it by whoever made it: then nobody leaves a list by it."""
    try:
        async for page in pages:
            yield page
    except DotdigitalError as error:
        if error.status != 404 or not feed.of_other_send:
            raise


def _opted_out(
    records: Iterable[OptOut], wanted: Mapping[str, str], people: frozenset[str], through: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Those of the people who opted out by a record, their own or one that shares the address: person id -> reason.
    `through`: contacts by which accounts among the people are mailed, with these."""
    found: dict[str, str] = {}
    for each in records:
        found |= {wanted[address]: each.reason for address in each.addresses if address in wanted}
        if each.person_id in people:
            found[each.person_id] = each.reason
        found |= dict.fromkeys(through.get(each.person_id, ()), each.reason)
    return found
