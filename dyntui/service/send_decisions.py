"""What a person found in dotdigital's outbox about a send of which it is not known who was mailed."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital import address_books, sends
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.answering import answers
from dyntui.service.contract.sends import SEND_SETTLE, SendRow, SettleSend
from dyntui.service.identity import Identities
from dyntui.service.named_sends import named_send
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import runs, send_window
from dyntui.store import sends as send_store
from dyntui.store.failures import vanished
from dyntui.store.sends import Send
from dyntui.sync.send_rows import decided


class SendDecisions:
    """The call `sends.settle`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities
        # Who said that a send was mailed must not find its book emptied by somebody who says otherwise.
        self._one_at_a_time = asyncio.Lock()

    @answers(SEND_SETTLE)
    async def settle(self, context: CallContext, request: SettleSend) -> SendRow:
        """Keeps what somebody found, with who and when. Where it was not mailed its people may be mailed the campaign
        again, but for those whom dotdigital shows as mailed.

        Raises SEND_UNKNOWN, SEND_AMBIGUOUS, SEND_NOT_IN_DOUBT, DotdigitalError: then nothing was kept.
        """
        person = await self._identities.person(context.uid)
        named = await named_send(self._resources, request.id)
        async with self._one_at_a_time:
            return await self._settle(replace(request, id=named.id), person.name if person else "")

    async def _settle(self, request: SettleSend, who: str) -> SendRow:
        this = await self._resources.read(lambda c: _known(c, request.id))
        await self._ask_the_platform(this, request.was_mailed)

        def keep(c: Connection) -> SendRow:
            _known(c, request.id)
            decision, now = "mailed" if request.was_mailed else "not mailed", self._resources.now()
            if not send_store.decide(c, this.id, decision, who, now):
                raise _not_in_doubt()
            if this.doubt == "stopped" or (this.doubt in ("cancelled", "emptied") and request.was_mailed):
                send_store.put_doubt(c, this.id, this.doubt, "")
            elif request.was_mailed:
                send_store.finish(c, this.id, "Sent", now)
            else:
                send_store.put_doubt(c, this.id, this.doubt or "unproved", "")
                send_store.finish(c, this.id, "Cancelled", now)
            known, row = send_store.get(c, this.id), send_window.row(c, this.id)
            if known is None or row is None:
                raise vanished("a send")
            decided(c, known, who, now)
            return row

        return await self._resources.write(keep)

    async def _ask_the_platform(self, this: Send, was_mailed: bool) -> None:
        """That nobody was mailed is refused where dotdigital itself says otherwise, and holds from now on: the send's
        book is emptied, so that whatever arrives late reaches nobody."""
        if was_mailed:
            return
        dd = await self._resources.connections.dotdigital(this.account_id)
        if this.platform_send_id and this.state == "Sending":
            status = (await sends.send_status(dd, this.platform_send_id)).status.casefold()
            if status in ("sending", "sent"):
                raise DyntuiError(
                    "SEND_NOT_IN_DOUBT",
                    f"dotdigital says of this send: {status}.",
                    not_done="Nothing was changed: its people count as mailed.",
                    remedy="Synchronise the email campaigns.",
                    exit=Exit.USAGE,
                )
        if this.book_id:
            try:
                await address_books.start_removal_of_all(dd, this.book_id)
            except DotdigitalError as error:
                if error.status != 404:
                    raise


def use_cases(parts: Parts) -> SendDecisions:
    """What answers these calls."""
    return SendDecisions(parts.resources, parts.identities)


def _known(c: Connection, send_id: str) -> Send:
    this = send_store.get(c, send_id)
    if this is None:
        raise vanished("a send")
    run = runs.get(c, this.run_id)
    left = this.state == "Sending" and run is not None and run.status.ended
    if this.decision or not (this.doubt or left):
        raise _under_way(this) if this.state == "Sending" and not this.decision else _not_in_doubt()
    return this


def _under_way(this: Send) -> DyntuiError:
    return DyntuiError(
        "SEND_NOT_IN_DOUBT",
        f"The send of {this.campaign_name!r} is under way: dotdigital is mailing it.",
        not_done="Nothing was changed.",
        remedy=f"Wait until it has ended: `dyntui sends show {this.id}`.",
        exit=Exit.USAGE,
    )


def _not_in_doubt() -> DyntuiError:
    return DyntuiError(
        "SEND_NOT_IN_DOUBT",
        "It is known whom this send mailed, or somebody has said so already.",
        not_done="Nothing was changed.",
        remedy="See the campaign's sends with `dyntui campaigns sends CAMPAIGN`.",
        exit=Exit.USAGE,
    )
