"""The first connection: what is assumed of both systems, and what they answered."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from dyntui.model.first_connection import Fact, Holds
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.health import FACTS_ASK, FACTS_LIST, ON_FACTS
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing

from .base import Page
from .bindings import bindings
from .canary import ask_for_canary
from .facts_dialog import FactsDialog
from .grid_screen import GridScreen, Rows
from .widgets.columns import Column
from .widgets.facts import Fact as Line
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import moment

_WORDING = Wording(
    one="assumption",
    many="assumptions",
    empty="Nothing was asked yet",
    next_step="a asks both systems: some ninety calls, which change nothing.",
)
_TONES = {Holds.YES: "good", Holds.NO: "warn", Holds.UNKNOWN: "muted"}

_COLUMNS: tuple[Column[Fact], ...] = (
    Column(title="Id", text=lambda row: row.id, width=5),
    Column(title="Of", text=lambda row: row.account or "Dynamics", width=9, priority=1),
    Column(
        title="Answer",
        text=lambda row: "too old" if row.old else str(row.holds),
        width=10,
        tone=lambda row: "bad" if row.by_hand and row.holds is Holds.NO else _TONES[row.holds],
    ),
    Column(title="Assumed", text=lambda row: row.text, width=24, flex=3),
    Column(title="Seen", text=lambda row: row.seen, width=18, flex=2, tone=lambda row: "muted"),
)

_ROWS = Rows(
    id="first-connection-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.account_id} {row.id}",
    wording=_WORDING,
    enter="Answer",
)


class FirstConnectionPage(GridScreen[Fact], Page[str]):
    """A row is an assumption; Enter says what was seen, and what dyntui does where it is otherwise."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_FACTS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_FACTS)
    TRAIL = ("Health", "First connection")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[Fact]:
        """What they answered last."""
        found = (await self.console.call(FACTS_LIST, Nothing())).facts
        return windowed(found, window, lambda row: f"{row.id} {row.account} {row.text} {row.holds} {row.seen}")

    def do_facts_ask(self) -> None:
        """Asks both systems anew."""
        self.console.notify("Asking both systems: this takes up to a minute.", title="First connection")
        self.ask(FACTS_ASK, Nothing(), lambda _: self.grid.reload())

    def do_canary_fly(self) -> None:
        """One address of one's own is imported."""
        ask_for_canary(self, self.grid.reload)

    def opened(self, row: Fact) -> None:
        """What was seen, and what follows."""
        self.app.push_screen(FactsDialog(f"{row.id} of {row.account or 'Dynamics'}", _lines(row)))


def _lines(row: Fact) -> list[Line]:
    return [
        ("Assumed", row.text, "strong"),
        ("Answer", "too old, so not known" if row.old else str(row.holds), _TONES[row.holds]),
        ("Seen", row.seen, ""),
        ("Otherwise", row.safe, "accent"),
        ("Asked on", f"{moment(row.asked_on)}, version {row.version}", "muted"),
    ]
