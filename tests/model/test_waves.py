"""How large waves are, and what stops them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dyntui.model.waves import Limits, Results, Waves, passed, shares_of, size, to_come, wrong

SHARE = st.floats(0.01, 60)


@example([59.99999999999999], 195)
@given(st.lists(SHARE, min_size=1, max_size=6), st.integers(1, 200_000))
def test_the_waves_together_are_everybody_and_none_is_larger_than_its_share(shares: list[float], people: int) -> None:
    waves = Waves(shares=tuple(shares))
    left, taken = people, []
    for wave in range(1, waves.count + 1):
        if not left:
            break
        taken.append(size(waves, wave, people, left))
        left -= taken[-1]
    assert left == 0 and sum(taken) == people and min(taken) > 0
    # A share is a number a person typed: 29 % of 100 people are 29, whatever binary fractions make of it.
    most = [max(1, round(people * share / 100, 6)) for share in shares]
    assert all(each <= allowed for each, allowed in zip(taken, most, strict=False))


def test_a_wave_of_one_per_cent_of_100_000_is_1_000_people() -> None:
    assert [size(Waves(shares=(1, 10)), wave, 100_000, 99_000) for wave in (1, 2, 3)] == [1000, 10_000, 99_000]
    assert size(Waves(shares=(29,)), 1, 100, 100) == 29


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("1 %, 10 %, rest", (1.0, 10.0)),
        ("1,10", (1.0, 10.0)),
        ("0.5%; 5%; the rest", (0.5, 5.0)),
        ("25 %,", (25.0,)),
    ],
)
def test_waves_are_read_as_people_write_them(text: str, shares: tuple[float, ...]) -> None:
    assert shares_of(text) == shares


@pytest.mark.parametrize(
    "text",
    ["", "rest", "all", "0, 10", "50, 50, rest", "-1", "1e3", "٣", "1,,2", ",".join("1" * 25), "1,5 %, 10 %", "2,5%"],
)
def test_what_are_no_waves_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        shares_of(text)
    assert wrong(Waves(shares=(100.0,))) and not wrong(Waves())


@pytest.mark.parametrize(
    ("mailed", "results", "named"),
    [
        (1000, Results(bounces=50, unsubscribes=10, complaints=1), ""),
        (1000, Results(bounces=51), "bounces"),
        (1000, Results(unsubscribes=11), "unsubscribes"),
        (1000, Results(complaints=2), "complaints"),
        # One alone says little about a small wave, but for somebody who complains.
        (3, Results(bounces=1, unsubscribes=1), ""),
        (3, Results(bounces=2), "bounces"),
        (3, Results(complaints=1), "complaint"),
        (0, Results(), ""),
    ],
)
def test_more_than_a_limit_stops(mailed: int, results: Results, named: str) -> None:
    said = passed(Limits(), mailed, results)
    assert said.split(" of ")[0].endswith(named) and bool(said) == bool(named)


def test_a_limit_of_nothing_stops_at_the_first() -> None:
    assert passed(Limits(bounces=0), 1000, Results(bounces=1))


def test_results_are_those_since_the_first_wave_and_the_higher_of_two_counts() -> None:
    shown = Results(bounces=9, complaints=1).since(Results(bounces=4, complaints=2, unsubscribes=1))
    assert shown == Results(bounces=5)
    assert shown.or_more(Results(bounces=2, unsubscribes=3)) == Results(bounces=5, unsubscribes=3)


@pytest.mark.parametrize(
    ("begun", "people", "left", "said"),
    [
        (0, 1000, 1000, [("12:00", 10), ("13:00", 100), ("14:00", 890)]),
        (1, 1000, 985, [("12:00", 100), ("13:00", 885)]),
        (2, 1000, 890, [("12:00", 890)]),
        (3, 1000, 5, []),
        (0, 2, 2, [("12:00", 1), ("13:00", 1)]),
        (0, 0, 0, []),
    ],
)
def test_the_waves_to_come_follow_each_other_after_the_pause(
    begun: int, people: int, left: int, said: list[tuple[str, int]]
) -> None:
    found = to_come(Waves(), begun, people, left, datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    assert [(f"{on:%H:%M}", taken) for on, taken in found] == said
