"""Before `setup`: nothing is connected yet, and what to do about it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.session import HELLO, Nothing
from dyntui.service.contract.setup import ON_SETUP

from .base import Asking
from .bindings import bindings
from .clipboard import copy
from .shell import KeyHints
from .widgets.cells import single_line


class NotConfigured(Asking[None]):
    """Names the command that connects both systems."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SETUP,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SETUP)
    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        """What to do."""
        with Vertical(id="gate"):
            yield Static("Nothing is connected yet", classes="gate-title", markup=False)
            yield Static(
                "dyntui stands between Dynamics 365 and dotdigital. A command connects the two, shows what it is going "
                "to install before it does, and can be interrupted at any moment:",
                markup=False,
            )
            yield Static(self._command(), classes="gate-code", markup=False)
            yield Static("To look around first, on a simulated company:", markup=False)
            yield Static("dyntui demo", classes="gate-code", markup=False)
            yield Static("r  look again when that is done", classes="label", markup=False)
        yield KeyHints(id="key-hints")

    def _command(self) -> str:
        hello = self.console.hello
        profile = single_line(hello.profile) if hello else ""
        return "dyntui setup" if profile in ("", "default") else f"dyntui --profile {profile} setup"

    def on_mount(self) -> None:
        """Shows the keys."""
        self.query_one(KeyHints).refresh_hints()

    def do_setup_copy(self) -> None:
        """Copies the command."""
        copy(self.app, [self._command()], "The command")

    def do_app_refresh(self) -> None:
        """Looks whether it has been set up meanwhile."""
        self.ask(HELLO, Nothing(), self.console.admit)
