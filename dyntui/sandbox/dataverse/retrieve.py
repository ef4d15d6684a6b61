"""Single rows: a row by its key, one of its properties, and where its lookups lead."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from typing import Any

from dyntui.sandbox.dataverse import expand, query, rows, secured, security
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, row_missing
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Column, Table
from dyntui.sandbox.request import Response

_OPTIONS = frozenset({"$select", "$expand"})


def check_message(table: Table, message: str) -> None:
    """Raises DataverseError 405 when a table does not offer a message, such as Retrieve for list members."""
    if table.messages is not None and message not in table.messages:
        text = f"The '{message}' method does not support entities of type '{table.logical_name}'."
        raise DataverseError("0x80040800", text, 405)


def missing(table: Table, row_id: str) -> Exception:
    """The error for a row that does not exist."""
    return row_missing(table.schema_name, row_id)


def row(call: Call, table: Table, row_id: str) -> Response:
    """`GET contacts(id)`: the row, or 304 when If-None-Match names its version."""
    check_message(table, "Retrieve")
    query.check_options(call, _OPTIONS)
    item = read(call, table, row_id)
    etag = item["@odata.etag"]
    unchanged = call.request.headers.get("if-none-match", "").strip() == etag
    if unchanged and table.optimistic_concurrency and "$expand" not in call.options and not call.prefer.annotations:
        return Response(304, {"ETag": etag})
    return call.reply(item, headers={"ETag": etag, **call.prefer.applied("annotations")})


def read(call: Call, table: Table, row_id: str) -> dict[str, Any]:
    """A row as JSON with its context, shaped by $select and $expand.

    Raises DataverseError 404 when it does not exist, 403 when the caller may not read it.
    """
    wanted = expand.read(call, table, call.options.get("$expand"))
    select = call.options.get("$select")
    chosen = rows.shape(call, table, select, expand.columns_needed(wanted))
    security.check(call.state, call.caller, "Read", table)
    found = call.state.db.execute(
        f"SELECT {chosen.select_list('t')} FROM {quoted(table.sql_name)} AS t WHERE t.{quoted(table.primary_id)} = ?",
        (row_id,),
    ).fetchall()
    if not found:
        raise missing(table, row_id)
    security.check(call.state, call.caller, "Read", table, row_id)
    objects = rows.encode(call, chosen, found)
    expand.add(call, wanted, chosen, found, objects)
    return {"@odata.context": rows.context(call, table, select, expand.context(wanted), single=True), **objects[0]}


def value(call: Call, table: Table, row_id: str, column: Column, *, raw: bool) -> Response:
    """`GET contacts(id)/fullname`: one property, as JSON or, with /$value, as text; 204 when it is null."""
    security.check(call.state, call.caller, "Read", table, row_id)
    found = call.state.db.execute(
        f"SELECT {quoted(column.logical_name)} FROM {quoted(table.sql_name)} WHERE {quoted(table.primary_id)} = ?",
        (row_id,),
    ).fetchone()
    if found is None:
        raise missing(table, row_id)
    hidden = column.logical_name in secured.hidden(call.state, call.caller, table)
    shown = None if hidden else rows.served(column, found)[0]
    if shown is None:
        return Response(204)
    if raw:
        text = str(shown).lower() if isinstance(shown, bool) else str(shown)
        return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())
    context = f"{call.base}/$metadata#{table.entity_set}({row_id})/{column.property_name}"
    return call.reply({"@odata.context": context, "value": shown})


def target(call: Call, table: Table, row_id: str, column: Column, targets: tuple[str, ...]) -> tuple[Table, str] | None:
    """The row that a lookup of a row leads to by a navigation property with these targets; None when it is empty.

    Raises DataverseError 404 when the row itself does not exist.
    """
    kind = quoted(column.type_column) if column.type_column else "NULL"
    found = call.state.db.execute(
        f"SELECT {quoted(column.logical_name)}, {kind} FROM {quoted(table.sql_name)}"
        f" WHERE {quoted(table.primary_id)} = ?",
        (row_id,),
    ).fetchone()
    if found is None:
        raise missing(table, row_id)
    security.check(call.state, call.caller, "Read", table, row_id)
    name = found[1] or targets[0]
    if found[0] is None or name not in targets:
        return None
    return call.schema.tables[name], found[0]
