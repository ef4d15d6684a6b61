"""Who we are and who may do what in Dynamics.

    who_am_i(dv) -> WhoAmI                        user(dv, user_id) / user_by_object_id(dv, oid) -> User | None
    current_roles(dv, object_id) -> [RoleRow] | None      as Entra ID's groups are at this moment; None: cannot be asked
    roles_of(dv, user_id) -> [RoleRow]            direct and through teams, as far as Dataverse has learned it
    privileges_of(dv, user_id) -> {name: Privilege}
    users_with_roles(dv, names) -> [User]         people only, direct and through teams
    ensure_role(dv, name, privileges, solution=) -> id           assign_role(dv, user_id, role_name)
    add_to_role(dv, name, privileges)             is_made_for(dv, name, solution) -> bool
    lacking(held, privileges) -> {name: depth}

Facts: reference/dataverse_api.md sections 1.3 and 8. Each business unit has its own copy of every role; roles are
compared by name, and assigned in the copy of the user's unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from dyntui.dataverse.errors import ALREADY_THERE, GONE, WRITE_NOT_DONE, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid, literal, text
from dyntui.dataverse.rows import associate, bind, create, find_rows, get_row, pages_where_any
from dyntui.model.errors import Exit

BASIC, LOCAL, DEEP, GLOBAL = "Basic", "Local", "Deep", "Global"
_FRESH: Final = {"Consistency": "Strong"}
# Of solutioncomponent.componenttype (learn.microsoft.com, "SolutionComponent table reference").
_ROLE_COMPONENT: Final = 20
_WIDTH: Final = {BASIC: 0, LOCAL: 1, DEEP: 2, GLOBAL: 3}


class WhoAmI(msgspec.Struct, frozen=True, rename="pascal"):
    """The signed-in user, its business unit, and the organisation, by id."""

    user_id: str
    business_unit_id: str
    organization_id: str


class User(
    msgspec.Struct,
    frozen=True,
    rename={
        "id": "systemuserid",
        "name": "fullname",
        "email": "internalemailaddress",
        "user_name": "domainname",
        "object_id": "azureactivedirectoryobjectid",
        "application_id": "applicationid",
        "disabled": "isdisabled",
        "access_mode": "accessmode",
        "business_unit_id": "_businessunitid_value",
    },
):
    """A user. `object_id` is what `caller` takes. `access_mode`: 0 read-write, 2 read, 4 non-interactive..."""

    id: str
    name: str | None = None
    email: str | None = None
    user_name: str | None = None
    object_id: str | None = None
    application_id: str | None = None
    disabled: bool = False
    access_mode: int = 0
    business_unit_id: str | None = None


class RoleRow(
    msgspec.Struct,
    frozen=True,
    rename={"id": "roleid", "business_unit_id": "_businessunitid_value", "root_id": "_parentrootroleid_value"},
):
    """One business unit's copy of a role."""

    id: str
    name: str = ""
    business_unit_id: str | None = None
    root_id: str | None = None


class _Roles(msgspec.Struct, frozen=True):
    value: list[RoleRow]


class Privilege(msgspec.Struct, frozen=True, rename="pascal"):
    """A privilege held: `depth` is Basic (own rows), Local (unit), Deep (unit and below) or Global."""

    privilege_name: str
    depth: str
    privilege_id: str | None = None


class _Held(msgspec.Struct, frozen=True, rename="pascal"):
    role_privileges: list[Privilege]


class _PrivilegeRow(msgspec.Struct, frozen=True, rename={"id": "privilegeid"}):
    id: str
    name: str = ""


class _Team(msgspec.Struct, frozen=True, rename={"id": "teamid"}):
    id: str


class _SolutionRow(msgspec.Struct, frozen=True, rename={"id": "solutionid"}):
    id: str


class _ComponentRow(msgspec.Struct, frozen=True, rename={"id": "solutioncomponentid"}):
    id: str


class _Unit(msgspec.Struct, frozen=True, rename={"id": "businessunitid"}):
    id: str


async def who_am_i(dv: Dataverse, *, caller: str | None = None) -> WhoAmI:
    """Proves the connection; the answer also tells how many calls may run at a time."""
    return await dv.get("WhoAmI", WhoAmI, caller=caller)


class _Detail(msgspec.Struct, frozen=True, rename="pascal"):
    friendly_name: str = ""
    unique_name: str = ""


class _CurrentOrganisation(msgspec.Struct, frozen=True, rename="pascal"):
    detail: _Detail


async def organisation_name(dv: Dataverse) -> str:
    """The name under which people know the organisation (reference 1.3)."""
    asked = "RetrieveCurrentOrganization(AccessType=@p1)?@p1=Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
    answer = await dv.get(asked, _CurrentOrganisation, route="GET RetrieveCurrentOrganization()")
    return answer.detail.friendly_name or answer.detail.unique_name


async def user(dv: Dataverse, user_id: str) -> User | None:
    """A user by id."""
    return await get_row(dv, "systemusers", guid(user_id), User)


async def user_by_name(dv: Dataverse, name: str) -> User | None:
    """The user of a principal name, or None where there is none who is enabled."""
    found = await find_rows(dv, "systemusers", User, filter=f"domainname eq {text(name)}", top=1)
    return found[0] if found and not found[0].disabled else None


async def user_by_object_id(dv: Dataverse, object_id: str) -> User | None:
    """The user of an Entra object id, or None when that person is no user of this environment."""
    found = await find_rows(dv, "systemusers", User, filter=f"azureactivedirectoryobjectid eq {guid(object_id)}", top=1)
    return found[0] if found else None


async def current_roles(dv: Dataverse, object_id: str) -> list[RoleRow] | None:
    """The roles of an Entra object id, direct and through teams, by the groups as they are now.

    None where the environment does not have the function (404). Source: learn.microsoft.com, RetrieveAadUserRoles and
    power-apps/developer/data-platform/aad-group-team: it tells what is assigned directly and indirectly.
    """
    asked = f"RetrieveAadUserRoles(DirectoryObjectId={guid(object_id)})?$select=roleid,name,_businessunitid_value"
    try:
        answer = await dv.get(asked, _Roles, headers=_FRESH, route="GET RetrieveAadUserRoles()")
    except DataverseError as error:
        if error.status != 404:
            raise
        return None
    return sorted(answer.value, key=lambda role: (role.name, role.id))


async def roles_of(dv: Dataverse, user_id: str) -> list[RoleRow]:
    """A user's roles, direct and through teams, each once.

    Rows of a team's membership are right for owner teams. The membership of a team that stands for a group of Entra ID
    changes only when the person calls Dataverse: `current_roles` knows better.
    """
    own = f"systemusers({guid(user_id)})"
    roles = {role.id: role for role in await find_rows(dv, f"{own}/systemuserroles_association", RoleRow)}
    for team in await find_rows(dv, f"{own}/teammembership_association", _Team):
        for role in await find_rows(dv, f"teams({guid(team.id)})/teamroles_association", RoleRow):
            roles[role.id] = role
    return sorted(roles.values(), key=lambda role: (role.name, role.id))


async def privileges_of(dv: Dataverse, user_id: str) -> dict[str, Privilege]:
    """What a user may do, by privilege name in lower case, the widest depth of each; teams included."""
    path = f"systemusers({guid(user_id)})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
    held = await dv.get(path, _Held)
    widest: dict[str, Privilege] = {}
    for privilege in held.role_privileges:
        known = widest.get(privilege.privilege_name.lower())
        if known is None or _WIDTH.get(privilege.depth, 0) > _WIDTH.get(known.depth, 0):
            widest[privilege.privilege_name.lower()] = privilege
    return widest


async def users_with_roles(dv: Dataverse, role_names: Iterable[str]) -> list[User]:
    """Enabled people (no applications) who hold one of the roles, direct or through a team, by name."""
    roles = await _copies(dv, role_names)
    users: dict[str, User] = {}
    people = "isdisabled eq false and applicationid eq null"
    for role in roles:
        own = f"roles({guid(role.id)})"
        for found in await find_rows(dv, f"{own}/systemuserroles_association", User, filter=people):
            users[found.id] = found
        for team in await find_rows(dv, f"{own}/teamroles_association", _Team):
            members = f"teams({guid(team.id)})/teammembership_association"
            for found in await find_rows(dv, members, User, filter=people):
                users[found.id] = found
    return sorted(users.values(), key=lambda each: ((each.name or "").casefold(), each.id))


async def _copies(dv: Dataverse, role_names: Iterable[str]) -> list[RoleRow]:
    names = list(dict.fromkeys(role_names))
    if not names:
        return []
    condition = " or ".join(f"name eq {literal(name)}" for name in names)
    return await find_rows(dv, "roles", RoleRow, filter=condition, orderby=["name", "roleid"])


async def known_privileges(dv: Dataverse, names: Sequence[str]) -> list[str]:
    """Those of the privileges that the environment has, in the order given."""
    ids = await _ids_of_privileges(dv, names)
    return [name for name in names if name.lower() in ids]


async def role_privileges(dv: Dataverse, name: str) -> dict[str, str] | None:
    """What the root business unit's role of a name holds, privilege name in lower case -> depth; None without it."""
    role_id = await _role_in(dv, name, await _root_unit(dv))
    if role_id is None:
        return None
    asked = f"RetrieveRolePrivilegesRole(RoleId={role_id})"
    held = await dv.get(asked, _Held, headers=_FRESH, route="GET RetrieveRolePrivilegesRole()")
    return {each.privilege_name.lower(): each.depth for each in held.role_privileges}


def lacking(held: Mapping[str, str], privileges: Mapping[str, str]) -> dict[str, str]:
    """Those of the privileges (name -> depth) that a role does not hold, or less far; `held`: by name in lower case."""
    return {
        name: depth for name, depth in privileges.items() if _WIDTH.get(held.get(name.lower(), ""), -1) < _WIDTH[depth]
    }


async def ensure_role(dv: Dataverse, name: str, privileges: Mapping[str, str], *, solution: str | None = None) -> str:
    """Make sure that a role of the root business unit exists with exactly these privileges (name -> depth).

    Returns its id. Raises DATAVERSE_PRIVILEGE_UNKNOWN naming what the environment does not know; a caller cannot grant
    more than it holds itself (DATAVERSE_NOT_PERMITTED).
    """
    root = await _root_unit(dv)
    ids = await _privilege_ids(dv, list(privileges))
    role_id = await _role_in(dv, name, root)
    if role_id is None:
        headers = {"MSCRM.SolutionUniqueName": solution} if solution else None
        try:
            role_id = await create(
                dv, "roles", {"name": name, "businessunitid@odata.bind": bind("businessunits", root)}, headers=headers
            )
        except DataverseError as error:
            # Somebody else's setup, or our own lost first try.
            role_id = await _role_in(dv, name, root)
            if role_id is None or not (error.repeated or error.platform_code in ALREADY_THERE):
                raise
    await _tell_role(dv, "ReplacePrivilegesRole", role_id, root, privileges, ids)
    return role_id


async def add_to_role(dv: Dataverse, name: str, privileges: Mapping[str, str]) -> None:
    """Privileges (name -> depth) that the root business unit's role of a name, which is there, gets beside what it
    holds. Raises as `ensure_role` does, and DATAVERSE_ROLE_NOT_FOUND."""
    root = await _root_unit(dv)
    ids = await _privilege_ids(dv, list(privileges))
    role_id = await _role_in(dv, name, root)
    if role_id is None:
        raise _role_not_found(f"There is no role {name!r} in the root business unit.")
    await _tell_role(dv, "AddPrivilegesRole", role_id, root, privileges, ids)


async def is_made_for(dv: Dataverse, name: str, solution: str) -> bool:
    """Whether the root business unit's role of a name is part of a solution (by its unique name): the organisation's
    own role of that name is not."""
    role_id = await _role_in(dv, name, await _root_unit(dv))
    owners = await find_rows(dv, "solutions", _SolutionRow, filter=f"uniquename eq {literal(solution)}", top=1)
    if role_id is None or not owners:
        return False
    part = f"componenttype eq {_ROLE_COMPONENT} and objectid eq {role_id} and _solutionid_value eq {owners[0].id}"
    return bool(await find_rows(dv, "solutioncomponents", _ComponentRow, filter=part, top=1))


async def _tell_role(
    dv: Dataverse, action: str, role_id: str, unit: str, privileges: Mapping[str, str], ids: Mapping[str, str]
) -> None:
    told = [
        {
            "@odata.type": "Microsoft.Dynamics.CRM.RolePrivilege",
            "PrivilegeId": ids[privilege.lower()],
            "Depth": depth,
            "BusinessUnitId": unit,
            "PrivilegeName": privilege,
        }
        for privilege, depth in privileges.items()
    ]
    path = f"roles({role_id})/Microsoft.Dynamics.CRM.{action}"
    await dv.request("POST", path, body={"Privileges": told}, repeatable=True)


async def _root_unit(dv: Dataverse) -> str:
    units = await find_rows(dv, "businessunits", _Unit, filter="_parentbusinessunitid_value eq null", top=1)
    if not units:
        raise DataverseError(
            "DATAVERSE_NO_ROOT_UNIT",
            "The root business unit cannot be read.",
            not_done=WRITE_NOT_DONE,
            remedy="Give the signed-in user the right to read business units at organisation level.",
            exit=Exit.NOT_PERMITTED,
        )
    return units[0].id


async def _role_in(dv: Dataverse, name: str, unit: str) -> str | None:
    condition = f"name eq {literal(name)} and _businessunitid_value eq {guid(unit)}"
    found = await find_rows(dv, "roles", RoleRow, filter=condition, top=1)
    return found[0].id if found else None


async def _ids_of_privileges(dv: Dataverse, names: Sequence[str]) -> dict[str, str]:
    ids: dict[str, str] = {}
    async for page in pages_where_any(dv, "privileges", _PrivilegeRow, "name", names):
        ids.update({row.name.lower(): row.id for row in page.rows})
    return ids


async def _privilege_ids(dv: Dataverse, names: Sequence[str]) -> dict[str, str]:
    ids = await _ids_of_privileges(dv, names)
    unknown = [name for name in names if name.lower() not in ids]
    if unknown:
        raise DataverseError(
            "DATAVERSE_PRIVILEGE_UNKNOWN",
            f"The environment does not know these privileges: {', '.join(unknown)}.",
            not_done=WRITE_NOT_DONE,
            remedy="Install the connector's tables first; check that Dynamics 365 Sales is installed.",
        )
    return ids


async def assign_role(dv: Dataverse, user_id: str, role_name: str) -> None:
    """Give a user a role, in the copy of the user's own business unit. Having it already is success."""
    found = await user(dv, user_id)
    role_id = await _role_in(dv, role_name, found.business_unit_id) if found and found.business_unit_id else None
    if role_id is None:
        raise _role_not_found(f"There is no such user, or no role {role_name!r} in the user's business unit.")
    await associate(dv, "systemusers", guid(user_id), "systemuserroles_association", "roles", role_id)


def _role_not_found(message: str) -> DataverseError:
    return DataverseError(
        "DATAVERSE_ROLE_NOT_FOUND",
        message,
        not_done=WRITE_NOT_DONE,
        remedy="Run `dyntui setup` to create the roles.",
    )


async def take_role_away(dv: Dataverse, user_id: str, role_name: str) -> None:
    """Take a role from a user; roles that come through teams stay. Not having it is success."""
    own = f"systemusers({guid(user_id)})/systemuserroles_association"
    for role in await find_rows(dv, own, RoleRow, filter=f"name eq {literal(role_name)}"):
        try:
            await dv.request("DELETE", f"{own}({guid(role.id)})/$ref", headers=_FRESH)
        except DataverseError as error:
            if error.platform_code not in GONE:
                raise
