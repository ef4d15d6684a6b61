"""Marketing Lists: the lists of the organisation in their views."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.lists import LISTS_PAGE, LISTS_REFRESH, ON_LISTS, ListDetail, ListRow, ListsQuery
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.session import Nothing

from .bindings import bindings
from .grid_screen import GridScreen, Rows, page_of
from .list_actions import ListActions
from .list_columns import LIST_COLUMNS, kind, status_text
from .new_list import NewListQuestion
from .places import LIST
from .widgets.facts import Fact
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


_ROWS = Rows(
    id="lists-grid",
    columns=LIST_COLUMNS,
    key=lambda row: row.id,
    wording=_WORDING,
    views=VIEWS,
    preview="Marketing list",
)


class ListsScreen(GridScreen[ListRow], ListActions):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_LISTS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_LISTS)
    SECTION = "lists"
    TOP_LEVEL = True
    TRAIL = ("Marketing Lists",)
    CSS_PATH = "../styles/lists.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> Page[ListRow]:
        """The lists of the view."""
        return await page_of(self.console, LISTS_PAGE, ListsQuery(view=self.views.chosen), window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Lists changed, or a run of lists ended."""
        return name == "lists.changed" or (
            isinstance(value, RunChanged) and value.run.kind == "lists" and value.run.status.ended
        )

    def previewed(self, row: ListRow) -> list[Fact]:
        """Who, how many, how far."""
        return [
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

    def opened(self, row: ListRow) -> None:
        """Its page."""
        self.console.open_page(LIST, row.id)

    def do_lists_new(self) -> None:
        """Asks what a new list is to be, and goes to it once it is made."""
        self.app.push_screen(NewListQuestion(), self._made)

    def _made(self, detail: ListDetail | None) -> None:
        if detail is not None:
            self.grid.reload(to=detail.row.id)
            self.opened(detail.row)

    def do_lists_reread(self) -> None:
        """Reads the lists from Dynamics again."""
        self.ask(LISTS_REFRESH, Nothing(), lambda _: self.grid.reload(), refused=self.show_error)
