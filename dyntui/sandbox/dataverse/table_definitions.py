"""Tables: creating, changing and deleting them, and what the platform adds to each new one.

Source: create-update-entity-definitions-using-web-api.
"""

from collections.abc import Mapping
from typing import Any

from dyntui.sandbox.dataverse import (
    column_definitions,
    customisation,
    labels,
    privileges,
    roles,
    sdk_messages,
    solutions,
    storage,
    system_rows,
)
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.dataverse.stable_ids import stable_id
from dyntui.sandbox.dataverse.tables import OneToMany, Table
from dyntui.sandbox.state import State

Json = Mapping[str, Any]

_FIRST_CUSTOM_CODE = 10_001
_OWNERSHIPS = {"UserOwned", "OrganizationOwned"}
_OWN_LOOKUPS = {
    "createdby": "lk_{}_createdby",
    "createdonbehalfby": "lk_{}_createdonbehalfby",
    "modifiedby": "lk_{}_modifiedby",
    "modifiedonbehalfby": "lk_{}_modifiedonbehalfby",
    "owninguser": "user_{}",
    "owningteam": "team_{}",
    "owningbusinessunit": "business_unit_{}",
}


def create(call: Call, body: Json, solution: str | None) -> Table:
    """Creates the table that EntityMetadata (or ComplexEntityMetadata) describes, inside a customisation.

    Raises DataverseError: 0x80047010 when there is a table of its name, 0x8004700b for a wrong name, 0x80040203 for
    missing parts.
    """
    state = call.state
    schema_name = customisation.check_schema_name(body.get("SchemaName"))
    logical_name = schema_name.lower()
    if logical_name in call.schema.tables:
        raise DataverseError(
            "0x80047010", f"An entity with the specified name {logical_name} already exists. Specify a unique name."
        )
    language = state.config.dataverse.base_language
    display, display_others = labels.read(body.get("DisplayName"), language)
    plural, plural_others = labels.read(body.get("DisplayCollectionName"), language)
    description, description_others = labels.read(body.get("Description"), language)
    if not display:
        raise invalid_argument("A table needs a DisplayName.")
    ownership = str(body.get("OwnershipType") or "UserOwned")
    if ownership not in _OWNERSHIPS:
        raise invalid_argument(f"A table cannot have the OwnershipType '{ownership}'.")
    attributes = body.get("Attributes")
    if not isinstance(attributes, list) or not all(isinstance(each, Mapping) for each in attributes):
        raise invalid_argument("A table needs Attributes.")
    primaries = [each for each in attributes if each.get("IsPrimaryName")]
    if len(primaries) != 1:
        raise DataverseError("0x8004701e", "A table needs exactly one attribute with IsPrimaryName.")
    table = Table(
        logical_name,
        schema_name,
        _free_set_name(call, body, logical_name),
        f"{logical_name}id",
        None,
        _next_code(state),
        "OrganizationOwned" if ownership == "OrganizationOwned" else "UserOwned",
        metadata_id=state.ids.guid(),
        display_name=display,
        display_collection_name=plural or f"{display}s",
        description=description,
        change_tracking=bool(body.get("ChangeTrackingEnabled", False)),
        custom=True,
        visible_at=customisation.visible_from(state),
        extra={
            "created_on": customisation.moment(state),
            "modified_on": customisation.moment(state),
            "has_activities": bool(body.get("HasActivities", False)),
            "has_notes": bool(body.get("HasNotes", False)),
            "labels": {
                name: {str(code): text for code, text in others.items()}
                for name, others in (
                    ("display_name", display_others),
                    ("display_collection_name", plural_others),
                    ("description", description_others),
                )
            },
        },
    )
    primary = column_definitions.read(state, table, primaries[0], solution)
    if primary.type != "String":
        raise DataverseError("0x8004701e", "The attribute with IsPrimaryName must be a string.")
    table.columns[primary.logical_name] = primary
    table.primary_name = primary.logical_name
    storage.create_table(state, table)
    _identify(state, table)
    _relate(state, table)
    for attribute in attributes:
        if attribute is not primaries[0]:
            column_definitions.create(call, table, attribute, solution)
    roles.grant_new_table(state, privileges.add_for_table(state, table))
    sdk_messages.add_for_table(state, table)
    _add_view(state, table)
    solutions.add_component(state, solution, solutions.TABLE, table.metadata_id)
    return table


def change(call: Call, table: Table, body: Json) -> None:
    """PUT: keeps the new definition of a table until it is published.

    Raises DataverseError when change tracking is to be switched off, which the platform never does.
    """
    for name, current in (("LogicalName", table.logical_name), ("SchemaName", table.schema_name)):
        if body.get(name) is not None and body[name] != current:
            raise invalid_argument(f"The {name} of the table '{table.logical_name}' cannot be changed.")
    language = call.state.config.dataverse.base_language
    changes: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, attribute in (
        ("DisplayName", "display_name"),
        ("DisplayCollectionName", "display_collection_name"),
        ("Description", "description"),
    ):
        if name in body:
            changes[attribute], more = labels.read(body[name], language)
            others[attribute] = {str(code): text for code, text in more.items()}
    if "ChangeTrackingEnabled" in body:
        wanted = bool(body["ChangeTrackingEnabled"])
        if table.change_tracking and not wanted:
            raise DataverseError("0x80072491", "Change tracking cannot be disabled once it is enabled.")
        if wanted and not table.can_change_tracking:
            raise DataverseError("0x80072491", f"Change tracking cannot be enabled for '{table.logical_name}'.")
        changes["change_tracking"] = wanted
    customisation.keep(table, {**changes, "labels": others})
    storage.save_table(call.state, table)


def delete(call: Call, table: Table) -> None:
    """Removes a custom table with its rows, columns, keys, views and privileges. Raises DataverseError for others."""
    if not table.custom:
        raise DataverseError("0x8004f032", f"The table '{table.logical_name}' cannot be deleted.")
    state = call.state
    pointing = [one for one in call.schema.one_to_many.values() if one.referenced == table.logical_name]
    for one in pointing:
        referencing = call.schema.tables[one.referencing]
        if referencing is not table and one.custom:
            raise DataverseError(
                "0x8004f01f",
                f"The table '{table.logical_name}' cannot be deleted: the column "
                f"'{one.referencing}.{one.referencing_attribute}' points to it.",
            )
    for view in ("savedquery", "userquery"):
        state.db.execute(
            f"DELETE FROM dv_{view} WHERE returnedtypecode = ?",  # noqa: S608 - one of two constants
            (table.logical_name,),
        )
    privileges.remove_for_table(state, table)
    sdk_messages.remove_for_table(state, table)
    for object_id in (table.metadata_id, *(column.metadata_id for column in table.columns.values())):
        solutions.forget_component(state, object_id)
    storage.drop_table(state, table)


def plural(logical_name: str) -> str:
    """The name of the entity set that the platform gives a new table."""
    if logical_name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{logical_name}es"
    if logical_name.endswith("y") and logical_name[-2:-1] not in set("aeiou"):
        return f"{logical_name[:-1]}ies"
    return f"{logical_name}s"


def _free_set_name(call: Call, body: Json, logical_name: str) -> str:
    wanted = customisation.check_name(body.get("EntitySetName") or plural(logical_name))
    if call.schema.by_set(wanted) is not None:
        raise DataverseError("0x80047010", f"An entity set with the name {wanted} already exists.")
    return wanted


def _next_code(state: State) -> int:
    row = state.db.execute(
        "INSERT INTO dv_counter VALUES ('object_type_code', ?) ON CONFLICT (name) DO UPDATE SET value = value + 1"
        " RETURNING value",
        (_FIRST_CUSTOM_CODE,),
    ).fetchall()
    return int(row[0][0])


def _identify(state: State, table: Table) -> None:
    """Gives the columns that every table has their ids, and the ones of a custom table their choice names."""
    for column in table.columns.values():
        column.metadata_id = column.metadata_id or stable_id(f"{table.metadata_id} {column.logical_name}")
        if column.options and not column.option_set:
            column.option_set = f"{table.logical_name}_{column.logical_name}"
    storage.save_table(state, table)


def _relate(state: State, table: Table) -> None:
    """The relationships of the lookups that every table has."""
    for name, pattern in _OWN_LOOKUPS.items():
        column = table.columns.get(name)
        if column is None:
            continue
        target = column.targets[0]
        schema_name = pattern.format(table.logical_name)
        storage.add_one_to_many(
            state,
            OneToMany(
                schema_name,
                target,
                f"{target}id",
                table.logical_name,
                name,
                navigation=schema_name,
                metadata_id=state.ids.guid(),
            ),
        )


def _add_view(state: State, table: Table) -> None:
    """The view of active rows that a new table gets."""
    name, key = table.primary_name or table.primary_id, table.primary_id
    active = '<filter type="and"><condition attribute="statecode" operator="eq" value="0"/></filter>'
    query = (
        f'<fetch version="1.0" mapping="logical"><entity name="{table.logical_name}"><attribute name="{key}"/>'
        f'<attribute name="{name}"/><attribute name="createdon"/><order attribute="{name}" descending="false"/>'
        f"{active if 'statecode' in table.columns else ''}</entity></fetch>"
    )
    system_rows.insert(
        state,
        "savedquery",
        {
            "name": f"Active {table.display_collection_name}",
            "returnedtypecode": table.logical_name,
            "querytype": 0,
            "fetchxml": query,
            "isdefault": 1,
        },
    )
