"""Rows that ask for somebody not to be mailed, from which no address can be got."""

from __future__ import annotations

from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.suppressions import SUPPRESSION_ODD, OddRow

from .base import Page
from .grid_screen import GridScreen, Rows
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import moment

_WORDING = Wording(
    one="row without an address",
    many="rows without an address",
    empty="Every row names an address",
    next_step="Rows that ask for somebody not to be mailed and name nobody would stand here.",
)

_COLUMNS: tuple[Column[OddRow], ...] = (
    Column(title="Where", text=lambda row: row.source, width=20, flex=1),
    Column(title="Received", text=lambda row: row.received, width=24, flex=2),
    Column(title="Learned", text=lambda row: moment(row.learned_on), width=17, priority=1),
)


_ROWS = Rows(
    id="odd-grid", columns=_COLUMNS, key=lambda row: f"{row.source} {row.received}", wording=_WORDING, enter=""
)


class OddRowsPage(GridScreen[OddRow], Page[str]):
    """Where each row was read, and what it says."""

    TRAIL = ("Suppressions", "Rows without an address")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[OddRow]:
        """All of them, as the service gives them out."""
        rows = (await self.console.call(SUPPRESSION_ODD, Nothing())).rows
        return windowed(rows, window, lambda row: f"{row.source} {row.received}")
