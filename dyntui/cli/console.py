"""Opening the console, where there is a terminal for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.client import ServiceClient
from dyntui.service.profile import Profile, open_profile
from dyntui.service.starting import attach_or_start

if TYPE_CHECKING:
    from dyntui.screens.address import Address
    from dyntui.screens.whose import Whose


def has_terminal() -> bool:
    """Whether a console can be shown: it reads standard input and draws on standard error."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def open_console(profile_name: str, at: Whose | Address | None = None) -> int:
    """Runs the console on the profile until the person leaves it; its exit code. `at`: the page, the run, or the item
    of it, that it opens with.

    Raises DyntuiError NO_TERMINAL.
    """
    if not has_terminal():
        raise DyntuiError(
            "NO_TERMINAL",
            "The console needs a terminal, and there is none.",
            not_done="Nothing was opened.",
            remedy="Use a command instead, for example `dyntui status` or `dyntui lists list --json`; "
            "`dyntui --help` names them all.",
            exit=Exit.USAGE,
        )
    profile = open_profile(profile_name)
    if profile.shared:
        # The machine's service has no place for what the console remembers of a person.
        profile.prepare_own()
    return run_console(profile, first_steps=False, at=at)


def run_console(profile: Profile, *, first_steps: bool, farewell: str = "", at: Whose | Address | None = None) -> int:
    """The console on a terminal that is known to be there; its exit code, 128 + n after signal n."""
    from dyntui.screens.app import run
    from dyntui.service.config import read_config
    from dyntui.service.contract.keymap import keymap_of

    keymap = keymap_of(read_config(profile).keys)

    async def connect() -> ServiceClient:
        return await attach_or_start(profile)

    return int(
        run(connect, first_steps=first_steps, farewell=farewell, memory=profile.console_file, at=at, keymap=keymap)
    )
