"""Which user of Dynamics a user of dotdigital is, and the way to dotdigital's Automation Studio."""

from __future__ import annotations

import msgspec

from dyntui.model.roles import Ability
from dyntui.model.user_mapping import Candidate as Candidate
from dyntui.model.user_mapping import UserRow as UserRow
from dyntui.service.contract.accounts import ON_ACCOUNTS, AccountRow
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.situations import Situation, go


class UsersOf(msgspec.Struct, frozen=True, kw_only=True):
    """Of this email account (id or name); `""`: the default one."""

    account: Text = ""


class Users(msgspec.Struct, frozen=True, kw_only=True):
    """The users of dotdigital with whom they are, and the users of Dynamics that can be chosen: those who hold one of
    the connector's roles."""

    account: str
    rows: tuple[UserRow, ...]
    candidates: tuple[Candidate, ...]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The user of `dotdigital` with this address is the user of Dynamics `to`: an id, an address, a user name, or a
    name that only one has. `""`: nobody any more."""

    dotdigital: Text
    to: Text


class MapUsers(msgspec.Struct, frozen=True, kw_only=True):
    """Choices for an email account: all of them, or none where one cannot be made."""

    choices: tuple[Choice, ...]
    account: Text = ""


class Studio(msgspec.Struct, frozen=True, kw_only=True):
    """Where people sign in to dotdigital, and as whom (`user`)."""

    url: str
    user: str


USERS_CHANGED = Event("users.changed", Changed)

USERS_LIST = Call("users.list", UsersOf, Users, Ability.ADMINISTER)
USERS_MAP = Call("users.map", MapUsers, Users, Ability.ADMINISTER, changes=(USERS_CHANGED,))
STUDIO_OPEN = Call("users.studio", UsersOf, Studio, Ability.SEE)

ON_USERS = Scope("User mapping")


def in_hand(situation: Situation) -> str:
    """A user of dotdigital is in hand."""
    return "" if situation.one(UserRow) else "No user of dotdigital is selected."


def mapped_in_hand(situation: Situation) -> str:
    """One that is mapped."""
    row = situation.one(UserRow)
    return "" if row is not None and row.user_id else "Nobody is mapped there."


def _account_in_hand(situation: Situation) -> str:
    return go(situation) or ("" if situation.one(AccountRow) else "No email account is selected.")


ACTIONS = (
    Action(
        id="users.open",
        title="User mapping",
        scopes=(ON_ACCOUNTS,),
        keys=("u",),
        call=USERS_LIST,
        command="dyntui users list",
        tooltip="Which user of Dynamics a user of dotdigital is",
        row=True,
        rule=_account_in_hand,
    ),
    Action(
        id="users.studio",
        title="Open Automation Studio",
        scopes=(ON_ACCOUNTS,),
        keys=("a",),
        hint="Studio",
        call=STUDIO_OPEN,
        command="dyntui automation-studio",
        tooltip="Opens dotdigital in the browser; over SSH its address is copied. For users who are mapped",
        row=True,
        rule=_account_in_hand,
    ),
    Action(
        id="users.map",
        title="Choose the user of Dynamics",
        scopes=(ON_USERS,),
        keys=("m",),
        hint="Choose",
        call=USERS_MAP,
        command="dyntui users map ADDRESS USER",
        tooltip="Among those who hold one of the connector's roles",
        row=True,
        rule=in_hand,
    ),
    Action(
        id="users.suggested",
        title="Take the suggestions",
        scopes=(ON_USERS,),
        keys=("s",),
        hint="Suggestions",
        call=USERS_MAP,
        command="dyntui users map --suggested",
        tooltip="Maps everybody whose address is the same on both sides, after a question",
    ),
    Action(
        id="users.unmap",
        title="Map to nobody",
        scopes=(ON_USERS,),
        keys=("D",),
        hint="Nobody",
        call=USERS_MAP,
        command="dyntui users unmap ADDRESS",
        tooltip="The user of dotdigital is nobody in Dynamics any more",
        row=True,
        rule=mapped_in_hand,
    ),
)
