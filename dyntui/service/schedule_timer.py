"""Starts the runs that schedules have made due: looks once a minute, and at once when a schedule was changed.

Whatever is due is queued once: the schedule's row moves on in the same transaction that stores the run, and only while
nobody else has moved it. A run that is due while one of its type goes on waits for that one's end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from dyntui.model.schedules import next_run
from dyntui.model.sync_types import LISTS, SYNC_TYPES, Narrowed
from dyntui.service import backups, not_begun
from dyntui.service.repeating import EveryMinute, Repeating
from dyntui.service.resources import Resources
from dyntui.store import accounts, runs, schedules
from dyntui.store.runs import NewRun
from dyntui.store.schedules import StoredSchedule

# Who has started a run that no person asked for.
SCHEDULE = "Schedule"


class _Taken(Exception):
    """Somebody else has started such a run in this moment: nothing of the transaction may be kept."""


class ScheduleTimer:
    """`start` and `stop` with a long-lived service. `enqueue` hands a queued run to the engine."""

    def __init__(self, resources: Resources, enqueue: Callable[[str, int], None]) -> None:
        self._resources = resources
        self._enqueue = enqueue
        self._minutes = EveryMinute(resources.clock)
        self._every_minute = Repeating(
            self.look, self._minutes.pause, "scheduled runs could not be started", resources.troubles
        )

    def start(self) -> None:
        """Begins; what was missed meanwhile is made up for, by one run of each type."""
        self._every_minute.start()

    async def stop(self) -> None:
        """Ends after the transaction in hand."""
        await self._every_minute.stop()

    def wake(self) -> None:
        """A schedule was changed: look at once."""
        self._minutes.wake()

    async def look(self) -> list[str]:
        """Queues what is due, the most urgent first; the runs' ids. Raises DyntuiError STORE_..."""
        if await self._resources.read(schedules.missing_of):
            now = self._resources.clock()
            await self._resources.write(lambda c: schedules.provision(c, now))
        queued = []
        for due in await self._resources.read(self._due):
            new = self._run(due)
            if await not_begun.unless_it_fails(self._resources, new, self._begin(due, new), False):
                queued.append(new.id)
        return queued

    def _due(self, c: Connection) -> list[StoredSchedule]:
        now = self._resources.clock()
        here = accounts.names(c)
        return [each for each in schedules.schedules(c) if each.account_id in here and _is_due(each, now)]

    def _run(self, due: StoredSchedule) -> NewRun:
        kind = SYNC_TYPES[due.schedule.sync_type]
        return NewRun(
            id=self._resources.ids(),
            kind=kind.id,
            title=kind.title,
            account_id=due.account_id,
            sync_key=kind.key(due.account_id),
            queued_on=self._resources.now(),
            started_by=SCHEDULE,
            request=msgspec.to_builtins(Narrowed(scheduled=True)),
            priority=kind.priority,
        )

    async def _begin(self, due: StoredSchedule, new: NewRun) -> bool:
        now = self._resources.clock()

        def keep(c: Connection) -> bool:
            if runs.active(c, new.sync_key) is not None or not schedules.started(c, due, now):
                return False
            if runs.create(c, new).id != new.id:
                raise _Taken
            return True

        if new.kind == LISTS.id:
            await backups.before_first_lists(self._resources, due.account_id)
        try:
            if not await self._resources.write(keep):
                return False
        except _Taken:
            return False
        self._enqueue(new.id, new.priority)
        return True


def _is_due(each: StoredSchedule, now: datetime) -> bool:
    start = next_run(each.schedule, each.last_start, now)
    return start is not None and start <= now
