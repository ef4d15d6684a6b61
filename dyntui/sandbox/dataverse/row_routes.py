"""Addresses below an entity set: which operation a method and a path mean."""

from dyntui.sandbox.dataverse import (
    aggregate,
    associations,
    bound,
    deletion,
    delta,
    fetchxml,
    query,
    retrieve,
    views,
    writes,
)
from dyntui.sandbox.dataverse.addresses import RowKey, Segment, locate, read_key, visible_table
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import (
    DataverseError,
    bad_request,
    no_row_for_key,
    not_allowed,
    unknown_segment,
)
from dyntui.sandbox.dataverse.lists import read_guid
from dyntui.sandbox.dataverse.tables import Collection, Table
from dyntui.sandbox.request import Response

_NAMESPACE = "Microsoft.Dynamics.CRM."


def handle(call: Call, steps: list[Segment]) -> Response:
    """The reply for a path that begins with an entity set."""
    first, *rest = steps
    table = visible_table(call, first.name)
    call.route = first.name
    if first.key is None:
        return _entity_set(call, table, rest)
    call.route += "({id})" if "=" not in first.key else "({key})"
    key = read_key(call, table, first.key)
    if not rest:
        return _row(call, table, key)
    return _below(call, table, existing(call, table, key), rest)


def existing(call: Call, table: Table, key: RowKey) -> str:
    """The id of the row that a key names. Raises DataverseError 404 when no row has that alternate key."""
    row_id = key.row_id or locate(call, table, key)
    if row_id is None:
        raise no_row_for_key(table.logical_name)
    return row_id


def _entity_set(call: Call, table: Table, rest: list[Segment]) -> Response:
    match rest:
        case []:
            if call.request.method == "GET":
                retrieve.check_message(table, "RetrieveMultiple")
                return _rows(call, table)
            if call.request.method == "POST":
                return writes.create(call, table)
        case [Segment("$count", None)]:
            call.route += "/$count"
            if call.request.method == "GET":
                return (
                    delta.count(call, table)
                    if "$deltatoken" in call.options
                    else query.count(call, query.of_table(call, table))
                )
        case [Segment(name, arguments)] if name.startswith(_NAMESPACE):
            call.route += f"/{name}"
            return bound.dispatch(call, table, None, name.removeprefix(_NAMESPACE), arguments)
        case [Segment(name), *_]:
            raise unknown_segment(name)
    raise _method_not_allowed(call)


def _rows(call: Call, table: Table) -> Response:
    """`GET contacts` in all its forms."""
    if "fetchXml" in call.options:
        return fetchxml.reply(call, table, call.options["fetchXml"])
    if "savedQuery" in call.options:
        return views.reply(call, table, read_guid(call.options["savedQuery"], "savedQuery"), "savedquery")
    if "userQuery" in call.options:
        return views.reply(call, table, read_guid(call.options["userQuery"], "userQuery"), "userquery")
    if "sql" in call.options:
        raise DataverseError("0x80040216", "Queries in SQL are not served by this simulator.", 501)
    if delta.is_asked(call):
        return delta.run(call, table)
    source = query.of_table(call, table)
    return aggregate.run(call, source) if "$apply" in call.options else query.run(call, source)


def _row(call: Call, table: Table, key: RowKey) -> Response:
    match call.request.method:
        case "GET":
            return retrieve.row(call, table, existing(call, table, key))
        case "PATCH":
            return writes.upsert(call, table, key)
        case "DELETE":
            return deletion.delete(call, table, existing(call, table, key))
    raise _method_not_allowed(call)


def _below(call: Call, table: Table, row_id: str, rest: list[Segment]) -> Response:
    step, *further = rest
    if step.name.startswith(_NAMESPACE):
        call.route += f"/{step.name}"
        return bound.dispatch(call, table, row_id, step.name.removeprefix(_NAMESPACE), step.key)
    call.route += f"/{step.name}"
    collection = call.schema.collections(table).get(step.name)
    if collection is not None and _is_visible(call, collection):
        return _collection(call, table, row_id, collection, step, further)
    lookup = call.schema.lookups(table).get(step.name)
    if lookup is not None and step.key is None:
        column, targets = lookup
        if [each.name for each in further] == ["$ref"]:
            call.route += "/$ref"
            return associations.lookup_reference(call, table, row_id, column, step.name)
        found = retrieve.target(call, table, row_id, column, targets)
        if found is None:
            return Response(204)
        near, near_id = found
        if further:
            return _below(call, near, near_id, further)
        if call.request.method == "GET":
            return retrieve.row(call, near, near_id)
        raise _method_not_allowed(call)
    named = call.schema.find_property(table, step.name, call.now)
    if named is None or step.key is not None:
        raise unknown_segment(step.name)
    match call.request.method, [each.name for each in further]:
        case "GET", []:
            return retrieve.value(call, table, row_id, named, raw=False)
        case "GET", ["$value"]:
            return retrieve.value(call, table, row_id, named, raw=True)
        case "PUT", []:
            return writes.put_property(call, table, row_id, named)
        case "DELETE", []:
            return writes.clear_property(call, table, row_id, named)
    raise _method_not_allowed(call)


def _is_visible(call: Call, collection: Collection) -> bool:
    target = call.schema.table(collection.target)
    return target is not None and (target.app != "sales" or call.state.config.dataverse.sales_app)


def _collection(
    call: Call, table: Table, row_id: str, collection: Collection, step: Segment, further: list[Segment]
) -> Response:
    target = call.schema.tables[collection.target]
    tail = [each.name for each in further]
    call.route += ("({id})" if step.key is not None else "") + "".join(f"/{name}" for name in tail)
    far_id = None if step.key is None else existing(call, target, read_key(call, target, step.key))
    match call.request.method, tail, far_id:
        case "GET", [], None:
            associations.check_near(call, table, row_id)
            return query.run(call, query.of_collection(call, row_id, collection))
        case "GET", ["$count"], None:
            associations.check_near(call, table, row_id)
            return query.count(call, query.of_collection(call, row_id, collection))
        case "GET", ["$ref"], None:
            associations.check_near(call, table, row_id)
            return associations.references(call, query.of_collection(call, row_id, collection))
        case "POST", [], None:
            return writes.create_related(call, table, row_id, collection)
        case "POST", ["$ref"], None:
            return associations.associate(call, table, row_id, collection)
        case "DELETE", ["$ref"], str():
            return associations.disassociate(call, table, row_id, collection, far_id)
        case "DELETE", ["$ref"], None:
            return associations.disassociate_by_option(call, table, row_id, collection)
        case "GET", [], str():
            if not associations.is_in(call, row_id, collection, far_id):
                raise retrieve.missing(target, far_id)
            return retrieve.row(call, target, far_id)
    if far_id is None and tail and tail[0] not in {"$ref", "$count"}:
        raise bad_request(f"The segment '{tail[0]}' cannot follow a collection.")
    raise _method_not_allowed(call)


def _method_not_allowed(call: Call) -> DataverseError:
    return not_allowed(f"The requested resource does not support http method '{call.request.method}'.")
