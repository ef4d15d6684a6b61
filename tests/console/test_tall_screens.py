"""Where there is more room than things to show, no frame stretches around nothing."""

from __future__ import annotations

import pytest
from dyntui.screens.widgets.bars import BarList
from textual.widget import Widget

from .driving import Driver, driving
from .test_snapshots import later
from .worlds import CAMPAIGN, LIST, Opening


def empty_lines(hand: Driver) -> dict[str, int]:
    """By the title of a frame around bars or a chart: its lines with nothing in them."""
    frames = [each for each in hand.app.screen.query(".card") if each.region.area and each.query(BarList)]
    return {str(each.border_title): max(0, each.size.height - used(each)) for each in frames}


def used(frame: Widget) -> int:
    """The lines that what is in it takes."""
    return sum(max(1, len(each.rows)) if isinstance(each, BarList) else each.size.height for each in frame.children)


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 50)])
async def test_on_a_tall_home_frames_end_with_what_is_in_them(size: tuple[int, int]) -> None:
    async with driving(Opening(prepare=later), size) as hand:
        found = empty_lines(hand)
        assert len(found) == 3
        # The runs keep the height at which they come and go without moving what is below.
        assert all(lines <= (6 if title == "Latest runs" else 0) for title, lines in found.items()), found


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24)])
async def test_the_runs_of_a_list_are_framed_and_nothing_else(size: tuple[int, int]) -> None:
    async with driving(Opening("targeted"), size) as hand:
        await hand.to("2", LIST)
        await hand.press("enter")
        assert not any(empty_lines(hand).values()), empty_lines(hand)


async def test_hours_without_opens_take_the_line_that_says_so() -> None:
    async with driving(Opening("doubted"), (200, 60)) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("v")
        assert hand.app.screen.query_one("#hours-card").size.height == 1
    async with driving(size=(200, 60)) as hand:
        await hand.press("3", "G", "v")
        assert hand.app.screen.query_one("#hours-card").size.height > 10


async def test_words_in_place_of_rows_stand_in_the_middle_of_the_screen() -> None:
    async with driving(Opening("held"), (200, 60)) as hand:
        await hand.press("6", "c")
        line = next(each for each in hand.text.splitlines() if "No conflict waits" in each)
        before, _, _ = line.partition("No conflict waits")
        assert abs(2 * len(before) + len("No conflict waits") - 200) <= 6
        # With rows the card is there.
        await hand.press("escape")
        assert "╭─ Decision" in hand.text
