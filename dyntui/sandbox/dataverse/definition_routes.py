"""Addresses below EntityDefinitions, RelationshipDefinitions, GlobalOptionSetDefinitions: what methods mean there."""

from collections.abc import Callable, Sequence

from dyntui.sandbox.dataverse import (
    column_definitions,
    customisation,
    definitions_read,
    relationship_definitions,
    solutions,
    table_definitions,
)
from dyntui.sandbox.dataverse.addresses import Segment
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import not_allowed, unknown_segment
from dyntui.sandbox.request import Response

ROOTS = frozenset({"EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions"})


def handle(call: Call, steps: Sequence[Segment]) -> Response:
    """The reply for a path that begins with one of `ROOTS`."""
    call.route = "/".join(step.name + ("({id})" if step.key is not None else "") for step in steps)
    root = steps[0].name
    if call.request.method == "GET":
        return _READERS[root](call, steps)
    return _WRITERS[root](call, steps)


def _created(call: Call, address: str) -> Response:
    where = f"{call.base}/{address}"
    return Response(204, {"OData-EntityId": where, "Location": where})


def _method_not_allowed(call: Call) -> Exception:
    return not_allowed(f"The requested resource does not support http method '{call.request.method}'.")


def _write_tables(call: Call, steps: Sequence[Segment]) -> Response:
    first, *rest = steps
    method = call.request.method
    if first.key is None:
        if method != "POST" or rest:
            raise _method_not_allowed(call)
        with customisation.change(call, "prvCreateEntity"):
            table = table_definitions.create(call, call.body(), solutions.requested(call))
        return _created(call, f"EntityDefinitions({table.metadata_id})")
    table = definitions_read.find_table(call, first.key)
    if rest:
        return _write_parts(call, first.key, rest)
    if method == "PUT":
        with customisation.change(call, "prvWriteEntity"):
            table_definitions.change(call, table, call.body())
            solutions.add_component(call.state, solutions.requested(call), solutions.TABLE, table.metadata_id)
        return Response(204)
    if method == "DELETE":
        with customisation.change(call, "prvDeleteEntity"):
            table_definitions.delete(call, table)
        return Response(204)
    raise _method_not_allowed(call)


def _write_parts(call: Call, table_key: str, rest: Sequence[Segment]) -> Response:
    """Columns and keys of a table."""
    part, *further = rest
    method = call.request.method
    table = definitions_read.find_table(call, table_key)
    where = f"EntityDefinitions({table_key})/{part.name}"
    if part.name == "Attributes":
        if part.key is None and method == "POST":
            with customisation.change(call, "prvCreateAttribute"):
                column = column_definitions.create(call, table, call.body(), solutions.requested(call))
            return _created(call, f"{where}({column.metadata_id})")
        if part.key is not None and len(further) <= 1:
            column = definitions_read.find_column(call, table, part.key)
            if method == "PUT":
                with customisation.change(call, "prvWriteAttribute"):
                    column_definitions.change(call, table, column, call.body())
                return Response(204)
            if method == "DELETE" and not further:
                with customisation.change(call, "prvDeleteAttribute"):
                    column_definitions.delete(call, table, column)
                return Response(204)
        raise _method_not_allowed(call)
    if part.name == "Keys" and not further:
        if part.key is None and method == "POST":
            with customisation.change(call, "prvCreateEntityKey"):
                key = relationship_definitions.create_key(call, table, call.body(), solutions.requested(call))
            return _created(call, f"{where}({key.metadata_id})")
        if part.key is not None and method == "DELETE":
            key = definitions_read.find_key(call, table, part.key)
            with customisation.change(call, "prvDeleteEntityKey"):
                relationship_definitions.delete_key(call, table, key)
            return Response(204)
        raise _method_not_allowed(call)
    raise unknown_segment(part.name)


def _write_relationships(call: Call, steps: Sequence[Segment]) -> Response:
    first, method = steps[0], call.request.method
    if first.key is None and method == "POST":
        with customisation.change(call, "prvCreateRelationship"):
            created = relationship_definitions.create(call, call.body(), solutions.requested(call))
        return _created(call, f"RelationshipDefinitions({created.metadata_id})")
    if first.key is not None and method == "DELETE":
        found = definitions_read.find_relationship(call, first.key)
        with customisation.change(call, "prvDeleteRelationship"):
            relationship_definitions.delete(call, found)
        return Response(204)
    raise _method_not_allowed(call)


def _write_choices(call: Call, steps: Sequence[Segment]) -> Response:
    first, method = steps[0], call.request.method
    if first.key is None and method == "POST":
        with customisation.change(call, "prvCreateOptionSet"):
            created = relationship_definitions.create_choice(call, call.body(), solutions.requested(call))
        return _created(call, f"GlobalOptionSetDefinitions({created.metadata_id})")
    if first.key is not None and method in {"PUT", "DELETE"}:
        found = definitions_read.find_choice(call, first.key)
        with customisation.change(call, "prvWriteOptionSet" if method == "PUT" else "prvDeleteOptionSet"):
            if method == "PUT":
                relationship_definitions.change_choice(call, found, call.body())
            else:
                relationship_definitions.delete_choice(call, found)
        return Response(204)
    raise _method_not_allowed(call)


_Route = Callable[[Call, Sequence[Segment]], Response]
_READERS: dict[str, _Route] = {
    "EntityDefinitions": definitions_read.entity_definitions,
    "RelationshipDefinitions": definitions_read.relationship_definitions,
    "GlobalOptionSetDefinitions": definitions_read.global_option_set_definitions,
}
_WRITERS: dict[str, _Route] = {
    "EntityDefinitions": _write_tables,
    "RelationshipDefinitions": _write_relationships,
    "GlobalOptionSetDefinitions": _write_choices,
}
