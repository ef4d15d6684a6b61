"""A data mapping, fact by fact: labels and columns are chosen among those that there are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.model.conversion import ChoiceAs, Direction
from dyntui.model.labels import ADDRESS_LABEL
from dyntui.model.mapping import ConflictRule, DataMapping, mailed_at
from dyntui.model.people import Entity
from dyntui.service.contract.labels import LABELS_PAGE, LabelRow, LabelsQuery
from dyntui.service.contract.mappings import MAPPINGS_COLUMNS, ColumnRow, ColumnsQuery
from dyntui.service.contract.paging import Page, Window

from .dialogs import Picker
from .facts_question import FactsQuestion, following
from .grid_screen import page_of
from .widgets.columns import Column
from .widgets.grid_words import Wording

_KEEP = "keep"
_MEANS = {
    "label": "Only labels that are synchronised can be mapped. Enter shows them; / filters.",
    "entity": "Whose column it is. Enter goes to the next, and round.",
    "column": "Enter shows the columns; / filters. One over a lookup is mapped with `dyntui mappings create`. Of EMAIL "
    "it goes to the next: an account's own address, or its primary contact's.",
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


class MappingQuestion(FactsQuestion[DataMapping]):
    """Asks for a mapping of an email account, going on from `before`."""

    def __init__(self, account: str, before: DataMapping | None) -> None:
        super().__init__("New data mapping" if before is None else before.words, told=_MEANS["label"])
        self._account = account
        self._mapping = before or DataMapping(label="", entity=Entity.CONTACT, column="")

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The mapping's facts."""
        now = self._mapping
        return (
            ("label", "Data label", now.label or "–"),
            ("entity", "Table", now.entity.value),
            ("column", "Column", now.column or "–"),
            ("direction", "Direction", now.direction.value),
            ("conflict", "In a conflict wins", now.conflict.value),
            ("choice", "Choices travel by", now.choice.value),
            ("enabled", "Enabled", "yes" if now.enabled else "no"),
            (_KEEP, "Check and save", ""),
        )

    def meaning(self, key: str) -> str:
        """What a fact of a mapping means."""
        return _MEANS[key]

    def change(self, key: str) -> None:
        """The next choice; label and column are picked among those that there are."""
        now = self._mapping
        if key == _KEEP:
            self._keep()
        elif key == "label":
            self._pick_label()
        elif key == "column" and now.label == ADDRESS_LABEL:
            # The address comes from few columns: an account's own, or its primary contact's.
            ways = mailed_at(now.entity)
            self._set(column=ways[(ways.index(now.column) + 1) % len(ways) if now.column in ways else 0])
        elif key == "column":
            self._pick_column()
        elif key == "entity":
            self._set(entity=following(now.entity, Entity), column="")
        elif key == "direction":
            self._set(direction=following(now.direction, Direction))
        elif key == "conflict":
            self._set(conflict=following(now.conflict, ConflictRule))
        elif key == "choice":
            self._set(choice=following(now.choice, ChoiceAs))
        else:
            self._set(enabled=not now.enabled)

    def _set(self, **values: object) -> None:
        self._mapping = msgspec.structs.replace(self._mapping, **values)
        self.show_facts()

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
