"""Health: what is wrong with the installation, what it means, and how it is mended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service import support_bundle
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.health import HEALTH_CHECK, ON_HEALTH, Finding, Health, Severity
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged, StartRun
from dyntui.service.contract.session import STATUS, Nothing, Status
from dyntui.service.new_files import NewFile, new_file
from dyntui.service.profile import open_profile

from .base import Page
from .bindings import bindings
from .canary import ask_for_canary
from .facts_dialog import FactsDialog
from .grid_screen import GridScreen, Rows
from .mapping_files import FileQuestion
from .new_file import not_written
from .places import BACKUPS, CREDENTIALS, FIRST_CONNECTION
from .running import start_run
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import dated
from .working import start

_WORDING = Wording(one="finding", many="findings", empty="All is well", next_step="r looks at every part again.")

_FOR_SUPPORT = "For support"
_TONES = {Severity.FAILED: "bad", Severity.MENDING: "warn", Severity.NEXT: "accent"}

_COLUMNS: tuple[Column[Finding], ...] = (
    Column(
        title="Severity",
        text=lambda row: str(row.severity),
        width=13,
        tone=lambda row: _TONES[row.severity],
    ),
    Column(title="Part", text=lambda row: row.part, width=16, flex=1),
    Column(title="What was found", text=lambda row: dated(row.text), width=24, flex=3),
    Column(title="Code", text=lambda row: row.code, width=22, priority=2, tone=lambda row: "muted"),
)

_ROWS = Rows(
    id="health-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.code} {row.part} {row.text}",
    wording=_WORDING,
    preview="Finding",
    roomy=True,
    enter="Remedy",
)


class HealthPage(GridScreen[Finding], Page[str]):
    """A row is a finding; Enter says what it means and how it is mended."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_HEALTH,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_HEALTH)
    TRAIL = ("Health",)

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._health: Health | None = None

    def begin(self) -> None:
        """Looks at every part."""
        self._health = None
        super().begin()

    def refetch(self) -> None:
        """Looks at every part anew."""
        self._health = None
        super().refetch()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """A run has ended that mends what was found."""
        if self._health is None or not isinstance(value, RunChanged) or not value.run.status.ended:
            return False
        return any(row.mended_by == value.run.kind for row in self._health.findings)

    async def rows_in(self, window: Window) -> PageOfRows[Finding]:
        """What was found: a look takes dozens of calls, so scrolling and filtering go by the last one."""
        if self._health is None:
            self._health = await self.console.call(HEALTH_CHECK, Nothing())
        return windowed(self._health.findings, window, lambda row: f"{row.part} {row.text} {row.code}")

    def do_health_mend(self) -> None:
        """The synchronisation that mends the finding in hand."""
        row = self.situation().one(Finding)
        if row is not None and row.mended_by:
            start_run(self, StartRun(sync_type=row.mended_by, account=row.account))

    def do_health_bundle(self) -> None:
        """What was found, with the status of this moment, in a new file."""

        def answered(file: Path | None) -> None:
            if file is not None:
                self.ask(STATUS, Nothing(), lambda status: self._write(file, status))

        means = "Findings, status, configuration and log; addresses of people are masked, secrets are in none of it."
        question = FileQuestion("A file for support", "Write it", usual="dyntui-support.zip", means=means, new=True)
        self.app.push_screen(question, answered)

    def _write(self, file: Path, status: Status) -> None:
        found = self._health
        if found is None:
            self.notify("What is wrong is being looked at; press x again.", title=_FOR_SUPPORT, markup=False)
            return
        start(self, "for-support", self._written, file, status, found)

    async def _written(self, file: Path, status: Status, found: Health) -> None:
        """Beside the screen: the end of the log is megabytes, read, masked and packed."""
        try:
            with new_file(NewFile(file)) as part:
                await asyncio.to_thread(support_bundle.write, part, open_profile(status.profile), found, status)
        except OSError as error:
            self.notify(not_written(file, error), title=_FOR_SUPPORT, severity="warning", markup=False)
            return
        self.notify(f"Written: {file}.", title=_FOR_SUPPORT, markup=False)

    def hint_of(self, action_id: str) -> str | None:
        """The way to the sign-ins stands where a finding is about them."""
        row = self.situation().one(Finding)
        about = row is not None and ("CREDENTIAL" in row.code or "sign-in" in f"{row.text} {row.remedy}")
        return "" if action_id == "credentials.open" and not about else super().hint_of(action_id)

    def do_credentials_open(self) -> None:
        """What the service signs in with."""
        self.console.open_page(CREDENTIALS, "")

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
        ("Found", dated(row.text), "strong"),
        ("Means", row.meaning, ""),
        ("Remedy", row.remedy, "accent"),
        ("Code", row.code, "muted"),
    ]
