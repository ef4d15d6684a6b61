"""The rows of a grid: of any number only those looked at are fetched and drawn, and one of them is in hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Input

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.paging import Page

from ..working import start
from .cells import width_of
from .columns import Column, Place, Wants, arrange, as_wide, told_once, wanted
from .grid_parts import FilterInput, GridBody, GridHead
from .grid_words import GUTTER, Wording, notice, room_beside, status, titles
from .line import Line
from .paging import Listing, Phase, Source

T = TypeVar("T")

# Listings of one grid (views, lists, campaigns) that are remembered.
SLICES_KEPT = 8
# A record that is on another page by now is looked for in so many rows around its place.
_NEAR = 32


class GridRows(Vertical, Generic[T]):
    """Rows from a source of pages, with a word for each of their five states. Rows that were read stay until there are
    newer ones, whatever becomes of the question for them; when they are read anew the cursor stays on its record, so
    that a key is about what was seen.

    `key` names a row for good, so that marks stay on it through filters and reloads.
    """

    # Seconds after which rows that are not there yet are said to be on their way.
    LOADING_AFTER: ClassVar[float] = 0.3

    class Event(Message):
        """Something that happened in a grid; the grid itself knows its row, typed."""

        def __init__(self, grid: GridRows[Any]) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> GridRows[Any]:
            """The grid, for selectors in `on`."""
            return self.grid

    class Moved(Event):
        """Another row, or none, is in hand, or it was read anew and is another; or the marks changed."""

    class Read(Event):
        """Rows of a listing were read, or could not be: then its `error` says why."""

        def __init__(self, grid: GridRows[Any], listing: Listing[Any]) -> None:
            super().__init__(grid)
            self.listing = listing

    @dataclass
    class _Arrived(Message):
        listing: Listing[Any]
        generation: int
        number: int
        page: Page[Any]

    @dataclass
    class _Failed(Message):
        listing: Listing[Any]
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
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.key = key
        self.wording = wording
        self.listing: Listing[T] = Listing()
        self.places: list[Place[T]] = []
        self._room = 0
        self._wants: Wants | None = None
        self._told = ""
        # The cells of columns, by title, that somebody made wider or narrower.
        self.widths: dict[str, int] = {}
        self.cursor = 0
        self.marks: dict[str, T] = {}
        self._source: Source[T] | None = None
        self._slices: OrderedDict[str, Listing[T]] = OrderedDict()
        self._slow = False
        self._in_hand: T | None = None
        self._wanted = ""
        # The row that was in hand before rows were read anew, until it is found among them; none while nobody has
        # moved in a listing that was come to: that begins at its top.
        self._kept = ""
        self._at_top = True
        self._input = FilterInput(id="grid-filter", compact=True, placeholder="type to filter", select_on_focus=False)
        self._input.cursor_blink = False
        self._head = GridHead(id="grid-head")
        self.body: GridBody[T] = GridBody(self)
        self._status = Line(id="grid-status")

    def compose(self) -> ComposeResult:
        """Filter, titles, rows, count."""
        yield self._input
        yield self._head
        yield self.body
        yield self._status

    # What is shown

    def load(self, source: Source[T], slice: str | None = None) -> None:
        """Shows another listing from its first row, without filter and marks. `slice` names it: where it was shown
        before, its rows are there until they are read anew."""
        self._source = source
        self.cursor = 0
        self._kept, self._at_top = "", True
        self.marks.clear()
        with self._input.prevent(Input.Changed):
            self._input.value = ""
        self._input.display = False
        sort = self.listing.sort
        if slice is None:
            self.listing.restart(forget=True)
        else:
            self.listing = self._slices.pop(slice) if slice in self._slices else Listing()
            self.listing.restart(forget=bool(self.listing.searched))
            self._slices[slice] = self.listing
            while len(self._slices) > SLICES_KEPT:
                self._slices.popitem(last=False)
        self.listing.search, self.listing.sort = "", sort
        known = self.listing.known
        self._wants = wanted(self.columns, known) if known else None
        if known and self._room:
            self.lay_out(self._room)
        self._lay_out_rows()
        self.body.scroll_to(y=0, animate=False, immediate=True)
        self._ask()

    def reload(self, to: str = "") -> None:
        """Asks again; what is on the screen stays until the answer is there. `to`: the key of the row that is then in
        hand, where it is among the first."""
        if self._source is None:
            return
        if to:
            self._wanted, self.cursor = to, 0
        self._at_top = False
        self.listing.restart()
        self._ask()

    def _ask(self) -> None:
        self._slow = False
        self._changed()
        self.look()
        if self.listing.phase is Phase.LOADING and self.is_mounted:
            self.set_timer(self.LOADING_AFTER, self._say_loading)

    def _say_loading(self) -> None:
        """What is there at once needs no word for being awaited."""
        self._slow = True
        self.body.refresh()

    def row(self) -> T | None:
        """The row in hand; none while rows are awaited among which it is another one."""
        return None if self._kept or self.listing.overtaken else self.row_shown()

    def row_shown(self) -> T | None:
        """The row under the cursor."""
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
        if self.listing.phase is Phase.LOADING and not self._slow:
            return []
        return notice(self.listing, self.wording, self.body.size.width)

    def lay_out(self, width: int) -> None:
        """Shares the width among the columns."""
        self._room = width
        cells, wants = max(1, width - GUTTER), self._wants
        room = room_beside(self.listing, self.wording, width)
        columns, wants = as_wide(self.columns, wants, self.widths)
        gone, self._told = told_once(columns, cells, wants, room, self.listing.sort)
        self.places = arrange(columns, cells, wants, gone)
        self._show_head()
        self._show_status()
        self.body.refresh()

    # Fetching

    def look(self) -> None:
        """Asks for the pages in view that are not there."""
        if self._source is None or not self.is_mounted:
            return
        first = self.body.scroll_offset.y
        last = first + max(1, self.body.size.height) - 1
        if self._kept:
            first = max(0, min(first, self.cursor - _NEAR))
            last = max(last, min(self.cursor + _NEAR, self.listing.matching - 1))
        for page in self.listing.wanted(first, last):
            start(self, "pages", self._fetch, self._source, self.listing, self.listing.generation, page)

    async def _fetch(self, source: Source[T], listing: Listing[T], generation: int, page_number: int) -> None:
        try:
            page = await source(listing.window(page_number))
        except DyntuiError as error:
            self.post_message(self._Failed(listing, generation, page_number, error))
        else:
            self.post_message(self._Arrived(listing, generation, page_number, page))

    @on(_Arrived)
    def _take_page(self, message: _Arrived) -> None:
        message.stop()
        first = self.listing.phase is Phase.LOADING
        if message.listing is self.listing and message.generation == self.listing.generation:
            self._keep_row()
        if message.listing is self.listing and self.listing.arrived(message.generation, message.number, message.page):
            self._lay_out_rows()
            self._make_room(message.page.rows)
            # What is marked is the row as it is now: whether it can be taken up hangs on that.
            self.marks.update({key: row for row in message.page.rows if (key := self.key(row)) in self.marks})
            self._unmark_gone(message.page)
            self.post_message(self.Read(self, self.listing))
            self.cursor = max(0, min(self.cursor, self.listing.matching - 1))
            if first:
                self.call_after_refresh(self._bring_into_view)
            self._go_to_wanted(message.page)
            self._find_kept(message.page)
            self.look()
            if self._kept and not self.listing.under_way:
                # It is gone: the one in its place is in hand.
                self._kept = ""
            self._changed()
            self.arrived()
        self.look()

    def _unmark_gone(self, page: Page[Any]) -> None:
        """A row that the whole listing does not have any more is taken up by no action. A search that shows nothing
        before something is typed is no listing."""
        whole = bool(page.rows) and len(page.rows) == page.total and not self.listing.search
        gone = self.marks.keys() - {self.key(row) for row in page.rows} if whole else ()
        for key in gone:
            del self.marks[key]
        if gone:
            self.post_message(self.Moved(self))

    def arrived(self) -> None:
        """Rows that were asked for are there."""

    def _keep_row(self) -> None:
        """Before the first of the rows is taken in that answer the same question anew."""
        row = self.row_shown()
        if row is not None and not self.listing.current and self.listing.asks_the_same and not self._at_top:
            self._kept = self._kept or ("" if self._wanted else self.key(row))

    def _find_kept(self, page: Page[Any]) -> None:
        """The cursor goes to where the row is now that was in hand, and that stays where it is on the screen."""
        place = next((at for at, row in enumerate(page.rows) if self._kept and self.key(row) == self._kept), None)
        if place is None:
            return
        self._kept = ""
        by, self.cursor = page.offset + place - self.cursor, page.offset + place
        if by and self.body.scroll_offset.y:
            self.body.scroll_to(y=max(0, self.body.scroll_offset.y + by), animate=False, immediate=True)
        if by:
            self.call_after_refresh(self._bring_into_view)

    def _go_to_wanted(self, page: Page[Any]) -> None:
        """To the row that was in hand before the filter was cleared, where it is among the first."""
        place = next((at for at, row in enumerate(page.rows) if self.key(row) == self._wanted), None)
        self._wanted = ""
        if place is not None and not self.cursor:
            self.cursor = page.offset + place
            # So few rows matched the filter that there was nothing to scroll: there is once all of them are laid out.
            self.call_after_refresh(self._bring_into_the_middle)

    def _bring_into_the_middle(self) -> None:
        self.body.scroll_to(y=max(0, self.cursor - self.body.size.height // 2), animate=False, immediate=True)

    @on(_Failed)
    def _take_failure(self, message: _Failed) -> None:
        message.stop()
        if message.listing is self.listing and self.listing.failed(message.generation, message.number, message.error):
            self._kept = ""
            self._lay_out_rows()
            self._changed()
            self.post_message(self.Read(self, self.listing))

    # Drawing

    def _make_room(self, rows: Sequence[T]) -> None:
        """The columns get what these rows need of the width."""
        wants = wanted(self.columns, rows, self._wants)
        if rows and wants != self._wants:
            self._wants = wants
            if self._room:
                self.lay_out(self._room)

    def _lay_out_rows(self) -> None:
        self.body.virtual_size = Size(self.body.size.width, self.listing.matching)

    def _changed(self) -> None:
        self.body.refresh()
        self._show_head()
        self._show_status()
        self._tell_moved()

    def _tell_moved(self) -> None:
        row = self.row_shown()
        if row != self._in_hand:
            self._in_hand = row
            self.post_message(self.Moved(self))

    def _show_head(self) -> None:
        self._head.show(*titles(self.places, self.listing.sort))

    def _show_status(self) -> None:
        left, right = status(self.listing, self.wording, self.cursor, len(self.marks), self._told, self._room)
        if self.listing.searched and len(left) > 2 and sum(width_of(part.text) for part in left) > self._room > 0:
            # How many are marked matters more than in which row one is.
            del left[1]
        self._status.show(*left, right=right)

    # The row in hand

    def move_to(self, index: int) -> None:
        """Puts the cursor on a row and brings it into view; while the rows are on their way, once they are there."""
        if self.listing.phase is Phase.LOADING:
            self.cursor = max(0, index)
        if self.listing.phase is not Phase.ROWS:
            return
        # Whoever moves has seen where they are.
        self._kept, self._at_top = "", False
        index = max(0, min(index, self.listing.matching - 1))
        if index == self.cursor:
            return
        before, self.cursor = self.cursor, index
        self._bring_into_view()
        self.body.refresh_line(before)
        self.body.refresh_line(index)
        self._show_status()
        self._tell_moved()

    def _bring_into_view(self) -> None:
        top, height = self.body.scroll_offset.y, max(1, self.body.size.height)
        if self.cursor < top:
            self.body.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + height:
            self.body.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True)
