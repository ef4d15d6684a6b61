"""Definitions of tables and columns as JSON, as the Web API shows them.

Property names: learn.microsoft.com webapi/reference (EntityMetadata, AttributeMetadata and their kin). Only values; who
may see them and which part is asked for is in `definitions_read`.
"""

from collections.abc import Iterator
from typing import Any

from dyntui.sandbox.dataverse import labels, privileges, secured
from dyntui.sandbox.dataverse.stable_ids import stable_id
from dyntui.sandbox.dataverse.tables import Column, Table
from dyntui.sandbox.state import State

Json = dict[str, Any]

NAMESPACE = "#Microsoft.Dynamics.CRM."
VERSION = "5.0.0.0"
_TYPE_NAMES = {"Virtual": "VirtualType", "MultiSelectPicklist": "MultiSelectPicklistType"}
_CASTS = {
    "Uniqueidentifier": "UniqueIdentifierAttributeMetadata",
    "Customer": "LookupAttributeMetadata",
    "Owner": "LookupAttributeMetadata",
    "PartyList": "LookupAttributeMetadata",
    "Virtual": "AttributeMetadata",
}
_EVERY_TEXT_FORMAT = "Text"
_NAMED = {"Picklist", "State", "Status", "Boolean"}


def metadata_type(column: Column) -> str:
    """The type to which an attribute can be cast, such as PicklistAttributeMetadata."""
    return _CASTS.get(column.type, f"{column.type}AttributeMetadata")


def all_columns(table: Table) -> Iterator[Column]:
    """The columns of a table with those that only describe others: names of lookups and choices, types of lookups."""
    for column in table.columns.values():
        yield column
        if column.is_lookup:
            yield _describing(table, column, "name", "String")
            if len(column.targets) > 1:
                yield _describing(table, column, "type", "EntityName")
        elif column.type in _NAMED:
            yield _describing(table, column, "name", "Virtual")


def _describing(table: Table, column: Column, suffix: str, kind: Any) -> Column:
    name = column.logical_name + suffix
    return Column(
        name,
        column.schema_name + suffix.capitalize(),
        kind,
        metadata_id=stable_id(f"{table.logical_name}.{name}"),
        attribute_of=column.logical_name,
        max_length=100 if kind == "String" else None,
        valid_for_create=False,
        valid_for_update=False,
        logical=True,
        custom=column.custom,
        visible_at=column.visible_at,
    )


def table_json(state: State, table: Table) -> Json:
    """EntityMetadata without its collections."""
    managed, language = not table.custom, state.config.dataverse.base_language
    others = table.extra.get("labels", {})
    return {
        "MetadataId": table.metadata_id,
        "LogicalName": table.logical_name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "CollectionSchemaName": table.extra.get("collection_schema_name", table.entity_set),
        "ObjectTypeCode": table.object_type_code,
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name,
        "PrimaryImageAttribute": None,
        "OwnershipType": table.ownership,
        "IsCustomEntity": table.custom,
        "IsIntersect": table.intersect,
        "IsActivity": table.activity,
        "IsActivityParty": table.logical_name in {"account", "contact", "lead", "systemuser"},
        "IsManaged": managed,
        "IsPrivate": False,
        "IsLogicalEntity": False,
        "IsBPFEntity": False,
        "IsEnabledForCharts": True,
        "IsImportable": True,
        "IsValidForAdvancedFind": not table.intersect,
        "ChangeTrackingEnabled": table.change_tracking,
        "CanChangeTrackingBeEnabled": managed_property("canchangetrackingbeenabled", table.can_change_tracking),
        "IsOptimisticConcurrencyEnabled": table.optimistic_concurrency,
        "EntityHelpUrlEnabled": False,
        "HasActivities": table.extra.get("has_activities", False),
        "HasNotes": table.extra.get("has_notes", False),
        "HasFeedback": False,
        "DataProviderId": None,
        "DataSourceId": None,
        "TableType": "Standard",
        "ExternalName": None,
        "IntroducedVersion": "1.0.0.0" if table.custom else VERSION,
        "IconVectorName": None,
        "EntityColor": None,
        "HasChanged": None,
        "CreatedOn": table.extra.get("created_on"),
        "ModifiedOn": table.extra.get("modified_on"),
        "IsCustomizable": managed_property("iscustomizable", not table.intersect),
        "IsAuditEnabled": managed_property("canmodifyauditsettings", False),
        "IsDuplicateDetectionEnabled": managed_property("canmodifyduplicatedetectionsettings", False),
        "CanCreateAttributes": managed_property("cancreateattributes", not table.intersect),
        "CanBeRelatedEntityInRelationship": managed_property("canberelatedentityinrelationship", not table.intersect),
        "CanBePrimaryEntityInRelationship": managed_property("canbeprimaryentityinrelationship", not table.intersect),
        "CanBeInManyToMany": managed_property("canbeinmanytomany", not table.intersect),
        "DisplayName": labels.write(table.display_name, language, _languages(others, "display_name"), managed=managed),
        "DisplayCollectionName": labels.write(
            table.display_collection_name, language, _languages(others, "display_collection_name"), managed=managed
        ),
        "Description": labels.write(table.description, language, _languages(others, "description"), managed=managed),
        "Privileges": _privileges(state, table),
        "Settings": [],
    }


def _languages(kept: Any, name: str) -> dict[int, str]:
    # Keys of JSON objects are text: what was kept comes back with numbers as text.
    found = kept.get(name, {}) if isinstance(kept, dict) else {}
    return {int(code): str(text) for code, text in found.items()}


def managed_property(name: str, value: bool, can_change: bool = True) -> Json:
    return {"Value": value, "CanBeChanged": can_change, "ManagedPropertyLogicalName": name}


def _privileges(state: State, table: Table) -> list[Json]:
    names = {f"prv{action}{privileges.stem(table)}": action for action in privileges.ACTIONS}
    columns, marks = "name, privilegeid, canbebasic, canbelocal, canbedeep, canbeglobal", ", ".join("?" * len(names))
    query = f"SELECT {columns} FROM dv_privilege WHERE name IN ({marks})"  # noqa: S608 - only question marks
    found = {row[0]: row for row in state.db.execute(query, tuple(names))}
    return [
        {
            "CanBeBasic": bool(found[name][2]),
            "CanBeLocal": bool(found[name][3]),
            "CanBeDeep": bool(found[name][4]),
            "CanBeGlobal": bool(found[name][5]),
            "CanBeEntityReference": False,
            "CanBeParentEntityReference": False,
            "Name": name,
            "PrivilegeId": found[name][1],
            "PrivilegeType": action,
        }
        for name, action in names.items()
        if name in found
    ]


def column_json(state: State, table: Table, column: Column) -> Json:
    """AttributeMetadata of the column's own type, without option sets."""
    managed, language = not column.custom, state.config.dataverse.base_language
    others = column.extra.get("labels", {})
    kind = "Virtual" if column.type in {"MultiSelectPicklist", "Image", "File"} else column.type
    primary_id, primary_name = column.logical_name == table.primary_id, column.logical_name == table.primary_name
    return {
        "@odata.type": f"{NAMESPACE}{metadata_type(column)}",
        "MetadataId": column.metadata_id,
        "LogicalName": column.logical_name,
        "SchemaName": column.schema_name,
        "EntityLogicalName": table.logical_name,
        "AttributeOf": column.attribute_of,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": _TYPE_NAMES.get(column.type, f"{column.type}Type")},
        "ColumnNumber": _place(table, column),
        "DeprecatedVersion": None,
        "IntroducedVersion": "1.0.0.0" if column.custom else VERSION,
        "ExternalName": None,
        "IsCustomAttribute": column.custom,
        "IsPrimaryId": primary_id,
        "IsPrimaryName": primary_name,
        "IsValidForCreate": column.valid_for_create,
        "IsValidForRead": column.valid_for_read,
        "IsValidForUpdate": column.valid_for_update,
        "IsValidODataAttribute": column.attribute_of is None,
        "IsValidForForm": not column.logical,
        "IsValidForGrid": not column.logical,
        "IsLogical": column.logical,
        "IsManaged": managed,
        "IsSecured": secured.is_secured(state, table, column),
        "IsFilterable": column.attribute_of is None,
        "IsSearchable": column.type in {"String", "Memo"},
        "IsRetrievable": True,
        "IsRequiredForForm": column.required in {"ApplicationRequired", "SystemRequired"},
        "CanBeSecuredForCreate": column.custom,
        "CanBeSecuredForRead": column.custom,
        "CanBeSecuredForUpdate": column.custom,
        "LinkedAttributeId": None,
        "AutoNumberFormat": "",
        "InheritsFrom": None,
        "HasChanged": None,
        "CreatedOn": column.extra.get("created_on"),
        "ModifiedOn": column.extra.get("modified_on"),
        "SourceType": 0 if column.attribute_of is None and not primary_id else None,
        "RequiredLevel": {
            "Value": column.required,
            "CanBeChanged": column.required != "SystemRequired",
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
        "IsCustomizable": managed_property("iscustomizable", True),
        "IsRenameable": managed_property("isrenameable", True),
        "IsAuditEnabled": managed_property("canmodifyauditsettings", False),
        "IsGlobalFilterEnabled": managed_property("canmodifyglobalfiltersettings", False),
        "IsSortableEnabled": managed_property("canmodifyissortablesettings", False),
        "IsValidForAdvancedFind": managed_property("canmodifysearchsettings", column.attribute_of is None),
        "CanModifyAdditionalSettings": managed_property("canmodifyadditionalsettings", True),
        "DisplayName": labels.write(column.display_name, language, _languages(others, "display_name"), managed=managed),
        "Description": labels.write(column.description, language, _languages(others, "description"), managed=managed),
        **_own_properties(column),
    }


def _place(table: Table, column: Column) -> int:
    names = list(table.columns)
    return names.index(column.attribute_of or column.logical_name) + 1


def _own_properties(column: Column) -> Json:
    """What only columns of this type have."""
    match column.type:
        case "String":
            form = column.format or _EVERY_TEXT_FORMAT
            return {
                "Format": form,
                "FormatName": {"Value": form},
                "ImeMode": "Auto",
                "MaxLength": column.max_length,
                "DatabaseLength": None if column.max_length is None else 2 * column.max_length,
                "IsLocalizable": False,
                "YomiOf": None,
                "FormulaDefinition": "",
                "SourceTypeMask": 0,
            }
        case "Memo":
            return {
                "Format": "TextArea",
                "FormatName": {"Value": "TextArea"},
                "ImeMode": "Auto",
                "MaxLength": column.max_length,
                "IsLocalizable": False,
            }
        case "Integer":
            return {
                "Format": column.format or "None",
                "MinValue": int(-2_147_483_648 if column.min_value is None else column.min_value),
                "MaxValue": int(2_147_483_647 if column.max_value is None else column.max_value),
                "FormulaDefinition": "",
                "SourceTypeMask": 0,
            }
        case "BigInt":
            return {"MinValue": -9_223_372_036_854_775_808, "MaxValue": 9_223_372_036_854_775_807}
        case "Decimal" | "Double" | "Money":
            limit = {"Decimal": 100_000_000_000, "Double": 100_000_000_000, "Money": 922_337_203_685_477}[column.type]
            own: Json = {
                "MinValue": -limit if column.min_value is None else column.min_value,
                "MaxValue": limit if column.max_value is None else column.max_value,
                "Precision": 2 if column.precision is None else column.precision,
                "ImeMode": "Disabled",
            }
            if column.type == "Money":
                own |= {
                    "PrecisionSource": 2,
                    "CalculationOf": None,
                    "IsBaseCurrency": column.logical_name.endswith("_base"),
                }
            return own
        case "DateTime":
            return {
                "Format": column.format or "DateAndTime",
                "DateTimeBehavior": {"Value": column.date_behavior},
                "CanChangeDateTimeBehavior": managed_property("canchangedatetimebehavior", column.custom),
                "ImeMode": "Inactive",
            }
        case "Boolean":
            return {"DefaultValue": bool(column.default_value)}
        case "Picklist" | "MultiSelectPicklist":
            default = -1 if column.default_value is None else int(column.default_value)
            return {"DefaultFormValue": default, "ParentPicklistLogicalName": "", "ChildPicklistLogicalNames": []}
        case "State" | "Status":
            return {"DefaultFormValue": None}
        case "Lookup" | "Customer" | "Owner" | "PartyList":
            return {"Targets": column.targets, "Format": "None"}
        case "EntityName":
            return {"IsEntityReferenceStored": False}
    return {}
