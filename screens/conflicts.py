"""Conflicts: values that were changed in Dynamics and in dotdigital, and whose was taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.conflicts import Conflict
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.conflicts import (
    CONFLICTS_CHANGED,
    CONFLICTS_PAGE,
    CONFLICTS_SETTLE,
    CONFLICTS_TAKE,
    ON_CONFLICTS,
    ConflictOf,
    ConflictsQuery,
    ConflictsSettled,
    SettleConflicts,
    TakeOther,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged, RunRow

from .base import Page
from .bindings import bindings
from .dialogs import Confirm
from .gone_on import lead_to_run
from .grid_screen import GridScreen, Rows, page_of
from .places import PERSON
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .wording import moment, number

_WORDING = Wording(
    one="conflict",
    many="conflicts",
    empty="No conflict waits",
    next_step="Values that were changed in Dynamics and in dotdigital since they were synchronised stand here, until "
    "somebody has looked at them.",
)
_ELSEWHERE = replace(
    _WORDING,
    empty="Nobody has looked at a conflict yet",
    next_step="← shows those that wait.",
)


def _dynamics_won(row: Conflict) -> str:
    return "good" if row.winner == "Dynamics" else "muted"


def _dotdigital_won(row: Conflict) -> str:
    return "good" if row.winner == "dotdigital" else "muted"


def _looked_at(row: Conflict) -> str:
    return f"{row.settled_by}, took {row.taken}'s" if row.taken else row.settled_by


_COLUMNS: tuple[Column[Conflict], ...] = (
    Column(title="Name", text=lambda row: row.name or row.address, width=14, flex=1, sort="name", whole=True),
    Column(title="Label", text=lambda row: row.label, width=12, sort="label"),
    Column(title="In Dynamics", text=lambda row: row.dynamics, width=16, flex=1, tone=_dynamics_won),
    Column(
        title="In dotdigital",
        text=lambda row: row.dotdigital,
        width=16,
        flex=1,
        tone=_dotdigital_won,
    ),
    Column(title="Winner", text=lambda row: row.winner, width=11, sort="winner", priority=1),
    Column(title="Met", text=lambda row: moment(row.met_on), width=17, sort="met_on", priority=2),
    Column(title="Looked at by", text=_looked_at, width=14, priority=3, tone=lambda row: "muted"),
)

# So many conflicts are named in a question.
_SHOWN = 5


def _taken(row: Conflict) -> str:
    side, value = ("dotdigital", row.dotdigital) if row.winner == "Dynamics" else ("Dynamics", row.dynamics)
    return f"{row.label} of {row.name or row.address} becomes {value} in {side} again."


def _named(rows: Iterable[Conflict]) -> tuple[ConflictOf, ...]:
    return tuple(ConflictOf(person=each.person, label=each.label) for each in rows)


_SETTLED = "settled"
_ROWS = Rows(
    id="conflicts-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.account} {row.person} {row.label}",
    wording=_WORDING,
    views=(("", "To look at", None), (_SETTLED, "Looked at", None)),
    elsewhere=_ELSEWHERE,
    enter="The person",
)


class ConflictsPage(GridScreen[Conflict], Page[str]):
    """Of the email account with the name that it is about, or of all for `""`. Enter shows the person."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CONFLICTS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_CONFLICTS)
    TRAIL = ("Decisions", "Conflicts")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[Conflict]:
        """Those that wait, or those that somebody has looked at."""
        query = ConflictsQuery(account=self.about or "", settled=self.views.chosen == _SETTLED)
        return await page_of(self.console, CONFLICTS_PAGE, query, window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody has looked at some, or a run may have met others."""
        return name == CONFLICTS_CHANGED.name or (isinstance(value, RunChanged) and value.run.status.ended)

    def opened(self, row: Conflict) -> None:
        """Everything that is known of the person."""
        self.console.open_page(PERSON, row.person)

    def _of_accounts(self) -> dict[str, list[Conflict]]:
        of_account: dict[str, list[Conflict]] = {}
        for each in self.situation().chosen(Conflict):
            of_account.setdefault(each.account, []).append(each)
        return of_account

    def do_conflicts_take(self) -> None:
        """Writes the values that had lost back to their side, after a confirmation."""
        chosen, of_accounts = self.situation().chosen(Conflict), self._of_accounts()
        lines = [_taken(each) for each in chosen[:_SHOWN]]
        if len(chosen) > _SHOWN:
            lines.append(f"and {number(len(chosen) - _SHOWN)} more.")
        lines.append(
            "A field that was changed since is left as it is, by name. The next run takes it to the other side."
        )

        def answered(yes: bool | None) -> None:
            for account, rows in of_accounts.items() if yes else ():
                request = TakeOther(account=account, of=_named(rows))
                taking = partial(self._taking, rows)
                self.ask(CONFLICTS_TAKE, request, taking, kind=f"take {account}")

        self.app.push_screen(Confirm("Take the other value?", lines, yes="Take it"), answered)

    def _taking(self, rows: Sequence[Conflict], run: RunRow) -> None:
        self.done_with(rows)
        lead_to_run(self, run)

    def do_conflicts_settle(self) -> None:
        """The chosen ones wait for nobody any more."""
        for account, rows in self._of_accounts().items():
            request = SettleConflicts(account=account, of=_named(rows))
            settled = partial(self._settled, rows)
            self.ask(CONFLICTS_SETTLE, request, settled, kind=f"settle {account}")

    def _settled(self, rows: Sequence[Conflict], _: ConflictsSettled) -> None:
        self.done_with(rows)
