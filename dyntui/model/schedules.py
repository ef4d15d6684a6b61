"""When scheduled runs are due.

Everything is reckoned in UTC and in whole minutes. A daily run at 18:00 UTC starts at 18:00 UTC on every day of the
year; where clocks are put forward or back, the local time beside it changes, and no run is left out or made twice.

An interval counts from the last scheduled start, a day from one HH:MM to the next. What falls due while the window is
closed starts when it opens; what was missed, however often, is made up for by one run.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from dyntui.model.sync_windows import SyncWindow, clock_text, next_open, window_text

_DAY = timedelta(days=1)


class Interval(StrEnum):
    """How often a sync type runs by itself."""

    MANUAL = "manual"
    MINUTES_5 = "5min"
    MINUTES_10 = "10min"
    MINUTES_15 = "15min"
    MINUTES_30 = "30min"
    HOUR = "1h"
    HOURS_2 = "2h"
    HOURS_4 = "4h"
    HOURS_6 = "6h"
    HOURS_12 = "12h"
    DAILY = "daily"

    @property
    def words(self) -> str:
        """As people read it; the time of day of DAILY is told beside it."""
        if self in (Interval.MANUAL, Interval.DAILY):
            return "manual" if self is Interval.MANUAL else "once a day"
        count, unit = (self.value[:-3], "minutes") if self.value.endswith("min") else (self.value[:-1], "hours")
        return "every hour" if self is Interval.HOUR else f"every {count} {unit}"

    @property
    def length(self) -> timedelta | None:
        """Between two starts; None where nothing starts by itself."""
        return _LENGTHS[self]


_LENGTHS: dict[Interval, timedelta | None] = {
    Interval.MANUAL: None,
    **{each: timedelta(minutes=int(each.value[:-3])) for each in Interval if each.value.endswith("min")},
    **{each: timedelta(hours=int(each.value[:-1])) for each in Interval if each.value.endswith("h")},
    Interval.DAILY: _DAY,
}


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a sync type of an email account runs. `at`: minute of the day in UTC, of DAILY alone. `since`: nothing is
    due before it; an interval counts from it until there is a last run. It is when the schedule was saved, or the
    midnight after it where a daily run is to begin on the next day."""

    sync_type: str
    interval: Interval
    since: datetime
    at: int = 0
    window: SyncWindow = ()
    paused: bool = False


def interval_text(schedule: Schedule) -> str:
    """How often, in words: `every 4 hours`, `once a day at 18:00`."""
    words = schedule.interval.words
    return f"{words} at {clock_text(schedule.at)}" if schedule.interval is Interval.DAILY else words


def schedule_text(schedule: Schedule) -> str:
    """All of it in words: `every 4 hours, Mon-Fri 18:00-08:00, paused`."""
    window = (window_text(schedule.window),) if schedule.window else ()
    return ", ".join((interval_text(schedule), *window, *(("paused",) if schedule.paused else ())))


def minute(moment: datetime) -> datetime:
    """The beginning of the minute."""
    return moment.replace(second=0, microsecond=0)


def due_since(schedule: Schedule, last_run: datetime | None, now: datetime) -> datetime | None:
    """When the next run falls due, the window aside; in the past where it was missed. None: nothing runs by itself.

    `last_run`: the last scheduled start. A last run that is still to come, or a beginning more than a day away, was
    stored while a clock was wrong: nothing waits for it.
    """
    length = schedule.interval.length
    if length is None or schedule.paused:
        return None
    now = minute(now)
    last = minute(last_run) if last_run is not None and minute(last_run) <= now else None
    since = minute(schedule.since)
    if since > now + _DAY:
        if last is None:
            return now
        since = last
    if schedule.interval is Interval.DAILY:
        return _at_time(schedule.at, since if last is None else max(since, last + timedelta(minutes=1)))
    return since + length if last is None else max(since, last + length)


def next_run(schedule: Schedule, last_run: datetime | None, now: datetime) -> datetime | None:
    """When the next run starts: this very minute where it is due and the window open. None where nothing runs by
    itself."""
    due = due_since(schedule, last_run, now)
    return None if due is None else next_open(schedule.window, max(due, minute(now)))


def overdue_since(schedule: Schedule, last_run: datetime | None, now: datetime) -> datetime | None:
    """Since when a run could have started that has not; None where none is behind."""
    due = due_since(schedule, last_run, now)
    start = None if due is None else next_open(schedule.window, due)
    return start if start is not None and start <= minute(now) else None


def _at_time(at: int, earliest: datetime) -> datetime:
    """The first moment, not before `earliest`, at that minute of a day."""
    found = earliest.replace(hour=at // 60, minute=at % 60)
    return found if found >= earliest else found + _DAY


def starts(schedule: Schedule, last_run: datetime | None, now: datetime) -> Iterator[datetime]:
    """The next run and every one after it, each taken to start on time; without end unless nothing runs by itself."""
    start = next_run(schedule, last_run, now)
    while start is not None:
        yield start
        start = next_run(schedule, start, start)


def coming(
    schedules: Iterable[tuple[Schedule, datetime | None]], start: datetime, end: datetime
) -> Iterator[tuple[datetime, str]]:
    """When which sync type starts from `start` until before `end`, in order; at one time in the order of `schedules`,
    which come with their last scheduled starts."""
    rows = (_placed(place, each, last, start) for place, (each, last) in enumerate(schedules))
    for moment, _, sync_type in heapq.merge(*rows):
        if moment >= end:
            return
        yield moment, sync_type


def _placed(
    place: int, schedule: Schedule, last_run: datetime | None, start: datetime
) -> Iterator[tuple[datetime, int, str]]:
    for moment in starts(schedule, last_run, start):
        yield moment, place, schedule.sync_type


def with_no_time_chosen(schedule: Schedule, last_run: datetime | None, now: datetime) -> Schedule:
    """Once a day at the time of the row's next run, from tomorrow. Where the row had none, at the present time."""
    shown = next_run(schedule, last_run, now) or minute(now)
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    at = shown.hour * 60 + shown.minute
    return msgspec.structs.replace(schedule, interval=Interval.DAILY, at=at, since=tomorrow)


def slower_than(inward: Schedule, outward: Schedule) -> bool:
    """Whether the first is to run less often than the second: what changed in address books is then read late."""
    if outward.paused or outward.interval.length is None:
        return False
    return inward.paused or inward.interval.length is None or inward.interval.length > outward.interval.length
