"""Definitions of alternate keys and relationships as JSON, as the Web API shows them."""

from datetime import datetime, timedelta

from dyntui.sandbox.dataverse import labels
from dyntui.sandbox.dataverse.definitions import NAMESPACE, VERSION, Json, managed_property
from dyntui.sandbox.dataverse.storage import now, schema_of
from dyntui.sandbox.dataverse.tables import Key, ManyToMany, OneToMany, Table
from dyntui.sandbox.state import State


def key_json(state: State, table: Table, key: Key) -> Json:
    """EntityKeyMetadata, with the status its index has now."""
    return {
        "MetadataId": key.metadata_id,
        "LogicalName": key.logical_name,
        "SchemaName": key.schema_name,
        "EntityLogicalName": table.logical_name,
        "KeyAttributes": key.columns,
        "EntityKeyIndexStatus": key_status(state, key),
        "IsManaged": False,
        "IsSynchronous": False,
        "IsExportKey": False,
        "IsSecondaryKey": False,
        "IntroducedVersion": "1.0.0.0",
        "HasChanged": None,
        "IsCustomizable": managed_property("iscustomizable", True),
        "DisplayName": labels.write(key.display_name, state.config.dataverse.base_language),
    }


def key_status(state: State, key: Key) -> str:
    """Pending, then InProgress, then Active, or Failed."""
    moment = now(state)
    if key.failed:
        return "Failed"
    if key.is_active(moment):
        return "Active"
    try:
        halfway = datetime.fromisoformat(key.active_at) - timedelta(
            seconds=state.config.dataverse.key_index_seconds / 2
        )
    except OverflowError:
        return "Pending"
    return "InProgress" if state.clock.now() >= halfway else "Pending"


_CASCADE_ALL = {
    "RollupView": "NoCascade",
    **dict.fromkeys(("Assign", "Merge", "Reparent", "Share", "Unshare", "Archive"), "NoCascade"),
}


def one_to_many_json(state: State, one: OneToMany) -> Json:
    """OneToManyRelationshipMetadata."""
    referencing = schema_of(state).tables[one.referencing]
    column = referencing.columns[one.referencing_attribute]
    return {
        "@odata.type": f"{NAMESPACE}OneToManyRelationshipMetadata",
        "MetadataId": one.metadata_id,
        "SchemaName": one.schema_name,
        "RelationshipType": "OneToManyRelationship",
        "ReferencedEntity": one.referenced,
        "ReferencedAttribute": one.referenced_attribute,
        "ReferencedEntityNavigationPropertyName": one.navigation,
        "ReferencingEntity": one.referencing,
        "ReferencingAttribute": one.referencing_attribute,
        "ReferencingEntityNavigationPropertyName": column.navigation.get(one.referenced),
        "CascadeConfiguration": {**_CASCADE_ALL, **one.extra.get("cascade", {}), "Delete": one.on_delete},
        "AssociatedMenuConfiguration": one.extra.get("menu"),
        "IsCustomRelationship": one.custom,
        "IsManaged": not one.custom,
        "IsHierarchical": False,
        "IsValidForAdvancedFind": True,
        "SecurityTypes": "Append",
        "EntityKey": None,
        "RelationshipBehavior": 1,
        "IntroducedVersion": "1.0.0.0" if one.custom else VERSION,
        "HasChanged": None,
        "IsCustomizable": managed_property("iscustomizable", True),
    }


def many_to_many_json(many: ManyToMany) -> Json:
    """ManyToManyRelationshipMetadata."""
    return {
        "@odata.type": f"{NAMESPACE}ManyToManyRelationshipMetadata",
        "MetadataId": many.metadata_id,
        "SchemaName": many.schema_name,
        "RelationshipType": "ManyToManyRelationship",
        "Entity1LogicalName": many.entity1,
        "Entity1IntersectAttribute": many.attribute1,
        "Entity1NavigationPropertyName": many.navigation1,
        "Entity1AssociatedMenuConfiguration": many.extra.get("menu1"),
        "Entity2LogicalName": many.entity2,
        "Entity2IntersectAttribute": many.attribute2,
        "Entity2NavigationPropertyName": many.navigation2,
        "Entity2AssociatedMenuConfiguration": many.extra.get("menu2"),
        "IntersectEntityName": many.intersect,
        "IsCustomRelationship": many.custom,
        "IsManaged": not many.custom,
        "IsValidForAdvancedFind": True,
        "SecurityTypes": "None",
        "IntroducedVersion": "1.0.0.0" if many.custom else VERSION,
        "HasChanged": None,
        "IsCustomizable": managed_property("iscustomizable", True),
    }
