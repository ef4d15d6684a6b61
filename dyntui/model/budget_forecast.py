"""What the next 24 hours will need of the limits, from the schedules, from the sends that wait for their hour, and from
what runs needed before: rules over values, without a clock.

A limit of an hour or less is compared with each hour's need, one of a day with what the hours need together. Sends may
use a limit up; runs of the sync types stop short of it (`dyntui.model.budgets.ceiling`), so they are what slows first:
of those that are due together the last one in line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from dyntui.model.budgets import OF_THE_REST, WATCH, Meter
from dyntui.model.moments import text_of
from dyntui.model.sync_types import RUN_KINDS, SYNC_TYPES

HOURS: Final = 24
_HOUR: Final = 3600
_DAY: Final = 86_400


class Start(msgspec.Struct, frozen=True):
    """A run to come. `calls` it will make; None: as many as runs of its kind made lately."""

    on: datetime
    kind: str
    calls: int | None = None


class ComingSend(msgspec.Struct, frozen=True):
    """A send, or a wave of one, that is to begin: a run of this kind for so many people."""

    on: datetime
    kind: str
    people: int


def calls_of_a_send(people: int, calls: int, people_lately: int) -> int:
    """How many calls a send to so many `people` will make, where sends to `people_lately` made so many `calls` in the
    mean: to fewer people as many, for most of them are made for any send; to more in proportion."""
    return calls if people <= people_lately or not people_lately else math.ceil(calls * people / people_lately)


class TypeNeed(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync type, or sends, will need: so many runs of `calls` each, in the mean. `calls` None: none has run
    lately, so that nobody knows."""

    kind: str
    title: str
    runs: int
    calls: int | None

    @property
    def all(self) -> int:
        """Calls of all of its runs, as far as that is known."""
        return self.runs * (self.calls or 0)


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a limit, and what will be needed of it. `account`: the email account's name, `Dynamics` for the
    organisation; `unit`: what is counted in how long, such as `calls in an hour`; `allowed` of it dyntui may use.
    `hours`: what each of the 24 hours from `start` on (ISO 8601 UTC) will need, `hourly` what an hour may have, `need`:
    all of them together. `watch`: calls an hour of the consent watch, which are in it. `runs_out_on`: when what runs
    may use is used up, `""` where it lasts; `slows`: the titles of the sync types that then wait, the first to slow
    first, or that would be the first."""

    account: str
    account_id: str
    unit: str
    used: int
    allowed: int
    left: int
    start: str
    hours: tuple[int, ...]
    hourly: int
    need: int
    watch: int
    runs_out_on: str
    slows: tuple[str, ...]
    types: tuple[TypeNeed, ...]


def forecast(
    meter: Meter, window: int, percent: int, starts: Iterable[Start], calls: Mapping[str, int], now: datetime
) -> Forecast:
    """Of a limit with a `window` in seconds of which dyntui may use so many `percent`. `starts`: the runs of the next
    24 hours that use it; `calls`: how many a run of a kind made lately."""
    hours = [0.0] * HOURS
    runs: dict[str, int] = {}
    known: dict[str, int] = {}
    due: list[set[str]] = [set() for _ in range(HOURS)]
    for each in starts:
        hour = int((each.on - now).total_seconds() // _HOUR)
        if 0 <= hour < HOURS:
            runs[each.kind] = runs.get(each.kind, 0) + 1
            if each.kind in SYNC_TYPES:
                due[hour].add(each.kind)
            needs_calls = calls.get(each.kind) if each.calls is None else each.calls
            if needs_calls is not None:
                hours[hour] += needs_calls
                known[each.kind] = known.get(each.kind, 0) + needs_calls
    watched = sum(share.used for share in meter.shares if share.kind == WATCH) * _HOUR / window
    needs = [round(need + watched) for need in hours]
    most = meter.most * percent // 100
    place, runs_out = _runs_out(needs, meter.used, most, window, now)
    # Sends wait for nobody: where they alone use it up, what is due at another hour would be the first to slow.
    waiting = (due[place] if place is not None else set()) or set().union(*due)
    lane = sorted(waiting, key=lambda kind: -SYNC_TYPES[kind].priority)
    return Forecast(
        account=meter.account,
        account_id=meter.account_id,
        unit=meter.limit,
        used=meter.used,
        allowed=most,
        left=max(0, most - meter.used),
        start=text_of(now),
        hours=tuple(needs),
        hourly=_hourly(most, window),
        need=sum(needs),
        watch=round(watched),
        runs_out_on=text_of(runs_out),
        slows=tuple(RUN_KINDS[kind].title for kind in lane),
        types=tuple(
            TypeNeed(
                kind=kind,
                title=RUN_KINDS[kind].title,
                runs=count,
                calls=round(known[kind] / count) if kind in known else None,
            )
            for kind, count in sorted(runs.items(), key=lambda each: (-known.get(each[0], 0), each[0]))
        ),
    )


def _hourly(most: int, window: int) -> int:
    return most * _HOUR // window


def _runs_out(
    needs: Sequence[int], used: int, most: int, window: int, now: datetime
) -> tuple[int | None, datetime | None]:
    """In which hour what runs may use is used up, and when; None and None where it lasts."""
    ceiling = most * OF_THE_REST
    if window >= _DAY:
        together = float(used)
        for place, need in enumerate(needs):
            if need and together + need > ceiling:
                return place, _within(now, place, (ceiling - together) / need)
            together += need
        return None, None
    an_hour = ceiling * _HOUR / window
    for place, need in enumerate(needs):
        there = used if place == 0 else 0
        if need and there + need > an_hour:
            return place, _within(now, place, (an_hour - there) / need)
    return None, None


def _within(now: datetime, place: int, share: float) -> datetime:
    return now + timedelta(hours=place + min(1.0, max(0.0, share)))


class TypeWork(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of run has done in the last 24 hours, and what waits. `waiting`: runs that are queued, `behind`:
    schedules that are overdue, `running`: runs under way; `runs` that ended, `people` they read, API `calls` and
    `seconds` they took."""

    kind: str
    title: str
    waiting: int = 0
    behind: int = 0
    running: int = 0
    runs: int = 0
    people: int = 0
    calls: int = 0
    seconds: int = 0

    @property
    def backlog(self) -> int:
        """How many runs have not begun that should have."""
        return self.waiting + self.behind

    @property
    def per_minute(self) -> int:
        """People read in a minute of its runs."""
        return round(self.people * 60 / self.seconds) if self.seconds else 0
