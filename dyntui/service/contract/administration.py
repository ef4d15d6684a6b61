"""What administrators changed by hand: of every subject, in one listing."""

from __future__ import annotations

from typing import Annotated

from dyntui.model.admin_changes import SUBJECTS, AdminChange
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action
from dyntui.service.contract.bounds import Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import ON_AUDIT


class AdministrationQuery(Window, frozen=True, kw_only=True):
    """A window on who changed what by hand, newest first. `subject`: of this one alone, such as `accounts`; `account`:
    of this email account alone."""

    subject: Annotated[str, one_of("", *SUBJECTS)] = ""
    account: Text = ""


# Addresses and subject requests are among them.
ADMINISTRATION = Call("administration.changes", AdministrationQuery, Page[AdminChange], Ability.ADMINISTER)

ACTIONS = (
    Action(
        id="administration.show",
        title="What administrators changed",
        scopes=(ON_AUDIT,),
        keys=("D",),
        call=ADMINISTRATION,
        command="dyntui audit administration",
        tooltip="Accounts, users, labels, mappings, schedules, suppressions, environment, campaigns: who and when",
    ),
)
