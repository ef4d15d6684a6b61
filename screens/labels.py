"""Data Labels: the data fields of dotdigital as dyntui knows them, and where they are mapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.labels import LabelType, Visibility, fault_of_name
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.labels import (
    LABEL_CREATE,
    LABEL_DELETE,
    LABELS_PAGE,
    ON_LABELS,
    CreateLabel,
    DeleteLabel,
    LabelRow,
    LabelsQuery,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged, StartRun

from .base import AccountPage
from .bindings import bindings
from .dialogs import Confirm
from .facts_question import FactsQuestion, following
from .grid_screen import GridScreen, Rows, page_of
from .running import start_run
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording

_WORDING = Wording(
    one="data label",
    many="data labels",
    empty="No data label is known",
    next_step="s takes over the data fields of dotdigital, n makes a new label.",
)


def _state(row: LabelRow) -> str:
    return f"! {row.conflict}" if row.conflict else "yes" if row.synchronised else "not yet"


def _tone(row: LabelRow) -> str:
    return "bad" if row.conflict else "good" if row.synchronised else "warn"


_COLUMNS: tuple[Column[LabelRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=20, sort="name"),
    Column(title="Type", text=lambda row: row.type, width=8, sort="type"),
    Column(title="Synchronised", text=_state, width=12, sort="synchronised", tone=_tone),
    Column(title="Mapped", text=lambda row: "; ".join(row.mapped), width=24, flex=2, priority=1, sort="mapped"),
    Column(title="Default", text=lambda row: row.default_value, width=10, priority=3, sort="default_value"),
    Column(title="Visibility", text=lambda row: row.visibility, width=10, priority=4, sort="visibility"),
)
_ROWS = Rows(
    id="labels-grid", columns=_COLUMNS, key=lambda row: row.name, wording=_WORDING, preview="Data label", enter=""
)


class LabelsPage(GridScreen[LabelRow], AccountPage):
    """The labels of an email account, named by its id (`""`: the default one)."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_LABELS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_LABELS)
    TRAIL = ("Data Labels",)
    CSS_PATH = "../styles/mappings.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[LabelRow]:
        """The labels by name."""
        return await page_of(self.console, LABELS_PAGE, LabelsQuery(account=self.shown_of), window)

    def previewed(self, row: LabelRow) -> Sequence[Fact]:
        """All of a label."""
        conflict = ""
        if row.conflict == "deleted":
            conflict = "the data field was deleted in dotdigital, and mappings use it"
        elif row.conflict:
            conflict = f"{row.type} here, {row.conflict} in dotdigital: delete one of the two, then synchronise"
        facts = [
            ("Name", row.name, ""),
            ("Type", row.type, ""),
            ("Conflict", conflict, "bad"),
            ("Default", row.default_value, ""),
            ("Visibility", row.visibility, ""),
            ("Description", row.description, ""),
            *(("Mapped", each, "") for each in row.mapped),
        ]
        return [fact for fact in facts if fact[1]]

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Labels or mappings changed, or a run that may have changed them has ended."""
        return name in ("labels.changed", "mappings.changed") or (
            isinstance(value, RunChanged) and value.run.kind == "labels" and value.run.status.ended
        )

    def do_labels_synchronise(self) -> None:
        """Each side learns what the other one has."""
        start_run(self, StartRun(sync_type="labels", account=self.shown_of))

    def do_labels_create(self) -> None:
        """Asks for a new label."""
        account = self.shown_of

        def answered(request: CreateLabel | None) -> None:
            if request is not None:
                asked = msgspec.structs.replace(request, account=account)
                self.ask(LABEL_CREATE, asked, lambda _: self.grid.reload())

        self.app.push_screen(LabelQuestion(), answered)

    def do_labels_delete(self) -> None:
        """Deletes the label in hand, after a confirmation."""
        row = self.in_hand()
        if row is None:
            return
        lines = [
            f"The data field {row.name} goes with everything that contacts have in it, for ever.",
            "dotdigital refuses that while a campaign, a form or a program uses it, and says which.",
        ]
        asked = DeleteLabel(account=self.shown_of, name=row.name, confirm=row.name)

        def confirmed(yes: bool | None) -> None:
            if yes:
                self.ask(LABEL_DELETE, asked, lambda _: self.grid.reload())

        self.app.push_screen(Confirm(f"Delete {row.name}?", lines, yes="Delete", danger=True), confirmed)


_KEEP = "keep"
_MEANS = {
    "name": "1 to 20 of A-Z, 0-9, - and _. Upper and lower case do not tell names apart.",
    "type": "It cannot be changed later. Enter goes to the next, and round.",
    "default": "What a mail shows if a contact has no value; contacts get none by it. Empty for none.",
    "visibility": "Public: contacts see the field in forms and preference pages.",
    "description": "For the people here; dotdigital has no place for it.",
    _KEEP: "A data field is made of it when labels are synchronised.",
}


class LabelQuestion(FactsQuestion[CreateLabel]):
    """Asks for a new label."""

    def __init__(self) -> None:
        super().__init__("New data label", told=_MEANS["name"])
        self._texts = {"name": "", "default": "", "description": ""}
        self._type = LabelType.STRING
        self._visibility = Visibility.PRIVATE

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The label's facts."""
        return (
            ("name", "Name", self._texts["name"] or "–"),
            ("type", "Type", self._type.value),
            ("default", "Default value", self._texts["default"] or "none"),
            ("visibility", "Visibility", self._visibility.value),
            ("description", "Description", self._texts["description"] or "none"),
            (_KEEP, "Make the label", ""),
        )

    def meaning(self, key: str) -> str:
        """What a fact of a label means."""
        return _MEANS[key]

    def change(self, key: str) -> None:
        """The next type or visibility; the others are typed."""
        if key == _KEEP:
            self._make()
        elif key == "type":
            self._type = following(self._type, LabelType)
        elif key == "visibility":
            self._visibility = following(self._visibility, (Visibility.PRIVATE, Visibility.PUBLIC))
        else:
            self.type_in(key, self._texts[key])

    def typed(self, key: str, text: str) -> str:
        """Any text; the name is looked at when the label is made."""
        self._texts[key] = text
        return ""

    def _make(self) -> None:
        if why := fault_of_name(self._texts["name"]):
            self.console.notify(f"The name: {why}.", title="Not made", severity="warning")
            return
        made = CreateLabel(
            name=self._texts["name"],
            type=self._type.value,
            default_value=self._texts["default"],
            visibility=self._visibility.value,
            description=self._texts["description"],
        )
        self.dismiss(made)
