"""What went wrong, in the four parts a person needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_ERROR

from .bindings import bindings
from .clipboard import copy
from .dialogs import Dialog
from .widgets.cells import single_line
from .wording import dated


class ErrorPanel(Dialog[None]):
    """Code, what happened, what was not done, the remedy; never a traceback."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_ERROR,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_ERROR)

    def __init__(self, errors: Sequence[DyntuiError]) -> None:
        super().__init__("", tone="-danger")
        self._errors: list[DyntuiError] = []
        self._at = 0
        self._message = Static("", id="error-message", markup=False)
        self._not_done = Static("", id="error-not-done", markup=False)
        self._remedy = Static("", id="error-remedy", markup=False)
        self.add(errors)

    @property
    def error(self) -> DyntuiError:
        """The error that is shown."""
        return self._errors[self._at]

    def add(self, errors: Sequence[DyntuiError]) -> None:
        """Further errors wait until those before were read; what was said already is not said again."""
        self._errors = distinct([*self._errors, *errors])
        self._asked_by = self.console.hello
        self._show()

    def on_screen_resume(self) -> None:
        """Somebody comes back to it: who has signed in since is not told any more that they have not."""
        hello = self.console.hello
        if hello is None or not hello.user or hello is self._asked_by:
            return
        left = [each for each in self._errors if each.code != "NOT_SIGNED_IN"]
        if not left:
            self.dismiss(None)
        elif len(left) < len(self._errors):
            self._at = max(0, self._at - (len(self._errors) - len(left)))
            self._errors = left
            self._show()

    def compose_body(self) -> Iterable[Widget]:
        """The four parts."""
        with VerticalScroll(id="error-parts", can_focus=True):
            yield self._message
            yield self._not_done
            yield Static("What to do", classes="label", markup=False)
            yield self._remedy

    def _show(self) -> None:
        error, count = self.error, len(self._errors)
        self._box.border_title = Content(single_line(error.code))
        self._box.border_subtitle = Content(f"{self._at + 1} of {count}" if count > 1 else "")
        self._message.update(single_line(dated(error.message)))
        self._not_done.update(single_line(error.not_done))
        self._remedy.update(single_line(error.remedy))
        if self.is_mounted:
            self.refresh_hints()

    def hint_of(self, action_id: str) -> str | None:
        """Esc leads to the next error first, where there is one."""
        more = action_id == "error.close" and self._at + 1 < len(self._errors)
        return "Next" if more else None

    def do_error_copy(self) -> None:
        """Copies all of it."""
        error = self.error
        parts = [error.code, error.message, error.not_done, error.remedy]
        copy(self.app, [single_line(part) for part in parts if part], "The message")

    def do_error_close(self) -> None:
        """To the next error, or closes the panel."""
        if self._at + 1 < len(self._errors):
            self._at += 1
            self._show()
        else:
            self.dismiss(None)


def distinct(errors: Iterable[DyntuiError]) -> list[DyntuiError]:
    """The errors without those that say the same again."""
    return list({(error.code, error.message): error for error in reversed(list(errors))}.values())[::-1]
