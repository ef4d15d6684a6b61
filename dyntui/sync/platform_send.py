"""The platform's send: created once, found again when its answer was lost, followed to its end.

Its address book belongs to the send alone, so finding the campaign there proves that the send exists. That a request
may be on its way is stored before it leaves: whoever takes the run up afterwards looks, and does not ask again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
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

# A proof is fresh for as long; whatever held the request up for longer, who may be mailed is proved anew.
_FRESH = timedelta(minutes=1)
# A limit, or a connection that fails, is waited for so often, a minute each and proved anew each time: ninety minutes,
# in which the flat limit, a rolling hour, has opened.
_MOST_WAITS = 90
_WAIT_SECONDS = 60.0
_MOST_PROOFS = 6

_ASKED = "asked"
_SHOWN_BEFORE = "shown_before"
_TURNED_AWAY = "turned_away"
_WAITS = "waits"
_PROOFS = "proofs"

log = logging.getLogger(__name__)


def asked(cursor: dict[str, Any]) -> bool:
    """Whether a request to create the send may be on its way: it is looked for, and not made again."""
    return bool(cursor.get(_ASKED))


def may_exist(cursor: dict[str, Any]) -> bool:
    """Whether a request to create the send has left, and was not refused in words."""
    return asked(cursor) or bool(cursor.get(_TURNED_AWAY))


def carried(cursor: dict[str, Any]) -> dict[str, Any]:
    """What later phases need of the cursor with which the send was to be created."""
    return {name: cursor[name] for name in (_SHOWN_BEFORE, _TURNED_AWAY, _WAITS, _PROOFS) if name in cursor}


def proved_once_more(cursor: dict[str, Any]) -> dict[str, Any]:
    """The cursor with which the people are proved anew. Raises SEND_NOT_PROVED after a few times; those for which a
    limit was waited for do not count."""
    proofs = int(cursor.get(_PROOFS, 0)) + 1
    if proofs > _MOST_PROOFS + int(cursor.get(_WAITS, 0)):
        raise DyntuiError(
            "SEND_NOT_PROVED",
            "Who may be mailed could not be proved in time: each look took longer than it may be old.",
            not_done="Nothing was sent, and no send was created.",
            remedy="Send again when fewer calls are made to both systems; the log says what was waited for.",
        )
    return {**cursor, _PROOFS: proofs}


async def create_once(ctx: RunContext, dd: Dotdigital, this: Send, stage: str) -> bool:
    """Whether the send exists; False: it could not be asked for just now, and who may be mailed is to be proved anew.
    Raises DotdigitalError when it is refused in words, SEND_UNCONFIRMED when no answer came and no send shows.

    A request that was answered with 503 is made again, once; one without any answer never is.
    """
    if this.platform_send_id:
        return True
    if asked(ctx.cursor):
        await _find(ctx, dd, this, "the service ended while the send was being created")
        return True
    if ctx.cursor.get(_TURNED_AWAY) and await shows(dd, this):
        # The request that was turned away was carried out all the same, while the people were proved anew.
        return True
    began = ctx.moment()
    before = await _shown_before(dd, this)
    if ctx.moment() - began > _FRESH:
        return False
    await _save(ctx, {**ctx.cursor, _ASKED: 1, _SHOWN_BEFORE: before}, stage)
    try:
        started = await sends.start_send(dd, this.campaign_id, book_ids=(this.book_id,))
    except UnknownOutcome as unknown:
        again = unknown.status == _NOT_TAKEN_UP and not ctx.cursor.get(_TURNED_AWAY)
        if again and not await _appears(ctx, dd, this):
            await _save(ctx, {**ctx.cursor, _ASKED: 0, _TURNED_AWAY: 1}, stage)
            return False
        await _find(ctx, dd, this, unknown.detail)
        return True
    except DotdigitalError as error:
        if 200 <= error.status < 300:
            # Taken up, in an answer that nobody can read: a proxy's page, or a shape that is new.
            await _find(ctx, dd, this, error.detail)
            return True
        waits = int(ctx.cursor.get(_WAITS, 0)) + 1
        await _save(ctx, {**ctx.cursor, _ASKED: 0, _WAITS: waits}, stage)
        if waits > _MOST_WAITS or not _for_the_moment(error):
            raise
        await ctx.sleep(_WAIT_SECONDS)
        return False
    await ctx.write(lambda c: send_store.set_platform_send(c, this.id, started.id))
    return True


def _for_the_moment(error: DotdigitalError) -> bool:
    """Whether dotdigital was not reached, or refused because of a limit: nothing was taken up, and it may be later."""
    return error.code in ("DOTDIGITAL_LIMIT", "DOTDIGITAL_BOOK_IN_USE") or error.exit is Exit.UNREACHABLE


async def _save(ctx: RunContext, cursor: dict[str, Any], stage: str) -> None:
    await ctx.save(cursor, stage=stage, cancellable=False)


async def _shown_before(dd: Dotdigital, this: Send) -> str:
    """What the campaign shows of earlier sends; `""` where there was none, so that its status alone tells of this."""
    found = await campaigns.campaign(dd, this.campaign_id)
    return "" if found is None or found.status.casefold() == "unsent" else await _shown(dd, this)


async def shown(dd: Dotdigital, this: Send) -> str:
    """What the campaign shows at this moment: another text afterwards means that a send of it has begun."""
    found = await campaigns.campaign(dd, this.campaign_id)
    return f"{found.status if found is not None else ''}, {await _shown(dd, this)}"


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


async def follow(
    ctx: RunContext, dd: Dotdigital, this: Send, stage: str, cursor: dict[str, Any], *, cancellable: bool = False
) -> None:
    """Until the platform says that it is sent. `cursor`: that of the send's run, which may be another one.

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
            raise DyntuiError(
                "SEND_CANCELLED_REMOTELY",
                "The send was cancelled in dotdigital.",
                not_done="People whom dotdigital had not mailed by then were not mailed.",
                remedy="Synchronise the email campaigns: that reads who had been mailed before it was cancelled.",
            )
        if said not in ("", "sending") and turn >= _LONG_ENOUGH:
            raise DyntuiError(
                "SEND_NOT_SEEN",
                f"dotdigital has the send, and for two hours it has not begun: {said}.",
                not_done="It is not known whether anybody was mailed; nothing is sent a second time.",
                remedy="Look for it in dotdigital. Once it has begun there, the next synchronisation of the email "
                "campaigns sees it and brings it to its end.",
            )
        await ctx.save(ctx.cursor, stage=stage, of=this.sendable, cancellable=cancellable)
        await ctx.sleep(_FOLLOW_SECONDS[min(turn, len(_FOLLOW_SECONDS) - 1)])
        turn += 1


async def state(dd: Dotdigital, this: Send, cursor: dict[str, Any]) -> str:
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
    before = cursor.get(_SHOWN_BEFORE, "")
    if said == "sent" and before and await _shown(dd, this) == before:
        return "unseen"
    return said
