"""Suppressions into the store, from both sides: first of all, and again inside every send.

What dotdigital suppresses is read from its feed, once a day as a whole; what somebody added in Dynamics becomes a
suppression in dotdigital. Addresses are got out of either generously (`dyntui.model.mentioned`); a row that names none
is kept as an odd one and named in every run until it is mended. Dynamics is told by `telling_dynamics`.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import query
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import contacts
from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.mentioned import addresses_in, shown
from dyntui.model.moments import dated, due_again, moment_of, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import is_address, normalise
from dyntui.model.reasons import as_v2_spells, reason_of_status
from dyntui.model.same_contact import is_the_same
from dyntui.store import lifts, odd_rows, outcomes, watermarks
from dyntui.store import suppressions as suppression_store
from dyntui.store.odd_rows import OddRow
from dyntui.store.suppressions import Suppression
from dyntui.sync import feeds, nameless_rows, odd_answers, written_consent
from dyntui.sync.having_address import Store, mentioning
from dyntui.sync.run_context import RunContext
from dyntui.sync.suppression_rows import Added, Written, news_to_us, written_in_dynamics

FEED = "suppressed-since"
_A_LITTLE = timedelta(minutes=10)
_ROWS_IN_DYNAMICS = "suppression rows in Dynamics"
# How often every contact's own status is read, in case the feed does not name everybody (dotdigital_api.md 3.5).
_STATUSES = "contact statuses"
_STATUSES_EVERY = timedelta(days=30)
_STAGE = "Reading suppressions"


async def pull(ctx: RunContext, dd: Dotdigital, account_id: str, item: str = "", *, daily: bool = False) -> None:
    """Every suppression since the last pull, with overlap, into the store. `item` names the run item whose audit it is.

    With `daily` the feed is read from its beginning where that was a day ago: whom it does not name any more, and whom
    dotdigital says to be subscribed, is suppressed no more. The watermark is dotdigital's own clock, read before the
    feed, and advances only once the whole feed is stored.
    """
    until = await feeds.server_time(dd)
    window = await feeds.consent_window(ctx, account_id, FEED, until, daily=daily)
    reading = ""
    if window.whole:
        reading = await ctx.write(lambda c: suppression_store.begin_whole(c, account_id))
    seen = 0
    odd: list[OddRow] = []
    async for page in dd_suppressions.suppressed_since(dd, window.since):
        found = await nameless_rows.named(ctx, dd, account_id, page.rows)
        odd += nameless_rows.odd(page.rows, found)
        seen += len(page.rows)
        await _record(ctx, account_id, [as_stored(address, row) for address, row in found], item, done=seen)
    await nameless_rows.keep(ctx, FEED, account_id, odd, whole=window.whole)
    if window.whole:
        await _lift_resubscribed(ctx, dd, account_id, reading, item)
        await ctx.write(lambda c: suppression_store.end_whole(c, account_id, reading))
    if window.whole and item:
        await _read_statuses(ctx, dd, account_id, item, until)
    await feeds.advance(ctx, account_id, FEED, until, whole=window.whole)


Everywhere = Callable[[], Awaitable[Mapping[str, Dotdigital]]]


async def nowhere() -> Mapping[str, Dotdigital]:
    """An `Everywhere` for what makes no records."""
    return {}


async def pull_everywhere(ctx: RunContext, everywhere: Everywhere) -> None:
    """Those of every email account: nobody becomes a record in Dynamics whom one of them suppresses. `everywhere`: the
    accounts by their ids, connected only now, as one that cannot be is no matter of runs that make nobody a record."""
    for account_id, dd in (await everywhere()).items():
        await pull(ctx, dd, account_id)


def as_stored(address: str, row: dd_suppressions.Suppression) -> Suppression:
    status = row.reason
    reason = reason_of_status(status) or "UNKNOWN"
    return Suppression(address, status, reason, text_of(row.removed_at), contact_id=row.contact_id)


async def _record(ctx: RunContext, account_id: str, rows: list[Suppression], item: str, done: int = 0) -> None:
    work = functools.partial(
        suppression_store.record, account_id=account_id, rows=rows, now=ctx.now(), run_id=ctx.run_id, item=item
    )
    await ctx.save(ctx.cursor, stage=_STAGE, done=done, work=work)


async def _lift_resubscribed(ctx: RunContext, dd: Dotdigital, account_id: str, reading: str, item: str) -> None:
    """Whom the whole feed does not name: suppressed no more where dotdigital says that the contact is subscribed.

    A contact that is gone proves nothing: its address stays suppressed, and so it does when others make a new contact
    with it. Whom Dynamics alone had asked to suppress, and
    who has become a contact since, is suppressed there now.
    """
    after = ""
    read_before = moment_of(await ctx.read(lambda c: watermarks.get(c, account_id, feeds.whole_of(FEED))))
    while some := await ctx.read(
        lambda c: suppression_store.unseen(c, account_id, reading, after, contacts.CHUNK)  # noqa: B023 - awaited here
    ):
        after = some[-1].address
        named = {each.address: each for each in some if is_address(each.address)}
        answer = await contacts.retrieve_contacts(dd, emails=list(named), takes_odd=True)
        there = {normalise(each.email): each for each in answer.contacts}
        subscribed = {
            address: there[address]
            for address in named
            if address in there and there[address].status.casefold() == "subscribed"
        }
        evidence = {
            address: f"dotdigital: contact {contact.id} is Subscribed, and no suppression names it any more"
            for address, contact in subscribed.items()
            if named[address].in_feed and _is_still(contact, named[address])
        }
        in_force = {each: _in_force_until(named[each], read_before) for each in evidence}
        asked_again = [address for address in subscribed if not named[address].in_feed]
        await dd_suppressions.suppress_contacts(dd, emails=asked_again)
        work = functools.partial(
            suppression_store.lift,
            account_id=account_id,
            reading=reading,
            evidence=evidence,
            now=ctx.now(),
            run_id=ctx.run_id,
            item=item,
            in_force=in_force,
        )
        await ctx.save(ctx.cursor, stage=_STAGE, work=work)


def _in_force_until(known: Suppression, read_before: datetime | None) -> str:
    """Until when somebody who has subscribed again was suppressed for certain, by dotdigital's clock: just after it
    was said, and when the feed was read as a whole before and named them. Some time after that they have subscribed."""
    said = moment_of(known.suppressed_on)
    times = (read_before, None if said is None else said + timedelta(seconds=1))
    return text_of(max((each for each in times if each is not None), default=None))


def _is_still(contact: contacts.Contact, known: Suppression) -> bool:
    return is_the_same(contact.id, contact.made_on, known.contact_id, known.suppressed_on)


async def _read_statuses(ctx: RunContext, dd: Dotdigital, account_id: str, item: str, now: datetime) -> None:
    """Once a month what every contact says of itself: whom dotdigital would not mail is suppressed, even where the feed
    does not name them. Who has not confirmed yet is not suppressed."""
    read_on = moment_of(await ctx.read(lambda c: watermarks.get(c, account_id, _STATUSES)))
    if not due_again(read_on, now, _STATUSES_EVERY):
        return
    async for page in odd_answers.contact_pages(ctx, dd):
        await learn_statuses(ctx, account_id, [Said(each.email, each.email_status) for each in page.rows], item)
    await ctx.write(lambda c: watermarks.put(c, account_id, _STATUSES, text_of(now)))


class Said(msgspec.Struct, frozen=True):
    """What a contact says of itself: its address, its status as received, its id where that is known."""

    address: str
    status: str
    contact_id: int = 0


async def learn_statuses(ctx: RunContext, account_id: str, said: Iterable[Said], item: str = "") -> bool:
    """Whom dotdigital would not mail by the contacts' own statuses is suppressed, even where the feed does not name
    them, or not yet. Who has not confirmed their opt-in is not suppressed. Whether it was news of anybody."""
    withheld = {
        normalise(each.address): each
        for each in said
        if each.address and reason_of_status(each.status) not in ("", "PENDING_OPT_IN", "UNKNOWN")
    }
    if not withheld:
        return False
    fresh = await ctx.read(lambda c: suppression_store.not_known(c, account_id, list(withheld)))
    rows = [
        Suppression(each, as_v2_spells(known.status), reason_of_status(known.status), contact_id=known.contact_id)
        for each, known in withheld.items()
        if each in fresh
    ]
    if rows:
        await _record(ctx, account_id, rows, item)
    return bool(rows)


# Clocks tell whole seconds, and an answer is on its way for some.
_ROUNDED = timedelta(minutes=1)
# When a row asks for a suppression whose date cannot be read: later than whatever has ended one.
_UNDATED = "9999-12-31T23:59:59Z"


def latest(dv: Dataverse, now: datetime) -> datetime:
    """Later than that nothing can have been changed in Dynamics when this machine's clock shows `now`."""
    return dv.connection.clock_of(now) + _ROUNDED


def asked_on(rows: Iterable[Added], now: datetime) -> dict[str, str]:
    """Every address that the rows name, with when the latest row that names it was changed."""
    found: dict[str, str] = {}
    for row in rows:
        when = text_of(dated(row.changed_on, now)) or _UNDATED
        for address in addresses_in(row.address):
            found[address] = max(when, found.get(address, ""))
    return found


class _Changed(msgspec.Struct, frozen=True):
    modifiedon: datetime | None = None


class RowsMark(msgspec.Struct, frozen=True):
    """Which suppression rows persons wrote, and when the last of them was changed, by Dynamics' own clock; `""`: there
    is none."""

    written: Written
    newest: str


async def newest_row(ctx: RunContext, dv: Dataverse) -> RowsMark:
    """From when on `rows_since` asks."""
    written, now = await ctx.read(written_in_dynamics), ctx.moment()
    found = await dv_rows.find_rows(
        dv,
        solution.SUPPRESSION.entity_set,
        _Changed,
        # A row that is dated in the future would make every later one old.
        filter=f"{written.condition} and modifiedon le {query.moment(now)}",
        orderby=("modifiedon desc", "dyntui_suppressionid"),
        select=("modifiedon",),
        top=1,
    )
    return RowsMark(written, text_of(dated(found[0].modifiedon, now)) if found else "")


async def rows_since(dv: Dataverse, mark: RowsMark, now: datetime) -> dict[str, str]:
    """The suppression rows that were written in Dynamics since the mark, and a little before: every address that can be
    got out of them, with when the row was changed last."""
    return asked_on(await changed_rows(dv, mark), latest(dv, now))


async def changed_rows(dv: Dataverse, mark: RowsMark) -> list[Added]:
    """Those rows themselves."""
    known = moment_of(mark.newest)
    changed = "" if known is None else f" and modifiedon ge {query.moment(known - _A_LITTLE)}"
    found: list[Added] = []
    async for page in dv_rows.pages(
        dv,
        solution.SUPPRESSION.entity_set,
        Added,
        filter=f"{mark.written.condition}{changed}",
        orderby=("dyntui_suppressionid",),
        keyless=True,
    ):
        found += filter(mark.written.theirs, page.rows)
    return found


async def rows_naming(store: Store, dv: Dataverse, written: Written, address: str) -> list[Added]:
    """The suppression rows that were written in Dynamics and name an address, however they spell it."""
    named = f"{written.condition} and ({await mentioning(store, dv, address, 'dyntui_address')})"
    pages = dv_rows.pages(
        dv, solution.SUPPRESSION.entity_set, Added, filter=named, orderby=("dyntui_suppressionid",), keyless=True
    )
    return [row async for page in pages for row in page.rows if written.theirs(row)]


async def tell_dotdigital(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, item: str = "") -> None:
    """Suppression rows that somebody added in Dynamics become suppressions in dotdigital.

    An address that is no contact there cannot be suppressed there; it is kept, so that dyntui never adds it, and asked
    for again with each row that names it anew. So is one whose contact was suppressed before, and is gone.
    """
    odd: list[OddRow] = []
    # What this run had asked for before it was interrupted is not asked for again.
    if await ctx.read(lambda c: written_consent.is_suppressing(c, ctx.run_id)):
        await ctx.write(lambda c: written_consent.settle_suppressed(c, ctx.run_id, account_id))
    async for fresh in _asked_in_dynamics(ctx, dv, account_id, odd, keep=True):
        await ctx.write(functools.partial(written_consent.begin_suppressing, run_id=ctx.run_id, addresses=fresh))
        rows = await suppress(dd, fresh)
        await _record(ctx, account_id, rows, item)
        await ctx.write(lambda c: written_consent.settle_suppressed(c, ctx.run_id, account_id))
    await nameless_rows.keep(ctx, _ROWS_IN_DYNAMICS, "", odd, whole=True)


async def suppress(dd: Dotdigital, fresh: Mapping[str, str]) -> list[Suppression]:
    """Asks dotdigital to suppress addresses (with when each was asked for); what is to be kept of them."""
    # What nobody can be mailed at would make dotdigital refuse the others with it.
    answer = await dd_suppressions.suppress_contacts(dd, emails=[each for each in fresh if is_address(each)])
    taken = {(each.email or "").lower() for each in answer.suppressed}
    return [
        Suppression(each, suppression_store.BY_HAND, "SUPPRESSED", when, in_feed=each in taken)
        for each, when in fresh.items()
    ]


def not_suppressed_yet(c: Connection, account_id: str, asked: Mapping[str, str], ahead: float) -> dict[str, str]:
    """Those of the addresses that rows in Dynamics ask for, and nobody knows to be suppressed in the account. `ahead`:
    as for `standing`."""
    still = standing(c, account_id, asked, ahead)
    open_still = suppression_store.not_carried_out(c, account_id, still)
    return {address: when for address, when in still.items() if address in open_still}


def standing(c: Connection, account_id: str, asked: Mapping[str, str], ahead: float) -> dict[str, str]:
    """What is asked for still: a row that was there before the person subscribed again suppresses nobody a second time.
    Where nobody can say which of the two came first, as between two readings of all suppressions, or within the same
    second, it counts. `ahead`: seconds that the clock of whoever says when it was asked for is ahead of this
    machine's."""
    ended = lifts.ended_after(c, account_id, list(asked), ahead)
    return {address: when for address, when in asked.items() if when >= ended.get(address, "")}


async def asked_in_dynamics(ctx: RunContext, dv: Dataverse, account_id: str) -> list[str]:
    """The addresses that the next `tell_dotdigital` will suppress."""
    return [each async for fresh in _asked_in_dynamics(ctx, dv, account_id, [], keep=False) for each in fresh]


async def _asked_in_dynamics(
    ctx: RunContext, dv: Dataverse, account_id: str, odd: list[OddRow], *, keep: bool
) -> AsyncIterator[dict[str, str]]:
    """Page by page the addresses that suppression rows written in Dynamics name and nobody knows to be suppressed, with
    when; rows without one go to `odd`. `keep`: what a row says of an address that only bounces is kept at once."""
    written = await ctx.read(written_in_dynamics)
    async for page in dv_rows.pages(
        dv,
        solution.SUPPRESSION.entity_set,
        Added,
        filter=written.condition,
        orderby=("dyntui_suppressionid",),
        keyless=True,
    ):
        theirs = list(filter(written.theirs, page.rows))
        rows = await ctx.read(functools.partial(news_to_us, rows=theirs))
        odd += [
            OddRow(key=row.row, shown=f"suppression row {row.row}: {shown(row.address) or 'empty'}")
            for row in rows
            if not addresses_in(row.address)
        ]
        asked = asked_on(rows, latest(dv, ctx.moment()))
        ahead = dv.connection.ahead
        fresh, unsaid = await ctx.read(functools.partial(_sorted, account_id=account_id, asked=asked, ahead=ahead))
        if unsaid and keep:
            await ctx.write(functools.partial(suppression_store.said, account_id=account_id, asked=unsaid))
        if fresh:
            yield fresh


def _sorted(
    c: Connection, account_id: str, asked: Mapping[str, str], ahead: float
) -> tuple[dict[str, str], dict[str, str]]:
    """Those whom dotdigital is to suppress, and those whom it suppresses already, but not because somebody said so."""
    fresh = not_suppressed_yet(c, account_id, asked, ahead)
    rest = {address: when for address, when in standing(c, account_id, asked, ahead).items() if address not in fresh}
    return fresh, suppression_store.unsaid(c, account_id, rest)


def name_odd_rows(ctx: RunContext, c: Connection, account_id: str, item: str) -> None:
    """Every row without an address becomes a person of the item: rejected, ODD_ROW. Within `work`."""
    rejected = [
        PersonOutcome(
            person=f"{each.source}/{each.key}",
            name=each.source,
            outcome=Outcome.REJECTED,
            reason="ODD_ROW",
            detail=each.shown,
        )
        for each in odd_rows.known(c, account_id)
    ]
    outcomes.record(c, ctx.run_id, item, rejected)
