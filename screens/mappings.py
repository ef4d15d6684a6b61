"""Data Mappings: which column of account, contact or lead feeds which data label, or is fed by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.mappings import (
    MAPPINGS_GET,
    MAPPINGS_PAGE,
    MAPPINGS_SAVE,
    MAPPINGS_VALIDATE,
    ON_MAPPINGS,
    DataMapping,
    Finding,
    MappingRow,
    MappingsChecked,
    MappingSet,
    MappingsOf,
    MappingsQuery,
    MappingsSaved,
    SaveMappings,
    ValidateMappings,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged, StartRun

from .base import AccountPage
from .bindings import bindings
from .dialogs import Confirm
from .gone_on import ask_next
from .grid_screen import GridScreen, Rows, page_of
from .mapping_files import bring_in, export
from .mapping_question import MappingQuestion
from .places import MAPPING_PREVIEW, MAPPING_VERSIONS
from .running import start_run
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import number

_WORDING = Wording(
    one="data mapping",
    many="data mappings",
    empty="Nothing is mapped",
    next_step="n makes a mapping.",
)
_SHOWN = 8


def _direction(row: MappingRow) -> str:
    return "→ dotdigital" if row.direction == "to dotdigital" else "← dotdigital"


def _state(row: MappingRow) -> str:
    return "! does not work" if row.problem else "on" if row.enabled else "off"


def _tone(row: MappingRow) -> str:
    return "bad" if row.problem else "good" if row.enabled else "muted"


_COLUMNS: tuple[Column[MappingRow], ...] = (
    Column(title="Table", text=lambda row: row.entity, width=8, sort="entity"),
    Column(title="Column", text=lambda row: row.column, width=18, flex=2, sort="column"),
    Column(title="Direction", text=_direction, width=12, sort="direction"),
    Column(title="Data label", text=lambda row: row.label, width=14, flex=1, sort="label"),
    Column(title="State", text=_state, width=15, tone=_tone, sort="enabled"),
    Column(title="Type", text=lambda row: row.column_type, width=12, priority=2, sort="column_type"),
    Column(title="Conflicts", text=lambda row: row.conflict, width=10, priority=3, sort="conflict"),
)
_ROWS = Rows(
    id="mappings-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.label} {row.entity} {row.column} {row.direction}",
    wording=_WORDING,
    preview="Data mapping",
    enter="Edit",
)


class MappingsPage(GridScreen[MappingRow], AccountPage):
    """The mappings of an email account, named by its id (`""`: the default one). Every change is checked with all
    others, and says whom it concerns, before it counts."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_MAPPINGS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_MAPPINGS)
    TRAIL = ("Data Mappings",)
    CSS_PATH = "../styles/mappings.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._changes = 0

    async def rows_in(self, window: Window) -> PageOfRows[MappingRow]:
        """The mappings that count."""
        return await page_of(self.console, MAPPINGS_PAGE, MappingsQuery(account=self.shown_of), window)

    def previewed(self, row: MappingRow) -> Sequence[Fact]:
        """All of a mapping, and what is wrong with it."""
        facts = [
            ("Data label", f"{row.label} ({row.label_type})" if row.label_type else row.label, ""),
            ("Column", f"{row.column_label} ({row.entity}.{row.column})".strip(), ""),
            ("Type", row.column_type, ""),
            ("Direction", row.direction, ""),
            ("In a conflict", f"{row.conflict} wins", ""),
            ("Choices by", row.choice, ""),
            ("Enabled", "yes" if row.enabled else "no", ""),
            ("Problem", row.problem, "bad"),
        ]
        return [fact for fact in facts if fact[1]]

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Mappings or labels changed, or a run that may have changed them has ended."""
        return name in ("labels.changed", "mappings.changed") or (
            isinstance(value, RunChanged) and value.run.kind in ("labels", "metadata") and value.run.status.ended
        )

    def opened(self, row: MappingRow) -> None:
        """Enter edits."""
        self.action_perform("mappings.edit")

    def do_mappings_columns(self) -> None:
        """Reads what columns Dynamics has."""
        start_run(self, StartRun(sync_type="metadata", account=self.shown_of))

    def do_mappings_preview(self) -> None:
        """To real people."""
        self.console.open_page(MAPPING_PREVIEW, self.about or "")

    def do_mappings_history(self) -> None:
        """Its versions."""
        self.console.open_page(MAPPING_VERSIONS, self.about or "")

    def do_mappings_export(self) -> None:
        """As a file."""
        export(self, self.shown_of)

    def do_mappings_import(self) -> None:
        """From a file."""
        bring_in(self, self.shown_of, self.grid.reload)

    def do_mappings_validate(self) -> None:
        """Checks all mappings, and says what it found."""

        def told(checked: MappingsChecked) -> None:
            if checked.findings:
                lines = _lines(checked.findings)
                ask_next(self, Confirm("What is wrong", lines, yes="Close", no="Close"))
            else:
                self.console.notify("Nothing is wrong with them.", title="Data mappings")

        self.ask(MAPPINGS_VALIDATE, ValidateMappings(account=self.shown_of), told)

    def do_mappings_create(self) -> None:
        """Asks for a new mapping."""
        account = self.shown_of

        def answered(made: DataMapping | None) -> None:
            if made is not None:
                self._change(account, f"Mapped {made.words}", lambda now: (*now, made))

        self.app.push_screen(MappingQuestion(account, None), answered)

    def do_mappings_edit(self) -> None:
        """Asks for the mapping in hand."""
        row, account = self.in_hand(), self.shown_of
        if row is None:
            return

        def found(known: MappingSet) -> None:
            before = _of(row, known.version.mappings)
            if before is None:
                self.grid.reload()
                return

            def answered(made: DataMapping | None) -> None:
                if made is not None and made != before:
                    instead = lambda now: tuple(made if each == before else each for each in now)  # noqa: E731
                    self._change(account, f"Edited {before.words}", instead)

            ask_next(self, MappingQuestion(account, before), answered)

        self.ask(MAPPINGS_GET, MappingsOf(account=account), found)

    def do_mappings_delete(self) -> None:
        """Deletes the mapping in hand, after a confirmation."""
        row, account = self.in_hand(), self.shown_of
        if row is None:
            return
        lines = ["What the data field or the column holds stays there. The version before can be restored."]

        def confirmed(yes: bool | None) -> None:
            if yes:
                self._change(
                    account,
                    f"Deleted {row.label} of {row.entity}",
                    lambda now: tuple(each for each in now if each != _of(row, now)),
                )

        self.app.push_screen(Confirm(f"Delete the mapping of {row.label}?", lines, yes="Delete"), confirmed)

    # -- every change goes the same way --------------------------------------------------------------------------------

    def _change(
        self, account: str, why: str, changed: Callable[[tuple[DataMapping, ...]], tuple[DataMapping, ...]]
    ) -> None:
        """Checked with all others; errors end it, warnings and people who are sent again are asked about."""

        def found(known: MappingSet) -> None:
            asked = SaveMappings(
                account=account,
                based_on=known.version.version,
                mappings=changed(known.version.mappings),
                why=why,
            )
            check = ValidateMappings(account=asked.account, mappings=asked.mappings)
            self.ask(MAPPINGS_VALIDATE, check, lambda checked: self._decide(asked, checked), kind=f"check {turn}")

        # Another change may be begun before this one is saved: each comes to its end.
        self._changes += 1
        turn = self._changes
        self.ask(MAPPINGS_GET, MappingsOf(account=account), found, kind=f"change {turn}")

    def _decide(self, asked: SaveMappings, checked: MappingsChecked) -> None:
        warnings = [each for each in checked.findings if each.warning]
        if len(warnings) < len(checked.findings) or not (warnings or checked.people):
            # What is wrong is said by the service, in the error panel.
            self._save(asked)
            return
        lines = _lines(warnings)
        if checked.cost:
            lines.append(f"{checked.cost}, by the next synchronisation.")

        def confirmed(yes: bool | None) -> None:
            if yes:
                self._save(msgspec.structs.replace(asked, acknowledge=True))

        question = Confirm("Save the mappings?", lines, yes="Save")
        ask_next(self, question, confirmed, undone=f"Not saved: {asked.why}")

    def _save(self, asked: SaveMappings) -> None:
        def saved(answer: MappingsSaved) -> None:
            said = f"Version {answer.version} counts." if answer.changes else "Nothing differs."
            self.console.notify(said, title="Data mappings")
            self.grid.reload()

        self.ask(MAPPINGS_SAVE, asked, saved)


def _of(row: MappingRow, mappings: Sequence[DataMapping]) -> DataMapping | None:
    """The mapping that a row shows."""
    key = (row.label, row.entity, row.column, row.direction)
    known = ((each.label, each.entity.value, each.column, each.direction.value) for each in mappings)
    return next((mapping for mapping, each in zip(mappings, known, strict=True) if each == key), None)


def _lines(findings: Sequence[Finding]) -> list[str]:
    lines = [f"{each.about}: {each.message} {each.remedy}" for each in findings[:_SHOWN]]
    if len(findings) > _SHOWN:
        lines.append(f"and {number(len(findings) - _SHOWN)} more")
    return lines
