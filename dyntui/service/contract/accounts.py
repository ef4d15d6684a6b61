"""The email accounts that are connected to the organisation."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.accounts import AccountRow as AccountRow
from dyntui.model.counted import counted
from dyntui.model.forms import NewRespondents
from dyntui.model.roles import Ability
from dyntui.model.suppression_flags import SuppressionFlags
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.contract.situations import Situation, go


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, the default one first."""

    rows: tuple[AccountRow, ...]


class EditAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed of an email account (id or name); None stays. There is always a default one: it is made
    another by making that the default. Removals are held where they are more than `removal_people` and more than
    `removal_percent` of the address book. Of the account's calls dyntui may use `budget_percent`. `lead_topic` and
    `last_name` are of records that are made of strangers: `{list}`, `{address}` and `{local}` stand for the list's
    name, the address, and what is before its `@`; `""`: as config.toml says. `record_owner`: the user of Dynamics
    (principal name) whose such records are, `""`: the owner of the list. Of campaigns' results is read what
    `sync_level` says, and at the level DETAILED the kinds that are switched on: `reads_opens` (and who was mailed),
    `reads_clicks`, `reads_page_views`, `reads_roi`. `suppression_flags`: what is set on records in Dynamics whose
    address the account suppresses; what was set before stays until the suppression ends. `takes_off_unsubscribed`: who
    unsubscribes from a static list from now on leaves it in Dynamics too, with the next synchronisation;
    `takes_off_suppressed`: who is suppressed leaves the static lists that a campaign was sent to, after the send."""

    account: Text
    name: Text | None = None
    description: Text | None = None
    make_default: bool = False
    copies_suppressions: bool | None = None
    suppression_flags: SuppressionFlags | None = None
    takes_off_unsubscribed: bool | None = None
    takes_off_suppressed: bool | None = None
    new_respondents: NewRespondents | None = None
    sync_level: Text | None = None
    reads_opens: bool | None = None
    reads_clicks: bool | None = None
    reads_page_views: bool | None = None
    reads_roi: bool | None = None
    removal_people: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    removal_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    budget_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    lead_topic: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    last_name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    record_owner: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class DisconnectAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The email account (id or name) that is not to be used any more."""

    account: Text


ACCOUNTS_CHANGED = Event("accounts.changed", Changed)

ACCOUNTS_LIST = Call("accounts.list", Nothing, Accounts, Ability.SEE)
ACCOUNT_ADD = Call("accounts.add", EmailAccountInput, AccountRow, Ability.ADMINISTER, changes=(ACCOUNTS_CHANGED,))
ACCOUNT_EDIT = Call("accounts.edit", EditAccount, AccountRow, Ability.ADMINISTER, changes=(ACCOUNTS_CHANGED,))
ACCOUNT_DISCONNECT = Call(
    "accounts.disconnect", DisconnectAccount, Accounts, Ability.ADMINISTER, changes=(ACCOUNTS_CHANGED,)
)


def in_hand(situation: Situation) -> str:
    """An email account is in hand."""
    return "" if situation.one(AccountRow) else "No email account is selected."


def to_disconnect(situation: Situation) -> str:
    """An email account without activated lists."""
    row = situation.one(AccountRow)
    if row is not None and row.lists:
        return f"{counted(row.lists, 'list is', 'lists are')} activated for {row.name}: deactivate them first."
    return in_hand(situation)


ON_ACCOUNTS = Scope("Email Accounts")

ACTIONS = (
    Action(
        id="accounts.choose",
        title="Choose the email account",
        scopes=(ON_EVERYWHERE,),
        keys=("at",),
        call=ACCOUNTS_LIST,
        command="dyntui lists list --account NAME",
        tooltip="Every place shows what is of the chosen account; where none is chosen, of all of them",
        rule=go,
    ),
    Action(
        id="accounts.open",
        title="Email Accounts",
        known_as=("User Mapping",),
        scopes=(ON_EVERYWHERE,),
        keys=("C",),
        call=ACCOUNTS_LIST,
        command="dyntui accounts list",
        tooltip="The dotdigital accounts that are connected, and their settings",
        rule=go,
    ),
    Action(
        id="accounts.edit",
        title="Edit the settings",
        scopes=(ON_ACCOUNTS,),
        keys=("E",),
        hint="Edit",
        call=ACCOUNT_EDIT,
        command="dyntui accounts edit ACCOUNT",
        tooltip="Name, sync level, suppression options, what new records say, when removals are held",
        row=True,
        rule=in_hand,
    ),
    Action(
        id="accounts.add",
        title="Connect an email account",
        scopes=(ON_ACCOUNTS,),
        keys=("n",),
        hint="Connect",
        call=ACCOUNT_ADD,
        command="dyntui accounts add",
        tooltip="One more account of dotdigital; it is signed in to before it is kept",
    ),
    Action(
        id="accounts.disconnect",
        title="Disconnect the email account",
        scopes=(ON_ACCOUNTS,),
        keys=("D",),
        hint="Disconnect",
        call=ACCOUNT_DISCONNECT,
        command="dyntui accounts disconnect ACCOUNT",
        tooltip="It is not used any more; what is known of opt-outs stays",
        row=True,
        rule=to_disconnect,
    ),
)
