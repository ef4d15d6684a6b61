"""When a send that is held goes out, and the times that people write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.held_sends import Hour, as_written, grown, hour_of, in_time, time_of

DUE = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("minutes", "hour"),
    [
        (-1, Hour.TO_COME),
        (0, Hour.HERE),
        (30, Hour.HERE),
        (31, Hour.MISSED),
        (60 * 24, Hour.MISSED),
    ],
)
def test_a_send_goes_out_within_half_an_hour_of_its_time_or_asks(minutes: int, hour: Hour) -> None:
    assert hour_of(DUE, DUE + timedelta(minutes=minutes)) is hour


@pytest.mark.parametrize(
    ("confirmed", "sendable", "asks"),
    [(5, 15, False), (5, 16, True), (1000, 1100, False), (1000, 1101, True), (1000, 0, False)],
)
def test_a_send_that_would_reach_many_more_than_were_confirmed_asks(confirmed: int, sendable: int, asks: bool) -> None:
    assert grown(confirmed, sendable) is asks


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-01 18:00", "2026-12-01T17:00"),
        (" 2026-12-01T18:00 ", "2026-12-01T17:00"),
        ("2026-12-01T18:00Z", "2026-12-01T18:00"),
        ("2026-12-01 18:00+05:30", "2026-12-01T12:30"),
        ("2026-07-01 18:00", "2026-07-01T16:00"),
        ("18:00", "2026-12-01T17:00"),
        ("8:30", "2026-12-02T07:30"),
        # Of an hour that comes twice the first is taken.
        ("2026-10-25 02:30", "2026-10-25T00:30"),
    ],
)
def test_a_time_is_local_unless_it_names_a_zone(text: str, utc: str) -> None:
    now = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    assert f"{time_of(text, now, STOCKHOLM):%Y-%m-%dT%H:%M}" == utc


def test_a_time_alone_is_the_next_one_also_where_an_hour_comes_twice() -> None:
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert time_of("2:30", between, STOCKHOLM) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert time_of("2:30", between + timedelta(hours=1), STOCKHOLM) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("soon", "is no time"),
        ("", "is no time"),
        ("2026-12-01", "has no time of day"),
        ("20261201", "has no time of day"),
        ("2026-03-29 02:30", "there is no 02:30"),
        ("0001-01-01 00:00+14:00", "outside the calendar"),
        ("9999-12-31 23:59-14:00", "outside the calendar"),
        ("2026-02-30 10:00", "is no time"),
    ],
)
def test_what_is_no_time_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        time_of(text, DUE, STOCKHOLM)


def test_the_first_day_of_all_is_outside_the_calendar_in_the_machines_own_zone_as_well() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        time_of("0001-01-01 00:00", DUE)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_refused_in_words(text: str) -> None:
    try:
        assert time_of(text, DUE, STOCKHOLM).utcoffset() == timedelta()
    except ValueError as error:
        assert str(error)


def test_past_times_and_those_of_another_year_are_refused() -> None:
    assert in_time(DUE, DUE) and in_time(DUE + timedelta(days=400), DUE)
    assert not in_time(DUE + timedelta(minutes=1), DUE)


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "UTC"])
def test_a_time_as_it_is_proposed_to_be_changed_is_the_same_time_where_nothing_is_changed(zone: str) -> None:
    local = ZoneInfo(zone)
    first = datetime(2026, 3, 1, tzinfo=UTC)
    # A year of half hours, in which clocks are put forward and back.
    for half in range(48 * 366):
        at = first + timedelta(minutes=30 * half)
        assert time_of(as_written(at, local), first, local) == at
    twice = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert as_written(twice, ZoneInfo("Europe/Stockholm")) == "2026-10-25 02:30+01:00"
    assert as_written(twice - timedelta(hours=1), ZoneInfo("Europe/Stockholm")) == "2026-10-25 02:30"
