"""Things that happen in the world by other hands than the client's: somebody unsubscribes, somebody edits a row.

Each lever is a control call `POST <path>` with a JSON object. Raises ValueError for what cannot happen.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from dyntui.sandbox.dataverse import group_teams, lists, system_jobs, system_rows
from dyntui.sandbox.dataverse import storage as dataverse_storage
from dyntui.sandbox.dataverse.storage import quoted, schema_of
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.dotdigital import contact_store, memberships, sends
from dyntui.sandbox.dotdigital import storage as dotdigital_storage
from dyntui.sandbox.entra.directory import CLIENT_ID, PEOPLE, find_person
from dyntui.sandbox.state import State

_OPT_OUTS = ("donotbulkemail", "donotemail")
_PEOPLE = ("contact", "lead", "account")


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str):
        raise ValueError(f"the body must be an object with the text {name!r}")
    return value


def _unsubscribe(state: State, body: Any) -> Any:
    """{"address", "book"?, "reason"?}: leaves one address book by its id, or is suppressed with a v2 status."""
    contact = contact_store.by_email(state, _text(body, "address"))
    if contact is None:
        raise ValueError("dotdigital has no such contact")
    now = dotdigital_storage.now(state)
    with state.transaction():
        if "book" in body:
            memberships.unsubscribe(state, int(body["book"]), [contact.id], now)
        else:
            contact_store.set_status(state, [contact.id], str(body.get("reason", "Unsubscribed")), now)
    return {"contact": contact.id}


def _cancel_send(state: State, body: Any) -> Any:
    """{"campaign", "reached"?: number}: staff cancel the campaign's latest send to come in dotdigital's outbox, after
    as many people were mailed."""
    campaign, reached = body.get("campaign"), body.get("reached", 0)
    now = dotdigital_storage.now(state)
    row = state.db.execute(
        "SELECT id FROM dd_send WHERE campaign_id = ? AND status IN ('NotSent', 'Scheduled') ORDER BY created DESC",
        (campaign,),
    ).fetchone()
    if row is None:
        raise ValueError("the campaign has no send to come")
    with state.transaction():
        return {"send": row[0], "status": sends.cancel(state, row[0], int(reached), now)}


def _opt_out(state: State, body: Any) -> Any:
    """{"address", "column"?: donotbulkemail | donotemail, "value"?: bool}: sets it on every row with the address."""
    address, column = _text(body, "address").strip(), body.get("column", _OPT_OUTS[0])
    if column not in _OPT_OUTS:
        raise ValueError(f"column must be one of {', '.join(_OPT_OUTS)}")
    changed = 0
    with state.transaction():
        for name in _PEOPLE:
            table = schema_of(state).tables[name]
            found = state.db.execute(
                f"SELECT {name}id FROM dv_{name} WHERE trim(emailaddress1) COLLATE NOCASE = ?",  # noqa: S608 - constants
                (address,),
            ).fetchall()
            for (row_id,) in found:
                changed += _update(state, table, row_id, {column: int(bool(body.get("value", True)))})
    return {"rows": changed}


def _rows(state: State, body: Any) -> Any:
    """{"table", "values", "id"?}: inserts a row, or updates the one with the id; values as rows keep them."""
    name, values = _text(body, "table"), body.get("values")
    table = schema_of(state).tables.get(name)
    if table is None or not isinstance(values, dict) or not values:
        raise ValueError("the body needs a known table and values")
    known = {part for column in table.stored_columns() for part in (column.logical_name, column.type_column)}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise ValueError(f"{name} has no columns {', '.join(unknown)}")
    with state.transaction():
        if "id" not in body:
            return {"id": system_rows.insert(state, name, values)}
        return {"rows": _update(state, table, _text(body, "id").lower(), values)}


def _group(state: State, body: Any) -> Any:
    """{"group": object id, "members": [people], "roles": [names]}: who is in a group of Entra ID, and its team's roles.

    People by their short names; both lists replace what was.
    """
    group_id = str(UUID(_text(body, "group")))
    people = [find_person(str(each)) for each in body.get("members", [])]
    if None in people:
        raise ValueError(f"members must be among {', '.join(each.part for each in PEOPLE)}")
    with state.transaction():
        members = [each.oid for each in people if each is not None]
        team = group_teams.put(state, group_id, str(body.get("name", "Group")), members, body.get("roles", []))
    return {"team": team}


def _roles(state: State, body: Any) -> Any:
    """{"user": a person's short name or "application", "roles": [names]}: all the roles that one holds directly."""
    part = _text(body, "user")
    person = find_person(part)
    column, value = ("applicationid", CLIENT_ID) if person is None else ("azureactivedirectoryobjectid", person.oid)
    user = state.db.execute(
        f"SELECT systemuserid, businessunitid FROM dv_systemuser WHERE {column} = ?",  # noqa: S608 - constants
        (value,),
    ).fetchone()
    if user is None or (person is None and part != "application"):
        raise ValueError(f"Dynamics has no user {part!r}")
    with state.transaction():
        state.db.execute("DELETE FROM dv_systemuserroles WHERE systemuserid = ?", (user[0],))
        for name in body.get("roles", []):
            role = state.db.execute(
                "SELECT roleid FROM dv_role WHERE name = ? AND businessunitid = ?", (name, user[1])
            ).fetchone()
            if role is None:
                raise ValueError(f"there is no role {name!r}")
            system_rows.link(state, "systemuserroles", [{"systemuserid": user[0], "roleid": role[0]}])
    return {"user": user[0]}


def _join(state: State, body: Any) -> Any:
    """{"list", "person", "created_on"?}: makes somebody a member of a static list, as a data migration does.

    With `created_on` (ISO 8601 with Z) the membership is backdated: createdon is that time and overriddencreatedon the
    time of the import.
    """
    list_id, person = _text(body, "list").lower(), _text(body, "person").lower()
    kind = state.db.execute("SELECT createdfromcode FROM dv_list WHERE listid = ? AND type = 0", (list_id,)).fetchone()
    if kind is None:
        raise ValueError("there is no such static list")
    table, now = lists.MEMBER_TABLES[kind[0]], dataverse_storage.now(state)
    row = {"listid": list_id, "entityid": person, "entityidtype": table, "entitytype": table}
    if "created_on" in body:
        row |= {"createdon": _text(body, "created_on"), "overriddencreatedon": now}
    with state.transaction():
        try:
            member = system_rows.insert(state, "listmember", row)
        except sqlite3.IntegrityError as error:
            raise ValueError("the person is a member already") from error
        if not state.config.dataverse.member_count_when_opened:
            lists.open_form(state, list_id)
    return {"id": member}


def _open_list(state: State, body: Any) -> Any:
    """{"id"}: somebody opens a list's form, which counts its members."""
    return {"members": lists.open_form(state, _text(body, "id").lower())}


def _failed_job(state: State, body: Any) -> Any:
    """{"sql": number}: a system job ends with an SQL error."""
    return {"id": system_jobs.fail(state, int(body.get("sql", 1205)))}


def _update(state: State, table: Table, row_id: str, values: Mapping[str, Any]) -> int:
    """As somebody does who is not the client."""
    row = {**values, "versionnumber": dataverse_storage.next_version(state)}
    somebody = state.db.execute(
        "SELECT systemuserid FROM dv_systemuser WHERE applicationid IS NULL ORDER BY systemuserid LIMIT 1"
    ).fetchone()
    if somebody and "modifiedby" in table.columns:
        row.setdefault("modifiedby", somebody[0])
    if "modifiedon" in table.columns:
        row.setdefault("modifiedon", dataverse_storage.now(state))
    sets = ", ".join(f"{quoted(column)} = ?" for column in row)
    return state.db.execute(
        f"UPDATE {quoted(table.sql_name)} SET {sets} WHERE {quoted(table.primary_id)} = ?",  # noqa: S608 - quoted names
        (*row.values(), row_id),
    ).rowcount


LEVERS: Mapping[str, Callable[[State, Any], Any]] = {
    "/cancel-send": _cancel_send,
    "/dataverse/failed-job": _failed_job,
    "/dataverse/join": _join,
    "/dataverse/open-list": _open_list,
    "/dataverse/rows": _rows,
    "/dataverse/roles": _roles,
    "/entra/groups": _group,
    "/opt-out": _opt_out,
    "/unsubscribe": _unsubscribe,
}
"""Levers by path."""
