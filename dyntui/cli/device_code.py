"""A person signs in by device code on the terminal: an address to open in any browser, and a code to type there."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from dyntui.cli.output import say
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.credentials import SignInPlace


def show(prompt: Any) -> None:
    """The address and the code of a `DevicePrompt`."""
    # One line each: a link that is broken over two cannot be copied.
    say(f"Open in any browser: {prompt.verification_uri}")
    say(f"Enter the code:      {prompt.user_code}")


def somebody_there() -> bool:
    """Whether a code would be shown to anybody."""
    return sys.stdin.isatty() or sys.stderr.isatty()


def signed_in(where: SignInPlace) -> str:
    """What the sign-in of the person as whom the service acts has left, for the keyring. Raises what signing in raises,
    and SIGN_IN_NEEDS_A_PERSON where nobody would see the code."""
    if not somebody_there():
        raise _nobody_there()
    from dyntui.service import person_sign_in

    say("Sign in as whom the service is to act:")
    kept = asyncio.run(person_sign_in.sign_in(where, show))
    say(f"Signed in as {person_sign_in.user_of(kept)}; that is kept for the service.")
    return kept


def _nobody_there() -> DyntuiError:
    return DyntuiError(
        "SIGN_IN_NEEDS_A_PERSON",
        "The service is to act as a person, and nobody is there to type the code that signs them in.",
        not_done="Nothing was connected or changed.",
        remedy="Run it in a terminal, over SSH too; or give the service a client secret or a certificate of its own.",
        exit=Exit.USAGE,
    )
