"""Suppressions: who must not be mailed, why, since when."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.members import PeopleSlice
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.people import KnownPerson
from dyntui.service.contract.runs import RunChanged, StartRun
from dyntui.service.contract.suppressions import (
    ON_SUPPRESSIONS,
    SUPPRESSION_ADD,
    SUPPRESSION_ASK,
    SUPPRESSION_LIFT,
    SUPPRESSIONS_CHANGED,
    SUPPRESSIONS_PAGE,
    AddedSuppression,
    AddSuppression,
    AskedToSubscribe,
    AskToSubscribe,
    Lifted,
    LiftSuppression,
    SuppressionRow,
    SuppressionsQuery,
)

from .bindings import bindings
from .facts_dialog import FactsDialog
from .gathering import gather
from .gone_on import still_here
from .grid_screen import GridScreen, Rows, page_of
from .lifting import LiftOutcome, ask_question, in_a_line, lift_question, suppress_question
from .places import ODD_ROWS, OPT_OUT_SOURCES
from .reason_help import explained
from .running import start_run
from .tally import reason_title
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import moment

_WORDING = Wording(
    one="suppression",
    many="suppressions",
    empty="No suppression is known",
    next_step="s reads the suppression lists of the email accounts.",
)

COLUMNS: tuple[Column[SuppressionRow], ...] = (
    Column(title="Address", text=lambda row: row.address, width=20, flex=2, sort="address", whole=True),
    Column(title="Reason", text=lambda row: reason_title(row.reason), width=13, flex=1, sort="reason"),
    Column(title="Since", text=lambda row: moment(row.suppressed_on), width=17, priority=2, sort="suppressed_on"),
    Column(
        title="Learned",
        text=lambda row: moment(row.learned_on),
        width=17,
        priority=3,
        sort="learned_on",
        tone=lambda row: "muted",
    ),
    Column(title="In dotdigital", text=lambda row: row.status, width=14, flex=1, priority=4, sort="status"),
    Column(title="Account", text=lambda row: row.account, width=20, flex=1, priority=5, sort="account"),
)


_ROWS = Rows(
    id="suppressions-grid",
    columns=COLUMNS,
    key=lambda row: f"{row.account} {row.address}",
    wording=_WORDING,
    preview="Suppression",
    roomy=True,
)


class SuppressionsScreen(GridScreen[SuppressionRow]):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SUPPRESSIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SUPPRESSIONS)
    SECTION = "suppressions"
    TOP_LEVEL = True
    TRAIL = ("Suppressions",)
    CSS_PATH = "../styles/suppressions.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> Page[SuppressionRow]:
        """The suppressed addresses."""
        return await page_of(self.console, SUPPRESSIONS_PAGE, SuppressionsQuery(), window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody suppressed or lifted by hand; and any run that ended has read suppressions first."""
        by_hand = name == SUPPRESSIONS_CHANGED.name
        return by_hand or (isinstance(value, RunChanged) and value.run.status.ended)

    def opened(self, row: SuppressionRow) -> None:
        """What the reason means, and who can mend it."""
        self.app.push_screen(FactsDialog(row.address, self.previewed(row)))

    def previewed(self, row: SuppressionRow) -> list[Fact]:
        """The same beside the rows."""
        seen = f"{row.status} in {row.account} since {moment(row.suppressed_on)}"
        return explained(code=row.reason, address=row.address, outcome="suppressed", detail=seen)

    def do_suppressions_add(self) -> None:
        """Asks which address is not to be mailed any more, and why."""

        def answered(request: AddSuppression | None) -> None:
            if request is not None:
                self.ask(SUPPRESSION_ADD, request, self._added)

        self.app.push_screen(suppress_question(), answered)

    def _added(self, added: AddedSuppression) -> None:
        already = f" It was already by {', '.join(added.already)}." if added.already else ""
        self.app.notify(f"{added.address} is suppressed; dotdigital is told now.{already}", title="Suppressed")

    def do_suppressions_ask(self) -> None:
        """Asks whom dotdigital is to ask, and how it is known that they want to."""
        row = self.in_hand()

        def answered(request: AskToSubscribe | None) -> None:
            if request is not None:
                self.ask(SUPPRESSION_ASK, request, self._asked)

        address, account = (row.address, row.account) if row is not None else ("", "")
        self.app.push_screen(ask_question(address, account), answered)

    def _asked(self, asked: AskedToSubscribe) -> None:
        self.app.notify(f"{asked.address}, {asked.account}: {asked.said}.", title="Asked")

    def do_suppressions_lift(self) -> None:
        """Asks which address may be mailed again, and why."""
        row = self.in_hand()

        def answered(request: LiftSuppression | None) -> None:
            if request is not None:
                self.ask(SUPPRESSION_LIFT, request, self._lifted)

        self.app.push_screen(lift_question(row.address if row is not None else ""), answered)

    def _lifted(self, lifted: Lifted) -> None:
        self.grid.reload()
        if still_here(self):
            self.app.push_screen(LiftOutcome(lifted))
        else:
            self.console.notify(in_a_line(lifted), title="Lifted")

    def do_suppressions_odd(self) -> None:
        """To the rows without an address."""
        self.console.open_page(ODD_ROWS, "")

    def do_suppressions_sources(self) -> None:
        """To where people opt out in Dynamics."""
        self.console.open_page(OPT_OUT_SOURCES, "")

    def do_suppressions_synchronise(self) -> None:
        """Reads the suppression lists."""
        start_run(self, StartRun(sync_type="suppressions"))

    def do_suppressions_gather(self) -> None:
        """A list of the records with the marked addresses, or with all that are shown."""
        marked = [KnownPerson(person="", entity="", name="", address=row.address) for row in self.grid.marks.values()]
        gather(self, marked, PeopleSlice(suppressed=True, search=self.grid.listing.search))
