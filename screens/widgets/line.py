"""One line of text in parts with their own look. Redrawn only when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from .cells import ELLIPSIS, single_line, width_of
from .toned import Toned


@dataclass(frozen=True)
class Part:
    """A piece of a line: its look (one of `TONES`, `""` for the plain one) and the action of a mouse click on it."""

    text: str
    tone: str = ""
    click: str = ""


class Line(Toned):
    """A single line; what stands in `right` is drawn at the right edge when there is room."""

    def __init__(
        self, *parts: Part, right: Iterable[Part] = (), id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._parts = tuple(parts)
        self._right = tuple(right)

    def show(self, *parts: Part, right: Iterable[Part] = ()) -> None:
        """Changes the line; only what has changed on it is sent."""
        now = (tuple(parts), tuple(right))
        if now == (self._parts, self._right):
            return
        width = self.content_size.width
        before = self._cells(width) if width else []
        self._parts, self._right = now
        after = self._cells(width) if width else []
        changed = [place for place, (old, new) in enumerate(zip(before, after, strict=False)) if old != new]
        if changed:
            self.refresh(Region(changed[0], 0, changed[-1] - changed[0] + 1, 1))
        elif len(before) != len(after) or not width:
            self.refresh()

    @property
    def text(self) -> str:
        """What stands on the line, without looks."""
        return "".join(part.text for part in (*self._parts, *self._right))

    def _strip(self, parts: tuple[Part, ...]) -> Strip:
        segments = []
        for part in parts:
            style = self.toned(part.tone)
            if part.click:
                style += Style.from_meta({"@click": part.click})
            segments.append(Segment(single_line(part.text), style))
        return Strip(segments)

    def _cells(self, width: int) -> list[tuple[str, Style | None]]:
        """What stands in each cell; a wide character stands in the first of its two."""
        cells: list[tuple[str, Style | None]] = []
        for segment in self._line(width):
            for char in segment.text:
                cells += [(char, segment.style), ("", segment.style)][: max(1, width_of(char))]
        return cells

    def render_line(self, y: int) -> Strip:
        """The line, then blanks."""
        width = self.content_size.width
        return Strip.blank(width, self.rich_style) if y or not width else self._line(width)

    def _line(self, width: int) -> Strip:
        left, right = self._strip(self._parts), self._strip(self._right)
        if right.cell_length and left.cell_length + right.cell_length + 1 <= width:
            left = left.extend_cell_length(width - right.cell_length, self.rich_style)
            return Strip.join([left, right])
        if width_of(left.text.rstrip()) > width:
            # What is cut says so.
            cut = left.crop(0, max(0, width - 1))
            left = Strip([*cut, Segment(ELLIPSIS, cut._segments[-1].style if cut._segments else self.rich_style)])
        return left.adjust_cell_length(width, self.rich_style)

    def get_content_width(self, container: object, viewport: object) -> int:
        """As wide as its text."""
        return self._strip(self._parts).cell_length + self._strip(self._right).cell_length

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """One line."""
        return 1
