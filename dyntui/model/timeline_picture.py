"""The picture of a person's timeline: how often each kind of event was seen in each day, week or month.

Periods are those of UTC, as the times of events are; a week begins on Monday.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import msgspec

from dyntui.model.known_people import KINDS, TimelineEvent

PERIODS: Final = ("day", "week", "month")
# As many periods as a picture shows where nobody says otherwise.
SHOWN: Final = {"day": 30, "week": 26, "month": 24}
MOST: Final = 366


class PictureRow(msgspec.Struct, frozen=True):
    """How often a `kind` of event was seen in each of the periods; `total`: in all of them."""

    kind: str
    counts: tuple[int, ...]
    total: int


class TimelinePicture(msgspec.Struct, frozen=True, kw_only=True):
    """See the module. `starts`: the first day of each period (ISO 8601), oldest first; `rows`: kinds of which anything
    was ever seen, in the order in which they are offered; `earlier`, `later`: how many events are before and after."""

    by: str
    starts: tuple[str, ...]
    rows: tuple[PictureRow, ...]
    earlier: int
    later: int


def start_of(day: date, by: str) -> date:
    """The first day of the period that a day is in."""
    if by == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by == "week" else day


def before(start: date, by: str) -> date:
    """The first day of the period before. Raises OverflowError before the calendar begins."""
    return start_of(start - timedelta(days=1), by)


def periods(until: date, by: str, count: int) -> tuple[date, ...]:
    """The first days of so many periods up to the one of `until`, oldest first; fewer at the beginning of the
    calendar."""
    starts = [start_of(until, by)]
    while len(starts) < count:
        try:
            starts.append(before(starts[-1], by))
        except OverflowError:
            break
    return tuple(reversed(starts))


def picture(events: Iterable[TimelineEvent], until: date, by: str, count: int) -> TimelinePicture:
    """The picture of these events, in `count` periods up to that of `until`. An event without a day is in none."""
    starts = periods(until, by, count)
    place = {start.isoformat(): number for number, start in enumerate(starts)}
    seen: dict[str, Counter[int]] = {}
    earlier = later = 0
    for event in events:
        counted = seen.setdefault(event.kind, Counter())
        try:
            start = start_of(date.fromisoformat(event.happened_on[:10]), by)
        except ValueError:
            continue
        number = place.get(start.isoformat())
        if number is not None:
            counted[number] += 1
        elif start < starts[0]:
            earlier += 1
        else:
            later += 1
    rows = tuple(
        PictureRow(kind, tuple(seen[kind][number] for number in range(len(starts))), seen[kind].total())
        for kind in KINDS
        if kind in seen
    )
    shown = tuple(each.isoformat() for each in starts)
    return TimelinePicture(by=by, starts=shown, rows=rows, earlier=earlier, later=later)


_HEIGHTS = "▁▂▃▄▅▆▇█"


def drawn(counts: Iterable[int], most: int) -> str:
    """A sign for each period: a dot where nothing was seen, else a column that is higher for more, full for `most`."""
    return "".join("·" if not each else _HEIGHTS[round((len(_HEIGHTS) - 1) * each / max(1, most))] for each in counts)


def axis(picture: TimelinePicture) -> str:
    """The line below: a mark and the date of a period, as often as there is room for it."""
    width, line = len(picture.starts), ""
    for place, start in enumerate(picture.starts):
        day = date.fromisoformat(start)
        text = f"╵{day:%b %y} " if picture.by == "month" else f"╵{day.day} {day:%b} "
        if place >= len(line) and place + len(text) <= width + 1:
            line = line.ljust(place) + text
    return line[:width].ljust(width)
