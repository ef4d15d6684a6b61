"""Labels and values in one or more columns, filled downwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from .cells import fit
from .line import TONE_CLASSES, toned

Fact = tuple[str, str, str]

_COLUMN = 46


class Facts(Widget):
    """`(label, value, tone)` triples. Where the width allows, they stand in several columns."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONE_CLASSES)

    def __init__(self, facts: Sequence[Fact] = (), *, id: str | None = None, columns: int = 3) -> None:
        super().__init__(id=id)
        self._facts = tuple(facts)
        self._most = columns

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Draws other facts."""
        if tuple(facts) != self._facts:
            lines = len(facts) != len(self._facts)
            self._facts = tuple(facts)
            self.refresh(layout=lines)

    @property
    def text(self) -> str:
        """All facts as text, a line each."""
        return "\n".join(f"{label}: {value}" for label, value, _ in self._facts)

    def _columns(self, width: int) -> int:
        return max(1, min(self._most, width // _COLUMN))

    def _rows(self, width: int) -> int:
        columns = self._columns(width)
        return max(1, -(-len(self._facts) // columns))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the fullest column has."""
        return self._rows(width)

    def render_line(self, y: int) -> Strip:
        """One line of every column."""
        width = self.content_size.width
        rows, columns = self._rows(width), self._columns(width)
        each = width // columns
        label_width = max((len(label) for label, _, _ in self._facts), default=0)
        segments: list[Segment] = []
        for column in range(columns):
            place = column * rows + y
            if y >= rows or place >= len(self._facts):
                continue
            label, value, tone = self._facts[place]
            room = each - label_width - 3
            segments.append(Segment(f" {label:<{label_width}} ", toned(self, "muted")))
            segments.append(Segment(fit(value, room) + " ", toned(self, tone)))
        return Strip(segments).adjust_cell_length(width, self.rich_style)
