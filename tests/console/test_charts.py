"""Charts of characters: pie, bars, hours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from dyntui.screens.tally import split_key, tally_rows
from dyntui.screens.widgets.bars import BarList, BarRow, block_bar, fine_bar
from dyntui.screens.widgets.facts import Facts, columns_of
from dyntui.screens.widgets.hours import grouped, levels, ticks_of
from dyntui.screens.widgets.pie import pixels
from dyntui.screens.wording import day, lasted, moment, share, tell_time_by, when

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.service.contract.results import Hour


def test_a_pie_gives_each_slice_its_share_of_the_circle() -> None:
    counts = Counter(pixel for row in pixels([50, 25, 25], 40, 20) for pixel in row)
    circle = sum(number for place, number in counts.items() if place is not None)
    assert abs(counts[0] / circle - 0.5) < 0.02
    assert abs(counts[1] / circle - 0.25) < 0.02
    assert abs(circle / (40 * 40) - 0.785) < 0.02


def test_a_pie_of_nothing_is_empty() -> None:
    assert {pixel for row in pixels([], 10, 5) for pixel in row} == {None}
    assert {pixel for row in pixels([0, 0], 10, 5) for pixel in row} == {None}


def test_a_whole_pie_has_one_slice() -> None:
    assert {pixel for row in pixels([7], 10, 5) for pixel in row} == {None, 0}


def test_bars_are_as_long_as_their_share_and_never_vanish() -> None:
    assert block_bar(0.5, 10) == "█████░░░░░"
    assert fine_bar(0.5, 4) == "██  "
    assert fine_bar(0.0001, 4) == "▏   "
    assert fine_bar(0.0, 4) == "    "
    assert fine_bar(2.0, 4) == "████"


@pytest.mark.parametrize(
    ("at", "then", "in_hand"),
    [
        # The next one that is still there, whatever came or went above it.
        ("c", "abde", "d"),
        ("c", "xyabde", "d"),
        ("b", "de", "d"),
        # Behind the last one that before it.
        ("e", "abcd", "d"),
        ("e", "ac", "c"),
        # It is still there.
        ("c", "xcab", "c"),
        # Other bars altogether.
        ("c", "xyz", "x"),
        ("c", "", ""),
    ],
)
async def test_where_the_bar_in_hand_is_gone_its_neighbour_is(at: str, then: str, in_hand: str) -> None:
    bars = BarList()
    bars.show_rows([BarRow(each, each, 1) for each in "abcde"])
    bars.cursor = "abcde".index(at)
    bars.show_rows([BarRow(each, each, 1) for each in then])
    assert bars.current == in_hand


def test_hours_are_grouped_so_that_they_fit() -> None:
    hours = [Hour(hour=f"2026-01-01T{place:02}:00:00Z", opens=1, clicks=1) for place in range(24)]
    assert len(grouped(hours, 100)) == 24
    assert [opens for _, opens, _ in grouped(hours, 8)] == [3] * 8
    assert grouped([], 8) == []
    assert levels([0, 1, 1000], 1000, 2) == [0, 1, 16]


def test_a_tally_is_shown_by_outcome_and_then_by_size() -> None:
    rows = tally_rows(
        [
            ReasonCount(Outcome.EXCLUDED, "NO_EMAIL", 1),
            ReasonCount(Outcome.ADDED, "", 5),
            ReasonCount(Outcome.EXCLUDED, "SUPPRESSED", 9),
            ReasonCount(Outcome.EXCLUDED, "A_CODE_OF_TOMORROW", 2),
        ]
    )
    assert [row.label for row in rows] == ["Added", "Suppressed", "A_CODE_OF_TOMORROW", "No e-mail address"]
    assert split_key(rows[1].key) == ("excluded", "SUPPRESSED")


def test_facts_stand_in_columns_only_where_they_fit() -> None:
    facts = [("Label", "a value of some length", "")] * 4
    assert len(columns_of(facts, 120, 3)) >= 2
    assert len(columns_of(facts, 40, 3)) == 1
    assert all(sum(width for _, width in columns_of(facts, width, 3)) <= width for width in range(40, 200, 7))


def test_facts_below_others_begin_where_those_do() -> None:
    above = Facts([("Who", "Mira Sandahl", ""), ("Of", "Main", "")], columns=1)
    below = Facts([("Consent watch", "has not asked for opt-outs yet", "")], wraps=True)
    above.line_up(below)
    lines = ["".join(text for text, _ in line) for facts in (above, below) for line in facts._lines(80)]
    assert [line.index(word) for line, word in zip(lines, ("Mira", "Main", "has"), strict=True)] == [15, 15, 15]


def test_numbers_and_times_are_written_for_people() -> None:
    assert share(1, 3) == "33.3%"
    assert share(1, 0) == ""
    assert moment("2026-03-03T14:05:00Z") == "3 Mar 2026 14:05"
    assert moment("") == ""
    assert moment("soon") == "soon"
    assert lasted("2026-03-03T14:05:00Z", "2026-03-03T15:09:30Z") == "1 h 4 min"
    assert lasted("2026-03-03T14:05:00Z", "") == ""


def test_a_time_of_another_year_says_which_and_takes_no_more_room_in_a_column() -> None:
    tell_time_by(lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))
    this, last, next_ = (f"{year}-11-22T14:05:09Z" for year in (2026, 2025, 2027))
    assert (day(this), day(last), day(next_)) == ("22 Nov 14:05", "22 Nov 2025", "22 Nov 2027")
    assert (when(this), when(last)) == ("22 Nov 14:05", "22 Nov 2025 14:05")
    assert (day(""), when(""), when("never")) == ("", "", "never")
    assert len(day(last)) < len(day(this))
    assert ticks_of([last, *[this] * 9], 30) == "╵22 Nov 2025 14:05 "
    # The clock moves on, and with it what this year is.
    tell_time_by(lambda: datetime(2027, 1, 1, 12, tzinfo=UTC))
    assert (day(this), day(next_)) == ("22 Nov 2026", "22 Nov 14:05")
