"""Merge: two rows become one. The subordinate is deactivated and points to its master, its related rows move there.

Sources: the Merge action's page and learn.microsoft.com power-platform/admin/merge-data ("the master record will
inherit all of the subordinate record's child records"); codes of the platform's table; texts are inferred.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from typing import Any

from dyntui.sandbox.dataverse import cascades, computed, lists, security, storage, writes
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, row_missing
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table

_MERGED = ("account", "contact", "lead")
_ACTIVE = 0
_INACTIVE = {"account": 1, "contact": 1, "lead": 2}


def merge(call: Call, body: dict[str, Any]) -> None:
    """Carries out the action's body: Target, Subordinate, UpdateContent, PerformParentingChecks.

    Raises DataverseError: 0x80045305 identical, 0x80045304 not active, 0x80045316 other parents, 0x80045300 a circle,
    0x80040217 no such row, 403 without the rights.
    """
    name, master = lists.read_row(call, body.get("Target"))
    other, loser = lists.read_row(call, body.get("Subordinate"))
    if name not in _MERGED:
        raise DataverseError("0x80040315", f"This type: {name} is not supported with merge operation.")
    if other != name:
        raise bad_request("Target and Subordinate must be rows of the same type.")
    table = call.schema.tables[name]
    _check(call, table, master, loser)
    if body.get("PerformParentingChecks") is True:
        _check_parents(call, table, master, loser)
    content = body.get("UpdateContent")
    if content is not None:
        if not isinstance(content, dict):
            raise bad_request("The parameter 'UpdateContent' must be a row.")
        values = {each: value for each, value in content.items() if each != table.primary_id}
        writes.Writer.of(call, table).update(master, values)
    _move_related(call, table, master, loser)
    _move_links(call, table, master, loser)
    inactive = _INACTIVE[name]
    change = {"statecode": inactive, "statuscode": computed.default_status(table, inactive), "merged": 1}
    cascades.store(call, table, loser, {**change, "masterid": master})


def _check(call: Call, table: Table, master: str, loser: str) -> None:
    if master == loser:
        raise DataverseError("0x80045305", "Merge cannot be performed on master and sub-entities that are identical.")
    security.check_privilege(call.state, call.caller, "prvMerge")
    security.check(call.state, call.caller, "AppendTo", table, master)
    for role, row_id in (("master entity", master), ("sub-entity", loser)):
        found = call.state.db.execute(
            f"SELECT statecode FROM {quoted(table.sql_name)} WHERE {quoted(table.primary_id)} = ?", (row_id,)
        ).fetchone()
        if found is None:
            raise row_missing(table.schema_name, row_id)
        security.check(call.state, call.caller, "Read", table, row_id)
        security.check(call.state, call.caller, "Write", table, row_id)
        if found[0] != _ACTIVE:
            raise DataverseError("0x80045304", f"Merge cannot be performed: {role} {row_id} is not active.")


def _check_parents(call: Call, table: Table, master: str, loser: str) -> None:
    column = {"account": "parentaccountid", "contact": "parentcustomerid", "lead": "customerid"}[table.logical_name]
    parents = {
        parent
        for (parent,) in call.state.db.execute(
            f"SELECT {quoted(column)} FROM {quoted(table.sql_name)} WHERE {quoted(table.primary_id)} IN (?, ?)",
            (master, loser),
        )
    }
    if len(parents) > 1:
        raise DataverseError("0x80045316", "The records have different parents; merging would change one of them.")


def _move_related(call: Call, table: Table, master: str, loser: str) -> None:
    """Rows that point to the subordinate point to the master, along relationships whose Merge cascades."""
    for one in call.schema.references_to(table):
        referencing = call.schema.tables.get(one.referencing)
        if referencing is None or one.extra.get("cascade", {}).get("Merge") != "Cascade":
            continue
        column = one.referencing_attribute
        found = call.state.db.execute(
            f"SELECT {quoted(referencing.primary_id)} FROM {quoted(referencing.sql_name)} WHERE {quoted(column)} = ?",
            (loser,),
        ).fetchall()
        for (row_id,) in found:
            change = {column: master}
            if row_id == master:
                raise DataverseError("0x80045300", "Merge could create cyclical parenting.")
            cascades.check_circles(call, referencing, row_id, change)
            cascades.store(call, referencing, row_id, change)


def _move_links(call: Call, table: Table, master: str, loser: str) -> None:
    """N:N links go over to the master, each once; of lists the settings decide."""
    for intersect, column in dict.fromkeys(call.schema.intersects_of(table)):
        if intersect == "listmember":
            lists.merge_person(call, table, master, loser)
            continue
        rows, near = quoted(f"dv_{intersect}"), quoted(column)
        key = quoted(call.schema.tables[intersect].primary_id)
        linked = call.state.db.execute(f"SELECT {key} FROM {rows} WHERE {near} = ?", (loser,)).fetchall()
        for (link_id,) in linked:
            call.state.db.execute(
                f"UPDATE OR IGNORE {rows} SET {near} = ?, versionnumber = ? WHERE {key} = ?",
                (master, storage.next_version(call.state), link_id),
            )
        call.state.db.execute(f"DELETE FROM {rows} WHERE {near} = ?", (loser,))
