"""The picture of a timeline: which period an event is in, and what is drawn of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.known_people import KINDS, TimelineEvent
from dyntui.model.timeline_picture import PERIODS, axis, drawn, periods, picture, start_of

_DAYS = st.dates(date(1999, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("by", "day", "start"),
    [
        ("day", "2026-03-01", "2026-03-01"),
        ("week", "2026-03-01", "2026-02-23"),
        ("week", "2026-01-01", "2025-12-29"),
        ("month", "2024-02-29", "2024-02-01"),
    ],
)
def test_a_period_begins_on_its_first_day(by: str, day: str, start: str) -> None:
    assert start_of(date.fromisoformat(day), by).isoformat() == start


_SEEN = st.lists(st.tuples(st.sampled_from([*KINDS]), _DAYS), max_size=30)


@given(by=st.sampled_from(PERIODS), until=_DAYS, seen=_SEEN)
def test_every_event_is_in_one_period_or_before_or_after(by: str, until: date, seen: list[tuple[str, date]]) -> None:
    events = [TimelineEvent(happened_on=f"{day}T12:00:00Z", kind=kind) for kind, day in seen]
    made = picture(events, until, by, 12)
    starts = [date.fromisoformat(each) for each in made.starts]
    assert starts == sorted(set(starts)) and len(starts) == 12 and starts[-1] == start_of(until, by)
    assert sum(sum(row.counts) for row in made.rows) + made.earlier + made.later == len(events)
    ends = [*starts[1:], start_of(starts[-1] + timedelta(days=40), by)]
    for row in made.rows:
        for place, count in enumerate(row.counts[:-1]):
            inside = [1 for kind, day in seen if kind == row.kind and starts[place] <= day < ends[place]]
            assert count == len(inside)
    assert len(axis(made)) == len(starts)


def test_nothing_is_a_dot_and_more_is_higher() -> None:
    assert drawn([0, 1, 4, 8], 8) == "·▂▅█"
    assert drawn([0, 1], 1) == "·█"
    assert drawn([], 0) == ""


def test_the_axis_names_as_many_periods_as_there_is_room_for() -> None:
    months = picture([], date(2026, 11, 29), "month", 24)
    assert axis(months).startswith("╵Dec 24 ╵Aug 25 ╵Apr 26 ")
    assert axis(picture([], date(2026, 11, 29), "week", 26)).startswith("╵1 Jun ╵20 Jul")
    assert periods(date(1, 1, 3), "day", 30)[0] == date(1, 1, 1), "the calendar begins somewhere"
    assert picture([TimelineEvent(happened_on="", kind="sent")], date(2026, 1, 1), "day", 3).rows[0].total == 0
