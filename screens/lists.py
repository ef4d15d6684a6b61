"""Marketing Lists: the lists of the organisation in their views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.lists import LISTS_PAGE, LISTS_REFRESH, ON_LISTS, ListRow, ListsQuery
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.situations import Situation

from .bindings import bindings
from .list_actions import ListActions
from .list_columns import LIST_COLUMNS, kind, status_text
from .places import LIST
from .widgets.choice import ChoiceBar
from .widgets.facts import Facts
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .wording import moment, number

VIEWS = (
    ("active", "Active", None),
    ("inactive", "Inactive", None),
    ("my", "My", None),
    ("activated", "Activated for email", None),
    ("problems", "Sync problems", None),
    ("all", "All", None),
)

_WORDING = Wording(
    one="marketing list",
    many="marketing lists",
    empty="No marketing list in this view",
    next_step="← → changes the view; R reads the lists from Dynamics again.",
)


class ListsScreen(ListActions):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_LISTS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_LISTS)
    SECTION = "lists"
    TOP_LEVEL = True
    CSS_PATH = "../styles/lists.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._views = ChoiceBar(VIEWS, id="views")
        self._grid: Grid[ListRow] = Grid(LIST_COLUMNS, key=lambda row: row.id, wording=_WORDING, id="lists-grid")
        self._preview = Facts(id="preview-facts", columns=1)

    def compose_page(self) -> Iterable[Widget]:
        """Views, lists, and beside them, where there is room, the one in hand."""
        yield self._views
        with Horizontal():
            yield self._grid
            with Vertical(id="preview", classes="card") as preview:
                preview.border_title = "Marketing list"
                yield self._preview

    def begin(self) -> None:
        """Loads the first view."""
        self.trail.show_trail("Marketing Lists")
        self._grid.load(self._source, slice=self._views.chosen)
        self._grid.focus_rows()

    async def _source(self, window: Window) -> Page[ListRow]:
        query = ListsQuery(
            view=self._views.chosen,
            offset=window.offset,
            limit=window.limit,
            search=window.search,
            sort=window.sort,
        )
        return await self.console.call(LISTS_PAGE, query)

    def refetch(self) -> None:
        """The lists again."""
        self._grid.reload()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Lists changed, or a run of lists ended."""
        return name == "lists.changed" or (
            isinstance(value, RunChanged) and value.run.kind == "lists" and value.run.status.ended
        )

    def situation(self) -> Situation:
        """The list in hand, and those marked."""
        return super().situation().holding(self._grid.row(), marked=tuple(self._grid.marks.values()))

    @on(ChoiceBar.Changed)
    def _view_changed(self) -> None:
        self._grid.load(self._source, slice=self._views.chosen)

    @on(Grid.ViewStep)
    def _view_stepped(self, event: Grid.ViewStep) -> None:
        self._views.step(event.step)

    @on(Grid.Moved)
    def _show_preview(self) -> None:
        row = self._grid.row()
        if row is None:
            self._preview.show_facts([])
            return
        self._preview.show_facts(
            [
                ("", row.name, "strong"),
                ("Type", kind(row), ""),
                ("Members", "not counted" if row.members is None else number(row.members), ""),
                ("Owner", row.owner, ""),
                ("In Dynamics", "active" if row.active else "inactive", "" if row.active else "warn"),
                ("Email", "✓ activated" if row.activated else "not activated", "good" if row.activated else "muted"),
                ("Account", row.account, ""),
                ("Status", status_text(row), ""),
                ("Synchronised", moment(row.last_synced) or "never", ""),
                ("Order", f"{row.sync_order}{', by hand only' if row.manual_only else ''}", ""),
                ("Changed", moment(row.modified_on), "muted"),
            ]
        )

    @on(Grid.Opened)
    def _open(self) -> None:
        row = self._grid.row()
        if row is not None:
            self.console.open_page(LIST, row.id)

    def do_lists_reread(self) -> None:
        """Reads the lists from Dynamics again."""
        self.ask(LISTS_REFRESH, Nothing(), lambda _: self._grid.reload(), refused=self.show_error)
