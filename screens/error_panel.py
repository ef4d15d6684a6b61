"""What went wrong, in the four parts a person needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope

from .bindings import bindings
from .clipboard import copy
from .dialogs import Dialog
from .widgets.cells import single_line


class ErrorPanel(Dialog[None]):
    """Code, what happened, what was not done, the remedy; never a traceback."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (Scope.ERROR,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.ERROR)

    def __init__(self, error: DyntuiError) -> None:
        super().__init__(error.code, tone="-danger")
        self.error = error

    def compose_body(self) -> Iterable[Widget]:
        """The four parts."""
        with VerticalScroll(id="error-parts", can_focus=False):
            yield Static(single_line(self.error.message), id="error-message", markup=False)
            yield Static(single_line(self.error.not_done), id="error-not-done", markup=False)
            yield Static("What to do", classes="label", markup=False)
            yield Static(single_line(self.error.remedy), id="error-remedy", markup=False)

    def do_error_copy(self) -> None:
        """Copies all of it."""
        error = self.error
        parts = [error.code, error.message, error.not_done, error.remedy]
        copy(self.app, [single_line(part) for part in parts if part], "The message")

    def do_error_close(self) -> None:
        """Closes the panel."""
        self.dismiss(None)
