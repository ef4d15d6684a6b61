"""Email Accounts: which are connected, their settings, one more, one less."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.model.suppression_flags import SuppressionFlags, in_words
from dyntui.model.user_mapping import browser_is_here
from dyntui.service.contract.accounts import (
    ACCOUNT_ADD,
    ACCOUNT_DISCONNECT,
    ACCOUNT_EDIT,
    ACCOUNTS_CHANGED,
    ACCOUNTS_LIST,
    ON_ACCOUNTS,
    AccountRow,
    Accounts,
    DisconnectAccount,
    EditAccount,
)
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.contract.users import STUDIO_OPEN, Studio, UsersOf

from .account_question import AccountQuestion, NewAccount
from .base import Page
from .bindings import bindings
from .clipboard import copy
from .dialogs import Confirm
from .grid_screen import GridScreen, Rows
from .places import CREDENTIALS, USERS
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import moment, number

_WORDING = Wording(
    one="email account",
    many="email accounts",
    empty="No email account is connected",
    next_step="n connects one.",
)

_COLUMNS: tuple[Column[AccountRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=20, flex=2),
    Column(title="Default", text=lambda row: "yes" if row.is_default else "", width=7),
    Column(title="dotdigital", text=lambda row: str(row.platform_id), width=10, priority=2),
    Column(title="Sync level", text=lambda row: row.sync_level, width=10),
    Column(title="Lists", text=lambda row: number(row.lists), width=6, right=True),
    Column(title="Suppressed", text=lambda row: number(row.suppressed), width=11, right=True, priority=1),
    Column(
        title="Double opt-in",
        text=lambda row: row.double_opt_in or "! not known",
        width=13,
        priority=3,
        tone=lambda row: "" if row.double_opt_in else "warn",
    ),
)
_ROWS = Rows(
    id="accounts-grid",
    columns=_COLUMNS,
    key=lambda row: row.id,
    wording=_WORDING,
    preview="Email account",
    enter="Edit",
)


class AccountsPage(GridScreen[AccountRow], Page[str]):
    """A row is an account; Enter edits its settings."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_ACCOUNTS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_ACCOUNTS)
    TRAIL = ("Email Accounts",)
    CSS_PATH = "../styles/mappings.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[AccountRow]:
        """All of them."""
        answer = await self.console.call(ACCOUNTS_LIST, Nothing())
        return windowed(answer.rows, window, lambda row: f"{row.name} {row.description} {row.api_user}")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Settings were changed, here or elsewhere."""
        return name == ACCOUNTS_CHANGED.name

    def previewed(self, row: AccountRow) -> Sequence[Fact]:
        """The account with all its settings."""
        return (
            ("Name", row.name, "strong"),
            ("Description", row.description, ""),
            ("dotdigital", f"{row.platform_id} at {row.endpoint}", ""),
            ("API user", row.api_user, ""),
            ("Copies suppressions", "yes" if row.copies_suppressions else "no", ""),
            ("Set in Dynamics", in_words(SuppressionFlags(row.suppression_flags).columns) or "nothing", ""),
            ("Who answers a form", row.new_respondents, ""),
            ("Removals held", f"above {number(row.removal_people)} and {row.removal_percent} %", ""),
            ("Share of calls", f"{row.budget_percent} %", ""),
            ("Topic of new leads", row.lead_topic or "as config.toml says", ""),
            ("Last name", row.last_name or "as config.toml says", ""),
            ("Owner of new records", row.record_owner or "the owner of the list", ""),
            ("Who unsubscribes", "leaves the list" if row.takes_off_unsubscribed else "stays on the list", ""),
            ("Who is suppressed", "leaves the lists sent to" if row.takes_off_suppressed else "stays on its lists", ""),
            ("Suppressions read", moment(row.read_on) or "never", ""),
        )

    def opened(self, row: AccountRow) -> None:
        """Enter edits."""
        self.action_perform("accounts.edit")

    def do_accounts_edit(self) -> None:
        """Asks what is to be changed; nothing is before the last line."""
        row = self.situation().one(AccountRow)

        def answered(asked: EditAccount | None) -> None:
            if asked is not None:
                self.ask(ACCOUNT_EDIT, asked, self._edited)

        if row is not None:
            self.app.push_screen(AccountQuestion(row), answered)

    def _edited(self, row: AccountRow) -> None:
        self.notify("Its settings are saved and count from now on.", title=row.name, markup=False)
        self.grid.reload()

    def do_accounts_add(self) -> None:
        """Asks how the account is reached, and signs in to it."""

        def answered(asked: EmailAccountInput | None) -> None:
            if asked is not None:
                self.ask(ACCOUNT_ADD, asked, self._connected)

        self.app.push_screen(NewAccount(), answered)

    def _connected(self, row: AccountRow) -> None:
        self.notify(f"Connected, at {row.endpoint}.", title=row.name, markup=False)
        self.grid.reload()

    def do_users_open(self) -> None:
        """Which user of Dynamics a user of dotdigital is."""
        row = self.situation().one(AccountRow)
        if row is not None:
            self.console.open_page(USERS, row.id)

    def do_users_studio(self) -> None:
        """Where one signs in to dotdigital opens in the browser; over SSH it goes to the clipboard."""
        row = self.situation().one(AccountRow)

        def opened(found: Studio) -> None:
            self.notify(f"Sign in as {found.user}: {found.url}", title="Automation Studio", markup=False, timeout=20)
            if browser_is_here(sys.platform, os.environ):
                self.app.open_url(found.url)
            else:
                copy(self.app, [found.url], "The address")

        if row is not None:
            self.ask(STUDIO_OPEN, UsersOf(account=row.id), opened)

    def do_credentials_open(self) -> None:
        """What the service signs in with, to Dynamics and to each of them."""
        self.console.open_page(CREDENTIALS, "")

    def do_accounts_disconnect(self) -> None:
        """After a question."""
        row = self.situation().one(AccountRow)
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account=row.id), self._disconnected)

        lines = [
            "Its password is forgotten, and nothing of it runs by itself any more.",
            "What is known of people stays, opt-outs above all, and so does its row in Dynamics.",
        ]
        self.app.push_screen(Confirm(f"Disconnect {row.name}?", lines, yes="Disconnect", danger=True), answered)

    def _disconnected(self, _: Accounts) -> None:
        self.grid.reload()
