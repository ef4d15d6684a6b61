"""Relationships, alternate keys and global choices: creating, changing and deleting them.

Sources: create-update-entity-relationships-using-web-api, define-alternate-keys-entity, create-update-optionsets.
"""

from collections.abc import Mapping
from typing import Any, Literal

from dyntui.sandbox.dataverse import choices, column_definitions, customisation, key_indexes, labels, solutions, storage
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.choices import GlobalChoice
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.dataverse.tables import Column, Key, ManyToMany, OneToMany, Table

Json = Mapping[str, Any]
OnDelete = Literal["Cascade", "RemoveLink", "Restrict", "NoCascade"]

_MOST_KEYS = 10
_MOST_KEY_COLUMNS = 16
_KEY_TYPES = {"String", "Integer", "Decimal", "DateTime", "Lookup", "Picklist", "Customer"}
_ON_DELETE: dict[str, OnDelete] = {
    "Cascade": "Cascade",
    "RemoveLink": "RemoveLink",
    "Restrict": "Restrict",
    "NoCascade": "NoCascade",
}


def create(call: Call, body: Json, solution: str | None) -> OneToMany | ManyToMany:
    """Creates the relationship that a body describes, inside a customisation. Raises DataverseError."""
    kind = str(body.get("@odata.type", "")).rpartition(".")[2]
    if kind == "OneToManyRelationshipMetadata":
        return _create_one_to_many(call, body, solution)
    if kind == "ManyToManyRelationshipMetadata":
        return _create_many_to_many(call, body, solution)
    raise invalid_argument(f"The type '{body.get('@odata.type')}' is no relationship that can be created.")


def delete(call: Call, relationship: OneToMany | ManyToMany) -> None:
    """Removes a custom relationship; a 1:N one with its lookup column."""
    if not relationship.custom:
        raise DataverseError("0x8004f032", f"The relationship '{relationship.schema_name}' cannot be deleted.")
    if isinstance(relationship, ManyToMany):
        storage.drop_many_to_many(call.state, relationship)
    else:
        table = call.schema.tables[relationship.referencing]
        column = table.columns[relationship.referencing_attribute]
        storage.drop_column(call.state, table, column)
        solutions.forget_component(call.state, column.metadata_id)
    solutions.forget_component(call.state, relationship.metadata_id)


def create_key(call: Call, table: Table, body: Json, solution: str | None) -> Key:
    """Adds an alternate key and starts to build its index.

    Raises DataverseError: 0x80060893 its name exists, 0x80060894 a key of the same columns exists, 0x80040203 for
    columns that cannot be in a key.
    """
    schema_name = customisation.check_schema_name(body.get("SchemaName"))
    columns = body.get("KeyAttributes")
    if not isinstance(columns, list) or not columns or not all(isinstance(each, str) for each in columns):
        raise invalid_argument("A key needs KeyAttributes, a list of column names.")
    if schema_name.lower() in table.keys:
        raise DataverseError(
            "0x80060893", f"Entity Key with the name {schema_name} already exists for entity {table.logical_name}."
        )
    if any(set(each.columns) == set(columns) for each in table.keys.values()):
        raise DataverseError("0x80060894", "An entity key with the selected attributes already exists.")
    if len(table.keys) >= _MOST_KEYS or len(columns) > _MOST_KEY_COLUMNS:
        raise invalid_argument(f"A table has at most {_MOST_KEYS} keys of at most {_MOST_KEY_COLUMNS} columns each.")
    for name in columns:
        column = table.columns.get(name)
        if column is None:
            raise DataverseError("0x80041103", f"The entity '{table.logical_name}' has no attribute '{name}'.")
        if column.type not in _KEY_TYPES:
            raise invalid_argument(f"The attribute '{name}' of type {column.type} cannot be part of a key.")
    text, _others = labels.read(body.get("DisplayName"), call.state.config.dataverse.base_language)
    key = Key(schema_name, schema_name.lower(), list(columns), call.state.ids.guid(), text or schema_name)
    key_indexes.start(call.state, table, key)
    solutions.add_component(call.state, solution, solutions.KEY, key.metadata_id)
    return key


def delete_key(call: Call, table: Table, key: Key) -> None:
    storage.drop_key(call.state, table, key)
    solutions.forget_component(call.state, key.metadata_id)


def create_choice(call: Call, body: Json, solution: str | None) -> GlobalChoice:
    """Adds a global choice. Raises DataverseError 0x80047010 when there is one of its name."""
    name = customisation.check_schema_name(body.get("Name"))
    if choices.find(call.state, name) is not None:
        raise DataverseError("0x80047010", f"An OptionSet with the name {name} already exists.")
    language = call.state.config.dataverse.base_language
    text, _others = labels.read(body.get("DisplayName"), language)
    description, _others = labels.read(body.get("Description"), language)
    options = column_definitions.read_options(call.state, body.get("Options") or [], solution)
    choice = GlobalChoice(name.lower(), call.state.ids.guid(), text or name, description, options, custom=True)
    choices.save(call.state, choice)
    solutions.add_component(call.state, solution, solutions.CHOICE, choice.metadata_id)
    return choice


def change_choice(call: Call, choice: GlobalChoice, body: Json) -> None:
    """PUT: the new definition of a global choice, for all columns that use it."""
    language = call.state.config.dataverse.base_language
    if "DisplayName" in body:
        choice.display_name, _others = labels.read(body["DisplayName"], language)
    if "Description" in body:
        choice.description, _others = labels.read(body["Description"], language)
    if "Options" in body:
        choice.options = column_definitions.read_options(call.state, body["Options"], None)
    choices.save(call.state, choice)


def delete_choice(call: Call, choice: GlobalChoice) -> None:
    """Removes a global choice. Raises DataverseError 0x80048417 while a column uses it."""
    if choices.used_by(call.state, choice.name):
        raise DataverseError("0x80048417", f"The global choice '{choice.name}' is used and cannot be deleted.")
    if not choice.custom:
        raise DataverseError("0x80048404", f"The global choice '{choice.name}' cannot be deleted.")
    choices.delete(call.state, choice)
    solutions.forget_component(call.state, choice.metadata_id)


def _table(call: Call, name: Any) -> Table:
    table = call.schema.table(name) if isinstance(name, str) else None
    if table is None:
        raise DataverseError("0x80040217", f"The entity '{name}' of the relationship does not exist.", 404)
    return table


def _schema_name(call: Call, body: Json) -> str:
    name = customisation.check_schema_name(body.get("SchemaName"))
    taken = {each.lower() for each in (*call.schema.one_to_many, *call.schema.many_to_many)}
    if name.lower() in taken:
        raise DataverseError("0x8004432b", f"The relationship schema name {name} is not unique.")
    return name


def _create_one_to_many(call: Call, body: Json, solution: str | None) -> OneToMany:
    state = call.state
    schema_name = _schema_name(call, body)
    referenced, referencing = _table(call, body.get("ReferencedEntity")), _table(call, body.get("ReferencingEntity"))
    lookup = body.get("Lookup")
    if not isinstance(lookup, Mapping):
        raise invalid_argument("A 1:N relationship needs a Lookup.")
    cascade = body.get("CascadeConfiguration") or {}
    if not isinstance(cascade, Mapping):
        raise invalid_argument("CascadeConfiguration must be an object.")
    on_delete = str(cascade.get("Delete", "RemoveLink"))
    if on_delete not in _ON_DELETE:
        raise invalid_argument(f"'{on_delete}' is no way to cascade a deletion.")
    column = column_definitions.read(
        state, referencing, {"@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata", **lookup}, solution
    )
    column.targets = [referenced.logical_name]
    column.navigation = {referenced.logical_name: column.schema_name}
    column_definitions.add(call, referencing, column, solution)
    one = OneToMany(
        schema_name,
        referenced.logical_name,
        referenced.primary_id,
        referencing.logical_name,
        column.logical_name,
        navigation=customisation.check_name(body.get("ReferencedEntityNavigationPropertyName") or schema_name),
        metadata_id=state.ids.guid(),
        on_delete=_ON_DELETE[on_delete],
        custom=True,
        extra={
            "cascade": {name: value for name, value in cascade.items() if name != "Delete" and isinstance(value, str)},
            "menu": body.get("AssociatedMenuConfiguration"),
        },
    )
    storage.add_one_to_many(state, one)
    solutions.add_component(state, solution, solutions.RELATIONSHIP, one.metadata_id)
    return one


def _create_many_to_many(call: Call, body: Json, solution: str | None) -> ManyToMany:
    state = call.state
    schema_name = _schema_name(call, body)
    first, second = _table(call, body.get("Entity1LogicalName")), _table(call, body.get("Entity2LogicalName"))
    intersect = customisation.check_schema_name(body.get("IntersectEntityName") or schema_name).lower()
    if intersect in call.schema.tables:
        raise DataverseError("0x80047010", f"An entity with the specified name {intersect} already exists.")
    same = first is second
    many = ManyToMany(
        schema_name,
        first.logical_name,
        f"{first.primary_id}one" if same else first.primary_id,
        customisation.check_name(body.get("Entity1NavigationPropertyName") or schema_name),
        second.logical_name,
        f"{second.primary_id}two" if same else second.primary_id,
        customisation.check_name(body.get("Entity2NavigationPropertyName") or schema_name),
        intersect,
        state.ids.guid(),
        custom=True,
        extra={
            "menu1": body.get("Entity1AssociatedMenuConfiguration"),
            "menu2": body.get("Entity2AssociatedMenuConfiguration"),
        },
    )
    storage.add_many_to_many(state, many)
    solutions.add_component(state, solution, solutions.RELATIONSHIP, many.metadata_id)
    return many


def lookup_of(call: Call, one: OneToMany) -> Column:
    """The column that a 1:N relationship rests on."""
    return call.schema.tables[one.referencing].columns[one.referencing_attribute]
