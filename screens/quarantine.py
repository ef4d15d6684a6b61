"""Refused rows over all lists, by cause: offered again, or not heard of for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.quarantine import RefusedRow
from dyntui.model.strangers import candidates_in, more_in
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.lists import LISTS_CHANGED
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.quarantine import (
    ON_QUARANTINE,
    QUARANTINE_IGNORE,
    QUARANTINE_PAGE,
    QUARANTINE_PICK,
    QUARANTINE_RETRY,
    IgnoreRefused,
    PickMatch,
    RefusedIgnored,
    RefusedQuery,
    RetryRefused,
)
from dyntui.service.contract.runs import RunChanged

from .base import Page
from .bindings import bindings
from .dialogs import Alternatives, Confirm
from .facts_dialog import FactsDialog
from .gone_on import lead_to_run
from .grid_screen import GridScreen, Rows, page_of
from .reason_help import explained
from .tally import reason_title
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .wording import dated, moment, number

_WORDING = Wording(
    one="refused row",
    many="refused rows",
    empty="No row is refused",
    next_step="Rows that dotdigital refuses stand here until they are mended, offered again or ignored.",
)
_ELSEWHERE = replace(
    _WORDING,
    empty="No row is ignored",
    next_step="i on a row that is to be mended lets it rest for 30 days.",
)

_COLUMNS: tuple[Column[RefusedRow], ...] = (
    Column(title="Reason", text=lambda row: reason_title(row.reason), width=16, flex=1, sort="reason"),
    Column(title="Name", text=lambda row: row.name, width=14, flex=1, sort="name", whole=True),
    Column(title="Address", text=lambda row: row.address, width=16, flex=1, priority=1, sort="address", whole=True),
    Column(title="Detail", text=lambda row: dated(row.detail), width=16, flex=2, priority=2, sort="detail"),
    Column(title="List", text=lambda row: row.list_name, width=14, flex=1, priority=3, sort="list_name"),
    Column(
        title="Again",
        text=lambda row: moment(row.ignored_until or row.retry_on) or "next time",
        width=17,
        priority=4,
        sort="retry_on",
        tone=lambda row: "muted",
    ),
)

_IGNORED = "ignored"
_ROWS = Rows(
    id="quarantine-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.list} {row.person}",
    wording=_WORDING,
    views=(("", "To mend", None), (_IGNORED, "Ignored", None)),
    elsewhere=_ELSEWHERE,
    preview="Refused row",
    roomy=True,
    enter="Why",
)


class QuarantinePage(GridScreen[RefusedRow], Page[str]):
    """Of the list that it is about, or of all for `""`. Enter says what the reason means and who can mend it."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_QUARANTINE,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_QUARANTINE)
    TRAIL = ("Decisions", "Refused rows")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[RefusedRow]:
        """Those to be mended, or those that are ignored."""
        query = RefusedQuery(list=self.about or "", ignored=self.views.chosen == _IGNORED)
        return await page_of(self.console, QUARANTINE_PAGE, query, window)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody lets rows rest, or a run has offered some again."""
        return name == LISTS_CHANGED.name or (isinstance(value, RunChanged) and value.run.status.ended)

    def opened(self, row: RefusedRow) -> None:
        """What the reason means."""
        self.app.push_screen(FactsDialog(row.name or row.address, self.previewed(row)))

    def previewed(self, row: RefusedRow) -> list[Fact]:
        """The same beside the rows."""
        return explained(code=row.reason, address=row.address, outcome="rejected", detail=row.detail)

    def do_quarantine_retry(self) -> None:
        """Synchronises the list of the row in hand."""
        row = self.situation().one(RefusedRow) or next(iter(self.situation().marks(RefusedRow)), None)
        if row is not None:
            self.ask(QUARANTINE_RETRY, RetryRefused(list=row.list), lambda run: lead_to_run(self, run))

    def do_quarantine_pick(self) -> None:
        """Asks which of the records that match it is, and synchronises the list."""
        row = self.situation().one(RefusedRow)
        if row is None:
            return

        def answered(record: str | None) -> None:
            if record:
                request = PickMatch(list=row.list, stranger=row.person, record=record)
                self.ask(QUARANTINE_PICK, request, lambda run: lead_to_run(self, run))

        lines = [f"{row.address} is in the address book of {row.list_name}. The record that it is joins the list."]
        if more_in(row.detail):
            lines.append(
                f"More records match: `dyntui quarantine pick {row.list} {row.person} RECORD` takes any of them."
            )
        found = [(record, words) for record, words in candidates_in(row.detail)]
        self.app.push_screen(Alternatives("Which record is it?", lines, found), answered)

    def do_quarantine_ignore(self) -> None:
        """Lets the chosen rows rest, after a confirmation."""
        of_list: dict[str, list[str]] = {}
        chosen = self.situation().chosen(RefusedRow)
        for each in chosen:
            of_list.setdefault(each.list, []).append(each.person)
        rows = sum(map(len, of_list.values()))
        of, until = ("it", "the record changes") if rows == 1 else ("them", "their records change")
        lines = [f"Nothing is heard of {of} for 30 days, or until {until}. Nobody is mailed because of it."]

        def answered(yes: bool | None) -> None:
            for list_id, people in of_list.items() if yes else ():
                request = IgnoreRefused(list=list_id, people=tuple(people))
                done = partial(self._ignored, [each for each in chosen if each.list == list_id])
                self.ask(QUARANTINE_IGNORE, request, done, kind=f"ignore {list_id}")

        title = "Ignore this row?" if rows == 1 else f"Ignore {number(rows)} rows?"
        self.app.push_screen(Confirm(title, lines, yes="Ignore"), answered)

    def _ignored(self, rows: Sequence[RefusedRow], _: RefusedIgnored) -> None:
        self.done_with(rows)
