"""Actions and functions about rights: what users and roles hold, and changing what roles hold.

Sources: addprivilegesrole, replaceprivilegesrole, removeprivilegerole, retrieveuserprivileges,
retrieveroleprivilegesrole, retrieveprincipalaccess on learn.microsoft.com.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from dyntui.sandbox.dataverse import privileges, roles, security
from dyntui.sandbox.dataverse.access import Access, Caller, Depth
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument, row_missing
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.state import State

_NO_FILTER = "00000000-0000-0000-0000-000000000000"
RolePrivilege = dict[str, Any]


def user_privileges(call: Call, user_id: str, names: Sequence[str] | None = None) -> list[RolePrivilege]:
    """What a user holds, directly and through teams, as RolePrivilege objects: all, or those of `names`.

    Raises DataverseError 404 for an unknown user, 403 for somebody who may not read them.
    """
    security.check(call.state, call.caller, "Read", call.schema.tables["systemuser"], user_id)
    access = _access(call.state, user_id)
    wanted = set(access.grants) if names is None else {name.lower() for name in names}
    ids = privileges.ids_of(call.state, access.grants)
    found = []
    for name in sorted(access.grants):
        if names is not None and name.lower() not in wanted:
            continue
        best = max(access.grants[name], key=lambda grant: grant.depth)
        found.append(
            {
                "Depth": best.depth.label,
                "PrivilegeId": ids[name],
                "BusinessUnitId": best.business_unit,
                "PrivilegeName": name,
                "RecordFilterId": _NO_FILTER,
                "RecordFilterUniqueName": "",
            }
        )
    return found


def principal_access(call: Call, principal: Table, principal_id: str, table: Table, row_id: str) -> str:
    """The AccessRights of a user or team to one row, joined by commas; `None` without any."""
    security.check(call.state, call.caller, "Read", table, row_id)
    if principal.logical_name == "team":
        access = _team_access(call.state, principal_id)
    else:
        access = _access(call.state, principal_id)
    rights = security.access_rights(call.state, access, table, row_id)
    return ", ".join(f"{right}Access" for right in rights) or "None"


def role_privileges(call: Call, role_id: str) -> list[RolePrivilege]:
    """What a role holds, as RolePrivilege objects."""
    security.check(call.state, call.caller, "Read", call.schema.tables["role"], role_id)
    unit = _unit_of_role(call.state, role_id)
    return [
        {
            "Depth": held.depth.label,
            "PrivilegeId": held.privilege_id,
            "BusinessUnitId": unit,
            "PrivilegeName": held.name,
            "RecordFilterId": _NO_FILTER,
            "RecordFilterUniqueName": "",
        }
        for held in roles.privileges_of(call.state, role_id)
    ]


def add_privileges(call: Call, role_id: str, given: Sequence[RolePrivilege]) -> None:
    """AddPrivilegesRole: gives a role and its copies privileges; those it holds get the new depth."""
    granted = _changeable(call, role_id, given)
    with call.state.transaction():
        roles.add_privileges(call.state, role_id, granted)


def replace_privileges(call: Call, role_id: str, given: Sequence[RolePrivilege]) -> None:
    """ReplacePrivilegesRole: makes the given list all that a role and its copies hold."""
    granted = _changeable(call, role_id, given)
    with call.state.transaction():
        roles.set_privileges(call.state, role_id, granted)


def remove_privilege(call: Call, role_id: str, privilege_id: str) -> None:
    """RemovePrivilegeRole. Raises DataverseError when the role does not hold the privilege."""
    _changeable(call, role_id, [])
    wanted = _guid(privilege_id)
    if wanted not in {held.privilege_id for held in roles.privileges_of(call.state, role_id)}:
        raise DataverseError("0x80041408", f"The role {role_id} does not have the privilege {wanted}.")
    with call.state.transaction():
        roles.remove_privilege(call.state, role_id, wanted)


def check_assignable(state: State, caller: Caller, role_id: str) -> None:
    """Raises DataverseError 403 unless the caller holds everything that a role holds, at least as far [inferred]."""
    _check_held(state, caller, {held.privilege_id: held.depth for held in roles.privileges_of(state, role_id)})


def _changeable(call: Call, role_id: str, given: Sequence[RolePrivilege]) -> dict[str, Depth]:
    """Privilege id -> depth of what is to be granted, once the caller may change the role in this way."""
    security.check(call.state, call.caller, "Write", call.schema.tables["role"], role_id)
    _unit_of_role(call.state, role_id)
    template = call.state.db.execute("SELECT roletemplateid FROM dv_role WHERE roleid = ?", (role_id,)).fetchone()[0]
    if template == roles.SYSTEM_ADMINISTRATOR:
        raise DataverseError("0x80041d31", "The System Administrator role cannot be modified.", 403)
    granted = {}
    for item in given:
        privilege_id, depth = _read(call, item)
        if depth not in privileges.depths_of(call.state, privilege_id):
            name = privileges.name_of(call.state, privilege_id)
            raise DataverseError("0x8004140b", f"The privilege {name} cannot be granted with the depth {depth.label}.")
        granted[privilege_id] = depth
    _check_held(call.state, call.caller, granted)
    return granted


def _check_held(state: State, caller: Caller, granted: dict[str, Depth]) -> None:
    for privilege_id, depth in granted.items():
        name = privileges.name_of(state, privilege_id) or ""
        held = caller.depth(name)
        if held is None or held < depth:
            raise security.missing_privilege(state, caller, name, None)


def _read(call: Call, item: RolePrivilege) -> tuple[str, Depth]:
    if not isinstance(item, dict):
        raise invalid_argument("Privileges must be a list of RolePrivilege objects.")
    privilege_id = item.get("PrivilegeId")
    if privilege_id is None and item.get("PrivilegeName"):
        privilege_id = next(iter(privileges.ids_of(call.state, [str(item["PrivilegeName"])]).values()), None)
    known = None if privilege_id is None else privileges.name_of(call.state, _guid(str(privilege_id)))
    if known is None:
        raise DataverseError("0x80041408", f"The privilege {privilege_id or item.get('PrivilegeName')} does not exist.")
    label = item.get("Depth", "Basic")
    try:
        depth = Depth(label) if isinstance(label, int) else Depth.of_label(str(label).rpartition(".")[2])
    except ValueError as error:
        raise invalid_argument(f"'{label}' is no PrivilegeDepth: Basic, Local, Deep or Global are.") from error
    return _guid(str(privilege_id)), depth


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise invalid_argument(f"'{text}' is no id.") from error


def _unit_of_role(state: State, role_id: str) -> str:
    row = state.db.execute("SELECT businessunitid FROM dv_role WHERE roleid = ?", (role_id,)).fetchone()
    if row is None:
        raise row_missing("Role", role_id)
    return str(row[0])


def _access(state: State, user_id: str) -> Access:
    known = state.db.execute("SELECT 1 FROM dv_systemuser WHERE systemuserid = ?", (user_id,)).fetchone()
    if known is None:
        raise row_missing("SystemUser", user_id)
    return security.access_of(state, user_id)


def _team_access(state: State, team_id: str) -> Access:
    access = security.team_access(state, team_id)
    if access is None:
        raise row_missing("Team", team_id)
    return access
