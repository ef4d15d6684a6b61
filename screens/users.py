"""User mapping: the users of dotdigital, and which user of Dynamics each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.users import (
    ON_USERS,
    USERS_CHANGED,
    USERS_LIST,
    USERS_MAP,
    Candidate,
    Choice,
    MapUsers,
    UserRow,
    UsersOf,
)

from .base import AccountPage
from .bindings import bindings
from .dialogs import Confirm, Picker
from .grid_screen import GridScreen, Rows
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed

_WORDING = Wording(
    one="user of dotdigital",
    many="users of dotdigital",
    empty="dotdigital names no users of this account",
    next_step="Users are made in dotdigital: Settings, Users.",
)
_COLUMNS: tuple[Column[UserRow], ...] = (
    Column(title="User of dotdigital", text=lambda row: row.dotdigital, width=26, flex=2, whole=True),
    Column(title="User of Dynamics", text=lambda row: row.name or "–", width=20, flex=2),
    Column(
        title="Suggested",
        text=lambda row: row.gone or (f"{row.suggested} ?" if row.suggested else ""),
        width=16,
        flex=1,
        tone=lambda row: "warn" if row.gone else "muted",
    ),
)
_ROWS = Rows(
    id="users-grid",
    columns=_COLUMNS,
    key=lambda row: row.dotdigital,
    wording=_WORDING,
    enter="Choose",
)
_PEOPLE: tuple[Column[Candidate], ...] = (
    Column(title="Name", text=lambda row: row.name, width=20, flex=2, whole=True),
    Column(title="Address", text=lambda row: row.address, width=24, flex=2, whole=True),
)


class UsersPage(GridScreen[UserRow], AccountPage):
    """A row is a user of dotdigital; Enter chooses the user of Dynamics. `about`: the email account's id."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_USERS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_USERS)
    ONE_ACCOUNT = False
    TRAIL = ("Email Accounts", "User mapping")

    def __init__(self) -> None:
        super().__init__(_ROWS)
        self._users: Sequence[UserRow] = ()
        self._candidates: Sequence[Candidate] = ()

    async def rows_in(self, window: Window) -> PageOfRows[UserRow]:
        """All of them."""
        account = self.shown_of
        answer = await self.console.call(USERS_LIST, UsersOf(account=account))
        if account == self.shown_of:
            self._users, self._candidates = answer.rows, answer.candidates
        return windowed(answer.rows, window, lambda row: f"{row.dotdigital} {row.name} {row.suggested}")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Somebody was mapped, here or elsewhere."""
        return name == USERS_CHANGED.name

    def opened(self, row: UserRow) -> None:
        """Enter chooses."""
        self.action_perform("users.map")

    def do_users_map(self) -> None:
        """Chooses among those who hold a role of the connector."""
        row, account = self.situation().one(UserRow), self.shown_of
        if row is None:
            return

        async def source(window: Window) -> PageOfRows[Candidate]:
            first = [each for each in self._candidates if each.id == row.suggested_id]
            others = [each for each in self._candidates if each.id != row.suggested_id]
            return windowed([*first, *others], window, lambda each: f"{each.name} {each.address}")

        def answered(taken: tuple[Candidate, ...] | None) -> None:
            for each in taken or ():
                self._map(account, Choice(dotdigital=row.dotdigital, to=each.id))

        wording = Wording(
            one="user",
            many="users",
            empty="Nobody holds a role of the connector",
            next_step="Roles are assigned in Dynamics.",
        )
        self.app.push_screen(
            Picker(
                f"Who in Dynamics is {row.dotdigital}?",
                _PEOPLE,
                source,
                key=lambda each: each.id,
                wording=wording,
                refuse=lambda _: "",
                alone=True,
            ),
            answered,
        )

    def do_users_unmap(self) -> None:
        """Nobody, from now on."""
        row = self.situation().one(UserRow)
        if row is not None:
            self._map(self.shown_of, Choice(dotdigital=row.dotdigital, to=""))

    def do_users_suggested(self) -> None:
        """After a question that names them."""
        account, rows = self.shown_of, [each for each in self._users if each.suggested_id]
        if not rows:
            text = "Nobody who is not mapped has the same address on both sides."
            self.notify(text, title="User mapping", markup=False)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._map(account, *(Choice(dotdigital=each.dotdigital, to=each.suggested_id) for each in rows))

        lines = [f"{each.dotdigital} is {each.suggested}" for each in rows[:10]]
        if len(rows) > len(lines):
            lines.append(f"and {len(rows) - len(lines)} more")
        self.app.push_screen(Confirm("Map users with the same address?", lines, yes="Map"), answered)

    def _map(self, account: str, *made: Choice) -> None:
        self.ask(USERS_MAP, MapUsers(account=account, choices=made), lambda _: self.grid.reload())
