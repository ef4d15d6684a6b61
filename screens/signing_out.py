"""Signing out: a question first, then the way to the sign-in."""

from __future__ import annotations

from typing import Any

from textual.app import App

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.session import HELLO, SIGN_OUT, Nothing

from .console import ConsoleApp, WentWrong
from .dialogs import Confirm
from .widgets.cells import single_line
from .working import start


def ask_to_sign_out(app: App[Any], console: ConsoleApp) -> None:
    """Signs out whoever says yes."""
    who = single_line(console.hello.user) if console.hello else ""
    lines = ["Runs, schedules and held sends go on.", "Whoever opens dyntui here next has to sign in."]

    def answered(yes: bool | None) -> None:
        if yes:
            start(app, "sign out", _sign_out, app, console, exclusive=True)

    app.push_screen(Confirm(f"Sign out {who}?" if who else "Sign out?", lines, yes="Sign out"), answered)


async def _sign_out(app: App[Any], console: ConsoleApp) -> None:
    try:
        await console.call(SIGN_OUT, Nothing())
        console.admit(await console.call(HELLO, Nothing()))
    except DyntuiError as error:
        app.post_message(WentWrong(app.screen, (error,)))
