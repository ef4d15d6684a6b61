"""Views and column widths outlive the console, as themes and orders do."""

from __future__ import annotations

from pathlib import Path

from dyntui.screens.remembered import Memory
from dyntui.screens.widgets.columns import Column, Wants, arrange, as_wide
from dyntui.screens.widgets.grid import Grid

from .driving import Driver, driving


def width_of_first(hand: Driver) -> int:
    return hand.app.screen.query_one(Grid).places[0].width


async def test_a_column_is_made_wider_and_narrower_and_is_so_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "console.json"
    async with driving(memory=Memory(file)) as hand:
        await hand.press("2")
        usual = width_of_first(hand)
        await hand.press("less_than_sign", "less_than_sign", "less_than_sign", "greater_than_sign")
        assert width_of_first(hand) == usual - 4
    async with driving(memory=Memory(file)) as hand:
        await hand.press("2")
        assert width_of_first(hand) == usual - 4
        # Of a grid that is sorted it is the column by which.
        await hand.press("o")
        grid = hand.app.screen.query_one(Grid)
        place = next(each for each in grid.places if each.column.sort == grid.listing.sort)
        await hand.press("less_than_sign")
        assert place.column.title in hand.app.memory.now.widths[grid.id or ""]
        await hand.press("colon")
        await hand.type("as wi")
        await hand.press("enter")
        assert hand.app.memory.now.widths == {} and width_of_first(hand) == usual


async def test_the_view_that_was_chosen_is_the_one_that_opens(tmp_path: Path) -> None:
    file = tmp_path / "console.json"
    async with driving(memory=Memory(file)) as hand:
        await hand.press("2", "l")
        chosen = hand.asked("lists.page")[-1].view
        assert chosen != "active"
    async with driving(memory=Memory(file)) as hand:
        await hand.press("2")
        assert hand.asked("lists.page")[-1].view == chosen


def test_a_width_that_was_chosen_is_kept_whatever_the_rows_want() -> None:
    columns = [Column[str](title=each, text=str, width=10, flex=1) for each in ("Name", "Owner")]
    fixed, wants = as_wide(columns, Wants((30, 30), (30, 30)), {"Name": 5})
    assert [place.width for place in arrange(fixed, 60, wants)] == [5, 53]
    assert as_wide(columns, None, {}) == (columns, None)
