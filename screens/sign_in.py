"""Signing in by device code: works in any browser, also when this terminal is on another machine."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.session import (
    HELLO,
    ON_SIGN_IN,
    SIGN_IN,
    SIGN_IN_STATE,
    Hello,
    Nothing,
    SignInStarted,
    SignInState,
)
from dyntui.service.first_reading import SAID, what_to_read

from .base import Asking
from .bindings import bindings
from .clipboard import copy
from .shell import KeyHints
from .widgets.cells import single_line
from .working import start


class SignIn(Asking[None]):
    """Shows the address and the code, and asks at the pace the service names whether the person has signed in."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SIGN_IN,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SIGN_IN)
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._started: SignInStarted | None = None
        self._address = Static("", classes="gate-code", id="sign-in-address", markup=False)
        self._code = Static("", classes="gate-code", id="sign-in-code", markup=False)
        self._state = Static("Asking for a code…", classes="label", id="sign-in-state", markup=False)

    def compose(self) -> ComposeResult:
        """Two steps for the person, and how things stand."""
        hello = self.console.hello
        organisation = single_line(hello.organisation) if hello and hello.organisation else "Dynamics 365"
        with Vertical(id="gate"):
            yield Static(f"Sign in to {organisation}", classes="gate-title", markup=False)
            yield Static("1  Open this address in any browser, on any device", markup=False)
            yield self._address
            yield Static("2  Type this code there and sign in as you do in Dynamics", markup=False)
            yield self._code
            yield self._state
        yield KeyHints(id="key-hints")

    def on_mount(self) -> None:
        """Asks for a code."""
        self.query_one(KeyHints).refresh_hints()
        self.do_sign_in_again()

    def do_sign_in_again(self) -> None:
        """Asks for a new code."""
        self.ask(SIGN_IN, Nothing(), self._show_code, refused=self._show_refusal)

    def _show_code(self, started: SignInStarted) -> None:
        self._started = started
        self._address.update(single_line(started.verification_uri))
        self._code.update(single_line(started.user_code))
        minutes = max(1, started.expires_in // 60)
        self._state.update(f"Waiting for you to sign in; the code is good for {minutes} minutes.")
        self.set_timer(max(0.01, started.interval), self._look)

    def _look(self) -> None:
        if self.is_current:
            self.ask(SIGN_IN_STATE, Nothing(), self._show_state, refused=self._show_refusal)

    def _show_state(self, state: SignInState) -> None:
        started = self._started
        if state.state == "pending" and started is not None:
            self.set_timer(max(0.01, started.interval), self._look)
        elif state.state == "signed in":
            self._state.update(f"Welcome, {single_line(state.user)}.")
            self.ask(HELLO, Nothing(), self._welcome)
        else:
            self._state.update(f"The sign-in was {state.state}. Press n for a new code.")

    def _welcome(self, hello: Hello) -> None:
        start(self, "first reading", self._read_first, hello)

    async def _read_first(self, hello: Hello) -> None:
        """Starts what the first who signs in reads; the runs are shown where all are."""
        try:
            wanted = await what_to_read(self.console, hello)
            for request in wanted:
                await self.console.call(RUN_START, request)
            if wanted:
                self.notify(SAID, title="First synchronisation", markup=False)
        except DyntuiError as error:
            self.show_error(error)
        self.console.admit(hello)

    def _show_refusal(self, error: DyntuiError) -> None:
        self._state.update(f"{error.code}: {single_line(error.message)} {single_line(error.remedy)}")

    def do_sign_in_copy(self) -> None:
        """Copies the code."""
        if self._started is not None:
            copy(self.app, [single_line(self._started.user_code)], "The code")

    def do_app_refresh(self) -> None:
        """Looks whether the person has signed in."""
        self._look()
