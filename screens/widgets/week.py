"""A week as a picture: a line for each thing that happens, a cell for some hours, darker where more happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from .cells import fit, single_line, width_of
from .toned import Toned

_DAYS = 7
# Cells of a day, the most that fit; each is a whole number of hours.
_CELLS = (24, 12, 8, 6, 4, 3, 2, 1)
# From so many starts on a cell looks like this: patterns, so that it takes no colour.
_SHADES = ((12, "█"), (5, "▓"), (2, "▒"), (1, "░"), (0, "·"))
LEGEND = "· none  ░ 1  ▒ 2-4  ▓ 5-11  █ 12+"
# A day that has fewer cells than this tells less than whole names do.
_LEAST_CELLS = 3


@dataclass(frozen=True)
class WeekRow:
    """What happens how often in each of the week's hours."""

    key: str
    label: str
    hours: tuple[int, ...]


def cells_of_a_day(width: int) -> int:
    """How many cells a day gets where a week, with a gap between days, has this width."""
    return next((cells for cells in _CELLS if _DAYS * cells + _DAYS - 1 <= width), 1)


def shade(count: int) -> str:
    """How a cell looks in which so many things start."""
    return next(look for least, look in _SHADES if count >= least)


class Week(Toned):
    """See the module. The first line names the days, the last says what the patterns mean."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[WeekRow, ...] = ()
        self._start: datetime | None = None
        self._now: datetime | None = None
        self._chosen = ""

    def show_week(self, start: datetime, now: datetime, rows: Sequence[WeekRow]) -> None:
        """Draws another week from the midnight `start` on; hours before `now` are over."""
        before = len(self._rows)
        self._start, self._now, self._rows = start, now, tuple(rows)
        self.refresh(layout=before != len(self._rows))

    def choose(self, key: str) -> None:
        """Brings out one line."""
        if key != self._chosen:
            self._chosen = key
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each row, one above and one below."""
        return len(self._rows) + 2

    def render_line(self, y: int) -> Strip:
        """One line of cells."""
        width, base = self.content_size.width, self.rich_style
        if self._start is None or not width:
            return Strip.blank(width, base)
        labels = max((width_of(row.label) for row in self._rows), default=0)
        if cells_of_a_day(width - labels - 2) < _LEAST_CELLS:
            labels = min(labels, max(6, width // 4))
        cells = cells_of_a_day(width - labels - 2)
        muted = self.toned("muted")
        if y == 0:
            days = (self._start + timedelta(days=place) for place in range(_DAYS))
            names = [fit(_day_name(each, cells), cells) for each in days]
            # Of a day that has begun the name stands over what is left of it, where that is wide enough.
            names[0] = f"{names[0].rstrip():<{cells - self._over(cells)}}".rjust(cells)
            text = " ".join(names)
            return Strip([Segment(" " * (labels + 2) + text, muted)]).adjust_cell_length(width, base)
        if y > len(self._rows):
            text = f" {LEGEND} · a cell is {24 // cells} h, UTC" if y == len(self._rows) + 1 else ""
            return Strip([Segment(fit(text, width), muted)]).adjust_cell_length(width, base)
        row = self._rows[y - 1]
        chosen = row.key == self._chosen
        segments = [
            Segment(
                f"{'›' if chosen else ' '}{fit(single_line(row.label), labels)} ",
                self.toned("strong") if chosen else base,
            )
        ]
        for place in range(_DAYS):
            segments.append(Segment(self._day(row, place, cells), self.toned("accent")))
            segments.append(Segment(" ", base))
        return Strip(segments).simplify().adjust_cell_length(width, base)

    def _day(self, row: WeekRow, day: int, cells: int) -> str:
        """The cells of one day; what is over is blank."""
        hours = 24 // cells
        over = 0 if day else self._over(cells)
        firsts = (day * 24 + cell * hours for cell in range(over, cells))
        return " " * over + "".join(shade(sum(row.hours[first : first + hours])) for first in firsts)

    def _over(self, cells: int) -> int:
        """How many cells of the first day are over."""
        assert self._start is not None and self._now is not None
        return max(0, min(cells, (self._now - self._start) // timedelta(hours=24 // cells)))


def _day_name(day: datetime, cells: int) -> str:
    return f"{day:%a} {day.day}" if cells >= 6 else f"{day:%a}"[:cells]
