"""Unbound functions and actions about definitions and solutions.

Sources: the Web API action and function reference pages; CreateEntities as Microsoft's Python client sends it.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from dyntui.sandbox.dataverse import (
    column_definitions,
    customisation,
    key_indexes,
    metadata_changes,
    parameters,
    security,
    solutions,
    storage,
    system_rows,
    table_definitions,
)
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.request import Response

_PUBLISH_ALL = 202
_COMPLETED, _SUCCEEDED = 3, 30
_PUBLISH = "prvPublishCustomization"
_COMPONENT_TABLES = {20: "role", 26: "savedquery"}


def _result(call: Call, name: str, **values: Any) -> Response:
    return call.reply({"@odata.context": f"{call.base}/$metadata#Microsoft.Dynamics.CRM.{name}Response", **values})


def _create_entities(call: Call, body: dict[str, Any]) -> Response:
    given = body.get("Entities")
    if not isinstance(given, list) or not given or not all(isinstance(each, Mapping) for each in given):
        raise invalid_argument("The parameter 'Entities' must be a list of ComplexEntityMetadata.")
    name = call.options.get("SolutionUniqueName") or body.get("SolutionUniqueName") or solutions.requested(call)
    solution = str(name) if name else None
    if solution is not None:
        solutions.find(call.state, solution)
    with customisation.change(call, "prvCreateEntity"):
        created = [table_definitions.create(call, each, solution) for each in given]
    return _result(call, "CreateEntities", EntityIds=[table.metadata_id for table in created])


def _publish_xml(call: Call, body: dict[str, Any]) -> Response:
    names = customisation.tables_to_publish(parameters.text(body, "ParameterXml"))
    with customisation.change(call, _PUBLISH):
        customisation.publish(call.state, names)
    return Response(204)


def _publish_all(call: Call, _body: dict[str, Any]) -> Response:
    with customisation.change(call, _PUBLISH):
        customisation.publish(call.state)
    return Response(204)


def _publish_all_later(call: Call, _body: dict[str, Any]) -> Response:
    """The job is done by the time anybody can ask for it."""
    with customisation.change(call, _PUBLISH):
        customisation.publish(call.state)
        job = system_rows.insert(
            call.state,
            "asyncoperation",
            {
                "name": "Publish All Customizations",
                "operationtype": _PUBLISH_ALL,
                "messagename": "PublishAll",
                "statecode": _COMPLETED,
                "statuscode": _SUCCEEDED,
                "startedon": call.now,
                "completedon": call.now,
                "ownerid": call.caller.user_id,
                "owneridtype": "systemuser",
                "owninguser": call.caller.user_id,
                "owningbusinessunit": call.caller.business_unit_id,
            },
        )
    return _result(call, "PublishAllXmlAsync", AsyncOperationId=job)


def _component(call: Call, body: dict[str, Any]) -> tuple[str, solutions.ComponentType, str]:
    """(object id, component type, solution) of a body that names an existing component."""
    object_id = parameters.guid(body, "ComponentId")
    kinds = {kind: kind for kind in get_args(solutions.ComponentType)}
    given = body.get("ComponentType")
    kind = kinds.get(given) if isinstance(given, int) else None
    if kind is None:
        raise invalid_argument(f"Components of the type '{given}' are not supported.")
    if not _exists(call, kind, object_id):
        raise DataverseError("0x8004f019", f"There is no component {object_id} of the type {kind}.")
    return object_id, kind, parameters.text(body, "SolutionUniqueName")


def _exists(call: Call, kind: int, object_id: str) -> bool:
    table = _COMPONENT_TABLES.get(kind)
    if table is not None:
        found = call.state.db.execute(
            f"SELECT 1 FROM dv_{table} WHERE {table}id = ?",  # noqa: S608 - one of two constants
            (object_id,),
        ).fetchone()
        return found is not None
    tables = call.schema.tables.values()
    match kind:
        case solutions.TABLE:
            return any(each.metadata_id == object_id for each in tables)
        case solutions.COLUMN:
            return any(column.metadata_id == object_id for each in tables for column in each.columns.values())
        case solutions.KEY:
            return any(key.metadata_id == object_id for each in tables for key in each.keys.values())
        case solutions.CHOICE:
            row = call.state.db.execute("SELECT 1 FROM dv_choice WHERE metadata_id = ?", (object_id,)).fetchone()
            return row is not None
    return any(each.metadata_id == object_id for each in call.schema.one_to_many.values()) or any(
        each.metadata_id == object_id for each in call.schema.many_to_many.values()
    )


def _add_component(call: Call, body: dict[str, Any]) -> Response:
    object_id, kind, solution = _component(call, body)
    security.check(call.state, call.caller, "Write", call.schema.tables["solution"])
    added = solutions.add_component(call.state, solution, kind, object_id)
    return _result(call, "AddSolutionComponent", id=added)


def _remove_component(call: Call, body: dict[str, Any]) -> Response:
    object_id, kind, solution = _component(
        call,
        {
            **body,
            "ComponentId": (body.get("SolutionComponent") or {}).get("solutioncomponentid") or body.get("ComponentId"),
        },
    )
    security.check(call.state, call.caller, "Write", call.schema.tables["solution"])
    solutions.remove_component(call.state, solution, kind, object_id)
    return Response(204)


def _reactivate_key(call: Call, body: dict[str, Any]) -> Response:
    table = call.schema.table(parameters.text(body, "EntityLogicalName"))
    name = parameters.text(body, "EntityKeyLogicalName")
    key = None if table is None else table.keys.get(name)
    if table is None or key is None:
        raise DataverseError("0x80060890", f"There is no key '{name}'.")
    with customisation.change(call, "prvCreateEntityKey"):
        key_indexes.retry(call.state, table, key)
    return Response(204)


def _insert_option(call: Call, body: dict[str, Any]) -> Response:
    """InsertOptionValue on a column's own choice: a value more, without one the next of the publisher's range (Web API
    action reference, InsertOptionValue). It counts at once ([inferred]; forms show it after publishing)."""
    table = call.schema.table(parameters.text(body, "EntityLogicalName"))
    name = parameters.text(body, "AttributeLogicalName")
    column = None if table is None else table.columns.get(name)
    if table is None or column is None or column.type not in {"Picklist", "MultiSelectPicklist"}:
        raise DataverseError("0x80041103", f"There is no choice column '{name}'.")
    solution = body.get("SolutionUniqueName")
    if solution is not None:
        solutions.find(call.state, str(solution))
    given = [{"Value": each.value, "Label": {}} for each in column.options]
    asked = {"Value": body.get("Value"), "Label": body.get("Label")}
    with customisation.change(call, "prvWriteAttribute"):
        added = column_definitions.read_options(call.state, [*given, asked], str(solution) if solution else None)[-1]
        column.options = [*column.options, added]
        storage.save_table(call.state, table)
    return _result(call, "InsertOptionValue", NewOptionValue=added.value)


def _metadata_changes(call: Call, given: dict[str, Any]) -> Response:
    return metadata_changes.reply(call, given)


Message = Callable[[Call, dict[str, Any]], Response]
FUNCTIONS: dict[str, Message] = {"RetrieveMetadataChanges": _metadata_changes}
ACTIONS: dict[str, Message] = {
    "CreateEntities": _create_entities,
    "PublishXml": _publish_xml,
    "PublishAllXml": _publish_all,
    "PublishAllXmlAsync": _publish_all_later,
    "AddSolutionComponent": _add_component,
    "RemoveSolutionComponent": _remove_component,
    "ReactivateEntityKey": _reactivate_key,
    "InsertOptionValue": _insert_option,
}
