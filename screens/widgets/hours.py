"""Opens and clicks by hour: columns of block characters side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dyntui.service.contract.results import Hour

from ..wording import number, when
from .toned import Toned

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_AXIS = 8
# Cells of a group of hours: opens, clicks, a gap.
_GROUP = 3


def levels(values: Sequence[int], most: int, height: int) -> list[int]:
    """Heights in eighths of a cell; anything above nothing is at least one eighth high."""
    return [max(1 if value else 0, round(value * height * 8 / most)) if most else 0 for value in values]


def grouped(hours: Sequence[Hour], columns: int) -> list[tuple[str, int, int]]:
    """The hours in at most `columns` groups of equally many: first hour, opens, clicks of each."""
    if not hours or columns < 1:
        return []
    size = -(-len(hours) // columns)
    groups = [hours[start : start + size] for start in range(0, len(hours), size)]
    return [(group[0].hour, sum(one.opens for one in group), sum(one.clicks for one in group)) for group in groups]


class HourChart(Toned):
    """See the module. Each group of hours has a column of opens and one of clicks; below them stand the axis with its
    ticks, and what the columns mean."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hours: tuple[Hour, ...] = ()
        self._empty = ""

    def show_hours(self, hours: Sequence[Hour], empty: str = "") -> None:
        """Draws other hours; `empty` is said where there is none."""
        if (tuple(hours), empty) != (self._hours, self._empty):
            self._hours, self._empty = tuple(hours), empty
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of cells."""
        width, height = self.content_size.width, max(1, self.content_size.height - 2)
        base = self.rich_style
        if not self._hours:
            text = f"  {self._empty}" if y == 0 else ""
            return Strip([Segment(text, self.toned("muted"))]).adjust_cell_length(width, base)
        groups = grouped(self._hours, max(1, (width - _AXIS) // _GROUP))
        if y == height:
            ticks = ticks_of([hour for hour, _, _ in groups], width - _AXIS)
            return Strip([Segment(" " * _AXIS + ticks, self.toned("muted"))]).adjust_cell_length(width, base)
        if y > height:
            return self._legend(groups, width)
        most = max((max(opens, clicks) for _, opens, clicks in groups), default=0)
        label = {0: number(most), height // 2: number(most // 2), height - 1: "0"}.get(y, "")
        segments = [Segment(f"{label:>{_AXIS - 2}} {'┤' if label else '│'}", self.toned("muted"))]
        opens = levels([group[1] for group in groups], most, height)
        clicks = levels([group[2] for group in groups], most, height)
        floor = (height - 1 - y) * 8
        for opened, clicked in zip(opens, clicks, strict=True):
            segments += [
                self._cell(opened - floor, "slice-0", "░"),
                self._cell(clicked - floor, "slice-1", "█"),
                Segment(" ", base),
            ]
        return Strip(segments).simplify().adjust_cell_length(width, base)

    def _cell(self, level: int, tone: str, plain: str) -> Segment:
        """One cell of a column that reaches `level` eighths into it."""
        level = max(0, min(8, level))
        if self.app.no_color:
            # Without colours the patterns tell the columns apart, so that a cell is full or empty.
            return Segment(plain if level >= 4 or level == 1 else " ", self.rich_style)
        return Segment(_EIGHTHS[level], self.rich_style + Style(color=self.toned(tone).color))

    def _legend(self, groups: Sequence[tuple[str, int, int]], width: int) -> Strip:
        plain = self.app.no_color
        hours = -(-len(self._hours) // len(groups))
        segments = [
            Segment(" " * _AXIS, self.rich_style),
            Segment("░" if plain else "■", self.toned("slice-0")),
            Segment(" opens  ", self.toned("muted")),
            Segment("█" if plain else "■", self.toned("slice-1")),
            Segment(f" clicks   by {'hour' if hours == 1 else f'{hours} hours'}", self.toned("muted")),
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)


def ticks_of(hours: Sequence[str], width: int) -> str:
    """The line below the columns: a mark and the time of a group, as often as there is room for it."""
    line = ""
    for place, hour in enumerate(hours):
        at = place * _GROUP
        if at < len(line):
            continue
        text = f"╵{when(hour)} "
        if at + len(text) > width:
            break
        line = line.ljust(at) + text
    return line
