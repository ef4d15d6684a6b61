"""How often, when, and in which hours a sync type runs by itself: one below the other, each changed with Enter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from dyntui.model.schedules import Interval
from dyntui.model.sync_windows import ALWAYS, clock_of, window_of
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_DIALOG
from dyntui.service.contract.schedules import ScheduleEdit, ScheduleRow

from .bindings import bindings
from .dialogs import Dialog
from .widgets.bars import BarList, BarRow
from .widgets.field import Field

_KEEP = "keep"
_INTERVALS = tuple(Interval)
_MEANS = {
    "interval": "Counts from its last scheduled start. Enter goes to the next, and round.",
    "at": "In UTC, such as 18:30. Empty: the time of its next run, from tomorrow.",
    "window": "Hours in UTC in which it may start, such as Mon-Fri 18:00-08:00; Sat,Sun 00:00-24:00. Empty: always. "
    "The days are those on which it opens.",
    _KEEP: "Shown in the week ahead, and saved with w.",
}


class ScheduleQuestion(Dialog[ScheduleEdit]):
    """Asks for the schedule of a sync type, going on from an edit that is not saved yet."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_DIALOG)

    def __init__(self, row: ScheduleRow, before: ScheduleEdit | None) -> None:
        super().__init__(f"When {row.title} runs by itself")
        self._row = row
        self._interval = Interval(before.interval if before and before.interval else row.interval)
        self._at = row.at if before is None or before.at is None else before.at
        self._window = row.window if before is None or before.window is None else before.window
        self._lines = BarList(id="schedule-lines", shares=False, enter="Change")
        self._means = Static(_MEANS["interval"], id="question", markup=False)
        self._typed = Field(id="schedule-typed", compact=True, select_on_focus=False)
        self._typed.cursor_blink = False
        self._typed.display = False
        self._typing = ""

    def compose_body(self) -> Iterable[Widget]:
        """The settings, and what the one in hand means."""
        yield self._lines
        yield self._typed
        yield self._means

    def on_mount(self) -> None:
        """To the interval."""
        self._show()
        self.set_focus(self._lines)
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Draws the keys."""
        self.show_keys(("↑ ↓", "Setting"), ("Enter", "Change"), ("Esc", "Cancel"))

    def _show(self) -> None:
        lines = [("interval", "How often", self._interval.words), ("window", "Window", self._window or ALWAYS)]
        if self._interval is Interval.DAILY:
            lines.insert(1, ("at", "At, in UTC", self._at or "the time of its next run"))
        lines.append((_KEEP, "Take it over", ""))
        self._lines.show_rows([BarRow(key, title, None, "", "", note) for key, title, note in lines])

    @on(BarList.Moved)
    def _explain(self, event: BarList.Moved) -> None:
        self._means.update(_MEANS[event.key])

    @on(BarList.Opened)
    def _change(self, event: BarList.Opened) -> None:
        if event.key == _KEEP:
            self.dismiss(self._edit())
        elif event.key == "interval":
            self._interval = _INTERVALS[(_INTERVALS.index(self._interval) + 1) % len(_INTERVALS)]
            self._show()
        else:
            self._typing = event.key
            self._typed.value = self._at if event.key == "at" else self._window
            self._typed.display = True
            self.set_focus(self._typed)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        read: Callable[[str], object] = window_of if self._typing == "window" else clock_of
        try:
            if text:
                read(text)
        except ValueError as wrong:
            self.console.notify(f"{wrong}.", title="Not taken over", severity="warning")
            return
        if self._typing == "window":
            self._window = text or ALWAYS
        else:
            self._at = text
        self._typed.display = False
        self._show()
        self.set_focus(self._lines)

    def do_dialog_close(self) -> None:
        """Out of the field first."""
        if self._typed.display:
            self._typed.display = False
            self.set_focus(self._lines)
        else:
            self.dismiss(None)

    def _edit(self) -> ScheduleEdit | None:
        row = self._row
        interval = self._interval.value
        daily = self._interval is Interval.DAILY
        # An empty time says that none was chosen; of a type that is no daily one there is none.
        at = self._at if daily and (self._at != row.at or not self._at) else None
        edit = ScheduleEdit(
            sync_type=row.sync_type,
            interval=None if interval == row.interval else interval,
            at=at,
            window=None if self._window == row.window else self._window,
            revision=row.revision,
        )
        unchanged = edit.interval is None and edit.at is None and edit.window is None
        return None if unchanged else edit
