"""Jump mode: a letter on whatever can have the focus; the letter moves it there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from .widgets.line import Line, Part

_LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm"


def lettered(widgets: Iterable[Widget]) -> dict[str, Widget]:
    """A letter for each of the widgets that are on the screen, those under the home row first."""
    shown = [each for each in widgets if each.region.area]
    return dict(zip(_LETTERS, shown, strict=False))


class Jump(ModalScreen[Widget | None]):
    """Over the screen, which stays to be seen; gives back what was chosen, None where another key was pressed."""

    def __init__(self, targets: Mapping[str, Widget]) -> None:
        super().__init__()
        self._targets = targets

    def compose(self) -> ComposeResult:
        """A letter at the upper left of each."""
        for letter, target in self._targets.items():
            label = Static(f" {letter} ", classes="jump", markup=False)
            x, y = target.region.offset
            label.styles.offset = (min(x, max(0, self.app.size.width - 3)), y)
            yield label
        hints = (
            Part(" a-z", "key"),
            Part(" To that letter  ", "muted"),
            Part("Esc", "key"),
            Part(" Stay here", "muted"),
        )
        yield Line(*hints, id="jump-hints")

    def on_key(self, event: events.Key) -> None:
        """A letter jumps; every other key leaves things as they are."""
        event.stop()
        event.prevent_default()
        self.dismiss(self._targets.get(event.key))

    def on_click(self) -> None:
        """A click leaves things as they are."""
        self.dismiss(None)
