"""Lines that can be more than there is room for, and whoever shows them is told so.

Public: `CutLines`, `CutLines.LaidOut`.
"""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget


class CutLines(VerticalScroll):
    """Is scrolled; takes part of the keyboard only where somebody lets it."""

    class LaidOut(Message):
        """They, or the room for them, have another size: a moment after they were drawn anew, which nobody can wait for
        otherwise."""

    def __init__(self, *lines: Widget, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(*lines, id=id, classes=classes, can_focus=False)

    @property
    def cut(self) -> bool:
        """Whether some of them are out of sight."""
        return bool(self.display) and self.max_scroll_y > 0

    def watch_virtual_size(self) -> None:
        """There are more or fewer lines."""
        self.post_message(self.LaidOut())

    def on_resize(self) -> None:
        """There is more or less room."""
        self.post_message(self.LaidOut())
