"""The connector's roles of a user, as Dynamics has them at this moment."""

from __future__ import annotations

import logging

import msgspec

from dyntui.dataverse import security
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.security import RoleRow, User
from dyntui.model.roles import Ability, Role, abilities

_CONNECTOR_ROLES = frozenset(role.value for role in Role)

log = logging.getLogger(__name__)


class UserRoles(msgspec.Struct, frozen=True, kw_only=True):
    """Roles direct and through teams, nothing where the user is disabled or gone. `name`: the user's; `by_rows`: they
    had to be read from rows of team membership, which can be old for groups of Entra ID."""

    name: str = ""
    roles: tuple[str, ...] = ()
    by_rows: bool = False

    @property
    def abilities(self) -> frozenset[Ability]:
        """What they add up to."""
        return abilities(self.roles)


async def of_user(dv: Dataverse, user_id: str) -> UserRoles:
    """Over any connection to the organisation. Raises DataverseError."""
    user = await security.user(dv, user_id)
    if user is None or user.disabled:
        return UserRoles(name=user.name or "" if user is not None else "")
    found, by_rows = await _roles(dv, user)
    names = tuple(sorted({role.name for role in found} & _CONNECTOR_ROLES))
    return UserRoles(name=user.name or "", roles=names, by_rows=by_rows)


async def _roles(dv: Dataverse, user: User) -> tuple[list[RoleRow], bool]:
    """By Entra ID's groups as they are. Where that cannot be asked, by rows, once Dataverse has looked afresh."""
    current = await security.current_roles(dv, user.object_id) if user.object_id else None
    if current is not None:
        return current, False
    if user.object_id:
        await _seen_by_dataverse(dv, user.object_id)
    return await security.roles_of(dv, user.id), True


async def _seen_by_dataverse(dv: Dataverse, object_id: str) -> None:
    """A call on somebody's behalf makes Dataverse take them into, or out of, the teams of their groups."""
    try:
        await security.who_am_i(dv, caller=object_id)
    except DataverseError as error:
        if error.status != 403:
            raise
        log.info("Dynamics lets nobody act for %s: %s", object_id, error.message)
