"""What became of somebody in all runs: found by name, address, record or what was said of them."""

from __future__ import annotations

from dyntui.model.traces import Trace
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RUN_SEARCH, SearchQuery

from .base import Page
from .grid_screen import GridScreen, Rows, page_of
from .places import RUN
from .tally import reason_title
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.tones import outcome_text, outcome_tone
from .wording import dated, day

_WORDING = Wording(
    one="outcome",
    many="outcomes",
    empty="Whom are you looking for?",
    next_step="Type a part of a name or an address. Of a list's people the run is the one from which on they had it.",
)

_COLUMNS: tuple[Column[Trace], ...] = (
    Column(title="When", text=lambda row: day(row.started_on), width=12, sort="started_on"),
    Column(title="Name", text=lambda row: row.name, width=14, flex=2, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=18, flex=2, priority=2, sort="address", whole=True),
    Column(title="Where", text=lambda row: row.item or row.title, width=14, flex=1, priority=1, sort="title"),
    Column(
        title="Outcome",
        text=lambda row: outcome_text(row.outcome, row.kind),
        width=12,
        sort="outcome",
        tone=lambda row: outcome_tone(row.outcome),
    ),
    Column(title="Reason", text=lambda row: reason_title(row.reason), width=16, flex=1, sort="reason"),
    Column(title="Detail", text=lambda row: dated(row.detail), width=16, flex=1, priority=3, tone=lambda row: "muted"),
)

_ROWS = Rows(
    id="traces-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.run} {row.item} {row.person} {row.outcome}",
    wording=_WORDING,
    finds=True,
)


class TracesPage(GridScreen[Trace], Page[str]):
    """The filter is the search; Enter opens the run."""

    TRAIL = ("Search all runs",)

    def __init__(self) -> None:
        super().__init__(_ROWS)

    def begin(self) -> None:
        """The keys write into the search."""
        super().begin()
        self.grid.do_grid_filter()

    async def rows_in(self, window: Window) -> PageOfRows[Trace]:
        """Whom the search finds."""
        return await page_of(self.console, RUN_SEARCH, SearchQuery(), window)

    def hint_of(self, action_id: str) -> str | None:
        """Not every trace has a run."""
        row = self.grid.row()
        if action_id == "grid.open" and row is not None:
            return "Run" if row.run else ""
        return super().hint_of(action_id)

    def opened(self, row: Trace) -> None:
        """The run in which it was so; older ones than are kept have no page."""
        if row.run:
            self.console.open_page(RUN, row.run)
