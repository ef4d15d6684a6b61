"""Numbers, shares and times as the console writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime


def number(count: int) -> str:
    """`3401` -> `3,401`."""
    return f"{count:,}"


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent with one decimal; `""` where there is no whole."""
    return f"{part / whole:.1%}" if whole else ""


def rate(fraction: float | None) -> str:
    """A fraction in per cent with one decimal; `""` where there is nothing to be a share of."""
    return "" if fraction is None else f"{fraction:.1%}"


def moment(iso: str) -> str:
    """An ISO 8601 time as `3 Mar 2026 14:05` in the local time zone; text that is none stays as it is."""
    if not iso:
        return ""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    local = when.astimezone()
    return f"{local.day} {local:%b %Y %H:%M}"


_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z")


def dated(text: str) -> str:
    """A text with the ISO 8601 times in it as `3 Mar 2026 14:05`, in the local time zone."""
    return _TIME.sub(lambda found: moment(found[0]), text)


def hour(iso: str) -> str:
    """An ISO 8601 time as `14:05` in the local time zone: for what happened a moment ago."""
    try:
        return f"{datetime.fromisoformat(iso).astimezone():%H:%M}"
    except ValueError:
        return iso


# What tells the year that needs no naming; the console's own where it is given one.
_CLOCK: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=lambda: datetime.now(UTC))


def tell_time_by(clock: Callable[[], datetime]) -> None:
    """From now on this clock says which year it is."""
    _CLOCK.set(clock)


def day(iso: str) -> str:
    """An ISO 8601 time as `3 Mar 14:05` in the local time zone; of another year than this one its day, `3 Mar 2025`,
    in no more cells: for columns."""
    try:
        local = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    return f"{local.day} {local:%b %H:%M}" if _of_this_year(local) else f"{local.day} {local:%b %Y}"


def when(iso: str) -> str:
    """The same with the hour in any case, `3 Mar 2025 14:05`: where there is room for it."""
    try:
        return day(iso) if _of_this_year(datetime.fromisoformat(iso).astimezone()) else moment(iso)
    except ValueError:
        return iso


def _of_this_year(local: datetime) -> bool:
    return local.year == _CLOCK.get()().astimezone().year


def in_both_times(iso: str) -> str:
    """An ISO 8601 time in local time and UTC: `3 Mar 2026 15:05 (14:05 UTC)`, once where both are the same; `""` for
    none."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    utc, here = when.astimezone(UTC), when.astimezone()
    if utc.utcoffset() == here.utcoffset():
        return f"{moment(iso)} UTC"
    return f"{moment(iso)} ({utc:%H:%M}{'' if utc.date() == here.date() else f' on {utc.day} {utc:%b}'} UTC)"


def lasted(start: str, end: str) -> str:
    """The time between two ISO 8601 times: `3 s`, `2 min 5 s`, `1 h 4 min`; `""` where one is missing."""
    try:
        seconds = int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    except ValueError:
        return ""
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
