"""Decisions: everything that waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.counted import counted, people_of
from dyntui.model.held import KIND_WORDS, Decision, Kind
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.conflicts import CONFLICTS_CHANGED
from dyntui.service.contract.held import HELD_DECIDE, HELD_WAITING, ON_HELD, DecideHeld, HeldDecided, WaitingIn
from dyntui.service.contract.lists import LISTS_CHANGED
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RunChanged

from .bindings import bindings
from .dialogs import Confirm
from .gone_on import lead_to_run
from .grid_screen import GridScreen, Rows
from .places import CONFLICTS, PEOPLE, PLAN, QUARANTINE
from .tally import reason_title
from .whose import Whose
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import dated, number

_WORDING = Wording(
    one="decision",
    many="decisions",
    empty="Nothing waits for a decision",
    next_step="Removals are held when too many would leave an address book at once, or a listing proves nothing; "
    "changes that were undone wait before they are made again. Refused rows, strangers whom several records match and "
    "values that were changed on both sides stand here too, and plans that were not carried out.",
)


def _why(row: Decision) -> str:
    """Of refused rows the titles of the reasons."""
    if row.kind is not Kind.REFUSED:
        return dated(row.why)
    return ", ".join(reason_title(code) for code in row.why.split(", "))


_COLUMNS: tuple[Column[Decision], ...] = (
    Column(title="Where", text=lambda row: row.name, width=20, flex=2),
    Column(title="What waits", text=lambda row: KIND_WORDS[row.kind], width=18, priority=2),
    Column(title="People", text=lambda row: number(row.people), width=8, right=True, tone=lambda row: "warn"),
    Column(
        title="In the book",
        text=lambda row: number(row.in_book) if row.removal else "",
        width=11,
        right=True,
        priority=3,
    ),
    Column(title="Why", text=_why, width=24, flex=3, priority=1),
)


def _line(row: Decision, *, of_all: bool = True) -> str:
    if row.kind is Kind.UNDONE:
        return f"{people_of(row.people)} of {row.name} whose change was undone"
    if of_all:
        return f"{number(row.people)} of {counted(row.in_book, 'contact')} of {row.name}"
    return f"{counted(row.people, 'contact')} of {row.name}"


class HeldScreen(GridScreen[Decision]):
    """A row is a list, or the conflicts of an email account; Enter shows whom it is about."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_HELD,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_HELD)
    SECTION = "held"
    TOP_LEVEL = True
    TRAIL = ("Decisions",)
    CSS_PATH = "../styles/held.tcss"

    def __init__(self) -> None:
        super().__init__(
            Rows(
                id="held-grid",
                columns=_COLUMNS,
                key=lambda row: f"{row.about} {row.kind}",
                wording=_WORDING,
                preview="Decision",
                roomy=True,
            )
        )

    async def rows_in(self, window: Window) -> Page[Decision]:
        """All that wait: as many as there are lists in trouble."""
        answer = await self.console.call(HELD_WAITING, WaitingIn())
        return windowed(answer.rows, window, lambda row: f"{row.name} {row.why}")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """A run has ended that may hold removals or have carried them out; somebody decided, or looked at something."""
        decided = name in (LISTS_CHANGED.name, CONFLICTS_CHANGED.name)
        return decided or (isinstance(value, RunChanged) and value.run.status.ended)

    def previewed(self, row: Decision) -> list[Fact]:
        """What waits, and why."""
        return [
            ("", row.name, "strong"),
            ("What waits", KIND_WORDS[row.kind], ""),
            ("People", number(row.people), "warn"),
            *([("In the book", number(row.in_book), "")] if row.removal else []),
            ("Why", _why(row), ""),
        ]

    def opened(self, row: Decision) -> None:
        """The people who wait; the refused rows of the list; the conflicts; the plan."""
        if row.kind is Kind.CONFLICTS:
            self.console.open_page(CONFLICTS, row.name, view="")
            return
        if row.kind is Kind.PLAN:
            self.console.open_page(PLAN, row.run)
            return
        if not row.removal:
            self.console.open_page(QUARANTINE, row.about, view="")
            return
        undone = row.kind is Kind.UNDONE
        whose = Whose(
            title="Undone changes" if undone else "Held removals",
            trail=("Decisions", row.name),
            kind="lists",
            held=row.about,
            outcome=Outcome.HELD.value,
            reason="UNDONE" if undone else "",
        )
        self.console.open_page(PEOPLE, whose)

    def _chosen(self) -> Sequence[Decision]:
        return [each for each in self.situation().chosen(Decision) if each.removal]

    def do_quarantine_open(self) -> None:
        """To the refused rows."""
        self.console.open_page(QUARANTINE, "")

    def do_conflicts_open(self) -> None:
        """To the conflicts."""
        self.console.open_page(CONFLICTS, "")

    def do_held_approve(self) -> None:
        """Lets the people of the chosen lists go, after a confirmation."""
        rows = self._chosen()
        lines = [_line(each) for each in rows]
        if any(each.kind is not Kind.UNDONE for each in rows):
            lines.append("A synchronisation of the list takes them out of its address book. They stay contacts.")
        if any(each.kind is Kind.UNDONE for each in rows):
            lines.append("Undone changes are made again by a synchronisation of the list.")
        self._decide(rows, Confirm("Let them go?", lines, yes="Let them go", danger=True), remove=True)

    def do_held_discard(self) -> None:
        """Keeps the people of the chosen lists, after a confirmation."""
        rows = self._chosen()
        lines = [_line(each, of_all=False) for each in rows]
        if any(each.kind is not Kind.UNDONE for each in rows):
            lines.append(
                "They stay in the address book although they do not belong there, and are not asked about again."
            )
        if any(each.kind is Kind.UNDONE for each in rows):
            lines.append("Undone changes are not made again while what would be sent stays the same.")
        self._decide(rows, Confirm("Keep them?", lines, yes="Keep them"), remove=False)

    def _decide(self, rows: Sequence[Decision], question: Confirm, *, remove: bool) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                for each in rows:
                    undone = each.kind is Kind.UNDONE
                    decision = DecideHeld(list=each.about, remove=remove, undone=undone, waiting=each.people)
                    decided = partial(self._decided, each)
                    self.ask(HELD_DECIDE, decision, decided, kind=f"decide {each.about} {each.kind}")

        if rows:
            self.app.push_screen(question, answered)

    def _decided(self, row: Decision, decided: HeldDecided) -> None:
        self.done_with([row])
        lead_to_run(self, decided.run)
