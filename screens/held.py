"""Decisions: lists with removals from their address books that wait for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.held import HELD_DECIDE, HELD_LISTS, ON_HELD, DecideHeld, HeldDecided, HeldRemovals
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.session import Nothing

from .bindings import bindings
from .dialogs import Confirm
from .grid_screen import GridScreen, Rows
from .places import PEOPLE, QUARANTINE, RUN
from .whose import Whose
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import number

_WORDING = Wording(
    one="list with held removals",
    many="lists with held removals",
    empty="Nothing waits for a decision",
    next_step="Removals are held when too many would leave an address book at once, or a listing proves nothing; "
    "changes that were undone wait before they are made again.",
)

_COLUMNS: tuple[Column[HeldRemovals], ...] = (
    Column(title="List", text=lambda row: row.name, width=20, flex=2),
    Column(title="What waits", text=lambda row: "undone" if row.undone else "removal", width=10, priority=2),
    Column(title="People", text=lambda row: number(row.people), width=8, right=True, tone=lambda row: "warn"),
    Column(title="In the book", text=lambda row: number(row.in_book), width=11, right=True),
    Column(title="Why they are held", text=lambda row: row.why, width=24, flex=3, priority=1),
)


def _line(row: HeldRemovals, *, of_all: bool = True) -> str:
    if row.undone:
        return f"{number(row.people)} people of {row.name} whose change was undone"
    return f"{number(row.people)}{f' of {number(row.in_book)}' if of_all else ''} contacts of {row.name}"


class HeldScreen(GridScreen[HeldRemovals]):
    """A row is a list; Enter shows whom it is about."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_HELD,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_HELD)
    SECTION = "held"
    TOP_LEVEL = True
    TRAIL = ("Decisions",)
    CSS_PATH = "../styles/held.tcss"

    def __init__(self) -> None:
        super().__init__(
            Rows(id="held-grid", columns=_COLUMNS, key=lambda row: f"{row.list} {row.undone}", wording=_WORDING)
        )

    async def rows_in(self, window: Window) -> Page[HeldRemovals]:
        """All that wait: as many as there are lists in trouble."""
        answer = await self.console.call(HELD_LISTS, Nothing())
        return windowed(answer.rows, window, lambda row: f"{row.name} {row.why}")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """A run that has ended may hold removals, or have carried them out."""
        return isinstance(value, RunChanged) and value.run.status.ended

    def opened(self, row: HeldRemovals) -> None:
        """The people, as the run that holds them named them."""
        whose = Whose(
            title="Undone changes" if row.undone else "Held removals",
            trail=("Decisions", row.name),
            run=row.run,
            kind="lists",
            item=row.list,
            outcome=Outcome.HELD.value,
            reason="UNDONE" if row.undone else "",
        )
        self.console.open_page(PEOPLE, whose)

    def _chosen(self) -> Sequence[HeldRemovals]:
        situation = self.situation()
        one = situation.one(HeldRemovals)
        return situation.marks(HeldRemovals) or (() if one is None else (one,))

    def do_quarantine_open(self) -> None:
        """To the refused rows."""
        self.console.open_page(QUARANTINE, "")

    def do_held_approve(self) -> None:
        """Lets the people of the chosen lists go, after a confirmation."""
        rows = self._chosen()
        lines = [_line(each) for each in rows]
        if any(not each.undone for each in rows):
            lines.append("A synchronisation of the list takes them out of its address book. They stay contacts.")
        if any(each.undone for each in rows):
            lines.append("Undone changes are made again by a synchronisation of the list.")
        self._decide(rows, Confirm("Let them go?", lines, yes="Let them go", danger=True), remove=True)

    def do_held_discard(self) -> None:
        """Keeps the people of the chosen lists, after a confirmation."""
        rows = self._chosen()
        lines = [_line(each, of_all=False) for each in rows]
        if any(not each.undone for each in rows):
            lines.append(
                "They stay in the address book although they do not belong there, and are not asked about again."
            )
        if any(each.undone for each in rows):
            lines.append("Undone changes are not made again while what would be sent stays the same.")
        self._decide(rows, Confirm("Keep them?", lines, yes="Keep them"), remove=False)

    def _decide(self, rows: Sequence[HeldRemovals], question: Confirm, *, remove: bool) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                for each in rows:
                    decision = DecideHeld(list=each.list, remove=remove, undone=each.undone)
                    self.ask(HELD_DECIDE, decision, self._decided, kind=f"decide {each.list} {each.undone}")

        if rows:
            self.app.push_screen(question, answered)

    def _decided(self, decided: HeldDecided) -> None:
        self.grid.reload()
        if decided.run is not None:
            self.console.open_page(RUN, decided.run.id)
