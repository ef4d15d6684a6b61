"""People with their outcomes: of a run, of an item of it, or behind a slice of a target count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.outcomes import PersonOutcome
from dyntui.model.reasons import BY_CODE
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.held import HELD_PEOPLE, WaitingPeople
from dyntui.service.contract.members import PeopleSlice
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.people import person_of
from dyntui.service.contract.runs import ON_PEOPLE, RUN_PEOPLE, OutcomesQuery, permalink
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT_PEOPLE, CountPeopleQuery

from .base import Page
from .bindings import bindings
from .facts_dialog import FactsDialog
from .gathering import gather
from .grid_screen import GridScreen, Rows, page_of
from .places import PERSON
from .reason_help import explained
from .tally import reason_title
from .whose import Whose
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.tones import outcome_text, outcome_tone
from .wording import dated

_WORDING = Wording(one="person", many="people", empty="Nobody", next_step="Esc goes back.")

_WHO: tuple[Column[PersonOutcome], ...] = (
    Column(title="Name", text=lambda row: row.name, width=16, flex=2, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=20, flex=2, priority=1, sort="address", whole=True),
)

_WHY: tuple[Column[PersonOutcome], ...] = (
    Column(title="Reason", text=lambda row: reason_title(row.reason), width=14, flex=1, priority=1, sort="reason"),
    Column(title="Detail", text=lambda row: dated(row.detail), width=16, flex=1, priority=2, tone=lambda row: "muted"),
    Column(title="Record", text=lambda row: row.entity, width=7, priority=3, sort="entity"),
    Column(
        title="Also",
        text=lambda row: ", ".join(map(reason_title, row.also)),
        width=12,
        priority=4,
        tone=lambda row: "muted",
    ),
)


class PeoplePage(GridScreen[PersonOutcome], Page[Whose]):
    """The people, each with an outcome; enter on one explains it."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_PEOPLE,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_PEOPLE)
    CSS_PATH = "../styles/people.tcss"

    def __init__(self) -> None:
        super().__init__(
            Rows(
                id="people-grid",
                columns=self._columns(),
                key=lambda row: f"{row.entity} {row.person}",
                wording=_WORDING,
                preview="Person",
                roomy=True,
            )
        )
        self._remedy = Static("", id="people-remedy", markup=False)

    def compose_page(self) -> Iterable[Widget]:
        """What the reason means and who can mend it, then the people."""
        yield self._remedy
        yield from super().compose_page()

    @property
    def _kind(self) -> str:
        about = self.about
        return "" if about is None else about.kind or ("count" if about.count else "")

    def _columns(self) -> tuple[Column[PersonOutcome], ...]:
        outcome = Column[PersonOutcome](
            title="Outcome",
            text=lambda row: outcome_text(row.outcome, self._kind),
            width=11,
            sort="outcome",
            tone=lambda row: outcome_tone(row.outcome),
        )
        return (*_WHO, outcome, *_WHY)

    @property
    def slice(self) -> str:
        """Whose they are."""
        return repr(self.about)

    def aimed(self) -> None:
        """Other people."""
        about = self.about
        if about is None:
            return
        link = permalink(about.run, about.item) if about.run else ""
        self.trail.show_trail(*about.trail, about.title, note=link)
        entry = BY_CODE.get(about.reason)
        self._remedy.display = entry is not None
        if entry is not None:
            who = f"{entry.who[0].upper()}{entry.who[1:]}"
            self._remedy.update(f"{entry.meaning}\n{who} can mend it: {entry.remedy}")

    async def rows_in(self, window: Window) -> PageOfRows[PersonOutcome]:
        """The people."""
        about = self.about
        assert about is not None
        if about.count:
            of_count = CountPeopleQuery(count=about.count, reason=about.reason, sendable=about.sendable)
            return await page_of(self.console, CAMPAIGN_COUNT_PEOPLE, of_count, window)
        if about.held:
            of_list = WaitingPeople(list=about.held, undone=bool(about.reason))
            return await page_of(self.console, HELD_PEOPLE, of_list, window)
        of_run = OutcomesQuery(run=about.run, item=about.item, outcome=about.outcome, reason=about.reason)
        return await page_of(self.console, RUN_PEOPLE, of_run, window)

    def do_members_gather(self) -> None:
        """A list of those marked, or of all that are shown."""
        about = self.about
        if about is not None:
            shown = PeopleSlice(
                run=about.run,
                item=about.item,
                list=about.held,
                count=about.count,
                outcome=about.outcome,
                reason=about.reason,
                sendable=about.sendable,
                search=self.grid.listing.search,
            )
            gather(self, tuple(self.grid.marks.values()), shown)

    def do_person_open(self) -> None:
        """Their page."""
        self.console.open_page(PERSON, person_of(self.situation()))

    def opened(self, row: PersonOutcome) -> None:
        """What the outcome means, and who can mend it."""
        title = row.name or row.address or reason_title(row.reason) or row.outcome.capitalize()
        self.app.push_screen(FactsDialog(title, self._told(row)))

    def previewed(self, row: PersonOutcome) -> list[Fact]:
        """The same beside the rows."""
        return [("", row.name, "strong"), *self._told(row)]

    def _told(self, row: PersonOutcome) -> list[Fact]:
        return explained(
            code=row.reason,
            outcome=outcome_text(row.outcome, self._kind),
            address=row.address,
            detail=row.detail,
            also=", ".join(map(reason_title, row.also)),
        )
