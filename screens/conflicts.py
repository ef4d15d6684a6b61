"""Conflicts: values that were changed in Dynamics and in dotdigital, and whose was taken."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from dyntui.model.conflicts import Conflict
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.conflicts import (
    CONFLICTS_PAGE,
    CONFLICTS_SETTLE,
    ON_CONFLICTS,
    ConflictOf,
    ConflictsQuery,
    SettleConflicts,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window

from .base import Page
from .bindings import bindings
from .grid_screen import GridScreen, Rows, page_of
from .places import PERSON
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .wording import moment

_WORDING = Wording(
    one="conflict",
    many="conflicts",
    empty="No conflict waits",
    next_step="Values that were changed in Dynamics and in dotdigital since they were synchronised stand here, until "
    "somebody has looked at them.",
)


def _dynamics_won(row: Conflict) -> str:
    return "good" if row.winner == "Dynamics" else "muted"


def _dotdigital_won(row: Conflict) -> str:
    return "good" if row.winner == "dotdigital" else "muted"


_COLUMNS: tuple[Column[Conflict], ...] = (
    Column(title="Name", text=lambda row: row.name or row.address, width=14, flex=1, sort="name"),
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
    Column(title="Looked at by", text=lambda row: row.settled_by, width=14, priority=3, tone=lambda row: "muted"),
)

_SETTLED = "settled"
_ROWS = Rows(
    id="conflicts-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.account} {row.person} {row.label}",
    wording=_WORDING,
    views=(("", "To look at", None), (_SETTLED, "Looked at", None)),
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

    def opened(self, row: Conflict) -> None:
        """Everything that is known of the person."""
        self.console.open_page(PERSON, row.person)

    def do_conflicts_settle(self) -> None:
        """The chosen ones wait for nobody any more."""
        of_account: dict[str, list[ConflictOf]] = {}
        for each in self.situation().chosen(Conflict):
            of_account.setdefault(each.account, []).append(ConflictOf(person=each.person, label=each.label))
        for account, of in of_account.items():
            request = SettleConflicts(account=account, of=tuple(of))
            self.ask(CONFLICTS_SETTLE, request, lambda _: self.grid.reload(), kind=f"settle {account}")
