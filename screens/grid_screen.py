"""A screen with a grid of rows that the service gives out in pages: what is the same of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_ROWS
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.situations import Situation

from .base import FramedScreen
from .bindings import bindings
from .console import ConsoleApp
from .widgets.choice import Choice, ChoiceBar
from .widgets.columns import Column
from .widgets.facts import Fact, Facts
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .widgets.paging import Phase

Q = TypeVar("Q", bound=Window)
T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, kw_only=True)
class Rows(Generic[T]):
    """A grid as a screen declares it: its `id` (under which its order is remembered), columns, the `key` that names a
    row for good, the words for its rows and for none, and the views (or filters) among which one is chosen above it.
    `preview` is the heading of the card that shows the row in hand where there is room; `""`: there is none; `roomy`:
    beside columns that need more of it, so on a very wide screen only. `elsewhere` are the words in every view but the
    first one, where there being no row says less. `enter`, `finds`: see `Grid`."""

    id: str
    columns: Sequence[Column[T]]
    key: Callable[[T], str]
    wording: Wording
    views: Sequence[Choice] = ()
    views_id: str = "views"
    preview: str = ""
    roomy: bool = False
    enter: str | None = None
    finds: bool = False
    elsewhere: Wording | None = None


async def page_of(console: ConsoleApp, call: Call[Q, Page[T]], query: Q, window: Window) -> Page[T]:
    """The window on what a query asks for. Raises DyntuiError."""
    wanted = {name: getattr(window, name) for name in Window.__struct_fields__}
    asked = msgspec.structs.replace(query, **wanted)
    return await console.call(call, asked)


class GridScreen(FramedScreen, Generic[T]):
    """A screen with the grid that it declares. A subject says where its rows come from (`rows_in`), what Enter opens
    (`opened`), and what the preview tells (`previewed`). `TRAIL`: the way to the screen; `EXPORTS`: its rows can be
    written to a file by the key that does so everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_ROWS)
    TRAIL: ClassVar[tuple[str, ...]] = ()
    EXPORTS: ClassVar[bool] = True

    def __init_subclass__(cls, **how: Any) -> None:
        super().__init_subclass__(**how)
        if cls.EXPORTS and ON_ROWS not in cls.SCOPES:
            cls.SCOPES = (*cls.SCOPES, ON_ROWS)

    def __init__(self, rows: Rows[T]) -> None:
        super().__init__()
        self.views = ChoiceBar(rows.views, id=rows.views_id)
        self.grid: Grid[T] = Grid(
            rows.columns, key=rows.key, wording=rows.wording, id=rows.id, enter=rows.enter, finds=rows.finds
        )
        self._rows = rows
        # The email account whose rows are listed; an answer may come once it is another one.
        self.shown_of = ""
        self._preview = Facts(id="preview-facts", wraps=True)

    # What a subject says

    async def rows_in(self, window: Window) -> Page[T]:
        """The rows of the chosen view in a window. Raises DyntuiError."""
        raise NotImplementedError

    def opened(self, row: T) -> None:
        """Enter was pressed on a row."""

    def previewed(self, row: T) -> Sequence[Fact]:
        """What the preview tells of a row."""
        return ()

    @property
    def slice(self) -> str:
        """Names what is listed: its rows are there at once when it is listed again."""
        return self.views.chosen

    # What is the same

    def compose_page(self) -> Iterable[Widget]:
        """Views where there are some, rows, and beside them the preview where there is one."""
        if self._rows.views:
            yield self.views
        if not self._rows.preview:
            yield self.grid
            return
        with Horizontal():
            yield self.grid
            with Vertical(id="preview", classes="card") as preview:
                preview.border_title = self._rows.preview
                preview.set_class(self._rows.roomy, "-if-roomy")
                preview.add_class("-nothing")
                yield self._preview

    def begin(self) -> None:
        """Loads the rows and puts the keys on them."""
        if self.TRAIL:
            self.trail.show_trail(*self.TRAIL)
        led_to, self.led_to = self.led_to, None
        # Where somebody is led is not what they chose: that is remembered.
        view = self.console.memory.now.views.get(self._rows.id, "") if led_to is None else led_to
        if view in self.views.keys:
            self.views.set(view)
        self.load()
        self.grid.focus_rows()

    def load(self) -> None:
        """Lists the chosen view from its first row."""
        self.shown_of = self.account_meant
        if self._rows.elsewhere is not None:
            first = self.views.chosen in ("", *self.views.keys[:1])
            self.grid.wording = self._rows.wording if first else self._rows.elsewhere
        self.grid.load(self.rows_in, slice=f"{self.shown_of} {self.slice}")

    def refetch(self) -> None:
        """The rows again; of another email account from the first one."""
        if self.shown_of != self.account_meant:
            self.load()
        else:
            self.grid.reload()

    def in_hand(self) -> T | None:
        """The only marked row; else, and where several are marked, the one under the cursor."""
        marked = tuple(self.grid.marks.values())
        return marked[0] if len(marked) == 1 else self.grid.row()

    def situation(self) -> Situation:
        """The row in hand, and those marked."""
        return super().situation().holding(self.in_hand(), marked=tuple(self.grid.marks.values()))

    def done_with(self, rows: Iterable[T]) -> None:
        """These leave the listing: the marks on them have done their work, and what is done next is not about them."""
        for row in rows:
            self.grid.marks.pop(self.grid.key(row), None)
        self.grid.reload()

    def hint_of(self, action_id: str) -> str | None:
        """Without a row there is nothing to write into a file, also where something else has the focus."""
        if action_id == "rows.export" and self.grid.row() is None:
            return ""
        return super().hint_of(action_id)

    def do_rows_export(self) -> None:
        """The rows into a file."""
        # Few come here, and it brings the writers of files with it.
        from .exporting import export

        export(self, self.grid, self.rows_in)

    @on(ChoiceBar.Changed)
    def _view_changed(self) -> None:
        self.console.memory.keep_view(self._rows.id, self.views.chosen)
        self.load()

    @on(Grid.ViewStep)
    def _view_stepped(self, event: Grid.ViewStep) -> None:
        self.views.step(event.step)

    @on(Grid.Moved)
    def _preview_moved(self) -> None:
        if self._rows.preview:
            row = self.grid.row_shown()
            self._preview.show_facts([] if row is None else self.previewed(row))
            preview = self.query_one("#preview")
            preview.set_class(row is None, "-nothing")
            # Words in place of rows stand in the middle of the screen, not of what a card leaves.
            preview.set_class(self.grid.listing.phase in (Phase.EMPTY, Phase.FAILED), "-no-rows")

    @on(Grid.Read)
    def _preview_read(self) -> None:
        """Of a listing that stays without rows nothing moves."""
        self._preview_moved()

    @on(Grid.Opened)
    def _row_opened(self) -> None:
        row = self.grid.row()
        if row is not None:
            self.opened(row)
