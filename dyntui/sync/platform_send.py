"""The platform's send: created once, found again when its answer was lost, followed to its end.

Its address book belongs to the send alone, so finding the campaign there proves that the send exists; not finding it
proves nothing. That a request may be on its way is stored before it leaves: whoever takes the run up afterwards looks,
and does not ask again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital import campaigns, sends
from dyntui.dotdigital.errors import NOT_TAKEN_UP, DotdigitalError, UnknownOutcome
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment as date_of
from dyntui.model.cursors import Cursor, SendCursor
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.moments import moment_of, text_of
from dyntui.store import runs
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.sync.run_context import Cancelled, RunContext

# How long to look for a send whose answer never came, before leaving it to a person: about four minutes.
_READ_BACK_SECONDS = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0)
_FOLLOW_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
# Answers that may fail to come, one after the other, while a send is followed: each has been tried for a minute, so
# that a platform which is away for an hour is waited for.
_MISSES = 60
# Turns, two hours: a vendor's own connector gives up on a send after as long (dotdigital_api.md 7.4).
_LONG_ENOUGH = 240

# Between a look at who opted out and the request lies what is stored of it: longer, and it is looked at again.
AT_ONCE = timedelta(seconds=2)
_MOST_LOOKS = 4
# A limit, or a connection that fails, is waited for so often, a minute each and proved anew each time: ninety minutes,
# in which the flat limit, a rolling hour, has opened.
MOST_WAITS = 90
WAIT_SECONDS = 60.0
# A look takes many calls at once: all that a budget counts of a minute has to be over before the next one.
WINDOW_SECONDS = 90.0
_MOST_PROOFS = 6
# What dotdigital makes of a date that has passed is not documented (dotdigital_api.md 7.4): it gets none so close.
_AHEAD_OF_DATE = timedelta(minutes=1)
# A date that is read back and differs by more is another one (assumption DD-09).
_SAME_DATE = timedelta(minutes=1)

OUTBOX = "Campaigns > Email > Outbox"

log = logging.getLogger(__name__)


def proved_once_more(cursor: SendCursor) -> SendCursor:
    """The cursor with which the people are proved anew. Raises SEND_NOT_PROVED after a few times; those for which a
    limit was waited for do not count."""
    proofs = cursor.proofs + 1
    if proofs > _MOST_PROOFS + cursor.waits:
        raise not_proved()
    return replace(cursor, proofs=proofs)


def not_proved() -> DyntuiError:
    """Every look came too late, or found somebody more."""
    return DyntuiError(
        "SEND_NOT_PROVED",
        "Who may be mailed could not be proved in time: each time somebody more opted out meanwhile, or the look took "
        "longer than it may be old.",
        not_done="Nothing was sent, and no send was created.",
        remedy="Send again when fewer calls are made to both systems; the log says what was waited for.",
    )


async def waited(ctx: RunContext, error: DyntuiError, stage: str) -> bool:
    """Waits a minute for what is so for the moment only; False, without waiting: it is not, or that was done often
    enough."""
    waits = ctx.at(SendCursor).waits + 1
    await _save(ctx, replace(ctx.at(SendCursor), phase="prove", asked=False, waits=waits), stage)
    if waits > MOST_WAITS or not _for_the_moment(error):
        return False
    await ctx.sleep(WINDOW_SECONDS if error.code.endswith("_BUDGET") else WAIT_SECONDS)
    return True


# A limit, whether the system said so or the budget did before the call was made; a book that is being emptied.
_LATER = (
    *("DOTDIGITAL_LIMIT", "DOTDIGITAL_BUDGET", "DOTDIGITAL_BOOK_IN_USE"),
    *("DATAVERSE_LIMIT", "DATAVERSE_BUDGET"),
)


def _for_the_moment(error: DyntuiError) -> bool:
    """Whether a system was not reached, or refused because of a limit: nothing was taken up, and it may be later."""
    return error.code in _LATER or error.exit is Exit.UNREACHABLE


async def create_once(
    ctx: RunContext,
    dd: Dotdigital,
    this: Send,
    stage: str,
    last_look: Callable[[], Awaitable[datetime | None]],
    holds: Callable[[Connection], bool],
) -> bool:
    """Whether the send exists; False: it could not be asked for just now, and who may be mailed is to be proved anew.

    `last_look` is asked last of all: since when what it saw is certain, None where it does not hold any more. Nothing
    but the note that the request leaves stands between it and the request; what dyntui itself is told by then `holds`
    still, or no such note is kept.

    Raises Cancelled as long as the request has not left, DotdigitalError when it is refused in words, SEND_UNCONFIRMED
    when no answer came and no send shows, SEND_WRONG_BOOK, SEND_LATE. A request that dotdigital says it has not taken
    up is made again, once; one without such an answer never is.
    """
    if await made_already(ctx, dd, this):
        return True
    before = await _shown_before(dd, this)
    cursor = ctx.at(SendCursor)
    if cursor.waits > cursor.apart:
        # The proof takes many calls too: where a limit was met, a look and the request have a minute to themselves.
        await _save(ctx, replace(cursor, apart=cursor.waits), stage)
        await ctx.sleep(WINDOW_SECONDS)
    for _ in range(_MOST_LOOKS):
        looked_on = await last_look()
        if looked_on is None:
            return False
        in_time(ctx, dd, this)
        asking = {"phase": "create", "asked": True, "shown_before": before, "looked_on": text_of(looked_on)}
        try:
            await ctx.save(
                replace(ctx.at(SendCursor), **asking),
                stage=stage,
                cancellable=False,
                work=lambda c: _unless_stopped(c, ctx, holds),
            )
        except _Moved:
            return False
        if timedelta() <= ctx.moment() - looked_on <= AT_ONCE:
            return await _ask(ctx, dd, this, stage)
        await _save(ctx, replace(ctx.at(SendCursor), phase="prove", asked=False), stage)
    return False


def in_time(ctx: RunContext, dd: Dotdigital, this: Send) -> None:
    """Raises SEND_LATE for a send that stood still: nobody expects its mail any more at the hour at which it would go
    out now; SEND_DATE_PASSED for one whose date is here before dotdigital has it."""
    date = moment_of(this.handed_for)
    if date is not None and dd.connection.clock_of(ctx.moment()) > date - _AHEAD_OF_DATE:
        raise DyntuiError(
            "SEND_DATE_PASSED",
            "The time that was to be handed to dotdigital was here before its recipients were proved.",
            not_done="Nothing was sent, and no send was created.",
            remedy="Count the campaign's targets and send again, with a later time.",
        )
    if ctx.stood_still():
        raise DyntuiError(
            "SEND_LATE",
            "The send had begun and then stood still for more than two hours: the service was not running, or this "
            "machine was asleep.",
            not_done="Nothing was sent, and no send was created.",
            remedy="If it is still wanted, count the campaign's targets and send it again.",
        )


async def made_already(ctx: RunContext, dd: Dotdigital, this: Send) -> bool:
    """Whether the send was asked for before and exists. Raises SEND_UNCONFIRMED where that cannot be seen."""
    if this.platform_send_id:
        return True
    if ctx.at(SendCursor).asked:
        await _find(ctx, dd, this, "the service ended while the send was being created")
        return True
    # A request that was turned away may have been carried out all the same, while the people were proved anew.
    return ctx.at(SendCursor).turned_away and await shows(dd, this)


async def made_late(ctx: RunContext, dd: Dotdigital, this: Send) -> bool:
    """The campaign has reached people since: whether this send did, by a request that was turned away and shows late.
    Raises SEND_UNCONFIRMED where that cannot be seen."""
    if not ctx.at(SendCursor).turned_away:
        return False
    await _find(ctx, dd, this, "its request was turned away, and a send of the campaign has begun since")
    return True


async def _ask(ctx: RunContext, dd: Dotdigital, this: Send, stage: str) -> bool:
    try:
        started = await sends.start_send(
            dd, this.campaign_id, book_ids=(this.book_id,), at=moment_of(this.handed_for), split=_split(this)
        )
    except UnknownOutcome as unknown:
        again = unknown.platform_code == NOT_TAKEN_UP and not ctx.at(SendCursor).turned_away
        if again and not await _appears(ctx, dd, this):
            anew = replace(ctx.at(SendCursor), phase="prove", asked=False, turned_away=True, looked_for=0)
            await _save(ctx, anew, stage)
            return False
        await _find(ctx, dd, this, unknown.detail)
        return True
    except DotdigitalError as error:
        if 200 <= error.status < 300:
            # Taken up, in an answer that nobody can read: a proxy's page, or a shape that is new.
            await _find(ctx, dd, this, error.detail)
            return True
        if not await waited(ctx, error, stage):
            raise
        return False
    await ctx.write(lambda c: send_store.set_platform_send(c, this.id, started.id))
    if started.address_book_ids != [this.book_id]:
        raise _wrong_book(this, started.address_book_ids)
    return True


def _split(this: Send) -> sends.SplitTest | None:
    split = this.split
    return None if split is None else sends.SplitTest(split.metric, split.percentage, split.hours)


async def date_of_send(dd: Dotdigital, this: Send) -> tuple[str, str]:
    """For when dotdigital has a send that it mails later, and what is to be said where that is not what it was asked
    for; as asked, and `""`, where it is or cannot be told. Raises DotdigitalError."""
    date = moment_of(this.handed_for)
    if date is None or not this.platform_send_id:
        return this.handed_for, ""
    said = date_of((await sends.send_status(dd, this.platform_send_id)).send_date)
    if said is None or abs(said - date) <= _SAME_DATE:
        return this.handed_for, ""
    return text_of(said), (
        f"dotdigital has the send for {text_of(said)} instead of {this.handed_for}. Cancel it in dotdigital, under "
        f"{OUTBOX}, or let it go out then."
    )


def _wrong_book(this: Send, named: list[int] | None) -> DyntuiError:
    """By its own description dotdigital takes a request without address books for one to All Contacts."""
    goes_to = "names none" if not named else f"names {', '.join(str(each) for each in named)}"
    return DyntuiError(
        "SEND_WRONG_BOOK",
        f"dotdigital took the send up, but not as it was asked for: of address books it {goes_to}, instead of "
        f"{this.book_id} ({this.book_name}). It may be mailing other people.",
        not_done="The send was not stopped: there is no call for that.",
        remedy=f"Cancel it in dotdigital at once, under {OUTBOX}.",
        detail=f"campaign {this.campaign_id}, books {named}",
    )


class _Moved(Exception):
    """What was looked at a moment ago holds no more."""


def _unless_stopped(c: Connection, ctx: RunContext, holds: Callable[[Connection], bool]) -> None:
    """Nothing is kept, and no request leaves, where somebody has cancelled the send by now, or what it rests on holds
    no more. Raises Cancelled, _Moved."""
    if runs.desired(c, ctx.run_id) == "cancel":
        raise Cancelled(ctx.run_id)
    if not holds(c):
        raise _Moved


async def _save(ctx: RunContext, cursor: Cursor, stage: str) -> None:
    await ctx.save(cursor, stage=stage, cancellable=False)


async def _shown_before(dd: Dotdigital, this: Send) -> str:
    """What the campaign shows of earlier sends; `""` where there was none, so that its status alone tells of this."""
    found = await campaigns.campaign(dd, this.campaign_id)
    return "" if found is None or found.status.casefold() == "unsent" else await _shown(dd, this)


async def shown(dd: Dotdigital, this: Send) -> str:
    """What the campaign shows at this moment: another text afterwards means that a send of it has begun."""
    found, totals = await asyncio.gather(campaigns.campaign(dd, this.campaign_id), _shown(dd, this))
    return f"{found.status if found is not None else ''}, {totals}"


async def _shown(dd: Dotdigital, this: Send) -> str:
    summary = await campaigns.summary(dd, this.campaign_id)
    return f"{summary.num_total_sent} mails, {summary.date_sent}"


async def _find(ctx: RunContext, dd: Dotdigital, this: Send, why: str) -> None:
    if await _appears(ctx, dd, this):
        return
    raise DyntuiError(
        "SEND_UNCONFIRMED",
        "dotdigital did not answer when the send was created, and shows no such send: it is not known whether it was "
        "made.",
        not_done="The send was not created a second time, so that nobody is mailed twice.",
        remedy=f"Look for the campaign's send to {this.book_name!r} in dotdigital, under {OUTBOX}; then say what you "
        f"found: `dyntui campaigns settle {this.id} --was-mailed` or `--was-not-mailed`.",
        detail=why,
    )


async def _appears(ctx: RunContext, dd: Dotdigital, this: Send) -> bool:
    """Whether the send shows, now or within the next minutes; those waited for before an interruption count."""
    for turn in range(ctx.at(SendCursor).looked_for, len(_READ_BACK_SECONDS)):
        await ctx.sleep(_READ_BACK_SECONDS[turn])
        await _save(ctx, replace(ctx.at(SendCursor), looked_for=turn + 1), "Looking for the send")
        if await _shows_now(dd, this):
            return True
    # Once more at the end, as the run may have been let go between a wait and its look.
    return await _shows_now(dd, this)


async def _shows_now(dd: Dotdigital, this: Send) -> bool:
    try:
        return await shows(dd, this)
    except DotdigitalError as error:
        log.warning("send %s could not be looked for: %s %s", this.id, error, error.detail)
        return False


async def shows(dd: Dotdigital, this: Send) -> bool:
    """Whether the platform shows the send at this moment; not once its book is gone. Raises DotdigitalError."""
    try:
        found = await campaigns.campaigns_of_book(dd, this.book_id)
    except DotdigitalError as error:
        if error.status == 404:
            return False
        raise
    return any(each.id == this.campaign_id for each in found)


async def follow(
    ctx: RunContext,
    dd: Dotdigital,
    this: Send,
    stage: str,
    cursor: SendCursor,
    *,
    cancellable: bool = False,
    still: Callable[[], Awaitable[bool]] | None = None,
) -> None:
    """Until the platform says that it is sent, or it is `still` to be followed no more. `cursor`: that of the send's
    run, which may be another one.

    Raises SEND_CANCELLED_REMOTELY, SEND_NOT_SEEN where nothing is seen of it for hours, DotdigitalError.
    """
    turn = misses = 0
    while True:
        try:
            said = await state(dd, this, cursor)
            misses = 0
        except DotdigitalError as error:
            misses += 1
            if error.exit is not Exit.UNREACHABLE or misses > _MISSES:
                raise
            said = ""
        if said == "sent":
            return
        if said == "cancelled":
            raise cancelled(this)
        if said not in ("", "sending") and turn >= _LONG_ENOUGH:
            raise not_seen(said)
        await ctx.save(ctx.cursor, stage=stage, of=this.sendable, cancellable=cancellable)
        await ctx.sleep(_FOLLOW_SECONDS[min(turn, len(_FOLLOW_SECONDS) - 1)])
        if still is not None and not await still():
            return
        turn += 1


def not_seen(said: str) -> DyntuiError:
    """dotdigital has had a send for hours and does not begin it."""
    return DyntuiError(
        "SEND_NOT_SEEN",
        f"dotdigital has the send, and for two hours it has not begun: {said}.",
        not_done="It is not known whether anybody was mailed; nothing is sent a second time.",
        remedy=f"Look for it in dotdigital, under {OUTBOX}. Once it has begun there, the next synchronisation "
        "of the email campaigns sees it and brings it to its end.",
    )


def cancelled(this: Send) -> DyntuiError:
    """Somebody cancelled the send in dotdigital, which does not tell whom it had reached (support article on the
    outbox)."""
    return DyntuiError(
        "SEND_CANCELLED_REMOTELY",
        "The send was cancelled in dotdigital, which does not tell whom it had reached by then: all its people count "
        "as mailed.",
        not_done="People whom dotdigital had not mailed by then were not mailed.",
        remedy=f"See {OUTBOX} in dotdigital; if it reached nobody, say so: `dyntui campaigns settle {this.id} "
        "--was-not-mailed`.",
    )


def campaign_gone(this: Send) -> DyntuiError:
    """Somebody deleted the campaign while dotdigital had a send of it."""
    return DyntuiError(
        "SEND_CANCELLED_REMOTELY",
        "The campaign was deleted in dotdigital while it had the send, and with it what tells whom it had reached: all "
        "its people count as mailed.",
        not_done="People whom dotdigital had not mailed by then were not mailed.",
        remedy=f"See {OUTBOX} in dotdigital; if it reached nobody, say so: `dyntui campaigns settle {this.id} "
        "--was-not-mailed`.",
    )


async def state(dd: Dotdigital, this: Send, cursor: SendCursor) -> str:
    """What the platform says of the send at this moment, in small letters: its own state or, where its number never
    reached us, what the campaign shows of it. `cursor`: that of the send's run. Raises DotdigitalError.

    A campaign that had been sent before says `Sent` all along: then mails or a date that it did not show before tell
    of this send; as long as there are none it is `unseen`.
    """
    if this.platform_send_id:
        return (await sends.send_status(dd, this.platform_send_id)).status.casefold()
    found = await campaigns.campaign(dd, this.campaign_id)
    if found is None:
        return "cancelled"
    said = found.status.casefold()
    before = cursor.shown_before
    if said == "sent" and before and await _shown(dd, this) == before:
        return "unseen"
    return said
