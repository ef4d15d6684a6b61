"""What the next 24 hours need of a limit: a column for each hour, under the line of what an hour may have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.segment import Segment
from textual.strip import Strip

from ..wording import number
from .hours import levels
from .toned import Toned

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_AXIS = 9
# What does not fit under the line has a pattern of its own, so that it shows without colour.
_OVER = "▒"


class NeedChart(Toned):
    """See the module. The line of what an hour may have is drawn where it is within reach of the columns; below stand
    the hours, and what the patterns mean."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._start: datetime | None = None
        self._hours: tuple[int, ...] = ()
        self._hourly = 0

    def show_needs(self, start: datetime | None, hours: Sequence[int], hourly: int) -> None:
        """Draws other hours, the first of which begins at `start` (in UTC); `hourly`: what each may have."""
        if (start, tuple(hours), hourly) != (self._start, self._hours, self._hourly):
            self._start, self._hours, self._hourly = start, tuple(hours), hourly
            self.refresh()

    @property
    def top(self) -> int:
        """What the highest cell stands for: the line is shown as long as it is not out of all proportion."""
        most = max(self._hours, default=0)
        return max(most, self._hourly if self._hourly <= 4 * most else most, 1)

    def render_line(self, y: int) -> Strip:
        """One line of cells."""
        width, height, base = self.content_size.width, max(1, self.content_size.height - 2), self.rich_style
        if self._start is None or not self._hours:
            text = "  No run is scheduled." if y == 0 else ""
            return Strip([Segment(text, self.toned("muted"))]).adjust_cell_length(width, base)
        cell = max(1, (width - _AXIS) // len(self._hours))
        if y == height:
            line = " " * _AXIS + self._ticks(cell)
            return Strip([Segment(line, self.toned("muted"))]).adjust_cell_length(width, base)
        if y > height:
            return self._legend(width)
        label = {0: number(self.top), height - 1: "0"}.get(y, "")
        line_at = self._line(height)
        if y == line_at and y not in (0, height - 1):
            label = number(self._hourly)
        segments = [Segment(f"{label:>{_AXIS - 2}} {'┤' if label else '│'}", self.toned("muted"))]
        floor = (height - 1 - y) * 8
        for need, level in zip(self._hours, levels(self._hours, self.top, height), strict=True):
            over = need > self._hourly
            filled = max(0, min(8, level - floor))
            look = _OVER if over and filled >= 4 else _EIGHTHS[filled]
            if look == " " and y == line_at:
                segments.append(Segment("─" * cell, self.toned("muted")))
                continue
            gap = 1 if cell > 1 else 0
            tone = self.toned("bad" if over else "accent")
            segments += [Segment(look * (cell - gap), tone), Segment(" " * gap, base)]
        return Strip(segments).simplify().adjust_cell_length(width, base)

    def _line(self, height: int) -> int:
        """In which line what an hour may have is drawn; -1: above all of them."""
        if self._hourly > self.top:
            return -1
        return max(0, height - 1 - (self._hourly * height - 1) // self.top) if self._hourly else height - 1

    def _ticks(self, cell: int) -> str:
        assert self._start is not None
        line = ""
        for place in range(len(self._hours)):
            at = place * cell
            if at < len(line):
                continue
            line = line.ljust(at) + f"╵{self._start + timedelta(hours=place):%H:%M} "
        return line

    def _legend(self, width: int) -> Strip:
        hourly = number(self._hourly)
        over = f" more than the {hourly} that an hour may have"
        if _AXIS + len(over) + 27 > width:
            over = f" above {hourly}"
        segments = [
            Segment(" " * _AXIS, self.rich_style),
            Segment("█", self.toned("accent")),
            Segment(" needed in an hour, UTC  ", self.toned("muted")),
            Segment(_OVER, self.toned("bad")),
            Segment(over, self.toned("muted")),
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)
