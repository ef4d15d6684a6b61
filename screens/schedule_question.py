"""How often, when, and in which hours a sync type runs by itself: one below the other, each changed with Enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from dyntui.model.schedules import Interval
from dyntui.model.sync_windows import ALWAYS, clock_of, local_text, window_of
from dyntui.service.contract.schedules import ScheduleEdit, ScheduleRow

from .facts_question import FactsQuestion, following

_KEEP = "keep"
_MEANS = {
    "interval": "Counts from its last scheduled start. Enter goes to the next, and round.",
    "at": "In UTC, such as 18:30. Empty: the time of its next run, from tomorrow.",
    "window": "Hours in UTC in which it may start, such as Mon-Fri 18:00-08:00; Sat,Sun 00:00-24:00. Empty: always. "
    "The days are those on which it opens.",
    "local": "The same hours as the clock on the wall shows them now; Enter changes them, in UTC.",
    _KEEP: "Shown in the week ahead, and saved with w.",
}


class ScheduleQuestion(FactsQuestion[ScheduleEdit]):
    """Asks for the schedule of a sync type, going on from an edit that is not saved yet."""

    WORD = "Setting"

    def __init__(self, row: ScheduleRow, before: ScheduleEdit | None) -> None:
        super().__init__(f"When {row.title} runs by itself", told=_MEANS["interval"])
        self._row = row
        self._interval = Interval(before.interval if before and before.interval else row.interval)
        self._at = row.at if before is None or before.at is None else before.at
        self._window = row.window if before is None or before.window is None else before.window

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """Interval, time of day where it is once a day, and window."""
        local = local_text(self._window, datetime.now().astimezone().utcoffset())
        daily = [("at", "At, in UTC", self._at or "the time of its next run")]
        return [
            ("interval", "How often", self._interval.words),
            *(daily if self._interval is Interval.DAILY else []),
            ("window", "Window", self._window or ALWAYS),
            *([("local", "By the local clock", local)] if local else []),
            (_KEEP, "Take it over", ""),
        ]

    def meaning(self, key: str) -> str:
        """What a setting means."""
        return _MEANS[key]

    def change(self, key: str) -> None:
        """The next interval; time and window are typed."""
        if key == _KEEP:
            self.dismiss(self._edit())
        elif key == "interval":
            self._interval = following(self._interval, Interval)
        else:
            self.type_in("at" if key == "at" else "window", self._at if key == "at" else self._window)

    def typed(self, key: str, text: str) -> str:
        """A time of day, or hours of the week."""
        read: Callable[[str], object] = window_of if key == "window" else clock_of
        try:
            if text:
                read(text)
        except ValueError as wrong:
            return f"{wrong}."
        if key == "window":
            self._window = text or ALWAYS
        else:
            self._at = text
        return ""

    def _edit(self) -> ScheduleEdit:
        row = self._row
        interval = self._interval.value
        daily = self._interval is Interval.DAILY
        # An empty time says that none was chosen; of a type that is no daily one there is none.
        at = self._at if daily and (self._at != row.at or not self._at) else None
        return ScheduleEdit(
            sync_type=row.sync_type,
            interval=None if interval == row.interval else interval,
            at=at,
            window=None if self._window == row.window else self._window,
            revision=row.revision,
        )
