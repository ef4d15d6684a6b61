"""Actions and functions bound to a table or to one of its rows: `lists(id)/Microsoft.Dynamics.CRM.AddMemberList`."""

from collections.abc import Callable
from typing import Any

from dyntui.sandbox.dataverse import (
    bulk,
    lists,
    parameters,
    qualifying,
    role_messages,
    secured,
    security,
    system_rows,
)
from dyntui.sandbox.dataverse.addresses import RowKey, locate, read_reference
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, not_allowed, row_missing, unknown_segment
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.request import Response

Operation = Callable[[Call, Table, str, dict[str, Any]], Response]


def dispatch(call: Call, table: Table, row_id: str | None, name: str, arguments: str | None) -> Response:
    """The reply of an action (POST) or a function (GET). Raises DataverseError 404 for one that does not exist."""
    if row_id is None:
        if name in bulk.MESSAGES or name == "DeleteMultiple":
            _require_method(call, "POST")
            return bulk.run(call, table, name, call.body())
        raise unknown_segment(f"Microsoft.Dynamics.CRM.{name}")
    actions, functions = _ACTIONS.get(table.logical_name, {}), _FUNCTIONS.get(table.logical_name, {})
    if name in actions and _is_served(call, name):
        _require_method(call, "POST")
        call.writes = True
        with call.state.transaction():
            return actions[name](call, table, row_id, call.body() if call.request.body.strip() else {})
    if name in functions:
        _require_method(call, "GET")
        return functions[name](call, table, row_id, parameters.read(call, arguments))
    raise unknown_segment(f"Microsoft.Dynamics.CRM.{name}")


def operations(call: Call, table: Table) -> tuple[list[str], list[str]]:
    """(actions, functions) that are served bound to a row of a table, by name."""
    actions = [name for name in _ACTIONS.get(table.logical_name, {}) if _is_served(call, name)]
    return sorted(actions), sorted(_FUNCTIONS.get(table.logical_name, {}))


def _is_served(call: Call, name: str) -> bool:
    return name != "RemoveMemberList" or call.state.config.dataverse.remove_member_action


def _require_method(call: Call, method: str) -> None:
    if call.request.method != method:
        raise not_allowed(f"The requested resource does not support http method '{call.request.method}'.")


def _result(call: Call, name: str, **values: Any) -> Response:
    return call.reply({"@odata.context": f"{call.base}/$metadata#Microsoft.Dynamics.CRM.{name}Response", **values})


# Marketing lists ------------------------------------------------------------------------------------------------------


def _person(call: Call, list_id: str, person: str) -> tuple[str, str]:
    """(table, id) of a person who is given by id alone: of the list's own type, or of whichever type has that id."""
    tables = call.state.db.execute("SELECT createdfromcode FROM dv_list WHERE listid = ?", (list_id,)).fetchone()
    if tables is None:
        raise row_missing("List", list_id)
    own = lists.MEMBER_TABLES[tables[0]]
    for name in (own, *(each for each in lists.MEMBER_TABLES.values() if each != own)):
        query = f"SELECT 1 FROM dv_{name} WHERE {name}id = ?"  # noqa: S608 - one of three constants
        if call.state.db.execute(query, (person,)).fetchone() is not None:
            return name, person
    raise row_missing(call.schema.tables[own].schema_name, person)


def _add_member(call: Call, _table: Table, list_id: str, body: dict[str, Any]) -> Response:
    member = _person(call, list_id, parameters.guid(body, "EntityId"))
    lists.add_members(call, list_id, [member])
    found = call.state.db.execute(
        "SELECT listmemberid FROM dv_listmember WHERE listid = ? AND entityid = ?", (list_id, member[1])
    ).fetchone()
    return _result(call, "AddMemberList", Id=found[0])


def _remove_member(call: Call, _table: Table, list_id: str, body: dict[str, Any]) -> Response:
    lists.remove_members(call, list_id, [parameters.guid(body, "EntityId")])
    return Response(204)


def _copy_members(call: Call, _table: Table, list_id: str, body: dict[str, Any]) -> Response:
    name, target = lists.read_row(call, body.get("TargetList"))
    if name != "list":
        raise bad_request("The parameter 'TargetList' must be a list.")
    lists.copy_members(call, list_id, target)
    return Response(204)


def _qualify(call: Call, _table: Table, list_id: str, body: dict[str, Any]) -> Response:
    members = lists.read_members(call, body.get("ListMember") or body.get("MembersId"))
    lists.qualify(call, list_id, [row_id for _name, row_id in members], keep=bool(body.get("OverrideorRemove")))
    return Response(204)


def _copy_dynamic(call: Call, _table: Table, list_id: str, _body: dict[str, Any]) -> Response:
    return _result(call, "CopyDynamicListToStatic", StaticListId=lists.copy_to_static(call, list_id))


def _remove_by_query(call: Call, _table: Table, list_id: str, body: dict[str, Any]) -> Response:
    keep = bool(body.get("KeepReturned"))
    lists.remove_by_query(call, list_id, parameters.text(body, "FetchXml"), keep_found=keep)
    return Response(204)


# Leads and teams ------------------------------------------------------------------------------------------------------


def _qualify_lead(call: Call, table: Table, lead_id: str, body: dict[str, Any]) -> Response:
    made = qualifying.qualify(call, table, lead_id, body)
    context = f"{call.base}/$metadata#Collection(Microsoft.Dynamics.CRM.crmbaseentity)"
    return call.reply({"@odata.context": context, "value": made})


def _team_members(call: Call, table: Table, team_id: str, body: dict[str, Any], *, refusal: str) -> list[str]:
    """The users that a body names; asks for the right to change the team. `refusal` is the default team's code."""
    found = call.state.db.execute("SELECT isdefault FROM dv_team WHERE teamid = ?", (team_id,)).fetchone()
    if found is None:
        raise row_missing(table.schema_name, team_id)
    security.check(call.state, call.caller, "Write", table, team_id)
    if found[0]:
        raise DataverseError(refusal, "The members of a business unit's default team follow its users.")
    users = call.schema.tables["systemuser"]
    members = []
    for name, user_id in lists.read_members(call, body.get("Members")):
        if name != users.logical_name:
            raise bad_request("The members of a team must be users.")
        if locate(call, users, RowKey(user_id)) is None:
            raise row_missing(users.schema_name, user_id)
        members.append(user_id)
    return members


def _add_team_members(call: Call, table: Table, team_id: str, body: dict[str, Any]) -> Response:
    members = _team_members(call, table, team_id, body, refusal="0x8004830b")
    pairs = [{"teamid": team_id, "systemuserid": user_id} for user_id in members]
    system_rows.link(call.state, "teammembership", pairs)
    return Response(204)


def _remove_team_members(call: Call, table: Table, team_id: str, body: dict[str, Any]) -> Response:
    members = _team_members(call, table, team_id, body, refusal="0x8004830c")
    call.state.db.executemany(
        "DELETE FROM dv_teammembership WHERE teamid = ? AND systemuserid = ?", [(team_id, each) for each in members]
    )
    return Response(204)


# Roles and rights -----------------------------------------------------------------------------------------------------


def _privileges_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    given = body.get("Privileges")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise bad_request("The parameter 'Privileges' must be a list of role privileges.")
    return given


def _add_privileges(call: Call, _table: Table, role_id: str, body: dict[str, Any]) -> Response:
    role_messages.add_privileges(call, role_id, _privileges_in(body))
    return Response(204)


def _replace_privileges(call: Call, _table: Table, role_id: str, body: dict[str, Any]) -> Response:
    role_messages.replace_privileges(call, role_id, _privileges_in(body))
    return Response(204)


def _remove_privilege(call: Call, _table: Table, role_id: str, body: dict[str, Any]) -> Response:
    role_messages.remove_privilege(call, role_id, parameters.guid(body, "PrivilegeId"))
    return Response(204)


def _user_privileges(call: Call, _table: Table, user_id: str, _given: dict[str, Any]) -> Response:
    found = role_messages.user_privileges(call, user_id)
    return _result(call, "RetrieveUserPrivileges", RolePrivileges=found)


def _user_privilege(call: Call, _table: Table, user_id: str, given: dict[str, Any]) -> Response:
    found = role_messages.user_privileges(call, user_id, [parameters.text(given, "PrivilegeName")])
    return _result(call, "RetrieveUserPrivilegeByPrivilegeName", RolePrivileges=found)


def _user_privilege_set(call: Call, _table: Table, user_id: str, given: dict[str, Any]) -> Response:
    found = role_messages.user_privileges(call, user_id, parameters.texts(given, "PrivilegeNames"))
    return _result(call, "RetrieveUserSetOfPrivilegesByNames", RolePrivileges=found)


def _attribute_privileges(call: Call, _table: Table, user_id: str, _given: dict[str, Any]) -> Response:
    found = secured.privileges_of(call.state, user_id)
    return _result(call, "RetrievePrincipalAttributePrivileges", AttributePrivileges=found)


def _principal_access(call: Call, table: Table, principal_id: str, given: dict[str, Any]) -> Response:
    target = given.get("Target")
    if not isinstance(target, dict) or "@odata.id" not in target:
        raise bad_request("The parameter 'Target' must be a reference to a row.")
    named, key = read_reference(call, str(target["@odata.id"]))
    if key.row_id is None:
        raise DataverseError("0x80040203", "The parameter 'Target' must name the row by its id.")
    rights = role_messages.principal_access(call, table, principal_id, named, key.row_id)
    return _result(call, "RetrievePrincipalAccess", AccessRights=rights)


_ACTIONS: dict[str, dict[str, Operation]] = {
    "list": {
        "AddMemberList": _add_member,
        "RemoveMemberList": _remove_member,
        "CopyMembersList": _copy_members,
        "QualifyMemberList": _qualify,
        "CopyDynamicListToStatic": _copy_dynamic,
        "RemoveMembersByFetchXmlList": _remove_by_query,
    },
    "lead": {"QualifyLead": _qualify_lead},
    "team": {"AddMembersTeam": _add_team_members, "RemoveMembersTeam": _remove_team_members},
    "role": {
        "AddPrivilegesRole": _add_privileges,
        "ReplacePrivilegesRole": _replace_privileges,
        "RemovePrivilegeRole": _remove_privilege,
    },
}
_FUNCTIONS: dict[str, dict[str, Operation]] = {
    "systemuser": {
        "RetrieveUserPrivileges": _user_privileges,
        "RetrieveAadUserPrivileges": _user_privileges,
        "RetrieveUserPrivilegeByPrivilegeName": _user_privilege,
        "RetrieveUserSetOfPrivilegesByNames": _user_privilege_set,
        "RetrievePrincipalAccess": _principal_access,
        "RetrievePrincipalAttributePrivileges": _attribute_privileges,
    },
    "team": {"RetrievePrincipalAccess": _principal_access},
}
