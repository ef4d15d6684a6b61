"""A person signs in with a code, in any browser, while the console waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar, Generic, TypeVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_DIALOG
from dyntui.service.contract.credentials import ON_CODE
from dyntui.service.person_sign_in import DevicePrompt

from .bindings import bindings
from .clipboard import copy
from .dialogs import Dialog
from .widgets.cells import single_line
from .working import start

T = TypeVar("T")


class CodeDialog(Dialog[T | DyntuiError], Generic[T]):
    """Shows the address and the code; answers with what signing in has brought, or with why it has not. Esc gives up
    waiting, and what comes after that counts no more."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CODE, ON_DIALOG)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_CODE)

    def __init__(
        self, title: str, kept: str, sign_in: Callable[[Callable[[DevicePrompt], None]], Awaitable[T]]
    ) -> None:
        """`kept`: what stays of it, in words; `sign_in` is told how to show the code, and waits for the person."""
        super().__init__(title)
        self._kept = kept
        self._sign_in = sign_in
        self._link = ""
        self._brought: T | DyntuiError | None = None
        self._words = Static("Asking for a code …", id="code-words", markup=False)
        self._address = Static("", id="code-address", classes="code", markup=False)
        self._then = Static("2  Type this code there, and sign in", id="code-then", markup=False)
        self._code = Static("", id="code-code", classes="code", markup=False)
        self._note = Static("", id="code-note", classes="label", markup=False)
        self._later = (self._address, self._then, self._code, self._note)

    def compose_body(self) -> Iterable[Widget]:
        """What to do, where, and what comes of it."""
        yield self._words
        yield from self._later

    def on_mount(self) -> None:
        """Asks for a code."""
        super().on_mount()
        for each in self._later:
            each.display = False
        start(self, "signing in", self._wait, exclusive=True)

    def hint_of(self, action_id: str) -> str | None:
        """There is nothing to copy before there is a code; Esc waits no longer."""
        if action_id == "dialog.close":
            return "Give up"
        return "" if action_id == "credentials.copy" and not self._link else None

    async def _wait(self) -> None:
        try:
            answer: T | DyntuiError = await self._sign_in(self._show)
        except DyntuiError as error:
            answer = error
        self._brought = answer
        # What is refused at once may be there before the dialog is.
        self.call_after_refresh(self._hand_over)

    def on_screen_resume(self) -> None:
        """Somebody signed in while a question stood above."""
        super().on_screen_resume()
        self._hand_over()

    def _hand_over(self) -> None:
        if self._brought is not None and self.is_current:
            self.dismiss(self._brought)

    def _show(self, prompt: DevicePrompt) -> None:
        self._link = single_line(prompt.verification_uri)
        self._words.update("1  Open this address in any browser, on any device")
        self._address.update(self._link)
        self._code.update(single_line(prompt.user_code))
        self._note.update(f"Waiting for you to sign in. {self._kept}")
        for each in self._later:
            each.display = True
        self.refresh_hints()

    def do_credentials_copy(self) -> None:
        """Copies the address."""
        if self._link:
            copy(self.app, [self._link], "The address")
