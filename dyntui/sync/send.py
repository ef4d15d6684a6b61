"""One dispatch of an email campaign to exactly the people of a target count.

Suppressions are pulled again (a send whose pull fails is refused), the target lists are synchronised, the people are
checked once more - which can only leave people out -, gathered in an address book of the send's own, proved to be
exactly that with a last look at who opted out, and the platform's send is created once (`platform_send`).
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta

from sqlalchemy import Connection

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books, campaigns, contacts
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.people import normalise
from dyntui.model.reasons import reason_of_status
from dyntui.store import campaigns as campaign_store
from dyntui.store import counts
from dyntui.store import lists as list_store
from dyntui.store import sends as send_store
from dyntui.store.counts import Resolved
from dyntui.store.sends import Send
from dyntui.sync import earlier_sends, lists, opt_outs, platform_send, sight, suppressions
from dyntui.sync.campaigns import header_of
from dyntui.sync.connections import Connections
from dyntui.sync.imports import ROWS, carry_out, fates, row
from dyntui.sync.removals import take_out
from dyntui.sync.run_context import RunContext
from dyntui.sync.send_rows import SEND_ITEM, record

# People may withdraw their consent while the book is looked at: it is looked at again, so often.
_LOOKS = 3
# What was learnt of opt-outs may be as old when the platform's send is created.
_PROOF_LASTS = timedelta(minutes=10)

log = logging.getLogger(__name__)

_Phase = Callable[[RunContext, Dataverse, Dotdigital, Send], Awaitable[str]]


def book_name(send_id: str) -> str:
    """The name of the send's own address book: unique, and recognisable for the person who finds one left over."""
    return f"dyntui send {send_id}"


async def dispatch(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, send_id: str, elsewhere: Mapping[str, Dotdigital]
) -> None:
    """The send of a run, phase by phase, from where the cursor says it was left. `elsewhere`: the other email accounts,
    whose suppressions count too.

    Raises DyntuiError (SEND_NO_RECIPIENTS, SEND_BOOK_NOT_EXACT, SEND_UNCONFIRMED, ...), Cancelled before the platform's
    send is created, Fenced.
    """
    phases: dict[str, _Phase] = {
        "suppressions": functools.partial(_suppressions, elsewhere),
        "lists": _lists,
        "recheck": _recheck,
        "book": _book,
        "fill": _fill,
        "prove": functools.partial(_prove, elsewhere),
        "create": _create,
        "follow": _follow_send,
        "clear": _clear,
    }
    if not ctx.cursor:
        this = await ctx.read(lambda c: _stored(c, send_id))
        await ctx.begin_item(SEND_ITEM, kind="send", name=this.campaign_name, place=0)
    phase = str(ctx.cursor.get("phase", "suppressions"))
    if phase == "create" and not platform_send.asked(ctx.cursor):
        # Nobody knows how long ago the interruption was: what was proved before it may not hold any more.
        phase = "prove"
    while phase != "done":
        this = await ctx.read(lambda c: _stored(c, send_id))
        after = await phases[phase](ctx, dv, dd, this)
        cursor = {**platform_send.carried(ctx.cursor), "phase": after}
        await ctx.save(cursor, stage=_STAGES[after], cancellable=after not in _PAST_RECALL)
        phase = after


def _stored(c: Connection, send_id: str) -> Send:
    this = send_store.get(c, send_id)
    if this is None:
        raise DyntuiError(
            "SEND_UNKNOWN",
            f"There is no send {send_id!r} in the store.",
            not_done="Nothing was sent.",
            remedy="Count the campaign's targets and send again.",
        )
    return this


_STAGES = {
    "lists": "Synchronising the target lists",
    "recheck": "Checking everybody once more",
    "book": "Preparing the address book of this send",
    "fill": "Gathering the recipients",
    "prove": "Proving the recipients",
    "create": "Creating the send",
    "follow": "Sending",
    "clear": "Clearing up",
    "done": "Sent",
}
# Once the platform may have the send, there is nothing left to cancel: it offers no recall.
_PAST_RECALL = frozenset({"follow", "clear", "done"})


async def _suppressions(
    elsewhere: Mapping[str, Dotdigital], ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send
) -> str:
    await ctx.write(lambda c: send_store.set_state(c, this.id, "Preparing"))
    await record(dv, this, "Preparing")
    await sight.require_columns(ctx, dv)
    await sight.require_records(ctx, dv)
    await earlier_sends.settle(ctx, dv, dd, this.account_id, this.campaign_id)
    await _learn_who_opted_out(elsewhere, ctx, dv, dd, this)
    return "lists"


async def _learn_who_opted_out(
    elsewhere: Mapping[str, Dotdigital],
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    this: Send,
    among: Collection[str] = (),
) -> dict[str, str]:
    """Suppressions of every email account and of Dynamics, and its opt-outs, as of now; which of the people `among`
    opted out, and why. Raises SEND_REFUSED."""
    try:
        for account_id, other in elsewhere.items():
            await suppressions.pull(ctx, other, account_id)
        await suppressions.pull(ctx, dd, this.account_id)
        await suppressions.tell_dotdigital(ctx, dv, dd, this.account_id)
        return await opt_outs.read(ctx, dv, among)
    except (DataverseError, DotdigitalError) as error:
        raise DyntuiError(
            "SEND_REFUSED",
            f"Who must not be mailed could not be read again before the send: {error.message}",
            not_done="Nothing was sent, and no send was created.",
            remedy="Mend what is named, then send again.",
            detail=error.detail,
        ) from error


async def _lists(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """Each target list as its own synchronisation would do it; who joined since the count is not addressed."""
    for place in range(int(ctx.cursor.get("read", 0)), len(this.list_ids)):
        chosen = await lists.known(ctx, this.list_ids[place])
        await lists.read(ctx, dv, chosen, chosen.name)
        await ctx.save({"phase": "lists", "read": place + 1}, stage=_STAGES["lists"])
    for place in range(int(ctx.cursor.get("place", 0)), len(this.list_ids)):
        chosen = await lists.known(ctx, this.list_ids[place])
        await lists.synchronise(ctx, dv, dd, chosen, chosen.name, item="")
        done = {"phase": "lists", "read": len(this.list_ids), "place": place + 1}
        await ctx.save(done, stage=_STAGES["lists"], done=place + 1, of=len(this.list_ids))
    return "recheck"


async def _recheck(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """Whoever opted out, was suppressed or left every target list since the count is left out, by name."""
    await ctx.write(lambda c: counts.recheck(c, this.count_id))
    await _some_left(ctx, this)
    return "book"


async def _some_left(ctx: RunContext, this: Send) -> int:
    sendable = await ctx.write(lambda c: send_store.take_counts(c, this.id))
    if not sendable:
        raise DyntuiError(
            "SEND_NO_RECIPIENTS",
            "Nobody is left who may be mailed.",
            not_done="No send was created: the platform is never called without recipients.",
            remedy="See the exclusions of the count, then count again.",
        )
    return sendable


async def _book(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    name = book_name(this.id)
    book = await address_books.book_by_name(dd, name) or await address_books.create_address_book(dd, name)
    await ctx.write(lambda c: send_store.set_book(c, this.id, book.id, book.name))
    return "fill"


async def _fill(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """Everybody sendable into the book, in bulk; a batch that ran before an interruption runs again as an upsert."""
    stage = _STAGES["fill"]
    done = int(ctx.cursor.get("done", 0))
    while batch := await ctx.read(
        lambda c: counts.sendable_batch(c, this.count_id, ROWS, after=str(ctx.cursor.get("after", "")))
    ):
        rows = [row(each.address, each.fields, this.book_id) for each in batch]
        result = await carry_out(ctx, dd, rows, stage, done, this.sendable)
        people = {each.address: each.person_id for each in batch}
        found = [
            Resolved(people[each.address], Outcome.REJECTED, each.reason, each.detail)
            if each.reason
            else Resolved(people[each.address], Outcome.ADDED, contact_id=each.contact_id)
            for each in fates(list(people), result)
        ]
        done += len(batch)
        await ctx.save(
            {**ctx.cursor, "import": "", "after": batch[-1].person_id, "done": done},
            stage=stage,
            done=done,
            of=this.sendable,
            work=functools.partial(counts.resolve, count_id=this.count_id, rows=found),
        )
    await _some_left(ctx, this)
    return "prove"


async def _prove(
    elsewhere: Mapping[str, Dotdigital], ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send
) -> str:
    """A last look at who opted out, then the book against the people shown: nobody more may be in it, and nobody whom
    the platform would not mail. Gathering a large book takes its time, and an interruption may take any."""
    began = ctx.moment()
    await _look_again(elsewhere, ctx, dv, dd, this)
    await _make_exact(ctx, dd, this)
    if ctx.moment() - began <= _PROOF_LASTS:
        return "create"
    # The book is large, or limits were waited for while it was read: only the people are looked at once more.
    began = ctx.moment()
    gone = await _look_again(elsewhere, ctx, dv, dd, this)
    known = await ctx.read(lambda c: counts.contact_ids(c, this.count_id, gone))
    await take_out(ctx, dd, this.book_id, known)
    fresh = len(known) == len(gone) and ctx.moment() - began <= _PROOF_LASTS
    return "create" if fresh else await _proved_anew(ctx)


async def _look_again(
    elsewhere: Mapping[str, Dotdigital], ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send
) -> frozenset[str]:
    """Leaves out whoever opted out, was suppressed, or left the lists by now; who that is."""
    before = frozenset((await ctx.read(lambda c: counts.sendable_addresses(c, this.count_id))).values())
    opted_out = await _learn_who_opted_out(elsewhere, ctx, dv, dd, this, before)
    for chosen in await ctx.read(lambda c: list_store.stored(c, this.list_ids)):
        await lists.learn_who_unsubscribed(ctx, dd, chosen)
    await ctx.write(lambda c: counts.recheck(c, this.count_id))
    by_name = [Resolved(person, Outcome.EXCLUDED, reason) for person, reason in opted_out.items()]
    await ctx.write(lambda c: counts.resolve(c, this.count_id, by_name))
    await _some_left(ctx, this)
    return before.difference((await ctx.read(lambda c: counts.sendable_addresses(c, this.count_id))).values())


async def _proved_anew(ctx: RunContext) -> str:
    await ctx.save(platform_send.proved_once_more(ctx.cursor), stage=_STAGES["prove"])
    return "prove"


async def _make_exact(ctx: RunContext, dd: Dotdigital, this: Send) -> None:
    shown: frozenset[str] = frozenset()
    for _ in range(_LOOKS):
        refused, missing, others = await _compared(ctx, dd, this)
        await ctx.write(lambda c: counts.resolve(c, this.count_id, refused))  # noqa: B023 - awaited here
        if others and not shown:
            shown = await ctx.read(lambda c: counts.addresses(c, this.count_id))
        left_out = [contact_id for address, contact_id in others.items() if address in shown]
        if not left_out:
            break
        await take_out(ctx, dd, this.book_id, left_out)
    if others:
        raise DyntuiError(
            "SEND_BOOK_NOT_EXACT",
            f"The address book of the send holds {len(others)} people who may not be mailed.",
            not_done="Nothing was sent, and no send was created.",
            remedy="Somebody else writes to this address book in dotdigital: stop that, then send again.",
        )
    # The listing may lag behind the import (dotdigital_api.md 5.6): who is not seen must not be in the book either.
    unseen = await ctx.read(lambda c: counts.contact_ids(c, this.count_id, [each.person_id for each in missing]))
    await take_out(ctx, dd, this.book_id, unseen)
    await ctx.write(lambda c: counts.resolve(c, this.count_id, missing))
    await _some_left(ctx, this)


async def _compared(
    ctx: RunContext, dd: Dotdigital, this: Send
) -> tuple[list[Resolved], list[Resolved], dict[str, int]]:
    """The book page by page against those to be mailed: whom the platform would not mail, who is missing, and everybody
    who must not stay in it, by address with the contact's id. Of the others nothing is kept: a book may hold a million.
    """
    wanted = await ctx.read(lambda c: counts.sendable_addresses(c, this.count_id))
    refused: list[Resolved] = []
    others: dict[str, int] = {}
    async for page in contacts.contact_pages(dd, list_id=this.book_id):
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
    return refused, missing, others


async def _create(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    made = await platform_send.create_once(ctx, dd, this, _STAGES["create"])
    return "follow" if made else await _proved_anew(ctx)


async def _follow_send(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    await ctx.write(lambda c: send_store.set_state(c, this.id, "Sending"))
    await platform_send.follow(ctx, dd, this, _STAGES["follow"], ctx.cursor)
    await ctx.write(lambda c: _finish(c, ctx, this))
    return "clear"


async def _clear(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """The send row to Dynamics, the send's own book out of the way; and the campaign as it is now, so that nobody is
    shown it as unsent."""
    await record(dv, this, "Sent")
    await address_books.delete_address_book(dd, this.book_id)
    campaign = await campaigns.campaign(dd, this.campaign_id)
    if campaign is not None:
        header = header_of(campaign)
        await ctx.write(lambda c: campaign_store.record_headers(c, this.account_id, [header], ctx.now()))
    return "done"


def _finish(c: Connection, ctx: RunContext, this: Send) -> Send:
    counts.copy_outcomes(c, ctx.run_id, SEND_ITEM, this.count_id)
    ctx.close_item(c, SEND_ITEM, read=this.potential)
    return send_store.finish(c, this.id, "Sent", ctx.now())


async def end_unsent(ctx: RunContext, connections: Connections, state: str, why: str) -> None:
    """A send that ended without being sent (`Failed`, `Refused`, `Cancelled`): its book goes, Dynamics is told.

    Where the platform may have the send, its book stays: it is what the send goes to, and what it is found by. What
    cannot be told because the other side is unreachable is logged: the send itself has ended all the same.
    """
    send_id, phase = str(ctx.request["send"]), str(ctx.cursor.get("phase", ""))
    if phase == "clear":
        # It was sent, and is stored so; what could not be put away is the run's own failure.
        return
    if phase == "follow":
        state = "Sending"
    this = await ctx.write(lambda c: send_store.finish(c, send_id, state, ctx.now(), why))
    try:
        if this.book_id and phase != "follow" and not platform_send.may_exist(ctx.cursor):
            await address_books.delete_address_book(await connections.dotdigital(this.account_id), this.book_id)
        await record(await connections.dataverse(), this, state)
    except DyntuiError as error:
        log.warning("the end of send %s could not be told: %s", send_id, error)
