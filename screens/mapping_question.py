"""A data mapping, fact by fact: labels and columns are chosen among those that there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.conversion import ChoiceAs, Direction
from dyntui.model.mapping import ConflictRule, DataMapping
from dyntui.model.people import Entity
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_DIALOG
from dyntui.service.contract.labels import LABELS_PAGE, LabelRow, LabelsQuery
from dyntui.service.contract.mappings import MAPPINGS_COLUMNS, ColumnRow, ColumnsQuery
from dyntui.service.contract.paging import Page, Window

from .bindings import bindings
from .dialogs import Dialog, Picker
from .grid_screen import page_of
from .widgets.bars import BarList, BarRow
from .widgets.columns import Column
from .widgets.grid_words import Wording

V = TypeVar("V")
_KEEP = "keep"
_MEANS = {
    "label": "Only labels that are synchronised can be mapped. Enter shows them; / filters.",
    "entity": "Whose column it is. Enter goes to the next, and round.",
    "column": "Enter shows the columns; / filters. One over a lookup is mapped with `dyntui mappings create`.",
    "direction": "Both ways are two mappings.",
    "conflict": "Whose value counts where both sides have changed it; for the direction to Dynamics.",
    "choice": "What of a choice or a lookup is sent to dotdigital.",
    "enabled": "A mapping that is switched off is kept without being used.",
    _KEEP: "It is checked first, and you are told whom it concerns.",
}
_LABEL_WORDS = Wording(one="label", many="labels", empty="No label is known", next_step="B shows how to get some.")
_COLUMN_WORDS = Wording(
    one="column", many="columns", empty="No column is known", next_step="s on Data Mappings reads them."
)
_LABEL_COLUMNS: tuple[Column[LabelRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=20, flex=1, sort="name"),
    Column(title="Type", text=lambda row: row.type, width=8, sort="type"),
)
_COLUMN_COLUMNS: tuple[Column[ColumnRow], ...] = (
    Column(title="Label", text=lambda row: row.label, width=20, flex=1, sort="label"),
    Column(title="Column", text=lambda row: row.column, width=20, flex=1, sort="column"),
    Column(title="Type", text=lambda row: row.type, width=12, sort="type"),
    Column(title="Data label", text=lambda row: row.label_type, width=10, priority=1, sort="label_type"),
)


def _following(value: V, values: Iterable[V]) -> V:
    known = list(values)
    return known[(known.index(value) + 1) % len(known)]


class MappingQuestion(Dialog[DataMapping]):
    """Asks for a mapping of an email account, going on from `before`."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_DIALOG)

    def __init__(self, account: str, before: DataMapping | None) -> None:
        super().__init__("New data mapping" if before is None else before.words)
        self._account = account
        self._mapping = before or DataMapping(label="", entity=Entity.CONTACT, column="")
        self._lines = BarList(id="mapping-lines", shares=False, enter="Change")
        self._means = Static(_MEANS["label"], id="question", markup=False)

    def compose_body(self) -> Iterable[Widget]:
        """The facts, and what the one in hand means."""
        yield self._lines
        yield self._means

    def on_mount(self) -> None:
        """To the label."""
        self._show()
        self.set_focus(self._lines)
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Draws the keys."""
        self.show_keys(("↑ ↓", "Fact"), ("Enter", "Change"), ("Esc", "Cancel"))

    def _show(self) -> None:
        now = self._mapping
        lines = (
            ("label", "Data label", now.label or "–"),
            ("entity", "Table", now.entity.value),
            ("column", "Column", now.column or "–"),
            ("direction", "Direction", now.direction.value),
            ("conflict", "In a conflict wins", now.conflict.value),
            ("choice", "Choices travel by", now.choice.value),
            ("enabled", "Enabled", "yes" if now.enabled else "no"),
            (_KEEP, "Check and save", ""),
        )
        self._lines.show_rows([BarRow(key, title, None, "", "", note) for key, title, note in lines])

    @on(BarList.Moved)
    def _explain(self, event: BarList.Moved) -> None:
        self._means.update(_MEANS[event.key])

    @on(BarList.Opened)
    def _change(self, event: BarList.Opened) -> None:
        now = self._mapping
        if event.key == _KEEP:
            self._keep()
        elif event.key == "label":
            self._pick_label()
        elif event.key == "column":
            self._pick_column()
        elif event.key == "entity":
            self._set(entity=_following(now.entity, Entity), column="")
        elif event.key == "direction":
            self._set(direction=_following(now.direction, Direction))
        elif event.key == "conflict":
            self._set(conflict=_following(now.conflict, ConflictRule))
        elif event.key == "choice":
            self._set(choice=_following(now.choice, ChoiceAs))
        else:
            self._set(enabled=not now.enabled)

    def _set(self, **values: object) -> None:
        self._mapping = msgspec.structs.replace(self._mapping, **values)
        self._show()

    def _pick_label(self) -> None:
        async def labels(window: Window) -> Page[LabelRow]:
            return await page_of(self.console, LABELS_PAGE, LabelsQuery(account=self._account), window)

        def picked(rows: tuple[LabelRow, ...] | None) -> None:
            if rows:
                self._set(label=rows[0].name)

        def refuse(row: LabelRow) -> str:
            return "" if row.synchronised else f"{row.name} does not exist in dotdigital yet: synchronise the labels."

        self.app.push_screen(
            Picker("Data label", _LABEL_COLUMNS, labels, key=lambda row: row.name, wording=_LABEL_WORDS, refuse=refuse),
            picked,
        )

    def _pick_column(self) -> None:
        entity = self._mapping.entity

        async def columns(window: Window) -> Page[ColumnRow]:
            return await page_of(self.console, MAPPINGS_COLUMNS, ColumnsQuery(entity=entity), window)

        def picked(rows: tuple[ColumnRow, ...] | None) -> None:
            if rows:
                self._set(column=rows[0].column)

        def refuse(row: ColumnRow) -> str:
            inward = self._mapping.direction is Direction.TO_DYNAMICS
            return f"{row.label} takes no values: it goes to dotdigital only." if inward and not row.writable else ""

        self.app.push_screen(
            Picker(
                f"Column of {entity.value}",
                _COLUMN_COLUMNS,
                columns,
                key=lambda row: row.column,
                wording=_COLUMN_WORDS,
                refuse=refuse,
            ),
            picked,
        )

    def _keep(self) -> None:
        if not self._mapping.label or not self._mapping.column:
            self.console.notify("A mapping has a data label and a column.", title="Not saved", severity="warning")
            return
        self.dismiss(self._mapping)
