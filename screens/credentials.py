"""What the service signs in with to Dynamics and to every email account: until when, and another in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.credentials import (
    CREDENTIAL_PLACE,
    CREDENTIAL_REPLACE,
    CREDENTIALS_CHANGED,
    CREDENTIALS_LIST,
    DYNAMICS,
    ON_CREDENTIALS,
    CredentialRow,
    ReplaceCredential,
    SignInPlace,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing

from .base import Page
from .bindings import bindings
from .credential_question import BY_CODE, CredentialQuestion, named
from .grid_screen import GridScreen, Rows
from .setup_by_code import ask_as_whom
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import moment

_WORDING = Wording(
    one="sign-in",
    many="sign-ins",
    empty="The service signs in nowhere",
    next_step="`dyntui setup` connects Dynamics and an email account.",
)


def _until(row: CredentialRow) -> str:
    return moment(row.valid_until) or "not known"


_COLUMNS: tuple[Column[CredentialRow], ...] = (
    Column(title="To", text=named, width=12, flex=1, whole=True),
    Column(title="Signs in by", text=lambda row: row.kind, width=14),
    Column(title="As", text=lambda row: row.user, width=16, flex=2, priority=2),
    Column(title="Valid until", text=_until, width=17),
    Column(title="Trouble", text=lambda row: row.trouble, width=10, flex=2, priority=1, tone=lambda row: "bad"),
    Column(title="Kept in", text=lambda row: row.kept_in, width=14, flex=1, priority=3, tone=lambda row: "muted"),
)
_ROWS = Rows(
    id="credentials-grid",
    columns=_COLUMNS,
    key=lambda row: row.of,
    wording=_WORDING,
    preview="Sign-in",
    enter="Replace",
)
_TITLE = "Sign-in of the service"


class CredentialsPage(GridScreen[CredentialRow], Page[str]):
    """A row is a system that is signed in to; Enter replaces what it is done with. No secret is ever shown."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CREDENTIALS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_CREDENTIALS)
    TRAIL = ("Email Accounts", "What the service signs in with")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[CredentialRow]:
        """All of them. Where Dynamics does not say who may see them, as a person's sign-in has ended, theirs alone."""
        try:
            rows = (await self.console.call(CREDENTIALS_LIST, Nothing())).rows
        except DyntuiError as error:
            if self.console.hello is not None and self.console.hello.roles_known:
                raise
            place = await self.console.call(CREDENTIAL_PLACE, Nothing())
            if not place.by_person:
                raise
            rows = (CredentialRow(of=DYNAMICS, kind=BY_CODE, user="", trouble=error.message),)
        return windowed(rows, window, lambda row: f"{row.of} {row.kind} {row.user}")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """One was replaced, here or elsewhere."""
        return name == CREDENTIALS_CHANGED.name

    def previewed(self, row: CredentialRow) -> Sequence[Fact]:
        """All that is known of it."""
        return (
            ("To", named(row), "strong"),
            ("Signs in by", row.kind, ""),
            ("As", row.user, ""),
            ("Valid until", _until(row), ""),
            ("Kept in", row.kept_in, ""),
            ("Trouble", row.trouble or "none", "bad" if row.trouble else "good"),
        )

    def opened(self, row: CredentialRow) -> None:
        """Enter replaces."""
        self.action_perform("credentials.replace")

    def do_credentials_replace(self) -> None:
        """Asks for another one; nothing is kept before it has been proved."""
        row = self.situation().one(CredentialRow)

        def answered(asked: ReplaceCredential | None) -> None:
            if asked is None or row is None:
                return
            if row.of == DYNAMICS and not (asked.client_secret or asked.certificate):
                self.ask(CREDENTIAL_PLACE, Nothing(), self._sign_in)
            else:
                self._replace(asked)

        if row is not None:
            self.app.push_screen(CredentialQuestion(row), answered)

    def _sign_in(self, place: SignInPlace) -> None:
        """The person as whom the service acts signs in again."""

        def answered(kept: str | DyntuiError | None) -> None:
            if isinstance(kept, DyntuiError):
                self.show_error(kept)
            elif kept is not None:
                self._replace(ReplaceCredential(of=DYNAMICS, signed_in=kept))

        ask_as_whom(self.app, place, answered, title="Sign in as whom the service acts")

    def _replace(self, asked: ReplaceCredential) -> None:
        self.notify("It is being proved …", title=_TITLE, markup=False)
        self.ask(CREDENTIAL_REPLACE, asked, self._replaced)

    def _replaced(self, row: CredentialRow) -> None:
        until = f" It holds until {moment(row.valid_until)}." if row.valid_until else ""
        self.notify(f"It was proved, and is in use from now on.{until}", title=row.of, markup=False)
        self.grid.reload()
