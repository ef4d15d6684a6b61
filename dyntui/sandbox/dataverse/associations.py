"""Links between rows through $ref: N:N relationships, and lookups from either side.

Source: associate-disassociate-entities-using-web-api.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from typing import Any

from dyntui.sandbox.dataverse import links, lists, query, retrieve, security, writes
from dyntui.sandbox.dataverse.addresses import RowKey, locate, read_reference
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import bad_request, invalid_payload, no_row_for_key, row_missing
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Collection, Column, Table
from dyntui.sandbox.request import Response


def check_near(call: Call, table: Table, row_id: str) -> None:
    """Raises DataverseError 404 when a row does not exist, 403 when the caller may not read it."""
    if locate(call, table, RowKey(row_id)) is None:
        raise row_missing(table.schema_name, row_id)
    security.check(call.state, call.caller, "Read", table, row_id)


def _referenced(call: Call, address: Any, target: Table) -> str:
    """The id of the existing row that a body's @odata.id names."""
    if not isinstance(address, str):
        raise bad_request("The body must have the member '@odata.id' with the address of a row.")
    table, key = read_reference(call, address)
    row_id = locate(call, table, key)
    if row_id is None:
        raise no_row_for_key(table.logical_name) if key.row_id is None else row_missing(table.schema_name, key.row_id)
    if table.logical_name != target.logical_name:
        raise invalid_payload(f"The address '{address}' does not name a row of '{target.entity_set}'.")
    return row_id


def associate(call: Call, table: Table, row_id: str, collection: Collection) -> Response:
    """`POST lists(id)/listcontact_association/$ref` with {"@odata.id": address}."""
    call.writes = True
    with call.state.transaction():
        writes.require(call, table, row_id)
        far_id = _referenced(call, call.body().get("@odata.id"), call.schema.tables[collection.target])
        writes.link(call, table, row_id, collection, far_id)
    return Response(204)


def is_in(call: Call, row_id: str, collection: Collection, far_id: str) -> bool:
    """Whether a row is in a collection of another one."""
    if collection.intersect is not None:
        return links.are_connected(call, row_id, collection, far_id)
    target = call.schema.tables[collection.target]
    found = call.state.db.execute(
        f"SELECT 1 FROM {quoted(target.sql_name)} WHERE {quoted(target.primary_id)} = ?"
        f" AND {quoted(collection.far_column)} = ?",
        (far_id, row_id),
    )
    return found.fetchone() is not None


def disassociate(call: Call, table: Table, row_id: str, collection: Collection, far_id: str) -> Response:
    """`DELETE lists(id)/listcontact_association(contactid)/$ref`."""
    call.writes = True
    with call.state.transaction():
        writes.require(call, table, row_id)
        target = call.schema.tables[collection.target]
        if collection.intersect == "listmember":
            near_is_list = table.logical_name == "list"
            list_id, person = (row_id, far_id) if near_is_list else (far_id, row_id)
            lists.remove_members(call, list_id, [person])
        elif not is_in(call, row_id, collection, far_id):
            if call.state.config.dataverse.disassociate_missing == "reject":
                raise row_missing(target.schema_name, far_id)
        elif collection.intersect is None:
            writes.bind(call, table, None, collection, far_id)
        else:
            links.disconnect(call, table, row_id, collection, far_id)
    return Response(204)


def disassociate_by_option(call: Call, table: Table, row_id: str, collection: Collection) -> Response:
    """`DELETE lists(id)/listcontact_association/$ref?$id=address`."""
    address = call.options.get("$id")
    if address is None:
        raise bad_request("The option $id must name the row to take out of the collection.")
    far_id = _referenced(call, address, call.schema.tables[collection.target])
    return disassociate(call, table, row_id, collection, far_id)


def references(call: Call, source: query.Source) -> Response:
    """`GET lists(id)/listcontact_association/$ref`: the addresses of the rows."""
    query.check_options(call, frozenset({"$filter"}))
    found = query.filtered(call, source).select(
        source.scope.sql(source.table.primary_id), f"ORDER BY {source.key} LIMIT 5000"
    )
    value = [
        {"@odata.id": call.address(source.table, row_id)}
        for (row_id,) in call.state.db.execute(found.text, found.params)
    ]
    return call.reply({"@odata.context": f"{call.base}/$metadata#Collection($ref)", "value": value})


def lookup_reference(call: Call, table: Table, row_id: str, column: Column, name: str) -> Response:
    """`contacts(id)/parentcustomerid_account/$ref`: GET tells where it leads, PUT sets it, DELETE clears it."""
    if call.request.method == "GET":
        targets = call.schema.lookups(table)[name][1]
        found = retrieve.target(call, table, row_id, column, targets)
        if found is None:
            return Response(204)
        value = {"@odata.context": f"{call.base}/$metadata#$ref", "@odata.id": call.address(*found)}
        return call.reply(value)
    if call.request.method not in {"PUT", "DELETE"}:
        raise bad_request(f"The method {call.request.method} is not supported on a single-valued reference.")
    address = call.body().get("@odata.id") if call.request.method == "PUT" else None
    if call.request.method == "PUT" and not isinstance(address, str):
        raise bad_request("The body must have the member '@odata.id' with the address of a row.")
    call.writes = True
    with call.state.transaction():
        writes.require(call, table, row_id)
        writes.Writer.of(call, table).update(row_id, {f"{name}@odata.bind": address})
    return Response(204)
