"""What the platform does beyond storing when rows of system tables are written: checks first, consequences afterwards.

Called by the writers of rows for every table, inside their transaction; tables without rules pass.
"""

# ruff: noqa: S608 - names in the SQL are quoted ones of the schema, values are parameters

import re
from collections.abc import Callable, Mapping
from typing import Any

from dyntui.sandbox.dataverse import (
    business_units,
    fetchxml_parse,
    organization,
    privileges,
    role_messages,
    roles,
    solutions,
    system_rows,
)
from dyntui.sandbox.dataverse.access import Depth
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.dataverse.fetchxml_scope import find_table
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import ManyToMany, Table

Row = dict[str, Value]
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]{1,7}")
_UNIQUE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VERSION = re.compile(r"\d+(\.\d+){1,3}")
_NON_INTERACTIVE = 4


def before_create(call: Call, table: Table, row: Row) -> None:
    """Checks and completes a row (column -> stored value) that is about to be inserted. Raises DataverseError."""
    rule = _BEFORE_CREATE.get(table.logical_name)
    if rule is not None:
        rule(call, row)


def after_create(call: Call, table: Table, row_id: str, row: Mapping[str, Value]) -> None:
    """What follows from a row that was inserted."""
    rule = _AFTER_CREATE.get(table.logical_name)
    if rule is not None:
        rule(call, row_id, row)


def before_update(call: Call, table: Table, row_id: str, change: Row) -> None:
    """Checks a change (column -> stored value) that is about to be written. Raises DataverseError."""
    rule = _BEFORE_UPDATE.get(table.logical_name)
    if rule is not None:
        rule(call, row_id, change)


def after_update(call: Call, table: Table, row_id: str, change: Mapping[str, Value]) -> None:
    """What follows from a row that was changed."""
    if table.logical_name == "role" and "name" in change:
        for member in roles.family(call.state, row_id):
            call.state.db.execute("UPDATE dv_role SET name = ? WHERE roleid = ?", (change["name"], member))
    if table.logical_name == "systemuser" and "businessunitid" in change:
        # Moving to another business unit takes a user's roles away (learn.microsoft.com wp-security-cds).
        call.state.db.execute("DELETE FROM dv_systemuserroles WHERE systemuserid = ?", (row_id,))
        call.state.db.execute(
            "DELETE FROM dv_teammembership WHERE systemuserid = ? AND teamid IN"
            " (SELECT teamid FROM dv_team WHERE isdefault = 1)",
            (row_id,),
        )
        _join_default_team(call, row_id, change["businessunitid"])


def before_delete(call: Call, table: Table, row_id: str) -> None:
    """Checks whether a row may go, and removes what only exists through it. Raises DataverseError."""
    rule = _BEFORE_DELETE.get(table.logical_name)
    if rule is not None:
        rule(call, row_id)


def before_associate(call: Call, relationship: ManyToMany, first_id: str, second_id: str) -> None:
    """Checks a new pair of an N:N relationship; `first_id` belongs to its entity1. Raises DataverseError."""
    match relationship.schema_name:
        case "systemuserroles_association":
            _check_role(call, "systemuser", first_id, second_id, "0x80041409")
        case "teamroles_association":
            _check_role(call, "team", first_id, second_id, "0x8004140d")


def _check_role(call: Call, principal: str, principal_id: str, role_id: str, code: str) -> None:
    units = [
        call.state.db.execute(
            f"SELECT businessunitid FROM {quoted(f'dv_{name}')} WHERE {quoted(f'{name}id')} = ?", (row_id,)
        ).fetchone()
        for name, row_id in ((principal, principal_id), ("role", role_id))
    ]
    if None not in units and units[0] != units[1] and not call.state.config.dataverse.roles_across_business_units:
        raise DataverseError(
            code, f"The role {role_id} belongs to another business unit than the {principal} {principal_id}."
        )
    role_messages.check_assignable(call.state, call.caller, role_id)


def _value(call: Call, table: str, column: str, row_id: str) -> Any:
    key = quoted(call.schema.tables[table].primary_id)
    row = call.state.db.execute(
        f"SELECT {quoted(column)} FROM {quoted(f'dv_{table}')} WHERE {key} = ?", (row_id,)
    ).fetchone()
    return None if row is None else row[0]


def _required(row: Mapping[str, Value], *names: str) -> None:
    for name in names:
        if row.get(name) in {None, ""}:
            raise invalid_argument(f"The required field '{name}' is missing.")


def _exists(call: Call, table: str, column: str, value: Value) -> bool:
    found = call.state.db.execute(
        f"SELECT 1 FROM {quoted(f'dv_{table}')} WHERE {quoted(column)} = ?", (value,)
    ).fetchone()
    return found is not None


# Roles ----------------------------------------------------------------------------------------------------------------


def _new_role(call: Call, row: Row) -> None:
    _required(row, "name")
    row.setdefault("businessunitid", call.caller.business_unit_id)
    row["organizationid"] = business_units.organization_id(call.state)
    row.setdefault("isinherited", 1)
    row["ismanaged"] = 0
    taken = call.state.db.execute(
        "SELECT 1 FROM dv_role WHERE name = ? AND businessunitid = ?", (row["name"], row["businessunitid"])
    ).fetchone()
    if taken is not None:
        raise DataverseError(
            "0x80041403", f"The role with the name {row['name']} already exists in this business unit."
        )
    solutions.requested(call)


def _after_new_role(call: Call, row_id: str, row: Mapping[str, Value]) -> None:
    state = call.state
    state.db.execute("UPDATE dv_role SET parentrootroleid = roleid WHERE roleid = ?", (row_id,))
    first = privileges.ids_of(state, privileges.NEW_ROLE)
    roles.set_privileges(state, row_id, dict.fromkeys(first.values(), Depth.GLOBAL))
    roles.copy_to_units(state, row_id, below=str(row["businessunitid"]))
    solutions.add_component(state, solutions.requested(call), solutions.ROLE, row_id)


def _changed_role(call: Call, row_id: str, _change: Row) -> None:
    if _value(call, "role", "roletemplateid", row_id) == roles.SYSTEM_ADMINISTRATOR:
        raise DataverseError("0x80041d31", "The System Administrator role cannot be modified.", 403)


def _leaving_role(call: Call, row_id: str) -> None:
    state = call.state
    if _value(call, "role", "ismanaged", row_id):
        raise DataverseError("0x80041d2e", "A role that came with the platform cannot be deleted.")
    if _value(call, "role", "parentrootroleid", row_id) not in {row_id, None}:
        raise DataverseError("0x8004140c", "Only the role of the business unit that it was created in can be deleted.")
    for member in roles.family(state, row_id):
        for intersect in ("roleprivileges", "systemuserroles", "teamroles"):
            state.db.execute(f"DELETE FROM {quoted(f'dv_{intersect}')} WHERE roleid = ?", (member,))
        if member != row_id:
            state.db.execute("DELETE FROM dv_role WHERE roleid = ?", (member,))
    solutions.forget_component(state, row_id)


# Business units, teams, users -----------------------------------------------------------------------------------------


def _new_unit(call: Call, row: Row) -> None:
    _required(row, "name")
    if row.get("parentbusinessunitid") is None:
        row["parentbusinessunitid"] = business_units.root_business_unit(call.state)
    row["organizationid"] = business_units.organization_id(call.state)
    row.setdefault("isdisabled", 0)


def _after_new_unit(call: Call, row_id: str, row: Mapping[str, Value]) -> None:
    roles.copy_roles_into(call.state, row_id, str(row["parentbusinessunitid"]))
    organization.add_default_team(call.state, row_id, str(row["name"]))


def _leaving_unit(call: Call, row_id: str) -> None:
    state = call.state
    if row_id == business_units.root_business_unit(state):
        raise DataverseError("0x80041d18", "The root business unit cannot be deleted.")
    if _exists(call, "businessunit", "parentbusinessunitid", row_id):
        raise DataverseError("0x80041d61", "A business unit with units below it cannot be deleted.")
    if _exists(call, "systemuser", "businessunitid", row_id):
        raise DataverseError("0x80040227", "A business unit with users cannot be deleted.")
    for (role_id,) in state.db.execute("SELECT roleid FROM dv_role WHERE businessunitid = ?", (row_id,)).fetchall():
        state.db.execute("DELETE FROM dv_roleprivileges WHERE roleid = ?", (role_id,))
        state.db.execute("DELETE FROM dv_role WHERE roleid = ?", (role_id,))
    state.db.execute("DELETE FROM dv_team WHERE businessunitid = ? AND isdefault = 1", (row_id,))


def _new_team(call: Call, row: Row) -> None:
    _required(row, "name")
    if row.get("businessunitid") is None:
        row["businessunitid"] = call.caller.business_unit_id
    if row.get("administratorid") is None:
        row["administratorid"] = call.caller.user_id
    row["organizationid"] = business_units.organization_id(call.state)
    row.setdefault("teamtype", 0)
    row["isdefault"] = 0


def _new_user(call: Call, row: Row) -> None:
    _required(row, "businessunitid")
    application = row.get("applicationid")
    if application is not None:
        if _exists(call, "systemuser", "applicationid", application):
            raise DataverseError("0x8004f511", f"An application user for the application {application} already exists.")
        row["accessmode"] = _NON_INTERACTIVE
        row["fullname"] = row.get("fullname") or f"# {application}"
    elif row.get("domainname") is None and row.get("internalemailaddress") is None:
        raise invalid_argument("The required field 'domainname' is missing.")
    row.setdefault("isdisabled", 0)
    row["organizationid"] = business_units.organization_id(call.state)


def _after_new_user(call: Call, row_id: str, row: Mapping[str, Value]) -> None:
    _join_default_team(call, row_id, row["businessunitid"])


def _join_default_team(call: Call, user_id: str, unit: Value) -> None:
    teams = call.state.db.execute(
        "SELECT teamid FROM dv_team WHERE businessunitid = ? AND isdefault = 1", (unit,)
    ).fetchall()
    system_rows.link(call.state, "teammembership", [{"teamid": team, "systemuserid": user_id} for (team,) in teams])


def _leaving_user(_call: Call, _row_id: str) -> None:
    raise DataverseError("0x80040277", "Users cannot be deleted, they can only be disabled.")


# Publishers and solutions ---------------------------------------------------------------------------------------------


def _new_publisher(call: Call, row: Row) -> None:
    _required(row, "uniquename", "friendlyname", "customizationprefix")
    _check_publisher(row)
    if _exists(call, "publisher", "uniquename", row["uniquename"]):
        raise DataverseError("0x8004f01c", f"A publisher with the unique name {row['uniquename']} already exists.")
    row["isreadonly"] = 0


def _changed_publisher(call: Call, row_id: str, change: Row) -> None:
    if _value(call, "publisher", "isreadonly", row_id):
        raise DataverseError("0x8004f033", "A read-only publisher cannot be changed.")
    _check_publisher(change)


def _check_publisher(row: Mapping[str, Value]) -> None:
    prefix = row.get("customizationprefix")
    if prefix is not None and (not _PREFIX.fullmatch(str(prefix)) or str(prefix).lower().startswith("mscrm")):
        raise DataverseError(
            "0x80044366",
            f"The prefix '{prefix}' is invalid: 2 to 8 letters and digits, beginning with a letter and not with mscrm.",
        )
    number = row.get("customizationoptionvalueprefix")
    if number is not None and not 10_000 <= int(number) <= 99_999:
        raise DataverseError("0x80048402", "CustomizationOptionValuePrefix must be a number between 10000 and 99999.")


def _leaving_publisher(call: Call, row_id: str) -> None:
    if _exists(call, "solution", "publisherid", row_id):
        raise DataverseError("0x80040227", "A publisher with solutions cannot be deleted.")


def _new_solution(call: Call, row: Row) -> None:
    _required(row, "uniquename", "friendlyname", "publisherid")
    if not _UNIQUE_NAME.fullmatch(str(row["uniquename"])):
        raise DataverseError(
            "0x8004f002", f"Invalid character specified for solution unique name '{row['uniquename']}'."
        )
    if row.get("version") is None:
        row["version"] = "1.0.0.0"
    if not _VERSION.fullmatch(str(row["version"])):
        raise invalid_argument(f"The version '{row['version']}' of a solution must be numbers separated by dots.")
    if _exists(call, "solution", "uniquename", row["uniquename"]):
        raise DataverseError(
            "0x8004f023",
            f"The solution unique name '{row['uniquename']}' is already being used and cannot be used again.",
        )
    row["ismanaged"], row["isvisible"] = 0, 1
    row["installedon"] = call.now
    row["organizationid"] = business_units.organization_id(call.state)


def _leaving_solution(call: Call, row_id: str) -> None:
    call.state.db.execute("DELETE FROM dv_solutioncomponent WHERE solutionid = ?", (row_id,))


# Views ----------------------------------------------------------------------------------------------------------------


def _new_view(call: Call, row: Row) -> None:
    _required(row, "name", "returnedtypecode", "fetchxml")
    if row.get("querytype") is None:
        row["querytype"] = 0
    _check_query(call, str(row["fetchxml"]), str(row["returnedtypecode"]))


def _changed_view(kind: str) -> Callable[[Call, str, Row], None]:
    def rule(call: Call, row_id: str, change: Row) -> None:
        if change.get("fetchxml") is not None:
            _check_query(call, str(change["fetchxml"]), str(_value(call, kind, "returnedtypecode", row_id)))

    return rule


def _check_query(call: Call, text: str, table_name: str) -> None:
    find_table(call.state, table_name)
    if fetchxml_parse.parse(text).table != table_name:
        raise invalid_argument(f"The query of a view of '{table_name}' is about another table.")


def _after_new_view(call: Call, row_id: str, _row: Mapping[str, Value]) -> None:
    solutions.add_component(call.state, solutions.requested(call), solutions.VIEW, row_id)


_BEFORE_CREATE: dict[str, Callable[[Call, Row], None]] = {
    "role": _new_role,
    "businessunit": _new_unit,
    "team": _new_team,
    "systemuser": _new_user,
    "publisher": _new_publisher,
    "solution": _new_solution,
    "savedquery": _new_view,
    "userquery": _new_view,
}
_AFTER_CREATE: dict[str, Callable[[Call, str, Mapping[str, Value]], None]] = {
    "role": _after_new_role,
    "businessunit": _after_new_unit,
    "systemuser": _after_new_user,
    "savedquery": _after_new_view,
}
_BEFORE_UPDATE: dict[str, Callable[[Call, str, Row], None]] = {
    "role": _changed_role,
    "publisher": _changed_publisher,
    "savedquery": _changed_view("savedquery"),
    "userquery": _changed_view("userquery"),
}
_BEFORE_DELETE: dict[str, Callable[[Call, str], None]] = {
    "systemuser": _leaving_user,
    "role": _leaving_role,
    "businessunit": _leaving_unit,
    "publisher": _leaving_publisher,
    "solution": _leaving_solution,
}
