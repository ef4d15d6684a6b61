"""Lines of text to scroll through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_TEXT

from ..bindings import bindings
from ..perform import perform
from .cells import single_line, wrap
from .toned import Toned

# A line in parts, each with its tone.
Row = tuple[tuple[str, str], ...]


class TextLines(ScrollView, Toned, can_focus=True):
    """Lines of text to scroll through, each in parts with a tone."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_TEXT,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_TEXT)

    def __init__(self, rows: Sequence[Row] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = tuple(rows)
        self._wrapped = ""

    def on_mount(self) -> None:
        """Knows how long it is."""
        self.show_lines(self._rows)

    def show_text(self, text: str) -> None:
        """Shows a text whose lines run on where they are too long."""
        self.show_lines(self._fitted(text))
        self._wrapped = text

    def on_resize(self) -> None:
        """Long lines run on elsewhere."""
        if self._wrapped:
            before, self._rows = len(self._rows), self._fitted(self._wrapped)
            self.virtual_size = Size(self.size.width, len(self._rows))
            self.refresh(layout=len(self._rows) != before)

    def _fitted(self, text: str) -> tuple[Row, ...]:
        width = max(20, self.size.width - 1)
        lines = [part for line in text.splitlines() for part in wrap(single_line(line), width) or [""]]
        return tuple(((f" {line}", ""),) for line in lines)

    def show_lines(self, rows: Sequence[Row]) -> None:
        """Shows other lines from the first."""
        self._wrapped = ""
        self._rows = tuple(rows)
        self.virtual_size = Size(self.size.width, len(self._rows))
        self.scroll_to(y=0, animate=False, immediate=True)
        self.refresh(layout=True)

    @property
    def text(self) -> str:
        """The lines as plain text."""
        return "\n".join("".join(text for text, _ in row) for row in self._rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line each."""
        return len(self._rows)

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self, action_id)

    def render_line(self, y: int) -> Strip:
        """One line."""
        width, index = self.size.width, y + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        segments = [Segment(text, self.toned(tone)) for text, tone in self._rows[index]]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _by(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, immediate=True)

    def do_text_up(self) -> None:
        """One line up."""
        self._by(-1)

    def do_text_down(self) -> None:
        """One line down."""
        self._by(1)

    def do_text_page_up(self) -> None:
        """One page up."""
        self._by(1 - self.size.height)

    def do_text_page_down(self) -> None:
        """One page down."""
        self._by(self.size.height - 1)

    def do_text_first(self) -> None:
        """To the top."""
        self.scroll_to(y=0, animate=False, immediate=True)

    def do_text_last(self) -> None:
        """To the end."""
        self.scroll_to(y=len(self._rows), animate=False, immediate=True)
