"""Synchronisation Settings: when each sync type runs by itself, what became of it, and the week ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.sync_windows import local_text
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RUN_START, RunChanged, RunRow, StartRun
from dyntui.service.contract.schedules import (
    ON_SCHEDULES,
    SCHEDULES_LIST,
    SCHEDULES_SAVE,
    SCHEDULES_STRIP,
    SaveSchedules,
    ScheduleEdit,
    ScheduleRow,
    Schedules,
    SchedulesOf,
    Strip,
    StripQuery,
    StripRow,
    Unsaved,
)
from dyntui.service.contract.situations import Situation

from .base import AccountPage
from .bindings import bindings
from .dialogs import Confirm
from .gone_on import lead_to_run
from .grid_screen import GridScreen, Rows
from .schedule_question import ScheduleQuestion
from .widgets.cells import single_line
from .widgets.columns import Column
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .widgets.week import Week, WeekRow
from .wording import day, number, when

_WORDING = Wording(
    one="sync type",
    many="sync types",
    empty="There is no email account yet",
    next_step="dyntui setup connects one.",
)
_TONES = {"running": "accent", "queued": "accent", "paused": "warn", "held": "warn"}


class Shown(msgspec.Struct, frozen=True):
    """A sync type as it is, and as it would be with the edits that are not saved."""

    row: ScheduleRow
    ahead: StripRow
    edited: bool


def _often(shown: Shown) -> str:
    return f"{'* ' if shown.edited else ''}{shown.ahead.often}"


def _status(shown: Shown) -> str:
    return "! behind" if shown.row.behind_since else shown.row.status


def _status_tone(shown: Shown) -> str:
    return "bad" if shown.row.behind_since else _TONES.get(shown.row.status, "muted")


def _utc(iso: str) -> str:
    """`Mon 18:00Z`."""
    return f"{datetime.fromisoformat(iso):%a %H:%M}Z" if iso else ""


def _next(shown: Shown) -> str:
    """What the clock on the wall shows then, and UTC, in which intervals and windows are, where that is another time:
    `Mon 19:00 (18:00Z)`."""
    if not (iso := shown.ahead.next_run):
        return "–"
    local = datetime.fromisoformat(iso).astimezone()
    return f"{local:%a %H:%M} ({local.astimezone(UTC):%H:%M}Z)" if local.utcoffset() else f"{local:%a %H:%M}"


def _saved(row: ScheduleRow) -> str:
    return f"{row.saved_by}, {day(row.saved_on)}" if row.saved_on else ""


def _in_full(shown: Shown) -> str:
    """All of a row, however narrow the table is."""
    row = shown.row
    parts = [f"{row.title}: {shown.ahead.text}"]
    ahead = datetime.fromisoformat(shown.ahead.next_run).astimezone().utcoffset() if shown.ahead.next_run else None
    if local := local_text(shown.ahead.window, ahead):
        parts.append(f"its window by the local clock: {local}")
    if shown.edited:
        parts.append(f"saved is {row.text}")
    if row.behind_since:
        parts.append(f"due since {_utc(row.behind_since)} and not started")
    parts.append(f"last run {when(row.last_run)} {row.last_status}".rstrip() if row.last_run else "has not run yet")
    if row.saved_on:
        parts.append(f"saved by {_saved(row)}")
    return " · ".join(parts)


def _edited_tone(shown: Shown) -> str:
    return "warn" if shown.edited else ""


_COLUMNS: tuple[Column[Shown], ...] = (
    Column(title="Type", text=lambda each: each.row.title, width=16, flex=2),
    Column(title="Interval", text=_often, width=18, flex=1, tone=_edited_tone),
    Column(title="Window", text=lambda each: each.ahead.window, width=19, flex=2, priority=3, tone=_edited_tone),
    Column(title="Status", text=_status, width=8, flex=1, tone=_status_tone),
    Column(title="Next", text=_next, width=18, priority=1),
    Column(title="Last run", text=lambda each: day(each.row.last_run) or "never", width=12, priority=2),
    Column(title="It ended", text=lambda each: each.row.last_status, width=21, priority=4),
    Column(title="Saved by", text=lambda each: _saved(each.row), width=26, flex=1, priority=5),
)

_ROWS = Rows(id="schedules-grid", columns=_COLUMNS, key=lambda each: each.row.sync_type, wording=_WORDING, enter="Edit")


class SchedulesPage(GridScreen[Shown], AccountPage):
    """The schedules of an email account, named by its id (`""`: the default one). Edits are kept on the page until they
    are saved together, those of each account for itself."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SCHEDULES,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SCHEDULES)
    TRAIL = ("Synchronisation Settings",)
    CSS_PATH = "../styles/schedules.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._edits_of: dict[str, dict[str, ScheduleEdit]] = {}
        self._week = Week(id="schedules-week")
        self._row = Static("", id="schedules-row", markup=False)
        self._note = Static("", id="schedules-note", classes="label", markup=False)

    def compose_page(self) -> Iterable[Widget]:
        """The table, the week below it or in its place, the row in hand in full, and what is odd."""
        yield self.grid
        yield self._week
        yield self._row
        yield self._note

    @property
    def _edits(self) -> dict[str, ScheduleEdit]:
        """Those of the account that is to be shown; whoever chooses another one finds them again."""
        return self._edits_of.setdefault(self.account_meant, {})

    def _not_saved(self) -> list[str]:
        """How many edits of which account wait on the page, that which is shown first."""
        names = {each.id: each.name for each in (self.console.hello.accounts if self.console.hello else ())}
        said: list[str] = []
        for account, edits in self._edits_of.items():
            many = f"{number(len(edits))} edit{'' if len(edits) == 1 else 's'}"
            if edits and account == self.account_meant:
                said.insert(0, f"{many} not saved")
            elif edits:
                said.append(f"{many} of {single_line(names.get(account, account))} not saved")
        return said

    # -- what is shown -----------------------------------------------------------------------------------------------

    async def rows_in(self, window: Window) -> PageOfRows[Shown]:
        """All of them, with the week."""
        account = self.shown_of
        known = await self.console.call(SCHEDULES_LIST, SchedulesOf(account=account))
        edits = self._edits_of.setdefault(account, {})
        strip = await self.console.call(SCHEDULES_STRIP, StripQuery(account=account, edits=tuple(edits.values())))
        ahead = {each.sync_type: each for each in strip.rows}
        rows = [Shown(row, ahead[row.sync_type], row.sync_type in edits) for row in known.rows]
        if account == self.shown_of:
            self._show(known, strip)
        return windowed(rows, window, lambda each: f"{each.row.title} {each.ahead.text} {each.row.status}")

    def _show(self, known: Schedules, strip: Strip) -> None:
        start, now = datetime.fromisoformat(strip.start), datetime.fromisoformat(self.console.now())
        self._week.show_week(start, now, [WeekRow(each.sync_type, each.title, each.hours) for each in strip.rows])
        notes = [*strip.warnings, *filter(None, (known.note,))]
        what = ["w saves, u takes back"] if self._edits else []
        waiting = self._not_saved()
        what += ["@ chooses that account"] * (len(waiting) - len(what))
        notes = [*(f"* {each}: {keys}." for each, keys in zip(waiting, what, strict=True)), *notes]
        self._note.update(" ".join(notes))
        self._note.display = bool(notes)
        self.trail.show_trail(*self.TRAIL, note=known.account)
        self.refresh_hints()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody saved, or a run began or ended."""
        return name == "schedules.changed" or isinstance(value, RunChanged)

    def situation(self) -> Situation:
        """The sync type in hand, and how many edits are not saved."""
        shown = self.in_hand()
        return super().situation().holding(shown.row if shown else None, Unsaved(len(self._edits)))

    def hint_of(self, action_id: str) -> str | None:
        """Whether `p` pauses or resumes, and what `v` shows."""
        shown = self.in_hand()
        if action_id == "schedules.pause" and shown is not None and shown.row.paused:
            return "Resume"
        if action_id == "schedules.week":
            return "" if self.has_class("-tall") else "Table" if self.has_class("-week") else None
        return super().hint_of(action_id)

    @on(Grid.Moved)
    def _choose_line(self) -> None:
        shown = self.grid.row()
        self._week.choose(shown.row.sync_type if shown else "")
        self._row.update(_in_full(shown) if shown else "")

    # -- what is done ------------------------------------------------------------------------------------------------

    def opened(self, row: Shown) -> None:
        """Enter edits."""
        self.action_perform("schedules.edit")

    def do_schedules_edit(self) -> None:
        """Asks for interval, time and window of the sync type in hand."""
        shown = self.in_hand()
        if shown is None:
            return
        account, row = self.shown_of, shown.row
        before = self._edits_of.get(account, {}).get(row.sync_type)

        def answered(edit: ScheduleEdit | None) -> None:
            if edit is None or account != self.account_meant:
                return
            if edit.changes:
                self._try(account, edit)
            elif self._edits.pop(edit.sync_type, None) is not None:
                self.grid.reload()

        self.app.push_screen(ScheduleQuestion(row, before), answered)

    def _try(self, account: str, edit: ScheduleEdit) -> None:
        """Keeps an edit once the service takes it, unless another account is shown by then; it is not saved yet."""

        def taken(_: Strip) -> None:
            if account == self.account_meant:
                self._edits[edit.sync_type] = edit
                self.grid.reload()

        edits = tuple({**self._edits, edit.sync_type: edit}.values())
        self.ask(SCHEDULES_STRIP, StripQuery(account=account, edits=edits), taken, kind="try an edit")

    def do_schedules_save(self) -> None:
        """Saves all edits of the account together."""
        edits = self._edits_of.get(self.shown_of, {})
        saved = dict(edits)

        def kept() -> None:
            """What was edited meanwhile is not saved yet, and goes on from what was."""
            for name, edit in saved.items():
                now = edits.pop(name, edit)
                if now is not edit:
                    edits[name] = msgspec.structs.replace(now, revision=0)

        self._save(tuple(saved.values()), kept)

    def do_schedules_drop(self) -> None:
        """Forgets the edits."""
        self._edits.clear()
        self.grid.reload()

    def do_schedules_pause(self) -> None:
        """Pauses or resumes the sync type in hand, at once."""
        shown = self.in_hand()
        if shown is None:
            return
        edits = self._edits_of.get(self.shown_of, {})

        def as_saved() -> None:
            """Other edits stay, on top of what was just saved."""
            for name, edit in edits.items():
                edits[name] = msgspec.structs.replace(edit, revision=0, paused=None)

        self._save((ScheduleEdit(sync_type=shown.row.sync_type, paused=not shown.row.paused),), as_saved)

    def _save(self, edits: tuple[ScheduleEdit, ...], then: Callable[[], None]) -> None:
        def saved(_: Schedules) -> None:
            then()
            self.grid.reload()

        self.ask(SCHEDULES_SAVE, SaveSchedules(account=self.shown_of, edits=edits), saved)

    def do_schedules_start(self) -> None:
        """Starts a run of the sync type in hand."""
        shown = self.in_hand()
        if shown is not None:
            asked = StartRun(sync_type=shown.row.sync_type, account=self.shown_of)
            self.ask(RUN_START, asked, self._started)

    def _started(self, run: RunRow) -> None:
        lead_to_run(self, run)

    def do_schedules_week(self) -> None:
        """The week in place of the table, and back."""
        self.toggle_class("-week")
        if not self.has_class("-week"):
            self.grid.focus_rows()
        self.refresh_hints()

    def leave(self) -> None:
        """Out of the week first; edits that are not saved are asked about."""
        if self.has_class("-week") and not self.has_class("-tall"):
            self.do_schedules_week()
            return
        not_saved = self._not_saved()
        if not not_saved:
            super().leave()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._edits_of.clear()
                self.app.pop_screen()

        lines = [f"{', '.join(not_saved)}. w on the page saves them."]
        self.app.push_screen(Confirm("Leave without saving?", lines, yes="Leave", no="Stay"), answered)
