"""Windows: what people write, and when they are open, against a week that is walked through minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.sync_windows import (
    OpenHours,
    SyncWindow,
    clock_of,
    is_open,
    local_text,
    next_open,
    shifted,
    window_of,
    window_text,
)

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
MINUTES_OF_A_WEEK = 7 * 1440

ranges = st.builds(
    lambda days, opens, length: OpenHours(tuple(sorted(days)), opens, (opens + length - 1) % 1440 + 1),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1439),
)
windows = st.lists(ranges, min_size=1, max_size=4).map(tuple)


def open_minutes(window: SyncWindow) -> set[int]:
    """Every minute of the week in which the window is open, by walking through each of its ranges."""
    found: set[int] = set()
    for hours in window:
        for day in hours.days:
            at = day * 1440 + hours.opens
            while True:
                found.add(at % MINUTES_OF_A_WEEK)
                at += 1
                if at % 1440 == hours.closes % 1440:
                    break
    return found


@given(windows, st.integers(0, MINUTES_OF_A_WEEK - 1))
def test_a_window_is_open_in_the_minutes_that_its_ranges_walk_through(window: SyncWindow, at: int) -> None:
    minutes = open_minutes(window)
    moment = MONDAY + timedelta(minutes=at)
    assert is_open(window, moment) is (at in minutes)
    waits = next(more for more in range(MINUTES_OF_A_WEEK) if (at + more) % MINUTES_OF_A_WEEK in minutes)
    assert next_open(window, moment) == moment + timedelta(minutes=waits)


@given(windows)
def test_a_window_is_read_as_it_was_written(window: SyncWindow) -> None:
    assert window_of(window_text(window)) == window


NIGHTS = (OpenHours((0, 1, 2, 3, 4), 18 * 60, 8 * 60),)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("", ()),
        ("always", ()),
        ("Mon-Fri 18:00-08:00", NIGHTS),
        ("Monday to Friday (6pm-8am)", NIGHTS),
        ("monday – friday 6 pm to 8 am", NIGHTS),
        ("Sat,Sun 00:00-24:00", (OpenHours((5, 6), 0, 1440),)),
        ("Sat 0:00-0:30; Wed 12.15 pm-1am", (OpenHours((5,), 0, 30), OpenHours((2,), 735, 60))),
        ("22:00-00:00", (OpenHours((0, 1, 2, 3, 4, 5, 6), 1320, 1440),)),
        ("Fri-Mon 12am-12pm", (OpenHours((0, 4, 5, 6), 0, 720),)),
    ],
)
def test_windows_are_written_in_the_ways_people_write_them(text: str, window: SyncWindow) -> None:
    assert window_of(text) == window


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nights", "no range of a window"),
        ("Mon 25:00-26:00", "no time of day"),
        ("Mon 13pm-2pm", "no time of day"),
        ("Mon 10:60-11:00", "no time of day"),
        ("Moon 10:00-11:00", "no weekday"),
        ("Mon 10:00-10:00", "closes when it opens"),
        ("Mon-Fri", "no range of a window"),
        ("; ".join(["Mon 10:00-11:00"] * 29), "at most 28"),
    ],
)
def test_what_is_no_window_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        window_of(text)


def test_a_window_of_weekday_nights_is_open_on_saturday_morning_and_not_on_monday_morning() -> None:
    saturday, monday = MONDAY + timedelta(days=5, hours=7, minutes=59), MONDAY + timedelta(hours=7)
    assert is_open(NIGHTS, saturday)
    assert next_open(NIGHTS, saturday + timedelta(minutes=1)) == MONDAY + timedelta(days=7, hours=18)
    assert next_open(NIGHTS, monday) == MONDAY + timedelta(hours=18)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (window_of, clock_of):
        try:
            read(text)
        except ValueError as refused:
            assert str(refused)


@pytest.mark.parametrize(
    ("text", "hours", "local"),
    [
        ("Mon-Fri 18:00-08:00", 2, "Mon-Fri 20:00-10:00"),
        ("Mon-Fri 18:00-08:00", 7, "Tue-Sat 01:00-15:00"),
        ("Mon-Fri 01:00-03:00", -5, "Mon-Thu,Sun 20:00-22:00"),
        ("Sat,Sun 00:00-24:00", 5.5, "Sat-Sun 05:30-05:30"),
        ("Mon 10:00-12:00; Fri 22:00-24:00", 1, "Mon 11:00-13:00; Fri 23:00-01:00"),
        ("Mon 10:00-12:00", 0, ""),
        ("always", 2, ""),
    ],
)
def test_a_window_is_also_told_by_the_local_clock(text: str, hours: float, local: str) -> None:
    assert local_text(text, timedelta(hours=hours)) == local


@given(windows, st.integers(0, MINUTES_OF_A_WEEK - 1), st.integers(-14 * 60, 14 * 60))
def test_by_another_clock_a_window_is_open_at_the_same_moments(window: SyncWindow, at: int, ahead: int) -> None:
    moment = MONDAY + timedelta(minutes=at)
    assert is_open(shifted(window, ahead), moment + timedelta(minutes=ahead)) == is_open(window, moment)
