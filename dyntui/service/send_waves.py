"""Takes a send in waves from one wave to the next, or ends it.

Each wave is a send of its own, with its own address book, proof and last look; this only says when the next one begins.
It begins when the one before has ended well, its pause is over, and the results of all waves so far pass no limit. What
is not known - whom a wave reached, what came back - never counts as well: the send waits, and after half an hour asks a
person. A wave leaves no trace in the store but together with the run that carries it out, so that no restart takes the
same people twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dotdigital import campaigns
from dyntui.dotdigital.campaigns import Summary
from dyntui.model.errors import DyntuiError
from dyntui.model.held_sends import Hour, hour_of
from dyntui.model.moments import moment_of, text_of
from dyntui.model.outcomes import RunStatus
from dyntui.model.sync_types import SEND, SendOf
from dyntui.model.waves import Results, passed
from dyntui.service.contract.sends import SENDS_CHANGED
from dyntui.service.resources import Resources
from dyntui.store import runs, send_waves, sends
from dyntui.store.runs import NewRun, Problem
from dyntui.store.send_waves import Plan
from dyntui.store.sends import NewSend, Send
from dyntui.sync.send_rows import put_people

_LATE = (
    "Its next wave was to begin at {due:%Y-%m-%d %H:%M} UTC and could not within half an hour: {why}. Nobody was "
    "mailed since. Send the next wave now, or stop."
)
_AWAY = "the service was not running, or another send of the campaign was under way"
_UNREAD = "the results of the waves before it could not be read"
_NOBODY = "Nobody of any wave was left who may be mailed."
_DOUBTED = (
    "it is not known whom the wave before it reached (`dyntui campaigns settle {wave} --was-mailed` or "
    "`--was-not-mailed` says so)"
)

log = logging.getLogger(__name__)


class _Taken(Exception):
    """Another send of the campaign began in this moment: nothing of the transaction may be kept."""


class SendWaves:
    """`enqueue` hands a queued run to the engine."""

    def __init__(self, resources: Resources, enqueue: Callable[[str, int], None]) -> None:
        self._resources = resources
        self._enqueue = enqueue
        self._why_late: dict[str, str] = {}

    async def look(self, send_id: str, *, begins: bool) -> str:
        """Ends the send, or begins its next wave where it is time and a wave `begins` here; the id of that one's run.

        Raises DyntuiError STORE_...
        """
        nothing, before = await self._resources.read(lambda c: (self._nothing_to_do(c, send_id), _next_on(c, send_id)))
        if nothing:
            return ""
        known = await self._resources.write(lambda c: self._step(c, send_id))
        if known is None:
            self._tell()
            return ""
        whole, plan, last = known
        due = moment_of(plan.next_on)
        if last is not None and plan.next_on != before:
            # Whoever looks at the send hears when its next wave begins.
            self._tell()
        if not begins or due is None:
            return ""
        hour = hour_of(due, self._resources.clock())
        if hour is Hour.TO_COME:
            return ""
        if hour is Hour.MISSED:
            why = _LATE.format(due=due, why=self._why_late.pop(send_id, _AWAY))
            await self._resources.write(lambda c: sends.missed(c, send_id, why))
            log.warning("send %s: %s", send_id, why)
            self._tell()
            return ""
        waits = await self._results(whole, plan, last)
        self._why_late[send_id] = waits or _AWAY
        return "" if waits else await self._begin(whole, last)

    # -- between two waves --------------------------------------------------------------------------------------------

    def _nothing_to_do(self, c: Connection, send_id: str) -> bool:
        """Whether a wave is under way, or the pause after one."""
        plan, last = send_waves.planned(c, send_id), send_waves.last(c, send_id)
        if plan is None or plan.stop or last is None:
            return plan is None
        due = moment_of(plan.next_on)
        return due is None if _under_way(c, last) else due is not None and due > self._resources.clock()

    def _step(self, c: Connection, send_id: str) -> tuple[Send, Plan, Send | None] | None:
        """What the wave that began last means for the whole send. None: no wave can begin, now or ever."""
        whole, plan = sends.get(c, send_id), send_waves.planned(c, send_id)
        if whole is None or plan is None or whole.state != "In waves":
            return None
        last = send_waves.last(c, send_id)
        if last is not None and plan.stop:
            last = _cancelled(c, last, self._resources.now())
        if last is not None and _under_way(c, last):
            return None
        if last is not None and not plan.next_on:
            send_waves.settle(c, send_id)
        if why := plan.stop or _trouble(last):
            self._end(c, whole, "Stopped", why)
            return None
        if last is not None and not send_waves.left(c, send_id):
            waves = send_waves.waves(c, send_id)
            mailed = any(each.state == "Sent" or each.decision == "mailed" for each in waves)
            self._end(c, whole, "Sent" if mailed else "Stopped", "" if mailed else _NOBODY)
            return None
        if last is not None and not plan.next_on:
            send_waves.put_next(c, send_id, text_of(self._next(last, plan)))
        again = send_waves.planned(c, send_id)
        return None if again is None else (whole, again, last)

    def _next(self, last: Send, plan: Plan) -> datetime:
        ended = moment_of(last.sent_on)
        now = self._resources.clock()
        # Of a wave in which nobody could be mailed nothing comes back.
        return now if ended is None else ended + timedelta(minutes=plan.waves.pause)

    def _end(self, c: Connection, whole: Send, state: str, why: str) -> None:
        """The send has ended, and the audit gets everybody's outcome."""
        if why:
            send_waves.put_stop(c, whole.id, why)
        send_waves.settle(c, whole.id)
        now = self._resources.now()
        run_id = self._resources.ids()
        run = NewRun(
            id=run_id,
            kind=SEND.id,
            title=f"{whole.campaign_name}, all waves",
            account_id=whole.account_id,
            sync_key=SEND.key(whole.account_id, f"{whole.campaign_id}/waves"),
            queued_on=now,
            started_by=whole.created_by,
            request=msgspec.to_builtins(SendOf(whole.id)),
            priority=SEND.priority,
        )
        runs.create(c, run)
        claim = runs.claim(c, run_id, now)
        assert claim is not None
        sends.put_run(c, whole.id, run_id)
        ended = sends.finish(c, whole.id, state, now, why)
        put_people(c, ended)
        problem = Problem(
            code="WAVES_STOPPED",
            message=why,
            not_done="Nobody of the later waves was mailed.",
            remedy="Count the campaign's targets again and send to the rest: who was mailed is left out.",
        )
        status = RunStatus.COMPLETED_WITH_ERRORS if why else None
        runs.finish(c, run_id, claim.token, now, status=status, problem=problem if why else None)

    # -- before the next wave -----------------------------------------------------------------------------------------

    async def _results(self, whole: Send, plan: Plan, last: Send | None) -> str:
        """Why the next wave waits; `""` where it may begin or the send was stopped for what came back."""
        if last is not None and last.doubt and not last.decision:
            return _DOUBTED.format(wave=last.id)
        try:
            dd = await self._resources.connections.dotdigital(whole.account_id)
            shown = _results_of(await campaigns.summary(dd, whole.campaign_id))
        except DyntuiError as error:
            log.warning("the results of send %s could not be read: %s %s", whole.id, error, error.detail)
            return _UNREAD
        if plan.before is None:
            await self._resources.write(lambda c: send_waves.put_before(c, whole.id, shown))
            return ""
        before = plan.before

        def measure(c: Connection) -> None:
            of_waves = send_waves.waves(c, whole.id)
            mailed = sum(each.sendable for each in of_waves if each.state == "Sent")
            known = send_waves.seen(c, whole.id, whole.created_on)
            if why := passed(plan.waves.limits, mailed, shown.since(before).or_more(known)):
                send_waves.put_stop(c, whole.id, why)

        await self._resources.write(measure)
        return ""

    async def _begin(self, whole: Send, last: Send | None) -> str:
        """The next wave, and the id of its run; `""` where the send was stopped, or another send is under way."""
        wave = 1 if last is None else last.wave + 1
        now = self._resources.now()
        new = NewSend(
            id=self._resources.ids(),
            account_id=whole.account_id,
            campaign_id=whole.campaign_id,
            campaign_name=whole.campaign_name,
            count_id=self._resources.ids(),
            created_by=whole.created_by,
            created_on=now,
            lists=whole.lists,
            list_ids=whole.list_ids,
            run_id=self._resources.ids(),
            # The first wave of a send that was held begins with everybody counted anew.
            send_at=whole.send_at if wave == 1 else "",
            waves_of=whole.id,
            wave=wave,
            state="Queued",
        )

        def keep(c: Connection) -> bool:
            plan = send_waves.planned(c, whole.id)
            stands = sends.get(c, whole.id)
            if plan is None or stands is None or stands.state != "In waves":
                return False
            begun = send_waves.last(c, whole.id)
            if (begun and begun.id) != (last and last.id):
                return False
            if plan.stop:
                self._end(c, stands, "Stopped", plan.stop)
                return False
            run = NewRun(
                id=new.run_id,
                kind=SEND.id,
                title=f"{whole.campaign_name}, wave {wave} of {plan.waves.count}",
                account_id=whole.account_id,
                sync_key=SEND.key(whole.account_id, whole.campaign_id),
                queued_on=now,
                started_by=whole.created_by,
                request=msgspec.to_builtins(SendOf(new.id)),
                priority=SEND.priority,
            )
            if runs.active(c, run.sync_key) is not None:
                return False
            send_waves.cut(c, stands, new, now)
            send_waves.put_next(c, whole.id, "")
            if runs.create(c, run).id != run.id:
                raise _Taken
            return True

        try:
            begun = await self._resources.write(keep)
        except _Taken:
            begun = False
        self._tell()
        if not begun:
            return ""
        self._enqueue(new.run_id, SEND.priority)
        return new.run_id

    def _tell(self) -> None:
        self._resources.publish(SENDS_CHANGED.name, SENDS_CHANGED.value())


def _next_on(c: Connection, send_id: str) -> str:
    plan = send_waves.planned(c, send_id)
    return plan.next_on if plan is not None else ""


def _under_way(c: Connection, wave: Send) -> bool:
    run = runs.get(c, wave.run_id)
    return run is not None and not run.status.ended


def _cancelled(c: Connection, wave: Send, now: str) -> Send:
    """The wave, asked to stop: where dotdigital does not have it yet it does so at its next step."""
    stopped = runs.request_cancel(c, wave.run_id, now)
    if stopped is not None and stopped.status is RunStatus.CANCELLED and wave.state == "Queued":
        # It had not begun: nobody else will say that it has ended.
        return sends.finish(c, wave.id, "Cancelled", now)
    return wave


def _trouble(last: Send | None) -> str:
    """Why the wave that ended last lets no other one begin; `""` where it does."""
    if last is None:
        return ""
    if last.decision == "not mailed":
        return f"Wave {last.wave} was not mailed, as somebody found."
    if last.state == "Sending" or last.doubt in ("cancelled", "unproved"):
        return f"It is not known whom wave {last.wave} reached. {last.error}".strip()
    if last.state == "Failed" and not last.sendable:
        # Everybody of it has a reason of their own: that is no fault.
        return ""
    if send_waves.not_sent(last) or (last.state != "Sent" and last.decision != "mailed"):
        return f"Wave {last.wave} was not sent: {last.error or last.state}"
    return ""


def _results_of(summary: Summary) -> Results:
    return Results(
        bounces=summary.num_total_hard_bounces + summary.num_total_soft_bounces,
        complaints=summary.num_total_isp_complaints,
        unsubscribes=summary.num_total_unsubscribes,
    )
