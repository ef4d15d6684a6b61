"""How a marketing list has grown: a bar for each day on which it was synchronised."""

from __future__ import annotations

from datetime import date

import msgspec

from dyntui.model.list_growth import GrowthPoint
from dyntui.service.contract.lists import LIST_GROWTH, ListRef
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window

from .base import Page
from .grid_screen import GridScreen, Rows
from .places import RUN
from .widgets.bars import fine_bar
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import number

_BAR = 18

_WORDING = Wording(
    one="day",
    many="days",
    empty="Not synchronised yet",
    next_step="A day stands here once the list was synchronised. Days go back as far as runs are kept.",
)


class Day(msgspec.Struct, frozen=True):
    """A day, and how full its bar is."""

    point: GrowthPoint
    share: float


def _change(row: Day) -> str:
    change = row.point.change
    return "" if change is None else f"{'+' if change > 0 else ''}{number(change)}"


def _day(row: Day) -> str:
    """`3 Mar 2026`, in UTC, as the days of runs are counted."""
    when = date.fromisoformat(row.point.day)
    return f"{when.day} {when:%b %Y}"


_COLUMNS: tuple[Column[Day], ...] = (
    Column(title="Day", text=_day, width=11, right=True),
    Column(title="", text=lambda row: fine_bar(row.share, _BAR), width=_BAR, priority=2, tone=lambda row: "good"),
    Column(title="In the book", text=lambda row: number(row.point.in_book), width=11, right=True),
    Column(title="Change", text=_change, width=7, right=True),
    Column(
        title="Left out", text=lambda row: number(row.point.left_out), width=8, right=True, tone=lambda row: "muted"
    ),
    Column(title="Members", text=lambda row: number(row.point.members), width=8, right=True),
)

_ROWS = Rows(id="growth-grid", columns=_COLUMNS, key=lambda row: row.point.day, wording=_WORDING, enter="Run")


class ListGrowthPage(GridScreen[Day], Page[str]):
    """The days, the last one first; Enter opens the run that says so."""

    TRAIL = ("Marketing Lists", "…", "Growth")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[Day]:
        """All of them."""
        known = await self.console.call(LIST_GROWTH, ListRef(self.about or ""))
        self.trail.show_trail("Marketing Lists", known.list, "Growth")
        most = max((each.in_book for each in known.points), default=0) or 1
        rows = tuple(Day(each, each.in_book / most) for each in known.points)
        return windowed(rows, window, lambda row: f"{_day(row)} {row.point.day}")

    def opened(self, row: Day) -> None:
        """What the run of that day made of the list."""
        self.console.open_page(RUN, row.point.run)
