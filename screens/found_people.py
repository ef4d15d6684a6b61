"""Whoever has a text in their name or address."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.members import PeopleSlice
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.people import ON_FOUND_PEOPLE, PEOPLE_SEARCH, KnownPerson, PeopleQuery

from .base import Page
from .bindings import bindings
from .gathering import gather
from .grid_screen import GridScreen, Rows, page_of
from .places import PERSON
from .reason_help import explained
from .tally import reason_title
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import number

_WORDING = Wording(
    one="person",
    many="people",
    empty="Whom are you looking for?",
    next_step="Type a part of a name or an address. People are known from the marketing lists that were read.",
)

_COLUMNS: tuple[Column[KnownPerson], ...] = (
    Column(title="Name", text=lambda row: row.name, width=16, flex=2, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=20, flex=2, sort="address", whole=True),
    Column(title="Record", text=lambda row: row.entity or "address alone", width=13, priority=3, sort="entity"),
    Column(title="Lists", text=lambda row: number(row.lists), width=5, right=True, priority=2, sort="lists"),
    Column(
        title="Kept out by",
        text=lambda row: reason_title(row.reason),
        width=16,
        flex=1,
        sort="reason",
        tone=lambda row: "warn",
    ),
)

_ROWS = Rows(
    id="found-people-grid",
    columns=_COLUMNS,
    key=lambda row: row.person or row.address,
    wording=_WORDING,
    enter="Person",
    finds=True,
    preview="Person",
    roomy=True,
)


class FoundPeoplePage(GridScreen[KnownPerson], Page[str]):
    """The filter is the search; Enter opens the person."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_FOUND_PEOPLE,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_FOUND_PEOPLE)
    TRAIL = ("Find a person",)

    def __init__(self) -> None:
        super().__init__(_ROWS)

    def begin(self) -> None:
        """The keys write into the search."""
        super().begin()
        self.grid.do_grid_filter()

    async def rows_in(self, window: Window) -> PageOfRows[KnownPerson]:
        """Whom the search finds."""
        return await page_of(self.console, PEOPLE_SEARCH, PeopleQuery(), window)

    def previewed(self, row: KnownPerson) -> list[Fact]:
        """Who they are, and what the reason means that keeps them out."""
        record = row.entity or "none, the address alone is known"
        facts = [("", row.name, "strong"), ("Address", row.address, ""), ("Record", record, "")]
        facts.append(("On lists", number(row.lists), ""))
        return facts + (explained(code=row.reason) if row.reason else [])

    def do_members_gather(self) -> None:
        """A list of those marked, or of all whom the search finds."""
        search = self.grid.listing.search
        if search.strip() or self.grid.marks:
            gather(self, tuple(self.grid.marks.values()), PeopleSlice(search=search))
        else:
            self.notify("Search for somebody first.", title="Nobody yet", severity="warning")

    def opened(self, row: KnownPerson) -> None:
        """The person's page."""
        self.console.open_page(PERSON, row.person or row.address)
