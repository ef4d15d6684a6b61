"""When runs are due: tables, and a reference that walks from minute to minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyntui.model.schedules import (
    Interval,
    Schedule,
    coming,
    next_run,
    overdue_since,
    slower_than,
    starts,
    with_no_time_chosen,
)
from dyntui.model.sync_windows import OpenHours, window_of
from tests.model.test_sync_windows import MINUTES_OF_A_WEEK, open_minutes

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def every(interval: str, *, window: str = "", daily: str = "00:00", since: str = "2026-03-02 09:00") -> Schedule:
    hours, minutes = daily.split(":")
    return Schedule(
        sync_type="lists",
        interval=Interval(interval),
        at=int(hours) * 60 + int(minutes),
        window=window_of(window),
        since=at(since),
    )


def in_text(moments: list[datetime]) -> list[str]:
    return [f"{moment:%a %d %H:%M}" for moment in moments]


def first(count: int, schedule: Schedule, last: str, now: str) -> list[str]:
    return in_text(list(islice(starts(schedule, at(last) if last else None, at(now)), count)))


WEEKDAY_NIGHTS = [
    *("Fri 06 02:00", "Fri 06 06:00", "Fri 06 18:00", "Fri 06 22:00", "Sat 07 02:00", "Sat 07 06:00"),
    *("Mon 09 18:00", "Mon 09 22:00", "Tue 10 02:00"),
]


# 2 March 2026 is a Monday.
@pytest.mark.parametrize(
    ("schedule", "last", "now", "expected"),
    [
        (every("15min"), "2026-03-02 09:15", "2026-03-02 09:20", ["Mon 02 09:30", "Mon 02 09:45"]),
        (every("1h"), "", "2026-03-02 09:00", ["Mon 02 10:00", "Mon 02 11:00"]),
        # The original's example: every 4 hours at night, and not at the weekend.
        (
            every("4h", window="Mon-Fri 18:00-08:00"),
            "2026-03-05 22:00",
            "2026-03-05 22:05",
            WEEKDAY_NIGHTS,
        ),
        # Missed six times: one run, and the interval counts from it.
        (every("10min"), "2026-03-02 09:10", "2026-03-02 10:13:59", ["Mon 02 10:13", "Mon 02 10:23"]),
        # Missed, and the window is closed now.
        (every("1h", window="18:00-20:00"), "2026-03-02 09:10", "2026-03-02 21:00", ["Tue 03 18:00", "Tue 03 19:00"]),
        (every("daily", daily="18:30"), "2026-03-01 18:30", "2026-03-02 18:29", ["Mon 02 18:30", "Tue 03 18:30"]),
        # Missed on two days and made up for in the morning: the evening's run is another one.
        (every("daily", daily="18:30"), "2026-03-01 18:30", "2026-03-04 07:00", ["Wed 04 07:00", "Wed 04 18:30"]),
        # Due at noon, and the window opens at six: what fell due on Saturday starts on Monday, once.
        (
            every("daily", daily="12:00", window="Mon-Fri 18:00-08:00"),
            "2026-03-05 18:00",
            "2026-03-06 11:00",
            ["Fri 06 18:00", "Mon 09 18:00", "Tue 10 18:00"],
        ),
        (every("daily", daily="00:00"), "2026-12-31 00:00", "2026-12-31 23:59", ["Fri 01 00:00", "Sat 02 00:00"]),
        # Leap years: 2028 has a 29 February, 2100 has none.
        (every("daily", daily="06:00"), "2028-02-27 06:00", "2028-02-27 07:00", ["Mon 28 06:00", "Tue 29 06:00"]),
        (every("daily", daily="06:00"), "2100-02-27 06:00", "2100-02-27 07:00", ["Sun 28 06:00", "Mon 01 06:00"]),
        (every("12h"), "2028-02-28 18:00", "2028-02-28 19:00", ["Tue 29 06:00", "Tue 29 18:00", "Wed 01 06:00"]),
        # What was stored by a clock that was wrong keeps nothing from running.
        (every("1h"), "2999-01-01 00:00", "2026-03-02 12:00", ["Mon 02 12:00", "Mon 02 13:00"]),
        (every("1h", since="2999-01-01 00:00"), "", "2026-03-02 12:00", ["Mon 02 12:00"]),
        # Saved with another time after today's time had passed: tomorrow, not at once.
        (
            every("daily", daily="09:00", since="2026-03-02 09:30"),
            "2026-03-01 10:00",
            "2026-03-02 09:31",
            ["Tue 03 09:00"],
        ),
        (every("manual"), "2026-03-02 09:15", "2026-03-02 09:20", []),
    ],
)  # fmt: skip
def test_the_runs_to_come(schedule: Schedule, last: str, now: str, expected: list[str]) -> None:
    assert first(len(expected) or 1, schedule, last, now) == expected


def test_a_daily_run_keeps_its_time_in_utc_where_clocks_change() -> None:
    """On 29 March 2026 London goes from 01:00 to 02:00, on 25 October from 02:00 back to 01:00."""
    london = ZoneInfo("Europe/London")
    spring = list(islice(starts(every("daily", daily="01:30"), at("2026-03-27 01:30"), at("2026-03-27 02:00")), 3))
    assert in_text(spring) == ["Sat 28 01:30", "Sun 29 01:30", "Mon 30 01:30"]
    assert in_text([each.astimezone(london) for each in spring]) == ["Sat 28 01:30", "Sun 29 02:30", "Mon 30 02:30"]
    autumn = list(islice(starts(every("1h"), at("2026-10-24 22:00"), at("2026-10-24 22:01")), 4))
    assert in_text(autumn) == ["Sat 24 23:00", "Sun 25 00:00", "Sun 25 01:00", "Sun 25 02:00"]
    assert in_text([each.astimezone(london) for each in autumn]) == [
        "Sun 25 00:00", "Sun 25 01:00", "Sun 25 01:00", "Sun 25 02:00",
    ]  # fmt: skip


def test_once_a_day_without_a_time_takes_that_of_the_next_run_from_tomorrow() -> None:
    now = at("2026-03-02 09:20")
    chosen = with_no_time_chosen(every("4h"), at("2026-03-02 07:45"), now)
    assert first(2, chosen, "2026-03-02 07:45", "2026-03-02 09:20") == ["Tue 03 11:45", "Wed 04 11:45"]
    # The next run is on another day already: its time, and still tomorrow.
    chosen = with_no_time_chosen(every("1h", window="Fri 18:00-19:00"), None, now)
    assert msgspec.structs.replace(chosen, window=()) == every("daily", daily="18:00", since="2026-03-03 00:00")
    # A row that had no next run.
    for none in (every("manual"), msgspec.structs.replace(every("1h"), paused=True)):
        chosen = msgspec.structs.replace(with_no_time_chosen(none, None, now), paused=False)
        assert first(1, chosen, "", "2026-03-02 09:20") == ["Tue 03 09:20"]


def test_another_interval_counts_at_once_from_the_last_run() -> None:
    hourly = msgspec.structs.replace(every("1h"), since=at("2026-03-02 12:30"))
    assert next_run(hourly, at("2026-03-02 08:00"), at("2026-03-02 12:30")) == at("2026-03-02 12:30")
    assert next_run(hourly, at("2026-03-02 12:00"), at("2026-03-02 12:30")) == at("2026-03-02 13:00")


def test_a_paused_schedule_runs_nothing_and_is_never_behind() -> None:
    paused = msgspec.structs.replace(every("5min"), paused=True)
    assert next_run(paused, at("2026-03-02 08:00"), at("2026-03-02 12:30")) is None
    assert overdue_since(paused, at("2026-03-02 08:00"), at("2026-03-02 12:30")) is None


def test_a_run_is_behind_from_when_it_could_have_started() -> None:
    nights = every("1h", window="18:00-20:00")
    assert overdue_since(nights, at("2026-03-01 19:00"), at("2026-03-02 17:59")) is None
    assert overdue_since(nights, at("2026-03-01 19:00"), at("2026-03-02 23:00")) == at("2026-03-02 18:00")


def test_runs_of_several_types_come_in_order_and_at_one_time_by_their_rank() -> None:
    lists = every("30min", since="2026-03-02 09:00")
    suppressions = msgspec.structs.replace(every("15min"), sync_type="suppressions")
    campaigns = msgspec.structs.replace(every("manual"), sync_type="campaigns")
    rows = [(suppressions, at("2026-03-02 09:00")), (lists, at("2026-03-02 09:00")), (campaigns, None)]
    found = list(coming(rows, at("2026-03-02 09:01"), at("2026-03-02 09:45")))
    assert [(f"{moment:%H:%M}", sync_type) for moment, sync_type in found] == [
        ("09:15", "suppressions"), ("09:30", "suppressions"), ("09:30", "lists"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inward", "outward", "slower"),
    [
        ("1h", "30min", True),
        ("30min", "1h", False),
        ("1h", "1h", False),
        ("manual", "daily", True),
        ("manual", "manual", False),
        ("daily", "12h", True),
    ],
)
def test_reading_address_books_less_often_than_writing_them_is_slower(inward: str, outward: str, slower: bool) -> None:
    assert slower_than(every(inward), every(outward)) is slower
    assert slower_than(msgspec.structs.replace(every(inward), paused=True), every("1h"))


# -- the reference: from minute to minute -----------------------------------------------------------------------------

MONDAY = datetime(2028, 2, 21, tzinfo=UTC)


def slowly(schedule: Schedule, last: datetime | None, now: datetime) -> datetime | None:
    """The first minute from now on at which the window is open and a run has fallen due, found by looking at each."""
    if schedule.paused or schedule.interval is Interval.MANUAL:
        return None
    open_in = open_minutes(schedule.window) if schedule.window else set(range(MINUTES_OF_A_WEEK))
    length = {"5min": 5, "10min": 10, "15min": 15, "30min": 30, "1h": 60, "2h": 120, "4h": 240, "6h": 360, "12h": 720}
    fallen_due = False
    # From the last run on, or from when the schedule began: is it due in this minute?
    looked_at = schedule.since if last is None else last
    elapsed = 0
    while True:
        counts = looked_at >= schedule.since
        if schedule.interval is Interval.DAILY:
            of_the_day = looked_at.hour * 60 + looked_at.minute
            fallen_due = fallen_due or (counts and of_the_day == schedule.at and (last is None or elapsed > 0))
        else:
            fallen_due = fallen_due or (counts and elapsed >= length[schedule.interval.value])
        of_the_week = looked_at.weekday() * 1440 + looked_at.hour * 60 + looked_at.minute
        if fallen_due and looked_at >= now and of_the_week in open_in:
            return looked_at
        looked_at += MINUTE
        elapsed += 1


moments = st.integers(0, 14 * 1440).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
hours = st.builds(
    lambda days, opens, length: OpenHours(tuple(sorted(days)), opens, (opens + length - 1) % 1440 + 1),
    st.sets(st.integers(0, 6), min_size=1, max_size=3),
    st.integers(0, 1439),
    st.integers(1, 1439),
)
schedules = st.builds(
    Schedule,
    sync_type=st.just("lists"),
    interval=st.sampled_from(Interval),
    since=moments,
    at=st.integers(0, 1439),
    window=st.lists(hours, max_size=2).map(tuple),
    paused=st.sampled_from([False] * 9 + [True]),
)


@settings(max_examples=150, deadline=None)
@given(schedules, st.none() | moments, moments, st.integers(0, 59))
def test_the_next_run_is_that_of_a_walk_from_minute_to_minute(
    schedule: Schedule, last: datetime | None, now: datetime, seconds: int
) -> None:
    """Two weeks with the 29 February of a leap year in them."""
    last = min(last, now) if last is not None else None
    since = min(schedule.since, now + timedelta(days=1))
    schedule = msgspec.structs.replace(schedule, since=since)
    found = next_run(schedule, last, now + timedelta(seconds=seconds))
    assert found == slowly(schedule, last, now)


@settings(max_examples=60, deadline=None)
@given(schedules, st.none() | moments, moments)
def test_starts_follow_each_other_by_the_same_walk(schedule: Schedule, last: datetime | None, now: datetime) -> None:
    last = min(last, now) if last is not None else None
    schedule = msgspec.structs.replace(schedule, since=min(schedule.since, now))
    found = list(islice(starts(schedule, last, now), 3))
    walked = []
    while len(walked) < 3 and (start := slowly(schedule, last, now)) is not None:
        walked.append(start)
        last = now = start
    assert found == walked
    assert len(set(found)) == len(found)
