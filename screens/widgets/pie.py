"""A pie chart in half-block characters: two square pixels in each cell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from .toned import SLICES, Toned

# Where there is no colour, a slice is known by its filling.
FILLINGS = "█▒░▓#+=·"


def slice_tone(place: int) -> str:
    """The tone of the slice at this place; those beyond the last share its look."""
    return f"slice-{min(place, SLICES - 1)}"


def filling(place: int) -> str:
    """The filling of the slice at this place where there is no colour."""
    return FILLINGS[min(place, len(FILLINGS) - 1)]


def pixels(shares: Sequence[float], width: int, height: int) -> list[list[int | None]]:
    """`2 * height` rows of `width` pixels: the slice that each belongs to, None outside of the circle. Slices begin at
    twelve o'clock and go clockwise."""
    whole = sum(shares)
    ends: list[float] = []
    reached = 0.0
    for one in shares:
        reached += one / whole if whole else 0.0
        ends.append(reached)
    radius = min(width, 2 * height) / 2
    middle_x, middle_y = width / 2, float(height)
    rows: list[list[int | None]] = []
    for y in range(2 * height):
        row: list[int | None] = []
        for x in range(width):
            across, down = x + 0.5 - middle_x, y + 0.5 - middle_y
            if not whole or math.hypot(across, down) > radius:
                row.append(None)
                continue
            turn = (math.atan2(across, -down) / math.tau) % 1.0
            row.append(next((place for place, end in enumerate(ends) if turn < end), len(ends) - 1))
        rows.append(row)
    return rows


class Pie(Toned):
    """A pie of counts, drawn as large as the widget allows. The one in hand may be lifted out by `highlight`."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shares: tuple[int, ...] = ()

    def show_shares(self, shares: Sequence[int]) -> None:
        """Draws other counts."""
        if tuple(shares) != self._shares:
            self._shares = tuple(shares)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of cells."""
        width, height = self.content_size.width, self.content_size.height
        across = min(width, 2 * height)
        rows = pixels(self._shares, across, height)
        if 2 * y + 1 >= len(rows):
            return Strip.blank(width, self.rich_style)
        upper, lower = rows[2 * y], rows[2 * y + 1]
        plain = self.app.no_color
        segments = [Segment(" " * ((width - across) // 2), self.rich_style)]
        for top, bottom in zip(upper, lower, strict=True):
            segments.append(self._plain_cell(top, bottom) if plain else self._cell(top, bottom))
        return Strip(segments).simplify().adjust_cell_length(width, self.rich_style)

    def _colour(self, place: int) -> Color | None:
        return self.toned(slice_tone(place)).color

    def _cell(self, top: int | None, bottom: int | None) -> Segment:
        base = self.rich_style
        if top is None and bottom is None:
            return Segment(" ", base)
        if top is None:
            assert bottom is not None
            return Segment("▄", base + Style(color=self._colour(bottom)))
        if bottom is None:
            return Segment("▀", base + Style(color=self._colour(top)))
        if slice_tone(top) == slice_tone(bottom):
            return Segment("█", base + Style(color=self._colour(top)))
        return Segment("▀", base + Style(color=self._colour(top), bgcolor=self._colour(bottom)))

    def _plain_cell(self, top: int | None, bottom: int | None) -> Segment:
        place = top if top is not None else bottom
        return Segment(" " if place is None else filling(place), self.rich_style)
