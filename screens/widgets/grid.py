"""The one grid: any number of rows, of which only those looked at are fetched and drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Input

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.paging import Page

from ..clipboard import copy, guarded
from ..wording import moment, number
from ..working import start
from .cells import fit, single_line, wrap
from .columns import SEPARATOR, Column, Place, arrange
from .grid_parts import GUTTER, FilterInput, GridBody, GridHead
from .line import Line, Part
from .paging import Listing, Phase, Source

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a grid speaks of its rows, and what it says when there are none: a title and what to do next."""

    one: str
    many: str
    empty: str
    next_step: str = ""

    def of(self, count: int) -> str:
        """`1 member`, `3,401 members`."""
        return f"{number(count)} {self.one if count == 1 else self.many}"


class Grid(Vertical, Generic[T]):
    """A grid over a source of pages: filter as you type, sort, marks, copy, and a word for each of its five states.

    `key` names a row for good, so that marks stay on it through filters and reloads. Where they are a choice that is
    to be kept (`marks_stay`), stepping out does not take them back.
    """

    class Event(Message):
        """Something a person did in a grid; the grid itself knows its row, typed."""

        def __init__(self, grid: Grid[Any]) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> Grid[Any]:
            """The grid, for selectors in `on`."""
            return self.grid

    class Opened(Event):
        """Enter was pressed on the row in hand."""

    class Sorted(Event):
        """Another order was chosen."""

    class Moved(Event):
        """Another row, or none, is in hand, or it was read anew and is another; or the marks changed."""

    class ViewStep(Event):
        """The next (+1) or the previous (-1) view is wanted."""

        def __init__(self, grid: Grid[Any], step: int) -> None:
            super().__init__(grid)
            self.step = step

    @dataclass
    class _Arrived(Message):
        generation: int
        number: int
        page: Page[Any]

    @dataclass
    class _Failed(Message):
        generation: int
        number: int
        error: DyntuiError

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        key: Callable[[T], str],
        wording: Wording,
        id: str | None = None,
        classes: str | None = None,
        marks_stay: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._marks_stay = marks_stay
        self.columns = tuple(columns)
        self.key = key
        self.wording = wording
        self.listing: Listing[T] = Listing()
        self.places: list[Place[T]] = []
        self.cursor = 0
        self.marks: dict[str, T] = {}
        self._source: Source[T] | None = None
        self._told: T | None = None
        self._wanted = ""
        self._input = FilterInput(id="grid-filter", compact=True, placeholder="type to filter", select_on_focus=False)
        self._input.cursor_blink = False
        self._head = GridHead(self)
        self.body: GridBody[T] = GridBody(self)
        self._status = Line(id="grid-status")

    def compose(self) -> ComposeResult:
        """Filter, titles, rows, count."""
        yield self._input
        yield self._head
        yield self.body
        yield self._status

    # What is shown

    def load(self, source: Source[T]) -> None:
        """Shows another listing from its first row, without filter and marks."""
        self._source = source
        self.cursor = 0
        self.marks.clear()
        self.listing.search = ""
        with self._input.prevent(Input.Changed):
            self._input.value = ""
        self._input.display = False
        self.listing.restart(forget=True)
        self._changed()
        self.look()

    def reload(self) -> None:
        """Asks again; what is on the screen stays until the answer is there."""
        if self._source is None:
            return
        self.listing.restart(forget=self.listing.phase is Phase.FAILED)
        self._changed()
        self.look()

    def row(self) -> T | None:
        """The row in hand."""
        return self.listing.row(self.cursor) if self.listing.phase is Phase.ROWS else None

    def chosen(self) -> list[T]:
        """The marked rows, or the row in hand where none is marked."""
        if self.marks:
            return list(self.marks.values())
        row = self.row()
        return [] if row is None else [row]

    def focus_rows(self) -> None:
        """Puts the keys on the rows."""
        self.screen.set_focus(self.body)

    def notice(self) -> list[tuple[str, str]]:
        """The lines, each with its tone, that stand in place of rows."""
        listing = self.listing
        if listing.phase is Phase.LOADING:
            return [("Loading…", "muted")]
        if listing.error is not None:
            error = listing.error
            parts = ((error.message, "strong"), (error.not_done, ""), (error.remedy, ""))
            width = max(20, self.body.size.width - 8)
            lines = [(error.code, "bad"), *((line, tone) for text, tone in parts for line in wrap(text, width))]
            return [*lines, ("", ""), ("r  try again", "key")]
        if listing.phase is Phase.NO_MATCH:
            return [(f"Nothing matches “{listing.search}”", "strong"), ("", ""), ("Esc  clears the filter", "key")]
        steps = wrap(self.wording.next_step, max(20, self.body.size.width - 4)) if self.wording.next_step else []
        return [(self.wording.empty, "strong"), ("", ""), *((step, "muted") for step in steps)]

    def lay_out(self, width: int) -> None:
        """Shares the width among the columns."""
        self.places = arrange(self.columns, max(1, width - GUTTER))
        self._show_head()
        self.body.refresh()

    def look(self) -> None:
        """Asks for the pages in view that are not there."""
        if self._source is None or not self.is_mounted:
            return
        first = self.body.scroll_offset.y
        for page in self.listing.wanted(first, first + max(1, self.body.size.height) - 1):
            start(self, "pages", self._fetch, self._source, self.listing.generation, page)

    async def _fetch(self, source: Source[T], generation: int, number_: int) -> None:
        try:
            page = await source(self.listing.window(number_))
        except DyntuiError as error:
            self.post_message(self._Failed(generation, number_, error))
        else:
            self.post_message(self._Arrived(generation, number_, page))

    @on(_Arrived)
    def _take_page(self, message: _Arrived) -> None:
        message.stop()
        if self.listing.arrived(message.generation, message.number, message.page):
            self.body.virtual_size = Size(self.body.size.width, self.listing.matching)
            self.cursor = max(0, min(self.cursor, self.listing.matching - 1))
            self._go_to_wanted(message.page)
            self._changed()
        self.look()

    def _go_to_wanted(self, page: Page[Any]) -> None:
        """To the row that was in hand before the filter was cleared, where it is among the first."""
        place = next((at for at, row in enumerate(page.rows) if self.key(row) == self._wanted), None)
        self._wanted = ""
        if place is not None and not self.cursor:
            self.cursor = page.offset + place
            self.body.scroll_to(y=max(0, self.cursor - self.body.size.height // 2), animate=False, immediate=True)

    @on(_Failed)
    def _take_failure(self, message: _Failed) -> None:
        message.stop()
        if self.listing.failed(message.generation, message.number, message.error):
            self.body.virtual_size = Size(self.body.size.width, 0)
            self._changed()

    def _changed(self) -> None:
        self.body.refresh()
        self._show_head()
        self._show_status()
        self._tell_moved()

    def _tell_moved(self) -> None:
        row = self.row()
        if row != self._told:
            self._told = row
            self.post_message(self.Moved(self))

    def _show_head(self) -> None:
        by, down = self.listing.sort.removeprefix("-"), self.listing.sort.startswith("-")
        text = " " * GUTTER
        parts: list[Part] = []
        for place in self.places:
            title = place.column.title
            if by and place.column.sort == by:
                title = f"{title} {'▼' if down else '▲'}"
            parts.append(Part(text + fit(title, place.width, place.column.right), "muted"))
            text = " " * SEPARATOR
        self._head.show(*parts)

    def _show_status(self) -> None:
        listing = self.listing
        right: list[Part] = []
        if listing.as_of:
            right.append(Part(f"read {moment(listing.as_of)}", "muted"))
        if listing.phase is not Phase.ROWS:
            self._status.show(right=right)
            return
        if listing.search:
            left = f"{number(listing.matching)} of {self.wording.of(listing.total)} match “{listing.search}”"
            parts = [Part(f"  {left}", "accent"), Part(f" · row {number(self.cursor + 1)}", "muted")]
        else:
            parts = [Part(f"  {number(self.cursor + 1)} of {self.wording.of(listing.matching)}", "muted")]
        if self.marks:
            parts.append(Part(f" · ● {number(len(self.marks))} marked", "accent"))
        self._status.show(*parts, right=right)

    # Moving

    def move_to(self, index: int) -> None:
        """Puts the cursor on a row and brings it into view."""
        if self.listing.phase is not Phase.ROWS:
            return
        index = max(0, min(index, self.listing.matching - 1))
        if index == self.cursor:
            return
        before, self.cursor = self.cursor, index
        top, height = self.body.scroll_offset.y, max(1, self.body.size.height)
        if index < top:
            self.body.scroll_to(y=index, animate=False, immediate=True)
        elif index >= top + height:
            self.body.scroll_to(y=index - height + 1, animate=False, immediate=True)
        self.body.refresh_line(before)
        self.body.refresh_line(index)
        self._show_status()
        self._tell_moved()

    def _page(self) -> int:
        return max(1, self.body.size.height - 1)

    def do_grid_up(self) -> None:
        """One row up."""
        self.move_to(self.cursor - 1)

    def do_grid_down(self) -> None:
        """One row down."""
        self.move_to(self.cursor + 1)

    def do_grid_page_up(self) -> None:
        """One page up."""
        self.move_to(self.cursor - self._page())

    def do_grid_page_down(self) -> None:
        """One page down."""
        self.move_to(self.cursor + self._page())

    def do_grid_first(self) -> None:
        """To the first row."""
        self.move_to(0)

    def do_grid_last(self) -> None:
        """To the last row."""
        self.move_to(self.listing.matching - 1)

    def do_grid_previous_view(self) -> None:
        """To the view on the left."""
        self.post_message(self.ViewStep(self, -1))

    def do_grid_next_view(self) -> None:
        """To the view on the right."""
        self.post_message(self.ViewStep(self, 1))

    # Doing

    def do_grid_open(self) -> None:
        """Opens the row in hand."""
        row = self.row()
        if row is not None:
            self.post_message(self.Opened(self))

    def do_grid_mark(self) -> None:
        """Marks or unmarks the row in hand and goes on to the next."""
        row = self.row()
        if row is None:
            return
        key = self.key(row)
        if key in self.marks:
            del self.marks[key]
        else:
            self.marks[key] = row
        self.body.refresh_line(self.cursor)
        self._show_status()
        self.post_message(self.Moved(self))
        self.move_to(self.cursor + 1)

    def do_grid_copy(self) -> None:
        """Copies the marked rows, or the row in hand, as tab-separated text."""
        rows = self.chosen()
        lines = ["\t".join(guarded(single_line(column.text(row))) for column in self.columns) for row in rows]
        if lines:
            copy(self.app, lines, self.wording.of(len(lines)))

    def do_grid_filter(self) -> None:
        """Opens the filter."""
        if self._source is not None:
            self._input.display = True
            self.screen.set_focus(self._input)

    def do_filter_keep(self) -> None:
        """Goes to the rows, the filter stays."""
        if not self._input.value:
            self._input.display = False
        self.screen.set_focus(self.body)

    def do_filter_clear(self) -> None:
        """Drops the filter."""
        row = self.row()
        self._input.value = ""
        self._input.display = False
        self.screen.set_focus(self.body)
        self._wanted = self.key(row) if row is not None else ""

    def step_out(self) -> bool:
        """Takes back the last thing narrowed down, filter before marks; False when there is none."""
        if self.listing.search or self._input.display:
            self.do_filter_clear()
            return True
        if self.marks and not self._marks_stay:
            self.marks.clear()
            self._changed()
            self.post_message(self.Moved(self))
            return True
        return False

    @on(Input.Changed)
    def _filter_typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.listing.search:
            if event.value:
                self._wanted = ""
            self.listing.search = event.value
            self._ask_anew()

    @on(Input.Submitted)
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.do_filter_keep()

    def do_grid_sort(self) -> None:
        """Sorts by the next column that the listing can be sorted by, at last by none."""
        keys = ["", *(place.column.sort for place in self.places if place.column.sort)]
        by = self.listing.sort.removeprefix("-")
        self._sort(keys[(keys.index(by) + 1) % len(keys)] if by in keys else "")

    def do_grid_reverse(self) -> None:
        """Turns the order round."""
        by = self.listing.sort
        if by:
            self._sort(by.removeprefix("-") if by.startswith("-") else f"-{by}")
        else:
            self.do_grid_sort()

    def sort_at(self, x: int) -> None:
        """Sorts by the column at cell `x`; a second time turns the order round."""
        for place in self.places:
            if place.x <= x < place.x + place.width and place.column.sort:
                by = place.column.sort
                self._sort(f"-{by}" if self.listing.sort == by else by)

    def _sort(self, by: str) -> None:
        self.listing.sort = by
        self._ask_anew()
        self.post_message(self.Sorted(self))

    def recall_order(self, by: str) -> None:
        """The order for the first loading, where there is such a column."""
        if by.removeprefix("-") in {column.sort for column in self.columns if column.sort}:
            self.listing.sort = by

    def _ask_anew(self) -> None:
        self.cursor = 0
        self.body.scroll_to(y=0, animate=False, immediate=True)
        self.listing.restart()
        self._changed()
        self.look()
