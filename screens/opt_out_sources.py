"""Where people opt out in Dynamics besides donotemail and donotbulkemail, and what of it counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.situations import Situation
from dyntui.service.contract.suppressions import (
    ANSWER_CONSENT_SOURCES,
    CONSENT_SOURCES,
    ON_SOURCES,
    SUPPRESSIONS_CHANGED,
    AnswerConsentSources,
    ConsentSources,
    OptOutSource,
)

from .base import Page
from .bindings import bindings
from .dialogs import Confirm
from .grid_screen import GridScreen, Rows
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import moment

_WORDING = Wording(
    one="source of opt-outs",
    many="sources of opt-outs",
    empty="The organisation has no other source of opt-outs",
    next_step="donotemail and donotbulkemail always count.",
)


class Source(msgspec.Struct, frozen=True):
    """A column or table, and whether it counts."""

    name: str
    counts: bool


_COLUMNS: tuple[Column[Source], ...] = (
    Column(title="Column or table", text=lambda row: row.name, width=30, flex=1),
    Column(
        title="Counts",
        text=lambda row: "✓ an opt-out" if row.counts else "- does not count",
        width=16,
        tone=lambda row: "good" if row.counts else "warn",
    ),
)


_ROWS = Rows(id="sources-grid", columns=_COLUMNS, key=lambda row: row.name, wording=_WORDING, enter="")


class SourcesPage(GridScreen[Source], Page[str]):
    """The sources that the organisation has; a Manager says of each whether it counts."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SOURCES,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SOURCES)
    TRAIL = ("Suppressions", "Where people opt out in Dynamics")

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._known: ConsentSources | None = None
        self._note = Static("", classes="label", markup=False)

    def compose_page(self) -> Iterable[Widget]:
        """The sources, and whether somebody has answered."""
        yield self.grid
        yield self._note

    async def rows_in(self, window: Window) -> PageOfRows[Source]:
        """All of them, and a note on who has answered."""
        self._known = known = await self.console.call(CONSENT_SOURCES, Nothing())
        answered = "A Manager has answered." if known.answered else "Until a Manager has answered, all of it counts."
        asked = (
            f" Dynamics was asked on {moment(known.asked_on)}." if known.asked_on else " Dynamics was not asked yet."
        )
        self._note.update(f" {answered}{asked}")
        rows = tuple(Source(name, name in known.counting) for name in known.found)
        return windowed(rows, window, lambda row: row.name)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody else has answered."""
        return name == SUPPRESSIONS_CHANGED.name

    def situation(self) -> Situation:
        """The source in hand."""
        row = self.in_hand()
        return super().situation().holding(OptOutSource(row.name) if row is not None else None)

    def do_sources_change(self) -> None:
        """Lets the source in hand count, or not, after a confirmation."""
        row, known = self.in_hand(), self._known
        if row is None or known is None:
            return
        if row.counts:
            lines = ["Whoever opted out there, and nowhere else, may be mailed again."]
            question = Confirm(f"Let {row.name} not count?", lines, yes="Do not count it", danger=True)
        else:
            lines = ["Whoever opted out there is not mailed any more."]
            question = Confirm(f"Let {row.name} count?", lines, yes="Count it")

        def confirmed(yes: bool | None) -> None:
            # Of the others it stays as it is by now: somebody else may have answered while this was asked.
            if yes and self._known is not None:
                now = set(self._known.counting)
                self._answer(now - {row.name} if row.counts else now | {row.name}, self._known)

        self.app.push_screen(question, confirmed)

    def do_sources_confirm(self) -> None:
        """Answers that all is as it should be."""
        if self._known is not None:
            self._answer(set(self._known.counting), self._known)

    def _answer(self, counting: set[str], known: ConsentSources) -> None:
        answer = AnswerConsentSources(count=tuple(sorted(counting)), seen=known.counting)
        self.ask(ANSWER_CONSENT_SOURCES, answer, lambda _: self.grid.reload())
