"""Reading definitions: EntityDefinitions, RelationshipDefinitions, GlobalOptionSetDefinitions and what is below them.

Whole collections come in one answer, without pages (query-schema-definitions).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dyntui.sandbox.dataverse import choices, definitions, key_indexes, option_sets, relations, security
from dyntui.sandbox.dataverse.addresses import Segment
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.choices import GlobalChoice
from dyntui.sandbox.dataverse.definitions import Json
from dyntui.sandbox.dataverse.definitions_query import Options, expanded, matches, project, read_options
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, unknown_segment
from dyntui.sandbox.dataverse.tables import Column, Key, ManyToMany, OneToMany, Table
from dyntui.sandbox.request import Response

_NAMESPACE = "Microsoft.Dynamics.CRM."
_NOT_CASTABLE = {"EnumAttributeMetadata", "AttributeMetadata"}
Relationship = OneToMany | ManyToMany
_READS_BELOW = {
    "Attributes": ("prvReadAttribute",),
    "Keys": ("prvReadEntityKey",),
    "OneToManyRelationships": ("prvReadRelationship",),
    "ManyToOneRelationships": ("prvReadRelationship",),
    "ManyToManyRelationships": ("prvReadRelationship",),
}
_ONE_TO_MANY = "OneToManyRelationshipMetadata"
_MANY_TO_MANY = "ManyToManyRelationshipMetadata"


def entity_definitions(call: Call, steps: Sequence[Segment]) -> Response:
    """`EntityDefinitions` and everything below."""
    check_may_read(call, "prvReadEntity", *_READS_BELOW.get(steps[1].name if len(steps) > 1 else "", ()))
    first, *rest = steps
    options = read_options(call.options)
    if first.key is None:
        if rest:
            raise unknown_segment(rest[0].name)
        tables = sorted(visible_tables(call), key=lambda table: table.logical_name)
        return _collection(
            call,
            "EntityDefinitions",
            (
                _table_json(call, table, body, options)
                for table in tables
                if matches(body := definitions.table_json(call.state, table), options.filter)
            ),
        )
    table = find_table(call, first.key)
    if not rest:
        body = _table_json(call, table, definitions.table_json(call.state, table), options)
        return call.reply({"@odata.context": _context(call, "EntityDefinitions/$entity"), **body})
    return _below_table(call, table, rest, options)


def relationship_definitions(call: Call, steps: Sequence[Segment]) -> Response:
    """`RelationshipDefinitions`, by SchemaName or id, and cast to their two kinds."""
    check_may_read(call, "prvReadRelationship")
    first, *rest = steps
    options = read_options(call.options)
    everything = visible_relationships(call)
    if first.key is None:
        return _relationships(call, everything, rest, options, "RelationshipDefinitions")
    found = find_relationship(call, first.key)
    if rest and _cast(rest[0]) not in {_ONE_TO_MANY, _MANY_TO_MANY}:
        raise unknown_segment(rest[0].name)
    body = project(relationship_json(call, found), options, {}, "RelationshipMetadataBase")
    return call.reply({"@odata.context": _context(call, "RelationshipDefinitions/$entity"), **body})


def global_option_set_definitions(call: Call, steps: Sequence[Segment]) -> Response:
    """`GlobalOptionSetDefinitions`, by Name or id. They know neither $filter nor $expand."""
    check_may_read(call, "prvReadOptionSet")
    first, *rest = steps
    options = read_options(call.options)
    if options.filter is not None:
        raise bad_request("The query parameter $filter is not supported for GlobalOptionSetDefinitions.")
    if first.key is None:
        rows = (
            project(option_sets.choice_json(call.state, each), options, {}, "OptionSetMetadata")
            for each in choices.every(call.state)
        )
        return _collection(call, "GlobalOptionSetDefinitions", rows)
    choice = find_choice(call, first.key)
    if rest and _cast(rest[0]) != "OptionSetMetadata":
        raise unknown_segment(rest[0].name)
    body = project(option_sets.choice_json(call.state, choice), options, {}, "OptionSetMetadata")
    return call.reply({"@odata.context": _context(call, "GlobalOptionSetDefinitions/$entity"), **body})


# What is there, seen by a request -------------------------------------------------------------------------------------


def check_may_read(call: Call, *privileges: str) -> None:
    """Raises DataverseError 403 when the caller may not read definitions of these kinds."""
    if call.state.config.dataverse.definitions_need_privilege:
        for name in privileges:
            security.check_privilege(call.state, call.caller, name)


def _seen_at(call: Call) -> str:
    """The world time whose definitions a request sees: strong consistency passes over the cache."""
    strong = call.request.headers.get("consistency", "").lower() == "strong"
    return "9999" if strong else call.now


def visible_tables(call: Call) -> Iterator[Table]:
    seen, sales = _seen_at(call), call.state.config.dataverse.sales_app
    for table in call.schema.tables.values():
        if table.visible_at <= seen and (sales or table.app != "sales"):
            yield table


def visible_columns(call: Call, table: Table) -> Iterator[Column]:
    seen = _seen_at(call)
    return (column for column in definitions.all_columns(table) if column.visible_at <= seen)


def visible_relationships(call: Call, table: Table | None = None) -> list[Relationship]:
    """All relationships, or those of one table, between tables that are there."""
    names = {each.logical_name for each in visible_tables(call)}
    ones: list[Relationship] = [
        one
        for one in call.schema.one_to_many.values()
        if {one.referenced, one.referencing} <= names
        and (table is None or table.logical_name in {one.referenced, one.referencing})
    ]
    manys: list[Relationship] = [
        many
        for many in call.schema.many_to_many.values()
        if {many.entity1, many.entity2} <= names
        and (table is None or table.logical_name in {many.entity1, many.entity2})
    ]
    return ones + manys


def read_key(text: str) -> tuple[str, str]:
    """(name of the key, value) of `LogicalName='x'`, `MetadataId=…` or a bare id, lower case for ids."""
    name, separator, value = text.partition("=")
    if not separator:
        return "MetadataId", text.strip().strip("'{}").lower()
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == "'":
        value = value[1:-1].replace("''", "'")
    return name.strip(), value.strip("{}").lower() if name.strip() == "MetadataId" else value


def find_table(call: Call, key: str) -> Table:
    """The table of `LogicalName='x'` or an id. Raises DataverseError 404."""
    name, value = read_key(key)
    for table in visible_tables(call):
        if {"LogicalName": table.logical_name, "MetadataId": table.metadata_id}.get(name) == value:
            return table
    if name == "LogicalName":
        raise DataverseError("0x80060888", f"Could not find an entity with LogicalName = '{value}'.", 404)
    raise DataverseError("0x80040217", f"Could not find an entity with id {value}.", 404)


def find_column(call: Call, table: Table, key: str) -> Column:
    """The column of `LogicalName='x'` or an id. Raises DataverseError 404."""
    name, value = read_key(key)
    for column in visible_columns(call, table):
        if {"LogicalName": column.logical_name, "MetadataId": column.metadata_id}.get(name) == value:
            return column
    raise DataverseError(
        "0x80060888", f"Could not find an attribute with {name} = '{value}' for entity '{table.logical_name}'.", 404
    )


def find_key(call: Call, table: Table, key: str) -> Key:
    """The alternate key of `LogicalName='x'` or an id. Raises DataverseError 404."""
    name, value = read_key(key)
    for each in table.keys.values():
        if {"LogicalName": each.logical_name, "MetadataId": each.metadata_id}.get(name) == value:
            return each
    raise DataverseError(
        "0x80060888", f"Could not find a key with {name} = '{value}' for entity '{table.logical_name}'.", 404
    )


def find_relationship(call: Call, key: str) -> Relationship:
    """The relationship of `SchemaName='x'` or an id. Raises DataverseError 404."""
    name, value = read_key(key)
    for each in visible_relationships(call):
        if {"SchemaName": each.schema_name, "MetadataId": each.metadata_id}.get(name) == value:
            return each
    raise DataverseError("0x80060888", f"Could not find a relationship with {name} = '{value}'.", 404)


def find_choice(call: Call, key: str) -> GlobalChoice:
    """The global choice of `Name='x'` or an id. Raises DataverseError 404."""
    name, value = read_key(key)
    found = choices.find(call.state, value) if name in {"Name", "MetadataId"} else None
    if found is None:
        raise DataverseError("0x80040217", f"Could not find an optionset with {name} = '{value}'.", 404)
    return found


def relationship_json(call: Call, each: Relationship) -> Json:
    if isinstance(each, ManyToMany):
        return relations.many_to_many_json(each)
    return relations.one_to_many_json(call.state, each)


# Tables and what is below them ----------------------------------------------------------------------------------------


def _table_json(call: Call, table: Table, body: Json, options: Options) -> Json:
    """A table, which is `body`, with its expanded collections."""
    expandable: dict[str, Callable[[Options], Any]] = {
        "Attributes": lambda inner: _column_rows(call, table, None, inner),
        "Keys": lambda inner: _key_rows(call, table, inner),
        **{name: _expanding(call, table, name) for name in _SIDES},
    }
    return project(body, options, expandable, "EntityMetadata")


def _expanding(call: Call, table: Table, name: str) -> Callable[[Options], list[Json]]:
    return lambda inner: _relationship_rows(call, _on_side(call, table, name), None, inner)


def _below_table(call: Call, table: Table, steps: Sequence[Segment], options: Options) -> Response:
    first, *rest = steps
    where = f"EntityDefinitions('{table.logical_name}')/{first.name}"
    if first.name == "Attributes":
        return _attributes(call, table, first, rest, options, where)
    if first.name == "Keys" and not rest:
        if first.key is None:
            return _collection(call, where, _key_rows(call, table, options))
        key = find_key(call, table, first.key)
        key_indexes.status_read(call.state, table, key)
        body = project(relations.key_json(call.state, table, key), options, {}, "EntityKeyMetadata")
        return call.reply({"@odata.context": _context(call, f"{where}/$entity"), **body})
    if first.name in _SIDES:
        return _relationships(call, _on_side(call, table, first.name), rest, options, where)
    body = definitions.table_json(call.state, table)
    if first.name in body and not rest:
        return call.reply({"@odata.context": _context(call, where), "value": body[first.name]})
    raise unknown_segment(first.name)


def _attributes(
    call: Call, table: Table, first: Segment, rest: Sequence[Segment], options: Options, where: str
) -> Response:
    kind = _cast(rest[0]) if rest else None
    if first.key is None:
        if rest and (kind is None or len(rest) > 1):
            raise unknown_segment(rest[0].name)
        return _collection(
            call, where + (f"/{_NAMESPACE}{kind}" if kind else ""), _column_rows(call, table, kind, options)
        )
    column = find_column(call, table, first.key)
    if kind is not None:
        if kind != definitions.metadata_type(column) and kind not in _NOT_CASTABLE:
            raise DataverseError("0x80060888", f"The attribute '{column.logical_name}' is no {kind}.", 404)
        rest = rest[1:]
    if not rest:
        body = _column_json(call, table, column, options, kind is not None)
        return call.reply({"@odata.context": _context(call, f"{where}/$entity"), **body})
    expandable = _expandable(call, table, column)
    if len(rest) == 1 and rest[0].name in expandable:
        found = expanded(expandable[rest[0].name], options, "OptionSetMetadata")
        if found is None:
            return Response(204)
        return call.reply({"@odata.context": _context(call, f"{where}/{rest[0].name}/$entity"), **found})
    raise unknown_segment(rest[0].name)


def _cast(step: Segment) -> str | None:
    if not step.name.startswith(_NAMESPACE):
        return None
    kind = step.name.removeprefix(_NAMESPACE)
    if kind == "EnumAttributeMetadata":
        raise bad_request(f"The type '{step.name}' cannot be used for a cast.")
    return kind


def _column_rows(call: Call, table: Table, kind: str | None, options: Options) -> list[Json]:
    found = []
    for column in sorted(visible_columns(call, table), key=lambda each: each.logical_name):
        if kind is not None and kind not in {definitions.metadata_type(column), "AttributeMetadata"}:
            continue
        if options.filter is not None and not matches(
            definitions.column_json(call.state, table, column), options.filter
        ):
            continue
        found.append(_column_json(call, table, column, options, kind is not None))
    return found


def _column_json(call: Call, table: Table, column: Column, options: Options, is_cast: bool) -> Json:
    body = definitions.column_json(call.state, table, column)
    if not is_cast and options.select is not None:
        # Properties of the derived type may be selected without a cast; other types just do not have them.
        options = Options(
            tuple(name for name in options.select if name in body or name not in _DERIVED),
            options.filter,
            options.expand,
        )
    found = project(body, options, _expandable(call, table, column), definitions.metadata_type(column))
    if is_cast:
        found.pop("@odata.type", None)
    return found


_DERIVED = frozenset(
    {
        "MaxLength",
        "MinValue",
        "MaxValue",
        "Precision",
        "Targets",
        "DateTimeBehavior",
        "Format",
        "FormatName",
        "DefaultFormValue",
    }
)


def _expandable(call: Call, table: Table, column: Column) -> dict[str, Any]:
    if not column.options and column.type not in {"Picklist", "MultiSelectPicklist", "Boolean", "State", "Status"}:
        return {}
    # Made only where they are wanted: those of every column cost more than all else of an answer.
    return {
        "OptionSet": lambda inner: expanded(
            option_sets.option_set_json(call.state, table, column), inner, "OptionSetMetadata"
        ),
        "GlobalOptionSet": lambda inner: expanded(
            option_sets.global_option_set_json(call.state, column), inner, "OptionSetMetadata"
        ),
    }


def _key_rows(call: Call, table: Table, options: Options) -> list[Json]:
    found = []
    for key in list(table.keys.values()):
        key_indexes.status_read(call.state, table, key)
        body = relations.key_json(call.state, table, key)
        if matches(body, options.filter):
            found.append(project(body, options, {}, "EntityKeyMetadata"))
    return found


_SIDES = ("OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships")


def _on_side(call: Call, table: Table, name: str) -> list[Relationship]:
    found = visible_relationships(call, table)
    if name == "ManyToManyRelationships":
        return [each for each in found if isinstance(each, ManyToMany)]
    ones = [each for each in found if isinstance(each, OneToMany)]
    if name == "OneToManyRelationships":
        return [one for one in ones if one.referenced == table.logical_name]
    return [one for one in ones if one.referencing == table.logical_name]


def _relationships(
    call: Call, found: list[Relationship], rest: Sequence[Segment], options: Options, where: str
) -> Response:
    kind = None
    if rest:
        kind = _cast(rest[0])
        if kind not in {_ONE_TO_MANY, _MANY_TO_MANY} or len(rest) > 1:
            raise unknown_segment(rest[0].name)
    return _collection(call, where, _relationship_rows(call, found, kind, options))


def _relationship_rows(call: Call, found: list[Relationship], kind: str | None, options: Options) -> list[Json]:
    rows = []
    for each in sorted(found, key=lambda one: one.schema_name.lower()):
        body = relationship_json(call, each)
        if kind is not None and not body["@odata.type"].endswith(kind):
            continue
        if matches(body, options.filter):
            rows.append(project(body, options, {}, "RelationshipMetadataBase"))
    return rows


def _context(call: Call, what: str) -> str:
    return f"{call.base}/$metadata#{what}"


def _collection(call: Call, what: str, rows: Any) -> Response:
    found = list(rows)
    body: Json = {"@odata.context": _context(call, what)}
    if call.options.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    return call.reply({**body, "value": found})
