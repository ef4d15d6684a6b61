"""The email accounts that are connected to the organisation."""

from __future__ import annotations

import msgspec

from dyntui.model.accounts import AccountRow as AccountRow
from dyntui.model.forms import NewRespondents
from dyntui.model.roles import Ability
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import EmailAccountInput


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, the default one first."""

    rows: tuple[AccountRow, ...]


class EditAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed of an email account (id or name); None stays. There is always a default one: it is made
    another by making that the default."""

    account: Text
    name: Text | None = None
    description: Text | None = None
    make_default: bool = False
    copies_suppressions: bool | None = None
    new_respondents: NewRespondents | None = None


ACCOUNTS_LIST = Call("accounts.list", Nothing, Accounts, Ability.SEE)
ACCOUNT_ADD = Call("accounts.add", EmailAccountInput, AccountRow, Ability.ADMINISTER)
ACCOUNT_EDIT = Call("accounts.edit", EditAccount, AccountRow, Ability.ADMINISTER)

ACTIONS = ()
