"""What the next 24 hours need of a limit, when it runs out, and what slows first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.budget_forecast import Forecast, Start, calls_of_a_send, forecast
from dyntui.model.budgets import WATCH, Meter, Share

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR, DAY = 3600, 86_400


def meter(used: int = 0, most: int = 2000, watch: int = 0) -> Meter:
    shares = (Share(WATCH, watch),) if watch else ()
    return Meter(account="Main", account_id="a", limit="calls in an hour", used=used, most=most, shares=shares)


def at(*hours: float, kind: str = "lists") -> list[Start]:
    return [Start(NOW + timedelta(hours=each), kind) for each in hours]


def reckoned(starts: list[Start], window: int = HOUR, percent: int = 100, **known: int) -> Forecast:
    calls = {"lists": 1000, "scoring": 500, "suppressions": 10}
    return forecast(meter(**known), window, percent, starts, calls, NOW)


@pytest.mark.parametrize(
    ("starts", "window", "known", "runs_out", "slows"),
    [
        # Runs stop short of the limit: 1,800 of 2,000 are theirs.
        (at(0, 1, 2), HOUR, {}, "", "Marketing lists"),
        (at(3, 3.5), HOUR, {}, "2026-11-22T15:54:00Z", "Marketing lists"),
        # What was used counts in the first hour, and has gone from the window after it.
        (at(0), HOUR, {"used": 1700}, "2026-11-22T12:06:00Z", "Marketing lists"),
        (at(1), HOUR, {"used": 1700}, "", "Marketing lists"),
        # Of those that are due together the last in line waits first.
        (at(5) + at(5.1, 5.2, kind="scoring"), HOUR, {}, "2026-11-22T17:54:00Z", "Contact scoring"),
        (at(1) + at(1, kind="suppressions"), HOUR, {"most": 1000}, "2026-11-22T13:53:27Z", "Marketing lists"),
        # A day's limit is compared with everything together.
        (at(1, 5, 9), DAY, {"most": 3000}, "2026-11-22T21:42:00Z", "Marketing lists"),
        (at(1, 5), DAY, {"most": 3000}, "", "Marketing lists"),
        # The watch needs its share of every hour.
        (at(2), HOUR, {"watch": 900}, "2026-11-22T14:56:50Z", "Marketing lists"),
        ([], HOUR, {}, "", ""),
        # What is due later than in 24 hours is none of it.
        (at(24, 30), HOUR, {"most": 10}, "", ""),
    ],
)
def test_when_it_runs_out_and_what_slows_first(
    starts: list[Start], window: int, known: dict[str, int], runs_out: str, slows: str
) -> None:
    found = reckoned(starts, window, **known)
    assert found.runs_out_on == runs_out
    assert next(iter(found.slows), "") == slows


def test_sends_that_wait_for_their_hour_need_their_calls_then_and_slow_nothing_but_others() -> None:
    held = [Start(NOW + timedelta(hours=5, minutes=20), "send", 1500), Start(NOW + timedelta(hours=7), "send", 100)]
    found = reckoned(at(5.5, 7) + held)
    assert (found.hours[5], found.hours[7], found.need) == (2500, 1100, 3600)
    assert found.runs_out_on == "2026-11-22T17:43:12Z" and found.slows == ("Marketing lists",)
    assert [(each.title, each.runs, each.all) for each in found.types] == [
        ("Marketing lists", 2, 2000),
        ("Send", 2, 1600),
    ]
    # Where sends alone use it up, nothing that is due then has to wait; where nothing is due at all, nothing slows.
    alone = reckoned(held, used=0, most=1000)
    assert alone.runs_out_on and alone.slows == ()
    unknown = reckoned([Start(NOW + timedelta(hours=1), "send")])
    assert unknown.need == 0 and [each.calls for each in unknown.types] == [None]


@pytest.mark.parametrize(
    ("people", "calls", "lately", "needed"),
    [(100, 40, 100, 40), (10, 40, 100, 40), (250, 40, 100, 100), (101, 40, 100, 41), (9, 40, 0, 40), (0, 0, 0, 0)],
)
def test_a_send_to_more_people_needs_more_calls(people: int, calls: int, lately: int, needed: int) -> None:
    assert calls_of_a_send(people, calls, lately) == needed


def test_a_share_of_the_limit_is_all_there_is_and_what_nobody_knows_is_said() -> None:
    found = reckoned(at(1) + at(2, 3, kind="forms"), percent=50, used=200)
    assert (found.allowed, found.left, found.hourly, found.need) == (1000, 800, 1000, 1000)
    assert found.runs_out_on == "2026-11-22T13:54:00Z"
    assert [(each.title, each.runs, each.calls, each.all) for each in found.types] == [
        ("Marketing lists", 1, 1000, 1000),
        ("Forms", 2, None, 0),
    ]


@given(
    hours=st.lists(st.floats(0, 23.99), max_size=40),
    used=st.integers(0, 5000),
    most=st.integers(1, 5000),
    window=st.sampled_from([60, 300, HOUR, DAY]),
)
def test_the_hours_add_up_and_nothing_runs_out_where_all_of_it_would_fit(
    hours: list[float], used: int, most: int, window: int
) -> None:
    found = reckoned(at(*hours), window, used=used, most=most)
    assert sum(found.hours) == found.need == 1000 * len(hours)
    assert 0 <= found.left <= most
    if found.need + used <= 0.9 * most * min(1.0, HOUR / window):
        assert found.runs_out_on == ""
    if found.runs_out_on:
        assert NOW <= datetime.fromisoformat(found.runs_out_on) <= NOW + timedelta(hours=24)
