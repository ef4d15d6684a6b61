"""Who may do what (spec section 2): four security roles, read from Dataverse, never editable here."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Role(enum.StrEnum):
    """The connector's security roles, by their name in Dataverse."""

    MANAGER = "Email Marketing Manager"
    PROFESSIONAL = "Email Marketing Professional"
    VIEWER = "Email Marketing Viewer"
    SERVICE = "Email Campaign Connector Service"


class Ability(enum.StrEnum):
    """What a contract call needs."""

    SEE = "see lists, campaigns, results, suppressions, timeline and audit"
    SYNCHRONISE = "synchronise lists and campaigns, edit lists, members and targets"
    SEND = "send or schedule a campaign, approve held changes, undo"
    ADMINISTER = "administer the email account"


_ABILITIES: dict[Role, frozenset[Ability]] = {
    Role.MANAGER: frozenset(Ability),
    Role.PROFESSIONAL: frozenset({Ability.SEE, Ability.SYNCHRONISE}),
    Role.VIEWER: frozenset({Ability.SEE}),
    Role.SERVICE: frozenset({Ability.SEE, Ability.SYNCHRONISE}),
}


def abilities(roles: Iterable[str]) -> frozenset[Ability]:
    """What the holder of these Dataverse roles (by name; others are ignored) may do: roles add up."""
    known = {role.value: role for role in Role}
    return frozenset().union(*(_ABILITIES[known[name]] for name in roles if name in known))


def roles_with(ability: Ability) -> tuple[Role, ...]:
    """The roles that give an ability, for the message to somebody who lacks it."""
    return tuple(role for role in (Role.MANAGER, Role.PROFESSIONAL, Role.VIEWER) if ability in _ABILITIES[role])
