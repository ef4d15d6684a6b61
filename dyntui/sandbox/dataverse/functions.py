"""Unbound functions and actions: WhoAmI, the organisation, counts, list members, bulk deletion.

Sources: the Web API function and action reference pages; shapes of RetrieveVersion and the age of counts are inferred.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dyntui.sandbox.dataverse import (
    addresses,
    bulk_delete,
    business_units,
    customisation_messages,
    group_teams,
    lists,
    merging,
    parameters,
    query,
    role_messages,
    security,
    sharing,
    storage,
)
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause
from dyntui.sandbox.dataverse.errors import bad_request, invalid_argument, not_allowed, row_missing, unsupported
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.request import Response

Function = Callable[[Call, dict[str, Any]], Response]
_LIST_ACTIONS = frozenset({"AddListMembersList", "RemoveListMembersList"})


def is_known(call: Call, name: str) -> bool:
    """Whether an unbound function or action exists in this organisation."""
    if name in _LIST_ACTIONS and not addresses.has_sales_app(call):
        return False
    if name == "RetrieveAadUserRoles" and not call.state.config.dataverse.aad_user_roles:
        return False
    if name == "RemoveListMembersList" and not call.state.config.dataverse.remove_members_action:
        return False
    return name in FUNCTIONS or name in ACTIONS


def run(call: Call, name: str, arguments: str | None) -> Response:
    """The reply of an unbound function (GET) or action (POST) that `is_known`."""
    call.route = name
    if name in FUNCTIONS:
        if call.request.method != "GET":
            raise not_allowed(f"The requested resource does not support http method '{call.request.method}'.")
        given = parameters.read(call, arguments)
        if not given:
            # Parameters may also be plain query options: RetrieveTotalRecordCount(EntityNames=@p1) is only one way.
            given = {key: parameters.value(call, text) for key, text in call.options.items() if key[:1] not in "$@"}
        return FUNCTIONS[name](call, given)
    if call.request.method != "POST":
        raise not_allowed(f"The requested resource does not support http method '{call.request.method}'.")
    call.writes = True
    with call.state.transaction():
        return ACTIONS[name](call, call.body() if call.request.body.strip() else {})


def result(call: Call, name: str, **values: Any) -> Response:
    """The reply of a function or action that returns a complex value."""
    return call.reply({"@odata.context": f"{call.base}/$metadata#Microsoft.Dynamics.CRM.{name}Response", **values})


def _who_am_i(call: Call, _given: dict[str, Any]) -> Response:
    return result(
        call,
        "WhoAmI",
        BusinessUnitId=call.caller.business_unit_id,
        UserId=call.caller.user_id,
        OrganizationId=business_units.organization_id(call.state),
    )


def _organization(call: Call, _given: dict[str, Any]) -> Response:
    state, settings = call.state, call.state.config.dataverse
    organization = business_units.organization_id(state)
    web, api = state.urls.dataverse, settings.link_host or state.urls.dataverse
    detail = {
        "OrganizationId": organization,
        "FriendlyName": settings.organization_name,
        "OrganizationVersion": settings.organization_version,
        "EnvironmentId": f"{organization[:-12]}{'0' * 11}e",
        "DatacenterId": f"{organization[:-12]}{'0' * 11}d",
        "Geo": "EMEA",
        "TenantId": f"{organization[:-12]}{'0' * 11}f",
        "UrlName": settings.organization_unique_name,
        "UniqueName": settings.organization_unique_name,
        "State": "Enabled",
        "SchemaType": "Full",
        "OrganizationType": "Customer",
        "Endpoints": {
            "Count": 3,
            "IsReadOnly": False,
            "Keys": ["WebApplication", "OrganizationService", "OrganizationDataService"],
            "Values": [f"{web}/", f"{api}/XRMServices/2011/Organization.svc", f"{api}/api/data/"],
        },
    }
    return result(call, "RetrieveCurrentOrganization", Detail=detail)


def _version(call: Call, _given: dict[str, Any]) -> Response:
    return result(call, "RetrieveVersion", Version=call.state.config.dataverse.organization_version)


def _total_record_count(call: Call, given: dict[str, Any]) -> Response:
    names = parameters.texts(given, "EntityNames")
    counts = []
    for name in names:
        table = call.schema.table(name)
        if table is None:
            raise invalid_argument(f"The entity with a name = '{name}' was not found in the MetadataCache.")
        security.check(call.state, call.caller, "Read", table)
        counts.append(_snapshot(call, table.logical_name))
    collection = {"Count": len(names), "IsReadOnly": False, "Keys": names, "Values": counts}
    return result(call, "RetrieveTotalRecordCount", EntityRecordCountCollection=collection)


def _snapshot(call: Call, name: str) -> int:
    """The number of rows of a table, at most as old as the setting says."""
    db = call.state.db
    number: int = db.execute(f"SELECT count(*) FROM {quoted('dv_' + name)}").fetchone()[0]
    age = call.state.config.dataverse.total_count_age_seconds
    if not age:
        return number
    oldest = storage.timestamp(call.state.clock.now() - timedelta(seconds=age))
    kept = db.execute(
        "SELECT number FROM dv_snapshot WHERE table_name = ? AND taken_on >= ?", (name, oldest)
    ).fetchone()
    if kept is not None:
        return int(kept[0])
    db.execute(
        "INSERT OR REPLACE INTO dv_snapshot (table_name, number, taken_on) VALUES (?, ?, ?)", (name, number, call.now)
    )
    return number


def _role_privileges(call: Call, given: dict[str, Any]) -> Response:
    found = role_messages.role_privileges(call, parameters.guid(given, "RoleId"))
    return result(call, "RetrieveRolePrivilegesRole", RolePrivileges=found)


def _aad_user_roles(call: Call, given: dict[str, Any]) -> Response:
    """The roles as rows, which $select and the like shape: direct, through teams, through groups of Entra ID."""
    found = group_teams.roles_of(call.state, parameters.guid(given, "DirectoryObjectId"))
    source = query.of_table(call, call.schema.tables["role"])
    marks = ", ".join("?" * len(found))
    return query.run(call, source.narrowed(Clause(f"{source.scope.sql('roleid')} IN ({marks})", tuple(found))))


def _list_and_members(call: Call, body: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    name, list_id = lists.read_row(call, body.get("List"))
    if name != "list":
        raise bad_request("The parameter 'List' must be a list.")
    return list_id, lists.read_members(call, body.get("Members"))


def _add_list_members(call: Call, body: dict[str, Any]) -> Response:
    list_id, members = _list_and_members(call, body)
    lists.add_members(call, list_id, members)
    return Response(204)


def _remove_list_members(call: Call, body: dict[str, Any]) -> Response:
    list_id, members = _list_and_members(call, body)
    lists.remove_members(call, list_id, [row_id for _name, row_id in members])
    return Response(204)


def _merge(call: Call, body: dict[str, Any]) -> Response:
    merging.merge(call, body)
    return Response(204)


def _shared_row(call: Call, given: Any) -> tuple[Table, str]:
    """The row that an action is about; asks for the right to share it."""
    name, row_id = lists.read_row(call, given)
    table = call.schema.tables[name]
    if addresses.locate(call, table, addresses.RowKey(row_id)) is None:
        raise row_missing(table.schema_name, row_id)
    if not table.is_owned:
        raise unsupported(f"Rows of '{name}' cannot be shared.")
    security.check(call.state, call.caller, "Share", table, row_id)
    return table, row_id


def _principal(call: Call, given: Any) -> tuple[str, str]:
    kind, principal = lists.read_row(call, given)
    if kind not in {"systemuser", "team"}:
        raise bad_request("Rows are shared with users and teams.")
    if addresses.locate(call, call.schema.tables[kind], addresses.RowKey(principal)) is None:
        raise row_missing(call.schema.tables[kind].schema_name, principal)
    return kind, principal


def _set_access(change: Callable[[Call, Table, str, str, str, int], None]) -> Function:
    def action(call: Call, body: dict[str, Any]) -> Response:
        table, row_id = _shared_row(call, body.get("Target"))
        access = body.get("PrincipalAccess")
        if not isinstance(access, dict):
            raise bad_request("The parameter 'PrincipalAccess' is missing.")
        rights = sharing.read_rights(access.get("AccessMask"))
        if rights is None:
            raise bad_request("The AccessMask must be a list of access rights.")
        change(call, table, row_id, *_principal(call, access.get("Principal")), rights)
        return Response(204)

    return action


def _revoke_access(call: Call, body: dict[str, Any]) -> Response:
    table, row_id = _shared_row(call, body.get("Target"))
    sharing.revoke(call, table, row_id, _principal(call, body.get("Revokee"))[1])
    return Response(204)


def _shared_with(call: Call, given: dict[str, Any]) -> Response:
    target = given.get("Target")
    if not isinstance(target, dict) or "@odata.id" not in target:
        raise bad_request("The parameter 'Target' must be a reference to a row.")
    table, key = addresses.read_reference(call, str(target["@odata.id"]))
    row_id = addresses.locate(call, table, key)
    if row_id is None:
        raise row_missing(table.schema_name, key.row_id or "")
    security.check(call.state, call.caller, "Read", table, row_id)
    found = [
        {
            "AccessMask": sharing.write_rights(rights),
            "Principal": {"@odata.type": f"#Microsoft.Dynamics.CRM.{kind}", f"{kind}id": principal},
        }
        for kind, principal, rights in sharing.of_row(call.state, row_id)
    ]
    return result(call, "RetrieveSharedPrincipalsAndAccess", PrincipalAccesses=found)


def _bulk_delete(call: Call, body: dict[str, Any]) -> Response:
    return result(call, "BulkDelete", JobId=bulk_delete.run(call, body))


FUNCTIONS: dict[str, Function] = {
    "WhoAmI": _who_am_i,
    "RetrieveCurrentOrganization": _organization,
    "RetrieveVersion": _version,
    "RetrieveTotalRecordCount": _total_record_count,
    "RetrieveRolePrivilegesRole": _role_privileges,
    "RetrieveSharedPrincipalsAndAccess": _shared_with,
    "RetrieveAadUserRoles": _aad_user_roles,
    **customisation_messages.FUNCTIONS,
}
ACTIONS: dict[str, Function] = {
    "AddListMembersList": _add_list_members,
    "RemoveListMembersList": _remove_list_members,
    "BulkDelete": _bulk_delete,
    "GrantAccess": _set_access(sharing.grant),
    "Merge": _merge,
    "ModifyAccess": _set_access(sharing.modify),
    "RevokeAccess": _revoke_access,
    **customisation_messages.ACTIONS,
}
