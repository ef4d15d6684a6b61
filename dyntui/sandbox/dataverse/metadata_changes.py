"""RetrieveMetadataChanges: definitions by query, all of them or what changed since a stamp (cache-schema-data).

An EntityQueryExpression names properties and criteria of tables, and in AttributeQuery, RelationshipQuery and KeyQuery
those of what they contain. A changed table comes with all parts that the query asks for.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dyntui.sandbox.dataverse import definition_log, definitions, definitions_read, option_sets, relations
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.definitions import Json
from dyntui.sandbox.dataverse.errors import bad_request, invalid_argument
from dyntui.sandbox.dataverse.tables import ManyToMany, OneToMany, Table
from dyntui.sandbox.request import Response

_ALWAYS = ("MetadataId", "LogicalName", "HasChanged")
_COLLECTIONS = ("Attributes", "Keys", "OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships")


def reply(call: Call, given: Mapping[str, Any]) -> Response:
    """The answer for the parameters Query, ClientVersionStamp and DeletedMetadataFilters."""
    definitions_read.check_may_read(call)
    query = given.get("Query")
    if not isinstance(query, dict):
        raise bad_request("The parameter 'Query' must be an EntityQueryExpression.")
    client_stamp = given.get("ClientVersionStamp")
    since = definition_log.version_of(call.state, str(client_stamp)) if client_stamp else None
    changed = None if since is None else definition_log.changed_since(call.state, since)
    found = []
    for table in sorted(definitions_read.visible_tables(call), key=lambda each: each.logical_name):
        if changed is not None and table.logical_name not in changed:
            continue
        body = definitions.table_json(call.state, table)
        if _fits(body, query.get("Criteria")):
            found.append(_projected(call, table, body, query))
    deleted: dict[str, list[str]] = {}
    if since is not None and given.get("DeletedMetadataFilters"):
        wanted = str(given["DeletedMetadataFilters"])
        for metadata_id, kind in definition_log.deleted_since(call.state, since):
            if kind in wanted or wanted in {"Default", "All"}:
                deleted.setdefault(kind, []).append(metadata_id)
    return call.reply(
        {
            "@odata.context": f"{call.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse",
            "ServerVersionStamp": definition_log.stamp(call.state),
            "DeletedMetadata": {
                "Count": len(deleted),
                "IsReadOnly": False,
                "Keys": list(deleted),
                "Values": list(deleted.values()),
            },
            "EntityMetadata": found,
        }
    )


def _projected(call: Call, table: Table, body: Json, query: Json) -> Json:
    names = _names(query.get("Properties"))
    found = _chosen(body, names)
    for name in _COLLECTIONS if names is None else [each for each in _COLLECTIONS if each in names]:
        if name == "Attributes":
            found[name] = _columns(call, table, _object(query.get("AttributeQuery")))
        elif name == "Keys":
            inner = _object(query.get("KeyQuery"))
            keys = (relations.key_json(call.state, table, key) for key in table.keys.values())
            found[name] = _part(keys, inner)
        else:
            inner = _object(query.get("RelationshipQuery"))
            found[name] = _part((body for body in _relationships(call, table, name)), inner)
    return found


def _columns(call: Call, table: Table, query: Json) -> list[Json]:
    found = []
    names = _names(query.get("Properties"))
    for column in sorted(definitions_read.visible_columns(call, table), key=lambda each: each.logical_name):
        body = definitions.column_json(call.state, table, column)
        if column.options or column.option_set_global:
            body["OptionSet"] = option_sets.option_set_json(
                call.state, table, column
            ) or option_sets.global_option_set_json(call.state, column)
        if _fits(body, query.get("Criteria")):
            found.append(_chosen(body, names))
    return found


def _relationships(call: Call, table: Table, side: str) -> Iterable[Json]:
    for each in definitions_read.visible_relationships(call, table):
        if isinstance(each, ManyToMany):
            wanted = "ManyToManyRelationships"
            if side == wanted:
                yield definitions_read.relationship_json(call, each)
        elif _is_on(each, table, side):
            yield definitions_read.relationship_json(call, each)


def _is_on(one: OneToMany, table: Table, side: str) -> bool:
    if side == "OneToManyRelationships":
        return one.referenced == table.logical_name
    return side == "ManyToOneRelationships" and one.referencing == table.logical_name


def _part(bodies: Iterable[Json], query: Json) -> list[Json]:
    names = _names(query.get("Properties"))
    return [_chosen(body, names) for body in bodies if _fits(body, query.get("Criteria"))]


def _names(properties: Any) -> frozenset[str] | None:
    """The property names that are asked for; None for all of them."""
    if not isinstance(properties, dict) or properties.get("AllProperties"):
        return None
    return frozenset(str(name) for name in _list(properties.get("PropertyNames")))


def _chosen(body: Json, names: frozenset[str] | None) -> Json:
    if names is None:
        return dict(body)
    kept = {name: value for name, value in body.items() if name in names or name in _ALWAYS or name == "@odata.type"}
    kept["HasChanged"] = None
    return kept


def _fits(body: Json, criteria: Any) -> bool:
    """Whether a definition meets a MetadataFilterExpression. Raises DataverseError for one of another form."""
    if not criteria:
        return True
    if not isinstance(criteria, dict):
        raise invalid_argument("Criteria must be a MetadataFilterExpression.")
    parts = [_meets(body, each) for each in _list(criteria.get("Conditions"))]
    parts += [_fits(body, each) for each in _list(criteria.get("Filters"))]
    if not parts:
        return True
    return any(parts) if criteria.get("FilterOperator") in {"Or", 1} else all(parts)


def _meets(body: Json, condition: Any) -> bool:
    if not isinstance(condition, dict) or not isinstance(condition.get("PropertyName"), str):
        raise invalid_argument("A metadata condition needs a PropertyName.")
    name = condition["PropertyName"]
    if name not in body:
        raise invalid_argument(f"There is no metadata property '{name}'.")
    actual = body[name]
    if isinstance(actual, dict) and "Value" in actual:
        actual = actual["Value"]
    given = condition.get("Value")
    wanted = given.get("Value") if isinstance(given, dict) else given
    match condition.get("ConditionOperator", "Equals"):
        case "Equals" | 0:
            return _same(actual, wanted)
        case "NotEquals" | 1:
            return not _same(actual, wanted)
        case "In" | 2:
            return any(_same(actual, each) for each in _items(wanted))
        case "NotIn" | 3:
            return not any(_same(actual, each) for each in _items(wanted))
        case "GreaterThan" | 4:
            return _number(actual) > _number(wanted)
        case "LessThan" | 5:
            return _number(actual) < _number(wanted)
    raise invalid_argument(f"The ConditionOperator '{condition.get('ConditionOperator')}' is not supported.")


def _object(value: Any) -> Json:
    """A part of the query that may be missing. Raises DataverseError for anything but an object."""
    if value is not None and not isinstance(value, dict):
        raise invalid_argument("The metadata query has another value where an object is expected.")
    return value or {}


def _list(value: Any) -> list[Any]:
    """A list that may be missing. Raises DataverseError for anything else."""
    if value is not None and not isinstance(value, list):
        raise invalid_argument("The metadata query has another value where a list is expected.")
    return value or []


def _number(value: Any) -> float:
    if isinstance(value, int | float):
        return value
    try:
        return float(str(value))
    except ValueError as error:
        raise invalid_argument(f"'{value}' cannot be compared as a number.") from error


def _items(wanted: Any) -> list[Any]:
    if isinstance(wanted, str):
        return [each.strip() for each in wanted.strip("[]").replace('"', "").split(",")]
    return list(wanted) if isinstance(wanted, list) else [wanted]


def _same(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, bool):
        return actual == (wanted if isinstance(wanted, bool) else str(wanted).lower() == "true")
    if isinstance(actual, int):
        return str(actual) == str(wanted)
    return str(actual).casefold() == str(wanted).casefold()
