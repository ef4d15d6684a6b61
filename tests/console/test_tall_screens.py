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


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 50)])
async def test_the_frames_of_a_run_and_of_a_send_end_with_what_is_in_them(size: tuple[int, int]) -> None:
    async with driving(Opening("doubted"), size) as hand:
        # The send that was cancelled, its run, a run of a list, one that has failed.
        await hand.press("4", "enter")
        assert empty_lines(hand) == {"Who, and why not": 0, "What came back": 0}
        for keys in (("a",), ("escape", "escape", "j", "enter"), ("escape", "j", "j", "enter")):
            await hand.press(*keys)
            found = empty_lines(hand)
            assert "Items" in found and not any(found.values()), found
        assert "207 read = 207 with a named outcome" in hand.text and "Soft bounced" in hand.text


async def test_where_more_is_said_of_a_run_than_fits_its_sum_stays() -> None:
    for size in ((80, 24), (60, 18)):
        async with driving(size=size) as hand:
            await hand.to("4", "22 Nov 12:00  Newsletter")
            await hand.press("enter")
            assert "207 read = 207 with a named outcome" in hand.text and "Soft bounced" not in hand.text
            await hand.press("G")
            assert "207 read = 207 with a named outcome" in hand.text and "Soft bounced" in hand.text


async def test_the_sends_of_a_campaign_are_directly_below_its_targets_and_text() -> None:
    async with driving(Opening("doubted"), (200, 60)) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter")
        page = hand.app.screen
        below = max(page.query_one(f"#pane-{each}").region.bottom for each in ("targets", "text"))
        sends = page.query_one("#pane-sends")
        assert sends.region.y == below and sends.region.height == 3
        # A longer text has the room that there is, and what is more scrolls above the sends.
        await hand.press("p")
        assert "[4] http://$UNSUB$" in hand.text and sends.region.height == 3
        await hand.pilot.resize_terminal(120, 24)
        await hand.settle()
        assert sends.region.height == 3 and "[4] http://$UNSUB$" not in hand.text
        await hand.press("G")
        assert "[4] http://$UNSUB$" in hand.text
