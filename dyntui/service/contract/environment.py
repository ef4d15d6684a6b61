"""Whether the organisation and its email accounts are production, and who may be mailed if they are not."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from dyntui.model.environment import Allowed as Allowed
from dyntui.model.environment import Mark as Mark
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.session import Nothing


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What is marked as not production, and whom sends may mail then; without marks everybody may be mailed."""

    marks: tuple[Mark, ...]
    allowed: tuple[Allowed, ...]


class MarkEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """The email `account` (id or name), or the organisation (`""`), is `production` or not."""

    NONE_IS_ALL: ClassVar[bool] = True

    production: bool
    account: Text = ""


class ChangeAllowList(msgspec.Struct, frozen=True, kw_only=True):
    """Entries to add and to take away: addresses, or `@` and a domain."""

    add: tuple[Text, ...] = ()
    remove: tuple[Text, ...] = ()


ENVIRONMENT_CHANGED = Event("environment.changed", Changed)

ENVIRONMENT_GET = Call("environment.get", Nothing, Environment, Ability.SEE)
ENVIRONMENT_MARK = Call(
    "environment.mark", MarkEnvironment, Environment, Ability.ADMINISTER, changes=(ENVIRONMENT_CHANGED,)
)
ENVIRONMENT_ALLOW = Call(
    "environment.allow", ChangeAllowList, Environment, Ability.ADMINISTER, changes=(ENVIRONMENT_CHANGED,)
)

ACTIONS: tuple[Action, ...] = ()
