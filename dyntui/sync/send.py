"""One dispatch of an email campaign to exactly the people of a target count.

Suppressions are pulled again (a send whose pull fails is refused), the target lists are synchronised, the people are
checked once more - which can only leave people out -, gathered in an address book of the send's own, proved to be
exactly that with a last look at who opted out (`send_proof`), and the platform's send is created once
(`platform_send`). The book is kept after that: by it people leave the lists that the send went to (`kept_books`).
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import fitting
from dyntui.model.counted import counted
from dyntui.model.cursors import PAST_RECALL, SendCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.held_sends import grown
from dyntui.model.moments import moment_of, text_of
from dyntui.model.outcomes import Outcome
from dyntui.model.sends import HANDED_OVER, book_of_send
from dyntui.model.sync_types import SendOf
from dyntui.store import consent_news, counts, handed_sends, runs, send_waves, target_people
from dyntui.store import lists as list_store
from dyntui.store import sends as send_store
from dyntui.store.lists import StoredList
from dyntui.store.sends import Send
from dyntui.store.target_people import Resolved, TargetPerson
from dyntui.sync import (
    adopted_unsubscribes,
    after_send,
    as_confirmed,
    double_opt_in,
    doubtful_sends,
    earlier_sends,
    gone_meanwhile,
    kept_books,
    list_feeds,
    lists,
    platform_send,
    send_proof,
    send_recipients,
    sight,
    strange_books,
)
from dyntui.sync.campaigns import listing
from dyntui.sync.campaigns.recipients import learn_who_was_mailed
from dyntui.sync.connections import Connections
from dyntui.sync.handed_sends import out_by, read_back
from dyntui.sync.imports import ROWS, carry_out, fates, row
from dyntui.sync.run_context import Cancelled, RunContext
from dyntui.sync.send_rows import SEND_ITEM, record

log = logging.getLogger(__name__)

_Phase = Callable[[RunContext, Dataverse, Dotdigital, Send], Awaitable[str]]


async def dispatch(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, send_id: str, elsewhere: Mapping[str, Dotdigital]
) -> None:
    """The send of a run, phase by phase, from where the cursor says it was left. `elsewhere`: the other email accounts,
    whose suppressions count too.

    Raises DyntuiError (SEND_LATE, SEND_NO_RECIPIENTS, SEND_BOOK_NOT_EXACT, SEND_UNCONFIRMED, ...), Cancelled before the
    platform's send is created, Fenced.
    """
    phases: dict[str, _Phase] = {
        "suppressions": functools.partial(_suppressions, elsewhere),
        "lists": _lists,
        "recheck": _recheck,
        "book": _book,
        "fill": _fill,
        "prove": functools.partial(_prove, elsewhere),
        "create": functools.partial(_prove, elsewhere),
        "follow": _follow_send,
        "handed": _handed,
        "clear": _clear,
    }
    await _goes_on(ctx)
    phase = ctx.at(SendCursor).phase or "suppressions"
    this = await ctx.read(lambda c: _stored(c, send_id))
    if phase == "suppressions":
        await ctx.begin_item(SEND_ITEM, kind="send", name=this.campaign_name, place=0)
    away = ctx.was_away and phase in _GATHERING
    while phase != "done":
        if phase not in PAST_RECALL and not ctx.at(SendCursor).may_exist:
            platform_send.in_time(ctx, dd, this)
        this = await ctx.read(lambda c: _stored(c, send_id))
        try:
            if away:
                await _catch_up(ctx, dv, dd, this, elsewhere, phase)
                away = False
            after = await phases[phase](ctx, dv, dd, this)
        except DyntuiError as error:
            if phase == "clear":
                raise after_send.sent_all_the_same(error) from error
            if error.code == "SEND_NO_RECIPIENTS":
                await after_send.follow_last_wave(ctx, dv, this)
            if not isinstance(error, DotdigitalError) or phase in PAST_RECALL or ctx.at(SendCursor).may_exist:
                raise
            targets = await ctx.read(lambda c: list_store.stored(c, this.list_ids))  # noqa: B023 - awaited here
            raise await gone_meanwhile.of_send(dd, this, targets, error) from error
        await ctx.save(ctx.at(SendCursor).entering(after), stage=_STAGES[after], cancellable=after not in PAST_RECALL)
        phase = after


async def _goes_on(ctx: RunContext) -> None:
    """Raises what has ended the send, where the run was interrupted as it ended, and Cancelled where it was cancelled
    before it was interrupted and dotdigital has not been asked for it."""
    at = ctx.at(SendCursor)
    if at.ended:
        code, message, not_done, remedy = at.ended
        raise DyntuiError(code, message, not_done=not_done, remedy=remedy)
    if not at.past_recall and await ctx.read(lambda c: runs.desired(c, ctx.run_id)) == "cancel":
        raise Cancelled(ctx.run_id)


_GATHERING = ("lists", "recheck", "book", "fill")


async def _catch_up(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send, elsewhere: Mapping[str, Dotdigital], phase: str
) -> None:
    """Who has opted out since the run was interrupted is neither imported nor put into an address book by what is left
    of it: everybody else is gathered."""
    await send_recipients.learn_who_opted_out(ctx, dv, dd, this, elsewhere)
    # The lists' own feeds are read as they are synchronised.
    if phase != "lists":
        for chosen in await ctx.read(lambda c: list_store.stored(c, this.list_ids)):
            await list_feeds.learn(ctx, dd, chosen)


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
    "prove": send_recipients.PROVING,
    "create": send_proof.CREATING,
    "follow": "Sending",
    "handed": "Handing it to dotdigital",
    "clear": "Clearing up",
    "done": "Sent",
}
_ENDING = "Ending"


async def _suppressions(
    elsewhere: Mapping[str, Dotdigital], ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send
) -> str:
    await ctx.write(lambda c: send_store.set_state(c, this.id, "Preparing"))
    await record(dv, this, "Preparing")
    if this.send_at or this.waves_of:
        whole = await ctx.read(lambda c: as_confirmed.whole(c, this))
        await as_confirmed.require_role(dv, whole)
        await as_confirmed.require(ctx, dv, dd, whole)
    await sight.require_columns(ctx, dv)
    await sight.require_records(ctx, dv)
    await adopted_unsubscribes.read(ctx, dv, anew=True)
    await strange_books.find(ctx, dv, dd, this.account_id, anew=True)
    await earlier_sends.settle(ctx, dv, dd, this)
    await send_recipients.learn_who_opted_out(ctx, dv, dd, this, elsewhere)
    return "lists"


async def _lists(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """Each target list as its own synchronisation would do it; who joined since the count is not addressed. One that
    fails fails the send, by its name."""
    for place in range(ctx.at(SendCursor).read, len(this.list_ids)):
        chosen = await _known(ctx, this.list_ids[place])
        try:
            await lists.read(ctx, dv, chosen, chosen.name)
        except DyntuiError as error:
            raise await _of_the_list(dv, dd, chosen, error) from error
        await ctx.save(SendCursor(phase="lists", read=place + 1), stage=_STAGES["lists"])
    for place in range(ctx.at(SendCursor).place, len(this.list_ids)):
        chosen = await _known(ctx, this.list_ids[place])
        try:
            await lists.synchronise(ctx, dv, dd, chosen, chosen.name, lists.How())
        except DyntuiError as error:
            raise await _of_the_list(dv, dd, chosen, error) from error
        done = SendCursor(phase="lists", read=len(this.list_ids), place=place + 1)
        await ctx.save(done, stage=_STAGES["lists"], done=place + 1, of=len(this.list_ids))
    return "recheck"


async def _of_the_list(dv: Dataverse, dd: Dotdigital, chosen: StoredList, error: DyntuiError) -> DyntuiError:
    return as_confirmed.of_the_list(chosen, await gone_meanwhile.of_list(dv, dd, chosen, error))


async def _known(ctx: RunContext, list_id: str) -> StoredList:
    try:
        return await lists.known(ctx, list_id)
    except DyntuiError as error:
        raise as_confirmed.not_sent(error) from error


async def _recheck(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """Whoever opted out, was suppressed, left every target list, or had the campaign since the count is left out, by
    name. For a send that was held until its hour the lists are counted anew: who has joined them since is mailed too.

    Raises SEND_GREW where that is more people than somebody confirmed.
    """
    if this.send_at:
        this, whole = await ctx.write(lambda c: _counted_anew(c, this, ctx.now()))
        if grown(whole.confirmed, whole.sendable):
            raise DyntuiError(
                "SEND_GREW",
                f"{counted(whole.confirmed, 'person was', 'people were')} confirmed when the send was "
                f"scheduled; now it would mail {whole.sendable:,}.",
                not_done="Nothing was sent, and no send was created.",
                remedy="Look at who is on the target lists, count them again and send the campaign.",
            )
    else:
        await ctx.write(lambda c: counts.recheck(c, this.count_id))
    await send_recipients.leave_out_the_mailed(ctx, dd, this)
    await send_recipients.some_left(ctx, this)
    return "book"


def _counted_anew(c: Connection, this: Send, now: str) -> tuple[Send, Send]:
    """The send, and the whole one where it is a wave: then everybody is counted, and the wave taken from them."""
    whole = _stored(c, this.waves_of or this.id)
    counts.anew(c, whole.count_id, now)
    send_store.take_counts(c, whole.id)
    if this.waves_of:
        send_waves.cut_again(c, this, whole)
    return _stored(c, this.id), _stored(c, whole.id)


async def _book(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    name = book_of_send(this.id)
    book = await address_books.book_by_name(dd, name) or await address_books.create_address_book(dd, name)
    await ctx.write(lambda c: send_store.set_book(c, this.id, book.id, book.name))
    return "fill"


async def _fill(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """Everybody sendable into the book, in bulk; a batch that ran before an interruption runs again as an upsert."""
    stage = _STAGES["fill"]
    done = ctx.at(SendCursor).done
    while batch := await _next_recipients(ctx, this, stage, done):
        rows = [row(each.address, each.fields, this.book_id) for each in batch]
        batch, rows = batch[: (fits := fitting(rows))], rows[:fits]
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
            replace(ctx.at(SendCursor), importing="", after=batch[-1].person_id, done=done),
            stage=stage,
            done=done,
            of=this.sendable,
            work=functools.partial(target_people.resolve, count_id=this.count_id, rows=found),
        )
        await double_opt_in.look_at_new(ctx, dd, this.account_id, result)
    await send_recipients.some_left(ctx, this)
    return "prove"


async def _next_recipients(ctx: RunContext, this: Send, stage: str, done: int) -> list[TargetPerson]:
    """Those to be put into the book next, as many as one import takes, without who is known to have opted out by then;
    an import that is under way goes on as it was begun."""
    at, news = ctx.at(SendCursor), await ctx.read(consent_news.count)
    if news != at.consent and not at.importing:
        work = functools.partial(counts.recheck, count_id=this.count_id)
        await ctx.save(replace(at, consent=news), stage=stage, done=done, of=this.sendable, work=work)
    return await ctx.read(lambda c: target_people.sendable_batch(c, this.count_id, ROWS, after=at.after))


async def _prove(
    elsewhere: Mapping[str, Dotdigital], ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send
) -> str:
    """The people proved, and the send asked for; or all of it anew."""
    if await send_proof.create(ctx, dv, dd, this, elsewhere):
        return "handed" if this.handed_for or this.split else "follow"
    await ctx.save(platform_send.proved_once_more(ctx.at(SendCursor)), stage=send_recipients.PROVING)
    return "prove"


async def _follow_send(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    await ctx.write(lambda c: _sending(c, this))
    await platform_send.follow(ctx, dd, this, _STAGES["follow"], ctx.at(SendCursor))
    await ctx.write(lambda c: _finish(c, ctx, this))
    return "clear"


def _sending(c: Connection, this: Send) -> None:
    if not send_store.ended_by_person(c, this.id):
        send_store.set_state(c, this.id, "Sending")


async def _handed(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """dotdigital has it, and mails somebody later: the run ends, and the send is looked after until then."""

    def hand_over(c: Connection) -> None:
        if send_store.ended_by_person(c, this.id):
            # Taken back since, while this run was interrupted: that is what it is.
            return
        begins = moment_of(this.handed_for) or dd.connection.clock_of(ctx.moment())
        handed_sends.hand_over(c, this.id, out_by(this, begins))
        target_people.copy_outcomes(c, ctx.run_id, SEND_ITEM, this.count_id)
        ctx.close_item(c, SEND_ITEM, read=this.potential)

    # First of all: from here on it is looked after, whatever becomes of this run.
    if this.state != HANDED_OVER:
        await ctx.write(hand_over)
    handed = await read_back(ctx, dd, this)
    looked_on = moment_of(ctx.at(SendCursor).looked_on)
    # By dotdigital's clock, by which it mails.
    tended_on = "" if looked_on is None else text_of(dd.connection.clock_of(looked_on))
    await ctx.write(lambda c: handed_sends.tended(c, this.id, tended_on, handed.tended_news))
    await record(dv, handed, handed.state)
    return "done"


async def _clear(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> str:
    """How many were mailed, by dotdigital's word; the send row to Dynamics; and the campaign as it is now, so that
    nobody is shown it as unsent."""
    await doubtful_sends.compare(ctx, dd, this)
    await record(dv, this, this.state)
    await listing.read_again(ctx, dd, this.account_id, this.campaign_id)
    # Who is in a later wave has to be on the list still.
    if await ctx.read(lambda c: send_waves.is_whole(c, this.id)):
        await after_send.take_off_lists(ctx, dv, this)
    return "done"


def _finish(c: Connection, ctx: RunContext, this: Send) -> Send:
    target_people.copy_outcomes(c, ctx.run_id, SEND_ITEM, this.count_id)
    ctx.close_item(c, SEND_ITEM, read=this.potential)
    return send_store.finish(c, this.id, "Sent", ctx.now())


async def end_unsent(ctx: RunContext, connections: Connections, state: str, error: DyntuiError | None) -> None:
    """A send that ended without being sent (`Failed`, `Refused`, `Cancelled`): its book goes, Dynamics is told.

    Where the platform may have the send its book stays, for it is what the send goes to and what it is found by; where
    that is not known the book is emptied, so that a request which arrives late reaches nobody. What cannot be told
    because the other side is unreachable is logged: the send itself has ended all the same.
    """
    send_id, at = ctx.asked(SendOf).send, ctx.at(SendCursor)
    phase = at.phase
    if phase == "clear":
        # It was sent, and is stored so; what could not be put away is the run's own failure.
        return
    this = await ctx.read(lambda c: _stored(c, send_id))
    if phase == "done" or this.state == HANDED_OVER or this.doubt == "emptied" or this.run_id != ctx.run_id:
        # dotdigital has it, or had it: what failed of looking after it is tried again, and ends no send.
        return
    cancelled = error is not None and error.code == "SEND_CANCELLED_REMOTELY"
    wrong_book = error is not None and error.code == "SEND_WRONG_BOOK"
    unproved = phase not in ("follow", "handed") and not wrong_book and at.asked
    if (phase in ("follow", "handed") and not cancelled) or wrong_book:
        state = "Sending"
    why = "" if error is None else error.message
    if error is not None and (unproved or cancelled or wrong_book):
        # What is to be done stands with the send, where it will be looked for.
        why = f"{error.message} {error.remedy}"

    def end(c: Connection) -> None:
        if _stored(c, send_id).decision:
            # Somebody has said what became of it while this run, interrupted as it ended, stood still.
            return
        doubt = "cancelled" if cancelled else "unproved" if unproved else ""
        send_store.put_doubt(c, send_id, doubt, why)
        send_store.finish(c, send_id, "Cancelled" if cancelled else state, ctx.now(), why)

    said = () if error is None else (error.code, error.message, error.not_done, error.remedy)
    await ctx.save(replace(at, ended=said), stage=_ENDING, work=end, cancellable=False)
    this = await ctx.read(lambda c: _stored(c, send_id))
    try:
        # One that is sent was said to be mailed by somebody: by its book people leave its lists.
        if this.book_id and this.state not in ("Sending", "Sent"):
            dd = await connections.dotdigital(this.account_id)
            if cancelled:
                # Of some of those whom it reached dotdigital may tell: they are not mailed whatever somebody finds.
                await learn_who_was_mailed(ctx, dd, this.account_id, this.campaign_id)
            if cancelled or at.may_exist:
                await kept_books.empty(ctx, dd, this.book_id)
            else:
                await address_books.delete_address_book(dd, this.book_id)
                await ctx.write(lambda c: send_store.set_book(c, this.id, 0, ""))
        await record(await connections.dataverse(), this, this.state)
    except (DyntuiError, Cancelled) as failure:
        log.warning("the end of send %s could not be told: %s", send_id, failure)
