"""Budgets: what is left of the calls, what the next 24 hours will need, and what each kind of run gets done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

import msgspec
from textual import events, on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.budgets import BUDGETS_SHOW, ON_BUDGETS, Budgets, BudgetsOf, Forecast, TypeWork
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged

from .base import Page
from .bindings import bindings
from .facts_dialog import FactsDialog
from .grid_screen import GridScreen, Rows
from .widgets.bars import BarList, BarRow, fine_bar
from .widgets.cells import wrap
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .widgets.needs import NeedChart
from .widgets.paging import windowed
from .wording import day, number, when

_WORDING = Wording(one="limit", many="limits", empty="No limit is known yet", next_step="Calls tell of their limits.")
_BAR = 8
_NOTE_LINES = 2
_MORE = " … Enter tells all of it"


def _runs_out(row: Forecast) -> str:
    return f"! {day(row.runs_out_on)}" if row.runs_out_on else "lasts"


def _warned(row: Forecast) -> str:
    return "warn" if row.runs_out_on else ""


def _left(row: Forecast) -> str:
    return fine_bar(row.left / row.allowed if row.allowed else 0.0, _BAR)


_COLUMNS: tuple[Column[Forecast], ...] = (
    Column(title="Of", text=lambda row: row.account, width=9, flex=1),
    Column(title="Limit", text=lambda row: f"{number(row.allowed)} {row.unit}", width=20, flex=2),
    Column(title="Left", text=lambda row: number(row.left), width=8, right=True, tone=_warned),
    Column(title="", text=_left, width=_BAR, tone=_warned, priority=3),
    Column(title="Next 24 h", text=lambda row: number(row.need), width=9, right=True, priority=1),
    Column(title="Runs out", text=_runs_out, width=14, tone=_warned),
    Column(title="Slows first", text=lambda row: row.slows[0] if row.slows else "–", width=16, flex=2, priority=2),
)
_ROWS = Rows(
    id="budgets-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.account_id} {row.unit}",
    wording=_WORDING,
    enter="By type",
)


class BudgetsPage(GridScreen[Forecast], Page[str]):
    """A row is a limit; the picture below is of the one in hand, and Enter says what each sync type will need of it."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_BUDGETS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_BUDGETS)
    TRAIL = ("Budgets",)
    CSS_PATH = "../styles/budgets.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._chart = NeedChart(id="budgets-needs")
        self._work = BarList(id="budgets-work", empty="Nothing has run in the last 24 hours.", shares=False)
        self._row = Static("", id="budgets-row", markup=False)
        self._note = Static("", id="budgets-note", classes="label", markup=False)
        self._notes: tuple[str, ...] = ()

    def compose_page(self) -> Iterable[Widget]:
        """The limits, the hours of the one in hand, and what runs get done."""
        yield self.grid
        yield self._row
        yield self._chart
        with Vertical(id="budgets-types", classes="card") as card:
            card.border_title = "People read in 24 hours, by kind of run"
            yield self._work
        yield self._note

    async def rows_in(self, window: Window) -> PageOfRows[Forecast]:
        """All limits; the rest of the page with them."""
        answer = await self.console.call(BUDGETS_SHOW, BudgetsOf())
        self._show(answer)
        return windowed(answer.forecasts, window, lambda each: f"{each.account} {each.unit}")

    def _show(self, answer: Budgets) -> None:
        rows = [
            BarRow(each.kind, each.title, each.people, "warn" if each.backlog else "accent", "•", _said(each))
            for each in answer.work
        ]
        self._work.show_rows(rows, max((each.people for each in answer.work), default=0))
        self._notes = answer.notes
        self._show_notes()

    def _show_notes(self) -> None:
        """As much of them as there is room for; the dialog has all."""
        self._note.display = bool(self._notes)
        lines = wrap(" ".join(self._notes), max(20, self.app.size.width - 2))
        if len(lines) > _NOTE_LINES:
            room = self.app.size.width - 2 - len(_MORE)
            lines = [*lines[: _NOTE_LINES - 1], f"{wrap(lines[_NOTE_LINES - 1], room)[0]}{_MORE}"]
        self._note.update("\n".join(lines))

    def on_resize(self, event: events.Resize) -> None:
        """More or less of the notes has room."""
        self._show_notes()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """A run ended."""
        return isinstance(value, RunChanged) and value.run.status.ended

    @on(Grid.Moved)
    def _show_hours(self) -> None:
        row = self.grid.row()
        self._row.update("" if row is None else f"{row.account}: {_lasts(row)}")
        if row is None:
            self._chart.show_needs(None, (), 0)
        else:
            self._chart.show_needs(datetime.fromisoformat(row.start), row.hours, row.hourly)

    def opened(self, row: Forecast) -> None:
        """What each sync type will need of it, and what is not known."""
        facts = [*_by_type(row), *(("Note", each, "") for each in self._notes)]
        self.app.push_screen(FactsDialog(f"{row.account}: {number(row.allowed)} {row.unit}", facts))


def _runs(count: int) -> str:
    return f"{number(count)} run{'' if count == 1 else 's'}"


def _said(each: TypeWork) -> str:
    """What waits comes first."""
    waits = f"{number(each.backlog)} waiting · " if each.backlog else ""
    return f"{waits}{number(each.per_minute)} a minute · {number(each.calls)} calls in {_runs(each.runs)}"


def _lasts(row: Forecast) -> str:
    first = f"{row.slows[0]} {'slows' if row.runs_out_on else 'would slow'} first" if row.slows else ""
    lasts = (
        f"what runs may use is used up {when(row.runs_out_on)}" if row.runs_out_on else "lasts for the next 24 hours"
    )
    return f"{lasts}; {first}" if first else lasts


def _by_type(row: Forecast) -> list[Fact]:
    facts: list[Fact] = [("Used", f"{number(row.used)}, {number(row.left)} left; {_lasts(row)}", "strong")]
    for each in row.types:
        calls = "nothing is known yet" if each.calls is None else f"{number(each.calls)} calls each"
        facts.append((each.title, f"{_runs(each.runs)}, {calls}: {number(each.all)}", ""))
    if row.watch:
        facts.append(("Watch of opt-outs", f"{number(row.watch)} calls an hour", ""))
    return facts
