"""Opens and clicks by hour: columns of block characters, clicks in front of opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from dyntui.service.contract.campaigns import Hour

from ..wording import day, number
from .line import TONE_CLASSES, toned

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_AXIS = 7


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


class HourChart(Widget):
    """See the module. The last line names the first and the last hour, the one before it is the axis."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONE_CLASSES)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hours: tuple[Hour, ...] = ()

    def show_hours(self, hours: Sequence[Hour]) -> None:
        """Draws other hours."""
        if tuple(hours) != self._hours:
            self._hours = tuple(hours)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of cells."""
        width, height = self.content_size.width, self.content_size.height - 1
        base = self.rich_style
        if not self._hours:
            text = "  Nobody has opened it yet." if y == 0 else ""
            return Strip([Segment(text, toned(self, "muted"))]).adjust_cell_length(width, base)
        groups = grouped(self._hours, max(1, width - _AXIS - 1))
        if y == height:
            return self._legend(groups, width)
        most = max((opens for _, opens, _ in groups), default=0)
        label = number(most) if y == 0 else "0" if y == height - 1 else ""
        segments = [Segment(f"{label:>{_AXIS - 1}} ", toned(self, "muted"))]
        cells = max(1, min(4, (width - _AXIS) // max(1, len(groups))))
        opens = levels([group[1] for group in groups], most, height)
        clicks = levels([group[2] for group in groups], most, height)
        floor = (height - 1 - y) * 8
        for opened, clicked in zip(opens, clicks, strict=True):
            segments += self._cell(opened - floor, clicked - floor, cells)
        return Strip(segments).simplify().adjust_cell_length(width, base)

    def _cell(self, opened: int, clicked: int, cells: int) -> list[Segment]:
        base = self.rich_style
        opened, clicked = max(0, min(8, opened)), max(0, min(8, clicked))
        # A gap of one cell between the columns, where they are wide enough for it.
        bar = max(1, cells - 1)
        gap = [Segment(" ", base)] if cells > 1 else []
        if self.app.no_color:
            char = "█" if clicked >= 4 else "░" if opened >= 4 else " "
            return [Segment(char * bar, base), *gap]
        opens, clicks = toned(self, "slice-0").color, toned(self, "slice-1").color
        if clicked:
            behind = Style(color=clicks, bgcolor=opens) if opened == 8 else Style(color=clicks)
            return [Segment(_EIGHTHS[clicked] * bar, base + behind), *gap]
        return [Segment(_EIGHTHS[opened] * bar, base + Style(color=opens)), *gap]

    def _legend(self, groups: Sequence[tuple[str, int, int]], width: int) -> Strip:
        plain = self.app.no_color
        first, last = day(groups[0][0]), day(groups[-1][0])
        segments = [
            Segment(" " * _AXIS, self.rich_style),
            Segment(f"{first} – {last}   ", toned(self, "muted")),
            Segment("░" if plain else "■", toned(self, "slice-0")),
            Segment(" opens  ", toned(self, "muted")),
            Segment("█" if plain else "■", toned(self, "slice-1")),
            Segment(" clicks", toned(self, "muted")),
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)
