"""Has the sends looked after that dotdigital holds: once a minute, for as long as a service runs.

An opt-out that has become known takes its person out of the send's address book at once; before mails go out every
source of opt-outs is asked as well, and afterwards the send is ended. One that could not be looked after is tried again
after some minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dotdigital import account
from dyntui.model.errors import DyntuiError
from dyntui.model.held_sends import to_look_after
from dyntui.model.moments import moment_of, text_of
from dyntui.model.sends import HANDED_OVER
from dyntui.model.sync_types import HAND_OVER, SEND, SendOf
from dyntui.service import not_begun
from dyntui.service.resources import Resources
from dyntui.service.schedule_timer import SCHEDULE
from dyntui.store import consent_news, handed_sends, runs, sends
from dyntui.store.runs import NewRun
from dyntui.store.sends import Send

_TRIED_AGAIN = timedelta(minutes=5)
_SOON = timedelta(minutes=20)
_CLOCK_ASKED_EVERY = timedelta(minutes=10)

log = logging.getLogger(__name__)


class HandedSends:
    """`enqueue` hands a queued run to the engine."""

    def __init__(self, resources: Resources, enqueue: Callable[[str, int], None]) -> None:
        self._resources = resources
        self._enqueue = enqueue
        self._tried: dict[str, datetime] = {}
        self._clocks = _Clocks(resources)

    async def look(self) -> list[str]:
        """Has those looked after for which it is time; the ids of the runs. Raises DyntuiError STORE_..."""
        queued = []
        for this in await self._resources.read(handed_sends.all):
            new = self._run(this)
            if await not_begun.unless_it_fails(self._resources, new, self._look_at(this, new), False):
                queued.append(new.id)
        return queued

    def _run(self, this: Send) -> NewRun:
        return NewRun(
            id=self._resources.ids(),
            kind=HAND_OVER.id,
            title=this.campaign_name,
            account_id=this.account_id,
            sync_key=SEND.key(this.account_id, this.campaign_id),
            queued_on=self._resources.now(),
            started_by=SCHEDULE,
            request=msgspec.to_builtins(SendOf(this.id)),
            priority=HAND_OVER.priority,
        )

    async def _look_at(self, this: Send, new: NewRun) -> bool:
        now = await self._clocks.now(this.account_id)
        tried = self._tried.get(this.id)
        failed = tried is not None and this.tended_on < text_of(tried)
        if tried is not None and failed and now - tried < _TRIED_AGAIN and not _mails_soon(this, now):
            return False
        if not await self._resources.write(lambda c: _take(c, this, new, now)):
            return False
        self._tried[this.id] = now
        self._enqueue(new.id, new.priority)
        return True


class _Clocks:
    """dotdigital's clock, which says when it mails, by this machine's and how far they are apart: asked again before
    that is old, as this machine's may be put right. As last known where it does not answer."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._ahead: dict[str, timedelta] = {}
        self._asked: dict[str, datetime] = {}

    async def now(self, account_id: str) -> datetime:
        """What it shows for an email account."""
        mine = self._resources.clock()
        asked = self._asked.get(account_id)
        if asked is None or not timedelta() <= mine - asked < _CLOCK_ASKED_EVERY:
            self._asked[account_id] = mine
            try:
                dd = await self._resources.connections.dotdigital(account_id)
                await account.server_time(dd)
                self._ahead[account_id] = dd.connection.clock_of(mine) - mine
            except DyntuiError as error:
                log.warning("dotdigital was not asked for its clock: %s %s", error, error.detail)
        return self._resources.clock() + self._ahead.get(account_id, timedelta())


def _mails(this: Send) -> list[datetime]:
    """When dotdigital begins with mails of it, in order."""
    return [each for each in (moment_of(this.handed_for), moment_of(this.out_by)) if each is not None]


def _mails_soon(this: Send, now: datetime) -> bool:
    """Whether what failed is tried again with every minute: later it may be too late."""
    return any(timedelta() <= each - now <= _SOON for each in _mails(this))


def _take(c: Connection, seen: Send, new: NewRun, now: datetime) -> bool:
    """Whether it is time, and the run is stored."""
    this = sends.get(c, seen.id)
    if this is None or this.state != seen.state or runs.active(c, new.sync_key) is not None:
        return False
    if this.state != HANDED_OVER:
        # It was taken back, and its address book is yet to be proved empty.
        return runs.create(c, new).id == new.id
    mails = _mails(this)
    looked_on = moment_of(this.tended_on)
    due = looked_on is None or to_look_after(mails, looked_on, now)
    if not due and consent_news.count(c) != this.tended_news:
        # What became known is in the store: only where it is about somebody of the send dotdigital is asked.
        handed_sends.leave_out(c, this, text_of(now))
        handed_sends.tended(c, this.id, this.tended_on, consent_news.count(c))
    if not (due or handed_sends.to_take_out(c, this.count_id)):
        return False
    return runs.create(c, new).id == new.id
