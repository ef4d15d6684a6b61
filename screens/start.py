"""What is on the screen until the service answers, and when it does not."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from dyntui.model.errors import DyntuiError

from .base import Asking
from .shell import KeyHints
from .widgets.cells import single_line


class StartScreen(Asking[None]):
    """Reaching for the service; where that fails, why, and the key that tries again."""

    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        """A few lines in the middle."""
        with Vertical(id="gate"):
            yield Static("dyntui", classes="gate-title", markup=False)
            yield Static("Reaching for the service…", id="start-text", markup=False)
        yield KeyHints(id="key-hints")

    def on_mount(self) -> None:
        """Shows the keys."""
        self.query_one(KeyHints).refresh_hints()

    def show_failure(self, error: DyntuiError) -> None:
        """Says why there is no service."""
        lines = [error.code, "", error.message, error.not_done, "", error.remedy, "", "r  try again"]
        self.query_one("#start-text", Static).update("\n".join(single_line(line) for line in lines))
        self.query_one("#gate").add_class("-failed")

    def do_app_refresh(self) -> None:
        """Tries again."""
        self.query_one("#start-text", Static).update("Reaching for the service…")
        self.query_one("#gate").remove_class("-failed")
        self.console.attach()
