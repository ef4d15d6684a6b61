"""The one grid: rows, and what a person does in them: move, open, mark, copy, filter, sort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from textual import on
from textual.widgets import Input

from dyntui.service.row_files import harmless

from ..clipboard import copy
from .cells import single_line
from .columns import Column
from .grid_parts import GridHead
from .grid_rows import GridRows
from .grid_words import Wording

T = TypeVar("T")

# A column is made wider by so many cells, and never narrower than so many.
_STEP, _LEAST = 2, 4
# What takes a row, or all rows.
_OF_ROWS = ("grid.open", "grid.mark", "grid.copy", "rows.export")


class Grid(GridRows[T], Generic[T]):
    """Filter as you type, sort, marks, copy. Where the marks are a choice that is to be kept (`marks_stay`), stepping
    out does not take them back. `enter`: what Enter does, in a word; `""`: nothing; None: it opens the row.
    `finds`: the filter is a search for one row, so that Enter in it opens the only one it finds."""

    class Opened(GridRows.Event):
        """Enter was pressed on the row in hand."""

    class Sorted(GridRows.Event):
        """Another order was chosen."""

    class Resized(GridRows.Event):
        """A column was made wider or narrower."""

    class ViewStep(GridRows.Event):
        """The next (+1) or the previous (-1) view is wanted."""

        def __init__(self, grid: Grid[Any], step: int) -> None:
            super().__init__(grid)
            self.step = step

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        key: Callable[[T], str],
        wording: Wording,
        id: str | None = None,
        classes: str | None = None,
        marks_stay: bool = False,
        enter: str | None = None,
        finds: bool = False,
    ) -> None:
        super().__init__(columns, key=key, wording=wording, id=id, classes=classes)
        self._marks_stay = marks_stay
        self._enter = enter
        self._finds = finds
        # Enter was pressed before the rows of the search were there.
        self._opens = False
        # Enter was pressed on the rows before those were there that were asked for: the question of which the only row
        # is then opened.
        self._opens_first: tuple[object, int] | None = None

    def hint_of(self, action_id: str) -> str | None:
        """What Enter does; where there is no row, nothing that takes one."""
        if action_id == "filter.done":
            return "Open" if self._found_one else None
        if action_id == "app.back":
            return {"filter": "Clear", "marks": "Unmark"}.get(self.narrowed)
        if action_id in _OF_ROWS and self.row() is None:
            return ""
        if action_id == "grid.filter" and not self._finds and not self.listing.matching and not self.narrowed:
            return ""
        return self._enter if action_id == "grid.open" else None

    @property
    def _found_one(self) -> bool:
        return self._finds and self.listing.current and self.listing.matching == 1 and bool(self.listing.searched)

    # Moving

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
        elif self.listing.overtaken:
            self._opens_first = self._question

    @property
    def _question(self) -> tuple[object, int]:
        return self.listing, self.listing.generation

    def why_none_in_hand(self) -> str:
        """Why no row is, though some are on the screen; `""` where there is none, or one is in hand."""
        gone = self.row() is None and self.row_shown() is not None
        return "The rows that were asked for are still on their way." if gone else ""

    def move_to(self, index: int) -> None:
        """As ever; whoever moves opens nothing any more that is not there yet."""
        self._opens_first = None
        super().move_to(index)

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
        lines = ["\t".join(harmless(single_line(column.text(row))) for column in self.columns) for row in rows]
        if lines:
            copy(self.app, lines, self.wording.of(len(lines)))

    # Filtering

    def do_grid_filter(self) -> None:
        """Opens the filter."""
        if self._source is not None:
            self._input.display = True
            self.screen.set_focus(self._input)

    def do_filter_done(self) -> None:
        """Goes to the rows; opens the only one that a search has found, once it is there."""
        self.do_filter_keep()
        self._opens = self._finds and bool(self.listing.search)
        if self.listing.current:
            self.arrived()

    def arrived(self) -> None:
        """The rows that were asked for are there after Enter."""
        # Of several none was seen yet: whoever sees them presses it again.
        alone = self._opens_first == self._question and self.listing.matching == 1
        opens = alone or (self._opens and self._found_one)
        if (self._opens or self._opens_first) and self.listing.current:
            self._opens, self._opens_first = False, None
            # Meanwhile they may have gone on, or have asked for something else.
            if opens and self.app.screen.focused is self.body:
                self.do_grid_open()

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

    @property
    def narrowed(self) -> str:
        """What stepping out takes back: the `filter`, else the `marks`, else nothing."""
        if self.listing.search or self._input.display:
            return "filter"
        return "marks" if self.marks and not self._marks_stay else ""

    def step_out(self) -> bool:
        """Takes back the last thing narrowed down, filter before marks; False when there is none."""
        narrowed = self.narrowed
        if narrowed == "filter":
            self.do_filter_clear()
            return True
        if narrowed == "marks":
            self.marks.clear()
            self._changed()
            self.post_message(self.Moved(self))
            return True
        return False

    @on(Input.Changed)
    def _filter_typed(self, event: Input.Changed) -> None:
        event.stop()
        self._opens = False
        if event.value != self.listing.search:
            if event.value:
                self._wanted = ""
            self.listing.search = event.value
            self._ask_anew()

    # Sorting

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

    # Widths

    def do_grid_wider(self) -> None:
        """Makes the column that the rows are sorted by wider, else the first one."""
        self._resize(_STEP)

    def do_grid_narrower(self) -> None:
        """Makes it narrower."""
        self._resize(-_STEP)

    def do_grid_usual_widths(self) -> None:
        """All columns as wide as usual."""
        self.widths = {}
        self._resized()

    def _resize(self, by: int) -> None:
        if not self.places:
            return
        sorted_by = self.listing.sort.removeprefix("-")
        place = next((each for each in self.places if sorted_by and each.column.sort == sorted_by), self.places[0])
        cells = max(_LEAST, min(self._room or _LEAST, place.width + by))
        self.widths = {**self.widths, place.column.title: cells}
        self._resized()

    def _resized(self) -> None:
        if self._room:
            self.lay_out(self._room)
        self._changed()
        self.post_message(self.Resized(self))

    @on(GridHead.Clicked)
    def _title_clicked(self, event: GridHead.Clicked) -> None:
        """Sorts by the column at a cell; a second time turns the order round."""
        event.stop()
        for place in self.places:
            if place.x <= event.x < place.x + place.width and place.column.sort:
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
        self._kept = ""
        self.body.scroll_to(y=0, animate=False, immediate=True)
        self.listing.restart()
        self._ask()
