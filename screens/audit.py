"""Synchronisation Audit: every run, newest first."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.outcomes import Outcome
from dyntui.model.sync_types import RUN_KINDS
from dyntui.model.sync_types import SEND as SEND_KIND
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import (
    ON_AUDIT,
    RUNS_PAGE,
    RunChanged,
    RunRow,
    RunsQuery,
    run_text,
)

from .bindings import bindings
from .grid_screen import GridScreen, Rows, page_of
from .places import ADMINISTRATION, RUN, SEND, TRACES
from .run_facts import run_facts, type_of
from .running import RunActions
from .runs_under_way import run_tone
from .shell import progress_text
from .tally import tally_rows
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import day, lasted, number

KINDS = (("", "All", None), *((kind.id, kind.heading, None) for kind in RUN_KINDS.values()))

_WORDING = Wording(
    one="run",
    many="runs",
    empty="Nothing of this kind has run yet",
    next_step="Synchronise a marketing list: 2, then s.",
)


def _count(run: RunRow, *outcomes: Outcome) -> str:
    people = sum(run.tally.of(outcome) for outcome in outcomes)
    return number(people) if people else ""


COLUMNS: tuple[Column[RunRow], ...] = (
    Column(title="Queued", text=lambda run: day(run.queued_on), width=12, priority=1, sort="queued_on"),
    Column(title="What", text=lambda run: run.title, width=16, flex=2, sort="title", whole=True),
    Column(title="Type", text=type_of, width=12, priority=4, sort="kind"),
    Column(
        title="Status",
        text=lambda run: run_text(run) if run.status.ended else f"{run.status}: {progress_text(run)}",
        width=15,
        flex=1,
        sort="status",
        tone=run_tone,
        passes=lambda run: not run.status.ended,
    ),
    Column(title="People", text=lambda run: number(run.tally.read) if run.tally.read else "", width=7, right=True),
    Column(
        title="Excluded",
        text=lambda run: _count(run, Outcome.EXCLUDED),
        width=8,
        right=True,
        priority=2,
        tone=lambda run: "warn",
    ),
    Column(
        title="Rejected",
        text=lambda run: _count(run, Outcome.REJECTED, Outcome.HELD),
        width=8,
        right=True,
        priority=3,
        tone=lambda run: "bad",
    ),
    Column(title="Took", text=lambda run: lasted(run.started_on, run.ended_on), width=11, right=True, priority=4),
    Column(title="By", text=lambda run: run.started_by, width=14, priority=5, sort="started_by"),
)


_ROWS = Rows(
    id="runs-grid", columns=COLUMNS, key=lambda run: run.id, wording=_WORDING, views=KINDS, preview="Run", roomy=True
)


class AuditScreen(GridScreen[RunRow], RunActions):
    """See the module."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_AUDIT,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_AUDIT)
    SECTION = "audit"
    TOP_LEVEL = True
    TRAIL = ("Synchronisation Audit",)
    CSS_PATH = "../styles/audit.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> Page[RunRow]:
        """The runs of the kind."""
        return await page_of(self.console, RUNS_PAGE, RunsQuery(kind=self.views.chosen), window)

    def previewed(self, row: RunRow) -> list[Fact]:
        """What became of its people, and what went wrong."""
        wrong = [("Why", row.error, "warn"), ("What to do", row.remedy, "accent")]
        people = [
            (f"{each.swatch} {each.label}", number(each.count or 0), each.tone)
            for each in tally_rows(row.tally.counts, row.kind)
        ]
        return [("Run", row.title, "strong"), *run_facts(row), *(each for each in wrong if each[1]), *people]

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """A run got on."""
        return isinstance(value, RunChanged)

    def do_audit_find(self) -> None:
        """What became of somebody in all runs."""
        self.console.open_page(TRACES, "")

    def do_administration_show(self) -> None:
        """Who changed what by hand."""
        self.console.open_page(ADMINISTRATION, "")

    def opened(self, row: RunRow) -> None:
        """Its page: of a send that of the send."""
        self.console.open_page(SEND if row.kind == SEND_KIND.id else RUN, row.id)
