"""What a run wrote on either side: whom it changed, and the fields before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from dyntui.model.changes import AppliedChange
from dyntui.model.plans import ADD, FLAG, REMOVE, SUPPRESS, UNFLAG, UPDATE
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.changes import (
    CHANGES_PAGE,
    ON_CHANGES,
    WrittenQuery,
    effect_text,
    fields_text,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RUN_GET, RunDetail, RunRef

from .base import Page
from .bindings import bindings
from .change_help import ChangeHelp, fields_of
from .grid_screen import GridScreen, Rows, page_of
from .tally import reason_title
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording

_WORDING = Wording(
    one="change",
    many="changes",
    empty="Nothing was written",
    next_step="Both systems agreed on everybody in this run, or what it wrote is older than what is kept.",
)
_ELSEWHERE = replace(
    _WORDING,
    empty="Nothing of this kind was written",
    next_step="← → shows what else the run wrote.",
)
# The list has no room for more; Enter on a row says it whole.
_SHORT = {FLAG: "opted out", UNFLAG: "opted in"}
_TONES = {ADD: "good", UPDATE: "accent", REMOVE: "warn", SUPPRESS: "bad", FLAG: "bad", UNFLAG: "accent"}


def _what(row: AppliedChange) -> str:
    return fields_text(row) if row.after is not None else reason_title(row.reason)


_COLUMNS: tuple[Column[AppliedChange], ...] = (
    Column(
        title="Effect",
        text=lambda row: _SHORT.get(row.effect) or effect_text(row),
        width=10,
        sort="effect",
        tone=lambda row: _TONES.get(row.effect, ""),
    ),
    Column(title="Name", text=lambda row: row.name, width=14, flex=1, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=18, flex=1, priority=1, sort="address", whole=True),
    Column(title="Fields", text=_what, width=22, flex=3),
    Column(
        title="Undone",
        text=lambda row: "undone" if row.undone_by else "",
        width=6,
        priority=2,
        tone=lambda row: "muted",
    ),
)
_VIEWS = (
    ("", "All", None),
    (ADD, "Added", None),
    (UPDATE, "Updated", None),
    (REMOVE, "Taken out", None),
)


class ChangesPage(GridScreen[AppliedChange], Page[str]):
    """The changes by effect; enter on one shows its fields one by one."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CHANGES,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_CHANGES)

    def __init__(self) -> None:
        super().__init__(
            Rows(
                id="changes-grid",
                columns=_COLUMNS,
                key=lambda row: f"{row.item_id} {row.target} {row.person}",
                wording=_WORDING,
                views=_VIEWS,
                elsewhere=_ELSEWHERE,
                preview="Change",
                roomy=True,
            )
        )

    def aimed(self) -> None:
        """Another run."""
        self.trail.show_trail("Synchronisation Audit", "…", "What it wrote")

    def begin(self) -> None:
        """The changes, and whose they are."""
        super().begin()
        if self.about is not None:
            self.look(RUN_GET, RunRef(self.about), self._show)

    def _show(self, detail: RunDetail) -> None:
        self.trail.show_trail("Synchronisation Audit", detail.run.title, "What it wrote", note=detail.run.id[:8])

    async def rows_in(self, window: Window) -> PageOfRows[AppliedChange]:
        """The changes of the chosen effect."""
        asked = WrittenQuery(run=self.about or "", effect=self.views.chosen)
        return await page_of(self.console, CHANGES_PAGE, asked, window)

    def previewed(self, row: AppliedChange) -> list[Fact]:
        """The fields, one by one."""
        return [
            ("", row.name, "strong"),
            ("Address", row.address, ""),
            ("What", effect_text(row), _TONES.get(row.effect, "")),
            *([("Why", reason_title(row.reason), "")] if row.reason else []),
            *((label, f"{before} → {after}", "") for label, before, after in fields_of(row.before, row.after)),
            *([("Undone by", row.undone_by, "muted")] if row.undone_by else []),
        ]

    def opened(self, row: AppliedChange) -> None:
        """The fields, one by one."""
        self.app.push_screen(
            ChangeHelp(
                title=row.name or row.address,
                facts=[
                    ("Address", row.address),
                    ("Before", row.before_address if row.before_address != row.address else ""),
                    ("What", effect_text(row)),
                    ("Why", reason_title(row.reason)),
                    ("Where", row.target),
                    ("Undone by", row.undone_by),
                ],
                fields=fields_of(row.before, row.after),
            )
        )
