"""Synchronisation windows: the hours of the week, in UTC, in which scheduled runs may start.

A window is a tuple of ranges, such as Monday to Friday 18:00 to 08:00; without any it is always open. The weekdays of a
range are those on which it opens: one that crosses midnight closes on the day after, so that Monday to Friday
18:00-08:00 is open on Saturday until 08:00 and closed on Monday until 18:00.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import msgspec

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ALWAYS = "always"
MINUTES_OF_A_DAY = 1440

_FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# More would be no window that anybody understands.
_MOST_RANGES = 28


class OpenHours(msgspec.Struct, frozen=True):
    """A range of a window. `days`: weekdays on which it opens, Monday is 0; `opens` and `closes`: minutes of the day in
    UTC, `closes` up to 1440. It crosses midnight where it closes no later than it opens."""

    days: tuple[int, ...]
    opens: int
    closes: int

    @property
    def minutes(self) -> int:
        """How long it stays open."""
        return self.closes - self.opens if self.closes > self.opens else self.closes - self.opens + MINUTES_OF_A_DAY


SyncWindow = tuple[OpenHours, ...]


def next_open(window: SyncWindow, moment: datetime) -> datetime:
    """The first moment, not before this one, at which the window is open: the moment itself where it is open then."""
    if not window or is_open(window, moment):
        return moment
    midnight = datetime.combine(moment.date(), time(), tzinfo=moment.tzinfo)
    weekday = moment.weekday()
    # It opens within a week: on this day, or on this weekday of the next one.
    openings = (
        midnight + timedelta(days=offset, minutes=hours.opens)
        for hours in window
        for offset in range(8)
        if (weekday + offset) % 7 in hours.days
    )
    return min(each for each in openings if each > moment)


def is_open(window: SyncWindow, moment: datetime) -> bool:
    """Whether a scheduled run may start then."""
    today, at = moment.weekday(), moment.hour * 60 + moment.minute
    return not window or any(
        # It opened today, or yesterday and has crossed midnight.
        (today in hours.days and hours.opens <= at < hours.opens + hours.minutes)
        or ((today - 1) % 7 in hours.days and at + MINUTES_OF_A_DAY < hours.opens + hours.minutes)
        for hours in window
    )


def clock_text(minutes: int) -> str:
    """Minutes of a day as `18:05`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def shifted(window: SyncWindow, minutes: int) -> SyncWindow:
    """The same hours by a clock that is so many minutes ahead of UTC (behind, where negative), at most a day."""
    return tuple(_shifted(each, minutes) for each in window)


def _shifted(hours: OpenHours, minutes: int) -> OpenHours:
    day, opens = divmod(hours.opens + minutes, MINUTES_OF_A_DAY)
    days = tuple(sorted({(each + day) % 7 for each in hours.days}))
    return OpenHours(days, opens, (opens + hours.minutes - 1) % MINUTES_OF_A_DAY + 1)


def local_text(text: str, ahead: timedelta | None) -> str:
    """What a window's text in UTC says by a clock that is so far `ahead`; `""` where it is always open, or the clock
    shows UTC."""
    minutes = int((ahead or timedelta()).total_seconds() // 60)
    return window_text(shifted(window_of(text), minutes)) if minutes and window_of(text) else ""


_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?", re.ASCII)


def clock_of(text: str) -> int:
    """`18:05`, `6pm`, `6.30 pm` as minutes of the day; `24:00` is the end of the day. Raises ValueError with what is
    wrong in words."""
    found = _CLOCK.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text.strip()!r} is no time of day; write 18:00 or 6pm")
    hours, minutes, half = int(found[1]), int(found[2] or 0), found[3]
    if (half and not 1 <= hours <= 12) or minutes > 59 or hours * 60 + minutes > MINUTES_OF_A_DAY:
        raise ValueError(f"{text.strip()!r} is no time of day; write 18:00 or 6pm")
    if half:
        hours = hours % 12 + (12 if half == "pm" else 0)
    return hours * 60 + minutes


def window_text(window: SyncWindow) -> str:
    """`Mon-Fri 18:00-08:00; Sat 10:00-12:00`, which `window_of` reads; `always` without ranges."""
    ranges = (f"{_days_text(each.days)} {clock_text(each.opens)}-{clock_text(each.closes)}" for each in window)
    return "; ".join(ranges) or ALWAYS


def _days_text(days: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAY_NAMES[run[0]] + (f"-{DAY_NAMES[run[-1]]}" if len(run) > 1 else "") for run in runs)


def window_of(text: str) -> SyncWindow:
    """The window that a text says: `always`, or ranges with `;` between them, each of weekdays (`Mon-Fri`,
    `Monday to Friday`, `Sat,Sun`; none: every day) and times (`18:00-08:00`, `6pm-8am`, in UTC). Raises ValueError with
    what is wrong in words."""
    said = " ".join(text.replace("–", "-").lower().split())
    if said in ("", ALWAYS):
        return ()
    parts = [part.strip() for part in said.split(";") if part.strip()]
    if len(parts) > _MOST_RANGES:
        raise ValueError(f"a window has at most {_MOST_RANGES} ranges")
    return tuple(_range_of(part) for part in parts)


_RANGE = re.compile(
    r"(?P<days>[^0-9]*?)\s*\(?(?P<opens>\d[\d:.]*\s*(?:am|pm)?)\s*(?:-|to)\s*(?P<closes>\d[\d:.]*\s*(?:am|pm)?)\)?",
    re.ASCII,
)


def _range_of(part: str) -> OpenHours:
    found = _RANGE.fullmatch(part)
    if found is None:
        raise ValueError(f"{part!r} is no range of a window; write Mon-Fri 18:00-08:00")
    opens, closes = clock_of(found["opens"]), clock_of(found["closes"])
    if opens == MINUTES_OF_A_DAY:
        opens = 0
    if opens == closes:
        raise ValueError(f"{part!r} closes when it opens; a whole day is 00:00-24:00")
    return OpenHours(_days_of(found["days"]), opens, closes or MINUTES_OF_A_DAY)


def _days_of(text: str) -> tuple[int, ...]:
    if text.strip(" ,") in ("", "daily", "every day"):
        return tuple(range(7))
    days: set[int] = set()
    for part in filter(None, (each.strip() for each in text.split(","))):
        first, _, last = part.replace(" to ", "-").partition("-")
        start = _day_of(first)
        end = _day_of(last) if last.strip() else start
        days.update((start + offset) % 7 for offset in range((end - start) % 7 + 1))
    return tuple(sorted(days))


def _day_of(name: str) -> int:
    said = name.strip().rstrip(".")
    for day, full in enumerate(_FULL_NAMES):
        if len(said) >= 2 and full.startswith(said):
            return day
    raise ValueError(f"{name.strip()!r} is no weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
