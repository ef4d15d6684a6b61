"""The platform's send: created once, found again when its answer was lost, followed to its end.

Its address book belongs to the send alone, so finding the campaign there proves that the send exists. That a request
may be on its way is stored before it leaves: whoever takes the run up afterwards looks, and does not ask again.
"""

from __future__ import annotations

import logging
from typing import Any

from dyntui.dotdigital import campaigns, sends
from dyntui.dotdigital.errors import DotdigitalError, UnknownOutcome
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError, Exit
from dyntui.store import sends as send_store
from dyntui.store.sends import Send
from dyntui.sync.run_context import RunContext

# How long to look for a send whose answer never came, before leaving it to a person: about four minutes.
_READ_BACK_SECONDS = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0)
_FOLLOW_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
# Answers that may fail to come, one after the other, while a send is followed: each has been tried for a minute, so
# that a platform which is away for an hour is waited for.
_MISSES = 60
# Turns, two hours: a vendor's own connector gives up on a send after as long (dotdigital_api.md 7.4).
_LONG_ENOUGH = 240
# The one answer which says that the request was not taken up. Any other failure may have come after the work was done.
_NOT_TAKEN_UP = 503

_ASKED = "asked"
_SHOWN_BEFORE = "shown_before"

log = logging.getLogger(__name__)


def may_exist(cursor: dict[str, Any]) -> bool:
    """Whether a request to create the send has left, and was not refused in words."""
    return bool(cursor.get(_ASKED))


def carried(cursor: dict[str, Any]) -> dict[str, Any]:
    """What following the send needs of the cursor with which it was created."""
    return {_SHOWN_BEFORE: cursor[_SHOWN_BEFORE]} if _SHOWN_BEFORE in cursor else {}


async def create_once(ctx: RunContext, dd: Dotdigital, this: Send, stage: str) -> None:
    """The send exists afterwards. Raises DotdigitalError when it is refused in words, SEND_UNCONFIRMED when no answer
    came and no send shows.

    A request that was answered with 503 is made again, once; one without any answer never is.
    """
    if may_exist(ctx.cursor):
        await _find(ctx, dd, this, "the service ended while the send was being created")
        return
    before = await _shown_before(dd, this)
    for asked in (1, 2):
        await _save(ctx, {**ctx.cursor, _ASKED: asked, _SHOWN_BEFORE: before}, stage)
        try:
            started = await sends.start_send(dd, this.campaign_id, book_ids=(this.book_id,))
        except UnknownOutcome as unknown:
            if asked == 1 and unknown.status == _NOT_TAKEN_UP and not await _appears(ctx, dd, this):
                continue
            await _find(ctx, dd, this, unknown.detail)
            return
        except DotdigitalError as error:
            if 200 <= error.status < 300:
                # Taken up, in an answer that nobody can read: a proxy's page, or a shape that is new.
                await _find(ctx, dd, this, error.detail)
                return
            await _save(ctx, {**ctx.cursor, _ASKED: 0}, stage)
            raise
        await ctx.write(lambda c: send_store.set_platform_send(c, this.id, started.id))  # noqa: B023 - awaited here
        return


async def _save(ctx: RunContext, cursor: dict[str, Any], stage: str) -> None:
    await ctx.save(cursor, stage=stage, cancellable=False)


async def _shown_before(dd: Dotdigital, this: Send) -> str:
    """What the campaign shows of earlier sends; `""` where there was none, so that its status alone tells of this."""
    found = await campaigns.campaign(dd, this.campaign_id)
    return "" if found is None or found.status.casefold() == "unsent" else await _shown(dd, this)


async def _shown(dd: Dotdigital, this: Send) -> str:
    summary = await campaigns.summary(dd, this.campaign_id)
    return f"{summary.num_total_sent} mails, {summary.date_sent}"


async def _find(ctx: RunContext, dd: Dotdigital, this: Send, why: str) -> None:
    if await _appears(ctx, dd, this):
        return
    raise DyntuiError(
        "SEND_UNCONFIRMED",
        "dotdigital did not answer when the send was created, and shows no such send.",
        not_done="The send was not created a second time, so that nobody is mailed twice.",
        remedy=f"Look for the campaign's send to {this.book_name!r} in dotdigital before sending again.",
        detail=why,
    )


async def _appears(ctx: RunContext, dd: Dotdigital, this: Send) -> bool:
    """Whether the send shows, now or within the next minutes."""
    for seconds in _READ_BACK_SECONDS:
        await ctx.sleep(seconds)
        try:
            if await shows(dd, this):
                return True
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


async def follow(ctx: RunContext, dd: Dotdigital, this: Send, stage: str) -> None:
    """Until the platform says that it is sent. Raises SEND_CANCELLED_REMOTELY, DotdigitalError."""
    turn = misses = 0
    while True:
        try:
            state = await _state(dd, this, str(ctx.cursor.get(_SHOWN_BEFORE, "")), turn)
            misses = 0
        except DotdigitalError as error:
            misses += 1
            if error.exit is not Exit.UNREACHABLE or misses > _MISSES:
                raise
            state = ""
        if state == "sent":
            return
        if state == "cancelled":
            raise DyntuiError(
                "SEND_CANCELLED_REMOTELY",
                "The send was cancelled in dotdigital.",
                not_done="People whom dotdigital had not mailed by then were not mailed.",
                remedy="See the campaign in dotdigital.",
            )
        await ctx.save(ctx.cursor, stage=stage, of=this.sendable, cancellable=False)
        await ctx.sleep(_FOLLOW_SECONDS[min(turn, len(_FOLLOW_SECONDS) - 1)])
        turn += 1


async def _state(dd: Dotdigital, this: Send, shown_before: str, turn: int) -> str:
    """The send's own state; where its number never reached us, what the campaign shows of it.

    A campaign that had been sent before says `Sent` all along: then mails or a date that it did not show before tell
    of this send, or that nothing has happened for long enough.
    """
    if this.platform_send_id:
        return (await sends.send_status(dd, this.platform_send_id)).status.casefold()
    found = await campaigns.campaign(dd, this.campaign_id)
    if found is None:
        return "cancelled"
    state = found.status.casefold()
    if state == "sent" and shown_before and turn < _LONG_ENOUGH:
        return "sent" if await _shown(dd, this) != shown_before else "sending"
    return state
