"""What setup asks a person to sign in for with a code: their environments, and to let the service act as them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from textual.app import App

from dyntui.model.errors import DyntuiError
from dyntui.service import finding_environments, person_sign_in
from dyntui.service.contract.credentials import SignInPlace
from dyntui.service.finding_environments import Environment
from dyntui.service.setup_questions import where_people_sign_in

from .code_dialog import CodeDialog

ENVIRONMENTS: Final = "Setup: your environments"
AS_WHOM: Final = "Setup: as whom the service acts"


def ask_for_environments(
    app: App[Any],
    answers: Mapping[str, str],
    answered: Callable[[Sequence[Environment] | DyntuiError | None], None],
) -> None:
    """Those in which who signs in has a user; None where they give up."""
    where = where_people_sign_in(answers)

    async def find(show: Callable[[finding_environments.DevicePrompt], None]) -> Sequence[Environment]:
        return await finding_environments.find(*where, show)

    app.push_screen(CodeDialog(ENVIRONMENTS, "Nothing of this sign-in is kept.", find), answered)


def ask_as_whom(
    app: App[Any],
    where: SignInPlace,
    answered: Callable[[str | DyntuiError | None], None],
    *,
    title: str,
) -> None:
    """What the sign-in of the person has left, for the keyring; None where they give up."""

    async def sign_in(show: Callable[[person_sign_in.DevicePrompt], None]) -> str:
        return await person_sign_in.sign_in(where, show)

    app.push_screen(CodeDialog(title, "The service acts as you, until it is revoked.", sign_in), answered)
