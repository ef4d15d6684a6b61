"""The parts of a grid: the line in which a filter is typed, the column titles, the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, Protocol, TypeVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_FILTER, ON_GRID

from ..bindings import bindings
from ..perform import perform
from .cells import ELLIPSIS, fit, single_line, width_of
from .columns import SEPARATOR, Place
from .grid_words import GUTTER
from .line import Line
from .paging import Listing, Phase
from .toned import Toned

T = TypeVar("T")


class Rows(Protocol[T]):
    """What the parts of a grid need of it."""

    listing: Listing[T]
    places: list[Place[T]]
    key: Callable[[T], str]
    marks: dict[str, T]
    cursor: int

    def lay_out(self, width: int) -> None:
        """Shares the width among the columns."""

    def look(self) -> None:
        """Asks for the pages in view that are not there."""

    def notice(self) -> list[tuple[str, str]]:
        """The lines, each with its tone, that stand in place of rows."""

    def move_to(self, index: int) -> None:
        """Puts the cursor on a row."""


class FilterInput(Input):
    """The line in which a filter is typed."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_FILTER,)
    BINDINGS = bindings(ON_FILTER)

    def on_key(self, event: events.Key) -> None:
        """The key that opens the filter leads to where one is already."""
        if event.key == "slash" and not self.value:
            event.stop()
            event.prevent_default()

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self, action_id)


class GridHead(Line):
    """The column titles."""

    class Clicked(Message):
        """The titles were clicked at cell `x` of the columns."""

        def __init__(self, x: int) -> None:
            super().__init__()
            self.x = x

    def on_click(self, event: events.Click) -> None:
        """Tells on which cell."""
        self.post_message(self.Clicked(event.x - GUTTER))


class GridBody(ScrollView, Toned, Generic[T], can_focus=True):
    """The rows. Draws what is in view, asks the grid for what is missing."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_GRID,)
    BINDINGS = bindings(ON_GRID)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--cursor", "grid--cursor-blurred", "grid--title"}

    def __init__(self, grid: Rows[T]) -> None:
        super().__init__(id="grid-body")
        self._grid = grid

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self, action_id)

    def render_line(self, y: int) -> Strip:
        """A row, or a line of the notice that stands in its place."""
        width = self.scrollable_content_region.width
        if self._grid.listing.phase is not Phase.ROWS:
            return self._notice_line(y, width)
        index = self.scroll_offset.y + y
        if index >= self._grid.listing.matching:
            return Strip.blank(width, self.rich_style)
        return self._row_line(index, width)

    def _row_line(self, index: int, width: int) -> Strip:
        grid = self._grid
        at_cursor = index == grid.cursor
        row = grid.listing.row(index)
        base = self.rich_style
        if at_cursor:
            base = self.get_component_rich_style("grid--cursor" if self.has_focus else "grid--cursor-blurred")
        marked = row is not None and grid.key(row) in grid.marks
        lead = ("▌" if at_cursor else " ") + ("●" if marked else " ")
        if row is None:
            return Strip([Segment(fit(f"{lead}{ELLIPSIS}", width), base)], width)
        segments: list[Segment] = []
        text = lead
        for place in grid.places:
            cell = fit(place.column.text(row), place.width, place.column.right)
            tone = place.column.tone(row) if place.column.tone and not at_cursor else ""
            if tone:
                segments += [Segment(text, base), Segment(cell, self.toned(tone))]
                text = " " * SEPARATOR
            else:
                text += cell + " " * SEPARATOR
        segments.append(Segment(text, base))
        return Strip(segments).adjust_cell_length(width, base)

    def _notice_line(self, y: int, width: int) -> Strip:
        lines = self._grid.notice()
        place = y - max(0, (self.size.height - len(lines)) // 3)
        if not 0 <= place < len(lines):
            return Strip.blank(width, self.rich_style)
        text, tone = lines[place]
        inner = fit(text, min(width_of(single_line(text)), width))
        lead = (width - width_of(inner)) // 2
        segments = [Segment(" " * lead, self.rich_style), Segment(inner, self.toned(tone))]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def on_resize(self, event: events.Resize) -> None:
        """The columns share the width anew."""
        self._grid.lay_out(self.scrollable_content_region.width)
        self._grid.look()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Rows that came into view are fetched."""
        super().watch_scroll_y(old_value, new_value)
        self._grid.look()

    def on_focus(self) -> None:
        """The cursor shows where the keys go."""
        self.refresh_line(self._grid.cursor)

    def on_blur(self) -> None:
        """The cursor shows where the keys went."""
        self.refresh_line(self._grid.cursor)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one opens."""
        index = event.y + self.scroll_offset.y
        if self._grid.listing.phase is Phase.ROWS and index < self._grid.listing.matching:
            if event.chain == 1:
                self._grid.move_to(index)
            elif index == self._grid.cursor:
                # Elsewhere the first click was on something that has gone by it, such as the button of a question.
                self.action_perform("grid.open")
