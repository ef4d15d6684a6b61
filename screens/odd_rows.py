"""Rows that ask for somebody not to be mailed, from which no address can be got."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from dyntui.service.contract.paging import Page as Rows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.suppressions import SUPPRESSION_ODD, OddRow

from .base import Page
from .widgets.columns import Column
from .widgets.grid import Grid
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


class OddRowsPage(Page[str]):
    """Where each row was read, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self._grid: Grid[OddRow] = Grid(
            _COLUMNS, key=lambda row: f"{row.source} {row.received}", wording=_WORDING, id="odd-grid"
        )

    def compose_page(self) -> Iterable[Widget]:
        """The rows."""
        yield self._grid

    def begin(self) -> None:
        """Loads them."""
        self.trail.show_trail("Suppressions", "Rows without an address")
        self._grid.load(self._source, slice="")
        self._grid.focus_rows()

    async def _source(self, window: Window) -> Rows[OddRow]:
        rows = (await self.console.call(SUPPRESSION_ODD, Nothing())).rows
        return windowed(rows, window, lambda row: f"{row.source} {row.received}")

    def refetch(self) -> None:
        """The rows again."""
        self._grid.reload()
