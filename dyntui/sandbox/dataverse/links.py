"""N:N links between rows, members of lists among them: asked for, made and undone."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from dyntui.sandbox.dataverse import lists, row_rules, security, storage
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import duplicate_id
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Collection, Table


def connect(call: Call, table: Table, row_id: str, collection: Collection, far_id: str) -> None:
    """Links two existing rows; asks for Append and AppendTo.

    Raises DataverseError 0x80040237 for a link that exists.
    """
    target = call.schema.tables[collection.target]
    if collection.intersect == "listmember":
        near_is_list = table.logical_name == "list"
        list_id, person, kind = (row_id, far_id, target) if near_is_list else (far_id, row_id, table)
        lists.add_members(call, list_id, [(kind.logical_name, person)])
        return
    _check(call, table, row_id, collection, far_id)
    relationship = call.schema.many_to_many[collection.relationship]
    pair = (row_id, far_id) if relationship.attribute1 == collection.near_column else (far_id, row_id)
    row_rules.before_associate(call, relationship, *pair)
    if are_connected(call, row_id, collection, far_id):
        if call.state.config.dataverse.associate_twice == "reject":
            raise duplicate_id()
        return
    intersect = call.schema.tables[relationship.intersect]
    call.state.db.execute(
        f"INSERT INTO {quoted(intersect.sql_name)} ({quoted(intersect.primary_id)}, versionnumber,"
        f" {quoted(collection.near_column)}, {quoted(collection.far_column)}) VALUES (?, ?, ?, ?)",
        (call.state.ids.guid(), storage.next_version(call.state), row_id, far_id),
    )


def disconnect(call: Call, table: Table, row_id: str, collection: Collection, far_id: str) -> None:
    """Undoes a link that exists; asks for Append and AppendTo."""
    _check(call, table, row_id, collection, far_id)
    call.state.db.execute(
        f"DELETE FROM {_intersect(call, collection)} WHERE {quoted(collection.near_column)} = ?"
        f" AND {quoted(collection.far_column)} = ?",
        (row_id, far_id),
    )


def are_connected(call: Call, row_id: str, collection: Collection, far_id: str) -> bool:
    """Whether two rows are linked."""
    found = call.state.db.execute(
        f"SELECT 1 FROM {_intersect(call, collection)} WHERE {quoted(collection.near_column)} = ?"
        f" AND {quoted(collection.far_column)} = ?",
        (row_id, far_id),
    )
    return found.fetchone() is not None


def _intersect(call: Call, collection: Collection) -> str:
    return quoted(f"dv_{call.schema.many_to_many[collection.relationship].intersect}")


def _check(call: Call, table: Table, row_id: str, collection: Collection, far_id: str) -> None:
    target = call.schema.tables[collection.target]
    security.check(call.state, call.caller, "Append", table, row_id)
    security.check(call.state, call.caller, "AppendTo", target, far_id)
