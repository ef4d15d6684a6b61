"""Health: what is wrong with the installation, what it means, and how it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.health import HEALTH_CHECK, ON_HEALTH, Finding, Severity
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing

from .base import Page
from .bindings import bindings
from .canary import ask_for_canary
from .facts_dialog import FactsDialog
from .grid_screen import GridScreen, Rows
from .places import BACKUPS, FIRST_CONNECTION
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.paging import windowed

_WORDING = Wording(one="finding", many="findings", empty="All is well", next_step="r looks at every part again.")

_TONES = {Severity.FAILED: "bad", Severity.MENDING: "warn", Severity.NEXT: "accent"}

_COLUMNS: tuple[Column[Finding], ...] = (
    Column(
        title="Severity",
        text=lambda row: str(row.severity),
        width=13,
        tone=lambda row: _TONES[row.severity],
    ),
    Column(title="Part", text=lambda row: row.part, width=16, flex=1),
    Column(title="What was found", text=lambda row: row.text, width=24, flex=3),
    Column(title="Code", text=lambda row: row.code, width=22, priority=2, tone=lambda row: "muted"),
)

_ROWS = Rows(
    id="health-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.code} {row.part} {row.text}",
    wording=_WORDING,
    preview="Finding",
    enter="Remedy",
)


class HealthPage(GridScreen[Finding], Page[str]):
    """A row is a finding; Enter says what it means and how it is mended."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_HEALTH,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_HEALTH)
    TRAIL = ("Health",)

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._found: Sequence[Finding] | None = None

    def begin(self) -> None:
        """Looks at every part."""
        self._found = None
        super().begin()

    def refetch(self) -> None:
        """Looks at every part anew."""
        self._found = None
        super().refetch()

    async def rows_in(self, window: Window) -> PageOfRows[Finding]:
        """What was found: a look takes dozens of calls, so scrolling and filtering go by the last one."""
        if self._found is None:
            self._found = (await self.console.call(HEALTH_CHECK, Nothing())).findings
        return windowed(self._found, window, lambda row: f"{row.part} {row.text} {row.code}")

    def do_backups_open(self) -> None:
        """Copies of the store."""
        self.console.open_page(BACKUPS, "")

    def do_facts_open(self) -> None:
        """What is assumed of both systems, and what they answered."""
        self.console.open_page(FIRST_CONNECTION, "")

    def do_canary_fly(self) -> None:
        """One address of one's own is imported."""
        ask_for_canary(self, self.refetch)

    def previewed(self, row: Finding) -> Sequence[Fact]:
        """What it means, and the remedy."""
        return _facts(row)

    def opened(self, row: Finding) -> None:
        """What it means, and the remedy."""
        self.app.push_screen(FactsDialog(row.part, _facts(row)))


def _facts(row: Finding) -> list[Fact]:
    return [
        ("Found", row.text, "strong"),
        ("Means", row.meaning, ""),
        ("Remedy", row.remedy, "accent"),
        ("Code", row.code, "muted"),
    ]
