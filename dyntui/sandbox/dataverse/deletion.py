"""Deleting rows, with everything that hangs on them (update-delete-entities-using-web-api)."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from dyntui.sandbox.dataverse import lists, retrieve, row_rules, security, sharing, storage, writes
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import OneToMany, Table
from dyntui.sandbox.request import Response


def delete(call: Call, table: Table, row_id: str) -> Response:
    """`DELETE contacts(id)`."""
    retrieve.check_message(table, "Delete")
    call.writes = True
    with call.state.transaction():
        writes.require(call, table, row_id)
        writes.check_version(call, table, row_id)
        if table.logical_name == "listmember":
            lists.remove_membership(call, row_id)
        else:
            remove(call, table, row_id)
    return Response(204)


def remove(call: Call, table: Table, row_id: str) -> None:
    """Deletes a row the caller may delete, with everything that hangs on it, leaving a tombstone."""
    security.check(call.state, call.caller, "Delete", table, row_id)
    _remove(call, table, row_id, set())


def _remove(call: Call, table: Table, row_id: str, under_way: set[tuple[str, str]]) -> None:
    if (table.logical_name, row_id) in under_way:
        return
    under_way.add((table.logical_name, row_id))
    row_rules.before_delete(call, table, row_id)
    db = call.state.db
    for intersect, column in dict.fromkeys(call.schema.intersects_of(table)):
        if intersect == "listmember" and table.logical_name != "list":
            lists.forget_person(call, row_id)
        else:
            db.execute(f"DELETE FROM {quoted('dv_' + intersect)} WHERE {quoted(column)} = ?", (row_id,))
    for one in call.schema.references_to(table):
        _let_go(call, one, row_id, under_way)
    db.execute(f"DELETE FROM {quoted(table.sql_name)} WHERE {quoted(table.primary_id)} = ?", (row_id,))
    sharing.forget(call.state, row_id)
    db.execute(
        "INSERT INTO dv_tombstone (table_name, id, version, deleted_on) VALUES (?, ?, ?, ?)",
        (table.logical_name, row_id, storage.next_version(call.state), call.now),
    )


def _let_go(call: Call, one: OneToMany, row_id: str, under_way: set[tuple[str, str]]) -> None:
    """What a deletion means for the rows that point to the deleted one."""
    table = call.schema.tables.get(one.referencing)
    if table is None or one.referencing_attribute not in table.columns or one.on_delete == "NoCascade":
        return
    column = quoted(one.referencing_attribute)
    if one.referencing_attribute in storage.SYSTEM_LOOKUPS:
        return
    pointing = [
        each
        for (each,) in call.state.db.execute(
            f"SELECT {quoted(table.primary_id)} FROM {quoted(table.sql_name)} WHERE {column} = ?", (row_id,)
        ).fetchall()
    ]
    if not pointing:
        return
    if one.on_delete == "Restrict":
        raise DataverseError(
            "0x80040227", "The object you tried to delete is associated with another object and cannot be deleted."
        )
    for each in pointing:
        if one.on_delete == "Cascade":
            _remove(call, table, each, under_way)
        else:
            kind = table.columns[one.referencing_attribute].type_column
            cleared = f"{column} = NULL" + (f", {quoted(kind)} = NULL" if kind else "")
            call.state.db.execute(
                f"UPDATE {quoted(table.sql_name)} SET {cleared}, versionnumber = ?"
                f" WHERE {quoted(table.primary_id)} = ?",
                (storage.next_version(call.state), each),
            )
