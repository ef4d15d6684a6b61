"""Marketing lists: members in and out by the actions of the Sales app, and the rules that lists obey.

Sources: dynamics-365-customer-engagement entities/list and the action pages; error codes of the platform's table.
HTTP statuses and texts of the list errors are inferred.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from dyntui.sandbox.dataverse import fetchxml, security, storage
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, invalid_argument, row_missing
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.state import State

_log = logging.getLogger(__name__)

MEMBER_TABLES = {1: "account", 2: "contact", 4: "lead"}
_ACTIVE = 0


def check_change(change: Mapping[str, Value], before: Mapping[str, Any]) -> None:
    """Raises DataverseError for a change of an inactive list other than its state: inactive lists are read-only."""
    if (
        before["statecode"] != _ACTIVE
        and change.get("statecode") != _ACTIVE
        and change.keys() - {"statecode", "statuscode"}
    ):
        raise DataverseError("0x8004033a", "The list is not active. Inactive lists are read-only.")


def _members_kind(call: Call, list_id: str, *, changing: bool = True) -> str:
    """The table of a list's members.

    Raises DataverseError when the list does not exist or, with `changing`, when its members cannot be changed.
    """
    table = call.schema.tables["list"]
    found = call.state.db.execute(
        "SELECT createdfromcode, type, lockstatus, statecode FROM dv_list WHERE listid = ?", (list_id,)
    ).fetchone()
    if found is None:
        raise row_missing(table.schema_name, list_id)
    kind, dynamic, locked, state = found
    if changing:
        security.check(call.state, call.caller, "Write", table, list_id)
        security.check(call.state, call.caller, "Append", table, list_id)
        if dynamic:
            raise DataverseError("0x8004f701", "The operation is not valid for a dynamic list.")
        if locked:
            raise DataverseError("0x80040302", "The list is locked for editing.")
        if state != _ACTIVE:
            raise DataverseError("0x8004033a", "The list is not active.")
    else:
        security.check(call.state, call.caller, "Read", table, list_id)
    return MEMBER_TABLES[kind]


def add_members(call: Call, list_id: str, members: Sequence[tuple[str, str]]) -> None:
    """Adds rows, given as (logical name, id), to a static list; who is a member already stays one.

    Raises DataverseError: 0x80040301 wrong type, 0x80040302 locked, 0x8004033a inactive, 0x8004033b inactive member,
    0x8004f701 dynamic, 0x80040217 no such row.
    """
    kind = _members_kind(call, list_id)
    for name, _row_id in members:
        if name != kind:
            raise DataverseError("0x80040301", f"Unsupported list member type '{name}': the list holds '{kind}' rows.")
    table = call.schema.tables[kind]
    ids = _addable(call, table, list(dict.fromkeys(row_id for _name, row_id in members)))
    present = _present(call, list_id, ids)
    if present and call.state.config.dataverse.add_existing_member == "reject":
        raise DataverseError("0x80040237", "Cannot insert duplicate key.")
    insert_members(call, list_id, table, [row_id for row_id in ids if row_id not in present])


def _addable(call: Call, table: Table, ids: list[str]) -> list[str]:
    """Those ids that exist and may be added, as far as the settings do not ask for an error instead."""
    settings = call.state.config.dataverse
    reach = security.row_filter(call.state, call.caller, table, "AppendTo", "t")
    security.check(call.state, call.caller, "Read", table)
    security.check(call.state, call.caller, "AppendTo", table)
    within, params = ("1", ()) if reach is None else (reach.text, reach.params)
    found = {
        row_id: (state, allowed)
        for row_id, state, allowed in call.state.db.execute(
            f"SELECT t.{quoted(table.primary_id)}, t.statecode, ({within}) FROM {quoted(table.sql_name)} AS t"
            f" WHERE t.{quoted(table.primary_id)} IN (SELECT value FROM json_each(?))",
            (*params, json.dumps(ids)),
        )
    }
    result = []
    for row_id in ids:
        state, allowed = found.get(row_id, (None, None))
        if allowed is None:
            if settings.missing_member_fails_call:
                raise row_missing(table.schema_name, row_id)
        elif not allowed:
            security.check(call.state, call.caller, "AppendTo", table, row_id)
        elif state != _ACTIVE and settings.inactive_member_rejected:
            raise DataverseError("0x8004033b", f"The list member with Id = {row_id} is not active.")
        else:
            result.append(row_id)
    return result


def _present(call: Call, list_id: str, ids: Iterable[str]) -> set[str]:
    return {
        row_id
        for (row_id,) in call.state.db.execute(
            "SELECT entityid FROM dv_listmember WHERE listid = ? AND entityid IN (SELECT value FROM json_each(?))",
            (list_id, json.dumps(list(ids))),
        )
    }


def insert_members(call: Call, list_id: str, table: Table, ids: Sequence[str]) -> None:
    """Writes member rows for people who are no members yet, and counts the list's members again."""
    if not ids:
        return
    state, user, now = call.state, call.caller.user_id, call.now
    version = storage.next_version(state, len(ids))
    kind = table.logical_name
    state.db.executemany(
        "INSERT INTO dv_listmember (listmemberid, versionnumber, listid, entityid, entityidtype, entitytype, createdby,"
        " createdon, modifiedby, modifiedon) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (state.ids.guid(), version + place, list_id, row_id, kind, kind, user, now, user, now)
            for place, row_id in enumerate(ids)
        ],
    )
    _members_changed(call, list_id, len(ids))


def _members_changed(call: Call, list_id: str, difference: int) -> None:
    """Keeps list.membercount, which tells the new number at once or, with the settings, only later."""
    settings = call.state.config.dataverse
    if settings.member_count_when_opened:
        return
    delay = settings.member_count_lag_seconds
    if delay:
        due = storage.timestamp(call.state.clock.now() + timedelta(seconds=delay))
        call.state.db.execute(
            "INSERT INTO dv_pending_count (listid, due, difference) VALUES (?, ?, ?)", (list_id, due, difference)
        )
    else:
        _count(call, list_id, difference)


def _count(call: Call, list_id: str, difference: int) -> None:
    call.state.db.execute(
        "UPDATE dv_list SET membercount = MAX(COALESCE(membercount, 0) + ?, 0), versionnumber = ? WHERE listid = ?",
        (difference, storage.next_version(call.state), list_id),
    )


def settle_counts(call: Call) -> None:
    """Lets member counts that were due by now take effect. One that cannot be counted is told to the log and dropped:
    it must not fail every later request."""
    due = call.state.db.execute("SELECT rowid, listid, difference FROM dv_pending_count WHERE due <= ?", (call.now,))
    for rowid, list_id, difference in due.fetchall():
        try:
            with call.state.transaction():
                _count(call, list_id, int(difference))
        except (ValueError, TypeError, OverflowError, sqlite3.Error):
            _log.exception("the member count of list %s", list_id)
        call.state.db.execute("DELETE FROM dv_pending_count WHERE rowid = ?", (rowid,))


def open_form(state: State, list_id: str) -> int | None:
    """What opening a static list's form does where members are counted only then: the number of members now, which
    list.membercount tells from now on; None for a dynamic list. Raises ValueError when there is no such list."""
    found = state.db.execute("SELECT type FROM dv_list WHERE listid = ?", (list_id,)).fetchone()
    if found is None:
        raise ValueError("there is no such list")
    if found[0]:
        return None
    number: int = state.db.execute("SELECT count(*) FROM dv_listmember WHERE listid = ?", (list_id,)).fetchone()[0]
    state.db.execute(
        "UPDATE dv_list SET membercount = ?, versionnumber = ? WHERE listid = ? AND membercount IS NOT ?",
        (number, storage.next_version(state), list_id, number),
    )
    return number


def remove_members(call: Call, list_id: str, ids: Sequence[str]) -> None:
    """Takes people out of a static list. Raises DataverseError 0x80048458 for one who is no member."""
    _members_kind(call, list_id)
    wanted = list(dict.fromkeys(ids))
    present = _present(call, list_id, wanted)
    for row_id in wanted:
        if row_id not in present:
            raise DataverseError("0x80048458", f"Cannot remove non-list member {row_id}.")
    _delete_members(call, list_id, wanted)


def remove_membership(call: Call, member_id: str) -> None:
    """Takes somebody out of a list, given the id of the row that makes them a member."""
    found = call.state.db.execute(
        "SELECT listid, entityid FROM dv_listmember WHERE listmemberid = ?", (member_id,)
    ).fetchone()
    remove_members(call, found[0], [found[1]])


def _delete_members(call: Call, list_id: str, ids: Sequence[str]) -> None:
    if ids:
        call.state.db.execute(
            "DELETE FROM dv_listmember WHERE listid = ? AND entityid IN (SELECT value FROM json_each(?))",
            (list_id, json.dumps(list(ids))),
        )
        _members_changed(call, list_id, -len(ids))


def forget_person(call: Call, row_id: str) -> None:
    """Takes a row that is being deleted out of every list."""
    lists = call.state.db.execute("SELECT listid FROM dv_listmember WHERE entityid = ?", (row_id,)).fetchall()
    call.state.db.execute("DELETE FROM dv_listmember WHERE entityid = ?", (row_id,))
    for (list_id,) in lists:
        _members_changed(call, list_id, -1)


def merge_person(call: Call, table: Table, master: str, loser: str) -> None:
    """What becomes of a merged row's memberships: `merge_membership` of the settings."""
    choice = call.state.config.dataverse.merge_membership
    if choice == "stays":
        return
    joined = [
        list_id for (list_id,) in call.state.db.execute("SELECT listid FROM dv_listmember WHERE entityid = ?", (loser,))
    ]
    forget_person(call, loser)
    if choice == "master":
        for list_id in joined:
            if not _present(call, list_id, [master]):
                insert_members(call, list_id, table, [master])


def member_ids(call: Call, list_id: str) -> list[str]:
    """The people in a static list."""
    return [
        row_id for (row_id,) in call.state.db.execute("SELECT entityid FROM dv_listmember WHERE listid = ?", (list_id,))
    ]


def qualify(call: Call, list_id: str, ids: Sequence[str], *, keep: bool) -> None:
    """Keeps only these people (keep), or takes these people out."""
    _members_kind(call, list_id)
    given = set(ids)
    _delete_members(call, list_id, [each for each in member_ids(call, list_id) if (each in given) is not keep])


def copy_members(call: Call, source_id: str, target_id: str) -> None:
    """Adds a list's members to another list of the same type; nobody becomes a member twice.

    Raises DataverseError 0x80040306 for lists of different types.
    """
    kind = _members_kind(call, source_id, changing=False)
    if kind != _members_kind(call, target_id):
        raise DataverseError("0x80040306", "Cannot copy members between lists of different types.")
    ids = member_ids(call, source_id)
    present = _present(call, target_id, ids)
    insert_members(call, target_id, call.schema.tables[kind], [each for each in ids if each not in present])


def copy_to_static(call: Call, list_id: str) -> str:
    """Makes a new static, locked list of whom a dynamic list finds now and returns its id.

    Raises DataverseError 0x8004f704 for a list that is static already.
    """
    kind = _members_kind(call, list_id, changing=False)
    table = call.schema.tables["list"]
    security.check(call.state, call.caller, "Create", table)
    names = [column.logical_name for column in table.stored_columns()]
    names += [column.type_column for column in table.stored_columns() if column.type_column]
    found = call.state.db.execute(
        f"SELECT {', '.join(map(quoted, names))} FROM dv_list WHERE listid = ?", (list_id,)
    ).fetchone()
    row = dict(zip(names, found, strict=True))
    if not row["type"]:
        raise DataverseError("0x8004f704", "A static list cannot be copied to a static list.")
    new_id = call.state.ids.guid()
    row.update(
        listid=new_id,
        type=0,
        query=None,
        lockstatus=1,
        membercount=0,
        createdon=call.now,
        modifiedon=call.now,
        createdby=call.caller.user_id,
        modifiedby=call.caller.user_id,
        versionnumber=storage.next_version(call.state),
    )
    call.state.db.execute(
        f"INSERT INTO dv_list ({', '.join(map(quoted, row))}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
    )
    insert_members(call, new_id, call.schema.tables[kind], _found_by(call, found[names.index("query")] or "", kind))
    return new_id


def _found_by(call: Call, text: str, kind: str) -> list[str]:
    """The ids of the rows that FetchXML finds. Raises DataverseError when it asks for another table."""
    if not text:
        return []
    table, query = fetchxml.selection(call.state, call.caller, text)
    if table.logical_name != kind:
        raise DataverseError(
            "0x80040301", f"The query finds '{table.logical_name}' rows, the list holds '{kind}' rows."
        )
    return [row_id for (row_id,) in call.state.db.execute(f"SELECT DISTINCT * FROM ({query.text})", query.params)]


def remove_by_query(call: Call, list_id: str, text: str, *, keep_found: bool) -> None:
    """Takes out whom FetchXML finds or, with `keep_found`, everybody else."""
    kind = _members_kind(call, list_id)
    found = set(_found_by(call, text, kind))
    _delete_members(call, list_id, [each for each in member_ids(call, list_id) if (each in found) is not keep_found])


def read_members(call: Call, given: Any) -> list[tuple[str, str]]:
    """(logical name, id) of rows in a body, `{"@odata.type": "...contact", "contactid": id}` each."""
    if not isinstance(given, list):
        raise bad_request("The parameter must be a list of rows.")
    return [read_row(call, each) for each in given]


def read_row(call: Call, given: Any) -> tuple[str, str]:
    """(logical name, id) of a row in a body."""
    if not isinstance(given, dict):
        raise bad_request("A row is expected, with @odata.type and its id.")
    name = str(given.get("@odata.type", "")).removeprefix("#").removeprefix("Microsoft.Dynamics.CRM.")
    table = call.schema.table(name)
    if table is None:
        raise bad_request("The row has no known @odata.type.")
    return name, read_guid(given.get(table.primary_id), table.primary_id)


def read_guid(value: Any, name: str) -> str:
    """A GUID in a body, in lower case. Raises DataverseError when it is none."""
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError) as error:
        raise invalid_argument(f"The parameter '{name}' must be a GUID.") from error
