"""Versions of the data mappings: who saved them when and why, what differs, and one that is to count again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.mappings import (
    MAPPINGS_DIFF,
    MAPPINGS_GET,
    MAPPINGS_HISTORY,
    MAPPINGS_RESTORE,
    MAPPINGS_VALIDATE,
    ON_MAPPING_VERSIONS,
    DiffMappings,
    MappingDifferences,
    MappingsChecked,
    MappingSet,
    MappingsOf,
    RestoreMappings,
    ValidateMappings,
    VersionRow,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window

from .base import AccountPage
from .bindings import bindings
from .dialogs import Confirm
from .facts_dialog import FactsDialog
from .gone_on import ask_next
from .grid_screen import GridScreen, Rows
from .mapping_files import export, what_changes
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import moment, number

_WORDING = Wording(
    one="version", many="versions", empty="There is no version", next_step="The mappings of an account begin as one."
)
_COLUMNS: tuple[Column[VersionRow], ...] = (
    Column(title="Version", text=lambda row: str(row.version), width=7, right=True),
    Column(title="Saved", text=lambda row: moment(row.made_on), width=17),
    Column(title="By", text=lambda row: row.made_by, width=14, flex=1),
    Column(title="Why", text=lambda row: row.why, width=18, flex=2),
    Column(title="Changes", text=lambda row: number(len(row.changes)) if row.version else "", width=7, right=True),
)
_ROWS = Rows(
    id="mapping-versions-grid", columns=_COLUMNS, key=lambda row: str(row.version), wording=_WORDING, enter="Compare"
)


class MappingVersionsPage(GridScreen[VersionRow], AccountPage):
    """A row is a version of an email account's mappings (`""`: the default one's), the newest first. Enter says what it
    changed, and what leads from it to the one that counts."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_MAPPING_VERSIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_MAPPING_VERSIONS)
    TRAIL = ("Data Mappings", "Versions")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[VersionRow]:
        """All of them."""
        account = self.shown_of
        answer = await self.console.call(MAPPINGS_HISTORY, MappingsOf(account=account))
        return windowed(answer.versions, window, lambda row: f"{row.version} {row.made_by} {row.why}")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """One more was saved."""
        return name == "mappings.changed"

    def opened(self, row: VersionRow) -> None:
        """Compares it with the one that counts."""

        def told(found: MappingDifferences) -> None:
            since = found.words or ("Nothing: it is what counts.",)
            facts: list[Fact] = [("Why", row.why, "strong")]
            facts += _listed("It changed", row.changes if row.version else ())
            facts += _listed("Since then", since)
            ask_next(self, FactsDialog(f"Version {row.version}", facts))

        self.ask(MAPPINGS_DIFF, DiffMappings(account=self.shown_of, before=row.version), told)

    def do_mappings_restore(self) -> None:
        """After a question that says what changes and what it costs."""
        row = self.situation().one(VersionRow)
        if row is None:
            return
        account = self.shown_of

        def found(known: MappingSet) -> None:
            check = ValidateMappings(account=account, mappings=known.version.mappings)
            self.ask(MAPPINGS_VALIDATE, check, decide)

        def decide(checked: MappingsChecked) -> None:
            if not checked.changes:
                self.notify(f"Version {row.version} is what counts.", title="Data mappings", markup=False)
                return
            lines = [*what_changes(checked), *(each.message for each in checked.findings[:3])]
            asked = RestoreMappings(account=account, version=row.version, based_on=checked.based_on, acknowledge=True)

            def confirmed(yes: bool | None) -> None:
                if yes:
                    self.ask(MAPPINGS_RESTORE, asked, lambda _: self.grid.reload())

            question = Confirm(f"Let version {row.version} count again?", lines, yes="Restore")
            ask_next(self, question, confirmed, undone=f"Version {row.version} was not restored")

        self.ask(MAPPINGS_GET, MappingsOf(account=account, version=row.version), found)

    def do_mappings_export(self) -> None:
        """The version in hand, as a file."""
        row = self.situation().one(VersionRow)
        if row is not None:
            export(self, self.shown_of, row.version)


def _listed(title: str, lines: Sequence[str]) -> list[Fact]:
    return [(title if place == 0 else "", line, "") for place, line in enumerate(lines)]
