"""The sends of all campaigns, and those that wait for their hour: shown, cancelled, and let go where one was missed."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from dyntui.dotdigital import address_books
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.sends import HANDED_OVER
from dyntui.service import other_sends
from dyntui.service.answering import answers
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import RunRef
from dyntui.service.contract.sends import SEND_CANCEL, SEND_RELEASE, SENDS_PAGE, SendRef, SendRow, SendsQuery
from dyntui.service.contract.session import Check
from dyntui.service.identity import Identities
from dyntui.service.named_sends import named_send
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, chosen_account
from dyntui.service.send_waves import SendWaves
from dyntui.store import handed_sends, send_waves, send_window, sends
from dyntui.store import lists as list_store
from dyntui.sync import as_confirmed
from dyntui.sync.platform_send import OUTBOX

_NOT_HERE = "Sends are not held by this service, which ends with its last client: `dyntui serve` begins them."


class HeldSends:
    """The calls `sends.page`, `sends.cancel` and `sends.release`. `changed` has the timer look at once; `held_here`:
    there is one. `waves` ends a send in waves that is stopped."""

    def __init__(
        self,
        resources: Resources,
        identities: Identities,
        queue: Runs,
        waves: SendWaves,
        changed: Callable[[], None],
        *,
        held_here: bool,
    ) -> None:
        self._waves = waves
        self._resources = resources
        self._identities = identities
        self._queue = queue
        self._changed = changed
        self._held_here = held_here

    @answers(SENDS_PAGE)
    async def page(self, context: CallContext, request: SendsQuery) -> Page[SendRow]:
        """Sends, newest first; those that are held, the next one first."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        return await self._resources.read(
            lambda c: send_window.window(
                c, request, view=request.view, account_id=account_id, list_id=request.list.lower()
            )
        )

    @answers(SEND_CANCEL)
    async def cancel(self, context: CallContext, request: SendRef) -> SendRow:
        """A send that is held will not go out; one that is being prepared stops at its next step, as long as dotdigital
        does not have it; of one in waves no other wave begins; one that dotdigital has loses its recipients. Raises
        SEND_UNKNOWN, SEND_AMBIGUOUS, SEND_NOT_CANCELLABLE, DotdigitalError."""
        row = await named_send(self._resources, request.id)
        who = await self._who(context)

        def stop(c: Connection) -> bool:
            return sends.cancelled(c, row.id, f"Cancelled by {who} before its hour.")

        if row.waves is not None and not row.waves_of and (row.wave or row.state == "In waves"):
            await self._stop(row, who)
        elif row.held:
            if not await self._resources.write(stop):
                # It began in this moment.
                return await self.cancel(context, SendRef(row.id))
        elif row.state == HANDED_OVER:
            await self._take_back(row, who)
        elif row.state in ("Queued", "Preparing"):
            await self._queue.cancel(context, RunRef(row.run))
        else:
            raise DyntuiError(
                "SEND_NOT_CANCELLABLE",
                f"The send of {row.campaign_name!r} is {row.state}: dotdigital offers no recall."
                if row.state in ("Sending", "Sent")
                else f"The send of {row.campaign_name!r} has ended: {row.state}.",
                not_done="Nothing was changed.",
                remedy="See the sends that can be cancelled with `dyntui sends list --view held`.",
                exit=Exit.USAGE,
            )
        return await named_send(self._resources, row.id)

    async def _take_back(self, row: SendRow, who: str) -> None:
        """dotdigital has no call for it: its address book is emptied, and whoever is in none is not mailed."""
        this = await self._resources.read(lambda c: sends.get(c, row.id))
        if this is None:
            return
        dd = await self._resources.connections.dotdigital(this.account_id)
        await address_books.start_removal_of_all(dd, this.book_id)
        why = (
            f"Taken back by {who}: its address book was emptied, so that it reaches nobody more. Cancel it in "
            f"dotdigital as well, under {OUTBOX}; then say what it shows: `dyntui campaigns settle {row.id} "
            "--was-mailed` or `--was-not-mailed`."
        )
        taken_back = await self._resources.write(lambda c: handed_sends.taken_back(c, row.id, why))
        self._changed()
        now = await self._resources.read(lambda c: send_window.row(c, row.id))
        if not taken_back and now is not None and now.doubt != "emptied":
            raise DyntuiError(
                "SEND_NOT_CANCELLABLE",
                f"The send of {row.campaign_name!r} ended in this moment: it is {now.state}. Its address book was "
                "emptied, so that it reaches nobody more.",
                not_done="It was not taken back.",
                remedy=f"See what became of it: `dyntui sends show {row.id}`.",
                exit=Exit.USAGE,
            )

    async def _stop(self, row: SendRow, who: str) -> None:
        def stop(c: Connection) -> bool:
            # One that waits for a person ends like one that goes on.
            sends.released(c, row.id, state="In waves")
            this = send_window.row(c, row.id)
            on_the_way = this is not None and this.state == "In waves"
            return on_the_way and send_waves.put_stop(c, row.id, f"Stopped by {who}.")

        if not await self._resources.write(stop):
            raise DyntuiError(
                "SEND_NOT_CANCELLABLE",
                f"The send of {row.campaign_name!r} is not in waves any more, or is being stopped.",
                not_done="Nothing was changed.",
                remedy="See `dyntui sends list`.",
                exit=Exit.USAGE,
            )
        await self._waves.look(row.id, begins=False)
        self._changed()

    @answers(SEND_RELEASE)
    async def release(self, context: CallContext, request: SendRef) -> SendRow:
        """A send, or its next wave, that has missed its hour goes out now. Raises SEND_UNKNOWN, SEND_AMBIGUOUS,
        SEND_NOT_MISSED, SEND_NOT_HELD, SEND_UNSETTLED, SEND_IN_WAVES, SEND_HANDED_OVER, and what keeps it from going
        out as it is now."""
        row = await named_send(self._resources, request.id)
        if not self._held_here:
            raise DyntuiError(
                "SEND_NOT_HELD",
                _NOT_HERE,
                not_done="Nothing was changed.",
                remedy="Start `dyntui serve`, then release the send.",
                exit=Exit.USAGE,
            )
        now = self._resources.now()
        await self._resources.read(lambda c: _require_settled(c, row))
        await self._resources.read(lambda c: _require_alone(c, row))
        confirmed = await self._confirmed(context, row)

        def release(c: Connection) -> bool:
            _require_alone(c, row)
            if send_waves.planned(c, row.id) is None:
                return sends.released(c, row.id, state="Scheduled", send_at=now, **confirmed)
            # Of one that has missed nothing the pause before its next wave stays as it is.
            if not sends.released(c, row.id, state="In waves", **confirmed):
                return False
            send_waves.put_next(c, row.id, now)
            return True

        if not await self._resources.write(release):
            raise DyntuiError(
                "SEND_NOT_MISSED",
                f"The send of {row.campaign_name!r} has not missed its hour: it is {row.state}.",
                not_done="Nothing was changed.",
                remedy="See the sends that wait with `dyntui sends list --view held`.",
                exit=Exit.USAGE,
            )
        self._changed()
        return await named_send(self._resources, row.id)

    async def _confirmed(self, context: CallContext, row: SendRow) -> dict[str, object]:
        """Whoever lets a send go now confirms it as it is now."""
        person = await self._identities.person(context.uid)
        this = await self._resources.read(lambda c: sends.get(c, row.id))
        confirmed: dict[str, object] = {"sender_id": person.user_id if person else ""}
        if this is None or this.state != "Missed":
            return confirmed
        lists = await self._resources.read(lambda c: list_store.stored(c, this.list_ids))
        dv = await self._resources.connections.dataverse()
        dd = await self._resources.connections.dotdigital(this.account_id)
        return confirmed | {"confirmed_as": await as_confirmed.marks(dv, dd, this.campaign_id, lists)}

    async def _who(self, context: CallContext) -> str:
        person = await self._identities.person(context.uid)
        return person.name if person else "somebody"


def _require_settled(c: Connection, row: SendRow) -> None:
    """As long as it is not known whom the last wave reached the next one does not begin. Raises SEND_UNSETTLED."""
    last = send_waves.last(c, row.id)
    if row.state == "Missed" and last is not None and last.doubt and not last.decision:
        raise DyntuiError(
            "SEND_UNSETTLED",
            f"It is not known whom wave {last.wave} of {row.campaign_name!r} reached.",
            not_done="Its next wave was not begun.",
            remedy=f"Look for it in dotdigital, under {OUTBOX}; then say what you found: `dyntui campaigns settle "
            f"{last.id} --was-mailed` or `--was-not-mailed`.",
            exit=Exit.USAGE,
        )


def _require_alone(c: Connection, row: SendRow) -> None:
    """What would wait for another send of the campaign whose end nobody knows is not let go: it would be missed again.
    Raises SEND_IN_WAVES, SEND_HANDED_OVER."""
    this = sends.get(c, row.id)
    if this is not None and this.state == "Missed":
        other_sends.require_none(c, this, but=this.id)


async def check(resources: Resources, *, held_here: bool) -> Check | None:
    """The sends that wait in one line of the service's status; None where none does."""
    waiting = await resources.read(sends.held)
    if not waiting:
        return None
    missed = [each for each in waiting if each.state == "Missed"]
    if missed:
        names = ", ".join(each.campaign_name for each in missed)
        text = f"missed the hour: {names}. Somebody has to say whether it is sent now: `dyntui sends list --view held`."
        return Check(name="Sends", state="warning", text=text)
    on_the_way = [each for each in waiting if each.state == "In waves"]
    following = (on_the_way or waiting)[0]
    comes = f"next: {following.campaign_name} {following.send_at[:16].replace('T', ' ')}Z"
    if on_the_way:
        comes = f"in waves: {', '.join(each.campaign_name for each in on_the_way)}"
    if not held_here:
        return Check(name="Sends", state="warning", text=f"{comes}. {_NOT_HERE}")
    return Check(name="Sends", state="ok", text=comes)


def use_cases(parts: Parts) -> HeldSends:
    """What answers these calls."""
    return HeldSends(
        parts.resources,
        parts.identities,
        Runs(parts.resources, parts.identities, parts.enqueue),
        SendWaves(parts.resources, parts.enqueue),
        parts.sends_changed,
        held_here=parts.long_lived,
    )
