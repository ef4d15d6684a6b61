"""Begins the sends that were held until their hour: looks once a minute, and at once when one was scheduled.

A send that is due is queued once: it leaves the state in which it is held in the same transaction that stores its run.
From there on it is a send like any other: suppressions and lists are synchronised again, everybody is decided anew, and
the last look comes before the request. What could not begin within half an hour of its time is not sent by itself. A
send in waves is looked at in the same way (`send_waves`), and one that dotdigital has is looked after (`handed_sends`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from dyntui.model.held_sends import Hour, hour_of
from dyntui.model.moments import moment_of
from dyntui.model.sync_types import HAND_OVER, SEND, SendOf
from dyntui.service import not_begun, other_sends
from dyntui.service.contract.sends import SENDS_CHANGED
from dyntui.service.handed_sends import HandedSends
from dyntui.service.repeating import EveryMinute, Repeating
from dyntui.service.resources import Resources
from dyntui.service.schedule_timer import SCHEDULE
from dyntui.service.send_waves import SendWaves
from dyntui.store import handed_sends, runs, send_waves, sends
from dyntui.store.runs import NewRun
from dyntui.store.sends import Send

log = logging.getLogger(__name__)


class _Taken(Exception):
    """Another send of the campaign began in this moment: nothing of the transaction may be kept."""


class SendTimer:
    """`start` and `stop` with the service. `enqueue` hands a queued run to the engine. `begins`: not in a service that
    ends with its last client, which only says what has missed its hour, and what became of a wave."""

    def __init__(
        self, resources: Resources, enqueue: Callable[[str, int], None], waves: SendWaves, *, begins: bool
    ) -> None:
        self._resources = resources
        self._enqueue = enqueue
        self._waves = waves
        self._begins = begins
        self._handed = HandedSends(resources, enqueue)
        self._minutes = EveryMinute(resources.clock)
        self._again = Repeating(
            self.look, self._minutes.pause, "sends that were held could not be begun", resources.troubles
        )

    def start(self) -> None:
        """Begins; what has missed its hour meanwhile is left to a person."""
        self._again.start()

    async def stop(self) -> None:
        """Ends after the transaction in hand."""
        await self._again.stop()

    def wake(self) -> None:
        """A send was scheduled or released: look at once."""
        self._minutes.wake()

    async def look(self) -> list[str]:
        """Begins what is due; the ids of the runs. Raises DyntuiError STORE_..."""
        queued = await self._handed.look()
        for each in await self._resources.read(sends.held):
            run_id = await not_begun.unless_it_fails(self._resources, self._run(each), self._look_at(each), "")
            if run_id:
                queued.append(run_id)
        return queued

    async def _look_at(self, this: Send) -> str:
        if this.state == "In waves":
            return await self._waves.look(this.id, begins=self._begins)
        due, now = moment_of(this.send_at), self._resources.clock()
        if this.state != "Scheduled" or due is None:
            return ""
        hour = hour_of(due, now)
        if hour is Hour.MISSED:
            why = _why_missed(this, due, await self._resources.read(lambda c: other_sends.in_the_way(c, this)))
            if await self._resources.write(lambda c: sends.missed(c, this.id, why)):
                log.warning("send %s: %s", this.id, why)
                self._tell()
        if hour is not Hour.HERE or not self._begins:
            return ""
        if await self._resources.write(lambda c: _in_waves(c, this.id)):
            return await self._waves.look(this.id, begins=True)
        return await self._begin(this)

    def _run(self, this: Send) -> NewRun:
        kind = SEND if this.split is None else HAND_OVER
        return NewRun(
            id=self._resources.ids(),
            kind=kind.id,
            title=this.campaign_name,
            account_id=this.account_id,
            sync_key=SEND.key(this.account_id, this.campaign_id),
            queued_on=self._resources.now(),
            started_by=f"{this.created_by} ({SCHEDULE.lower()})" if this.created_by else SCHEDULE,
            request=msgspec.to_builtins(SendOf(this.id)),
            priority=kind.priority,
        )

    async def _begin(self, this: Send) -> str:
        """The run's id; `""` where it has to wait for another send of the campaign."""
        new = self._run(this)

        def keep(c: Connection) -> bool:
            of_campaign = (this.account_id, this.campaign_id)
            busy = send_waves.in_waves(c, *of_campaign) or handed_sends.of_campaign(c, *of_campaign)
            if busy or runs.active(c, new.sync_key) is not None:
                return False
            if send_waves.planned(c, this.id) is not None or not sends.begun(c, this.id, new.id):
                return False
            if runs.create(c, new).id != new.id:
                raise _Taken
            return True

        try:
            if not await self._resources.write(keep):
                return ""
        except _Taken:
            return ""
        self._enqueue(new.id, new.priority)
        self._tell()
        return new.id

    def _tell(self) -> None:
        self._resources.publish(SENDS_CHANGED.name, SENDS_CHANGED.value())


def _in_waves(c: Connection, send_id: str) -> bool:
    """Whether a send that was held goes out in waves from now on."""
    this = sends.get(c, send_id)
    if this is None or send_waves.planned(c, send_id) is None:
        return False
    of_campaign = (this.account_id, this.campaign_id)
    busy = send_waves.in_waves(c, *of_campaign) or handed_sends.of_campaign(c, *of_campaign)
    return not busy and sends.in_waves(c, send_id)


def _why_missed(this: Send, due: datetime, other: str) -> str:
    why = other or "the service was not running, or another send of the campaign was under way"
    when = "when that one has ended" if other else "now"
    return (
        f"It was to go out at {due:%Y-%m-%d %H:%M} UTC and could not begin within half an hour: {why}. "
        f"Nobody was mailed. Send it {when} (`dyntui sends release {this.id}`), or cancel it."
    )
