"""Making sure that tables, columns, lookups, relationships and keys exist in an environment.

    customisation = Customisation(dv, solution)      its ensure_table / ensure_column / ensure_lookup /
                                                     ensure_many_to_many / ensure_key  -> True when created now
    ensure_publisher(...) -> id     ensure_solution(...) -> id     wait_for_key(dv, table, column)
    wait_until_served(dv, entity_set, columns)
    enable_change_tracking(dv, table)      publish(dv, tables)

Every `ensure_...` looks first and creates only what is missing; "exists already" is success, so a lost answer does no
harm. Customisations take an exclusive lock in the environment: `Customisation` makes them one after the other. What
Dataverse refuses just after a change, and no longer a little later, is retried.
Facts: reference/dataverse_api.md sections 9.3 and 9.4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from typing import Any, Final, TypeVar
from xml.sax.saxutils import escape

from dyntui.dataverse.errors import (
    ALREADY_THERE,
    TRANSIENT_AFTER_CUSTOMISATION,
    UNKNOWN_NAME,
    WRITE_NOT_DONE,
    DataverseError,
    UnknownOutcome,
)
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.metadata import CRM, STRONG, definition_of, found_or_none, key_over, table_info
from dyntui.dataverse.query import guid, literal, query
from dyntui.dataverse.rows import bind, create, find_rows
from dyntui.model.solution import ColumnSpec, LookupSpec, ManyToManySpec, TableSpec

T = TypeVar("T")
ENGLISH: Final = 1033
# What was made a moment ago is not served yet: for 3 to 30 seconds (reference/dataverse_api.md 9.4).
_NOT_SERVED: Final = TRANSIENT_AFTER_CUSTOMISATION | UNKNOWN_NAME
# InvalidOptionSetOperation: what a value that is there already is refused with [inferred].
_HAS_VALUE: Final = frozenset({"0x80048403"})
# ReactivateEntityKeyOnlyForFailedJobs: somebody else's setup, or our own lost first try.
_FAILED_NO_MORE: Final = frozenset({"0x80060897"})
_PATIENCE: Final = (3.0, 10.0, 20.0, 30.0, 30.0)
_KEY_POLL_SECONDS: Final = 5.0
_KEY_DEADLINE_SECONDS: Final = 900.0
_NO_CASCADE: Final = {
    "Assign": "NoCascade",
    "Delete": "RemoveLink",
    "Merge": "NoCascade",
    "Reparent": "NoCascade",
    "Share": "NoCascade",
    "Unshare": "NoCascade",
}


class Customisation:
    """Changes to an environment's definitions, one at a time, all in one solution. `language`: that of labels (LCID),
    which has to be provisioned."""

    def __init__(self, dv: Dataverse, solution: str, *, language: int = ENGLISH) -> None:
        self._dv = dv
        self._solution = solution
        self._language = language
        self._one_at_a_time = asyncio.Lock()

    async def ensure_table(self, spec: TableSpec) -> bool:
        """The table with its primary name column; other columns are `ensure_column`'s."""
        if await table_info(self._dv, spec.logical_name) is not None:
            return False
        name = {**self._column(spec.primary_name), "IsPrimaryName": True}
        await self._make(
            "EntityDefinitions",
            {
                "@odata.type": f"{CRM}EntityMetadata",
                "SchemaName": spec.schema_name,
                "DisplayName": self._label(spec.label),
                "DisplayCollectionName": self._label(spec.plural),
                "Description": self._label(spec.label),
                "OwnershipType": "UserOwned",
                "HasActivities": False,
                "HasNotes": False,
                "IsActivity": False,
                "Attributes": [name],
            },
        )
        return True

    async def ensure_column(self, table: str, spec: ColumnSpec) -> bool:
        """A column of a table, whose kind stays what it is if it exists."""
        if await self._has(f"{definition_of(table)}/Attributes(LogicalName={literal(spec.logical_name)})"):
            return False
        await self._make(f"{definition_of(table)}/Attributes", self._column(spec))
        return True

    async def add_options(self, table: str, column: str, options: Mapping[int, str]) -> None:
        """Values (with their labels) that a choice column does not have yet; one that it has by now stays as it is."""
        for value, label in options.items():
            definition = {
                "EntityLogicalName": table,
                "AttributeLogicalName": column,
                "Value": value,
                "Label": self._label(label),
                "SolutionUniqueName": self._solution,
            }
            await self._make("InsertOptionValue", definition, _HAS_VALUE)
        await publish(self._dv, [table])

    async def ensure_lookup(self, table: str, spec: LookupSpec) -> bool:
        """A lookup column of `table` with its relationship."""
        if await self._has(f"{definition_of(table)}/Attributes(LogicalName={literal(spec.schema_name.lower())})"):
            return False
        referenced = await table_info(self._dv, spec.referenced)
        await self._make(
            "RelationshipDefinitions",
            {
                "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
                "SchemaName": spec.relationship,
                "ReferencedEntity": spec.referenced,
                "ReferencedAttribute": referenced.primary_id_attribute if referenced else f"{spec.referenced}id",
                "ReferencingEntity": table,
                "CascadeConfiguration": _NO_CASCADE,
                "Lookup": {
                    "@odata.type": f"{CRM}LookupAttributeMetadata",
                    "AttributeType": "Lookup",
                    "AttributeTypeName": {"Value": "LookupType"},
                    "SchemaName": spec.schema_name,
                    "DisplayName": self._label(spec.label),
                    "RequiredLevel": {"Value": "None"},
                },
            },
        )
        return True

    async def ensure_many_to_many(self, spec: ManyToManySpec) -> bool:
        """An N:N relationship; its intersect table has the relationship's name."""
        if await self._has(f"RelationshipDefinitions(SchemaName={literal(spec.schema_name)})"):
            return False
        await self._make(
            "RelationshipDefinitions",
            {
                "@odata.type": f"{CRM}ManyToManyRelationshipMetadata",
                "SchemaName": spec.schema_name,
                "Entity1LogicalName": spec.first,
                "Entity2LogicalName": spec.second,
                "IntersectEntityName": spec.schema_name.lower(),
            },
        )
        return True

    async def ensure_key(self, table: str, schema_name: str, column: str, label: str) -> bool:
        """An alternate key over one column. It works only once its index is built: `wait_for_key`. Where building it
        has failed it is built again, which Dataverse does not do by itself."""
        known = await key_over(self._dv, table, column)
        if known is not None and known.status == "Failed":
            named = {"EntityLogicalName": table, "EntityKeyLogicalName": known.name}
            await self._make("ReactivateEntityKey", named, _FAILED_NO_MORE)
        if known is not None:
            return False
        await self._make(
            f"{definition_of(table)}/Keys",
            {"SchemaName": schema_name, "KeyAttributes": [column], "DisplayName": self._label(label)},
        )
        return True

    async def _has(self, path: str) -> bool:
        asked = self._dv.get(path + query(select=["MetadataId"]), dict[str, Any], headers=STRONG)
        return await found_or_none(asked) is not None

    async def _make(self, path: str, definition: Mapping[str, object], there: Container[str] = ALREADY_THERE) -> None:
        headers = {"MSCRM.SolutionUniqueName": self._solution}

        async def make() -> None:
            try:
                # "Exists already" is success, which makes the call repeatable.
                await self._dv.request("POST", path, body=definition, headers=headers, repeatable=True)
            except DataverseError as error:
                if error.platform_code not in there:
                    raise

        async with self._one_at_a_time:
            # The table may have been made by the step before.
            await patiently(self._dv, make, _NOT_SERVED)

    def _label(self, text: str) -> dict[str, object]:
        localised = {"@odata.type": f"{CRM}LocalizedLabel", "Label": text, "LanguageCode": self._language}
        return {"@odata.type": f"{CRM}Label", "LocalizedLabels": [localised]}

    def _column(self, spec: ColumnSpec) -> dict[str, object]:
        definition: dict[str, object] = {
            "@odata.type": f"{CRM}{spec.kind}AttributeMetadata",
            "AttributeType": spec.kind,
            "AttributeTypeName": {"Value": f"{spec.kind}Type"},
            "SchemaName": spec.schema_name,
            "DisplayName": self._label(spec.label),
            "RequiredLevel": {"Value": "None"},
        }
        return {**definition, **self._of_kind(spec)}

    def _of_kind(self, spec: ColumnSpec) -> dict[str, object]:
        match spec.kind:
            case "String":
                return {"MaxLength": spec.max_length, "FormatName": {"Value": "Text"}}
            case "Memo":
                return {"MaxLength": spec.max_length, "Format": "TextArea"}
            case "Integer":
                return {"Format": "None", "MinValue": -2147483648, "MaxValue": 2147483647}
            case "DateTime":
                return {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}}
            case "Boolean":
                return {
                    "DefaultValue": False,
                    "OptionSet": {
                        "@odata.type": f"{CRM}BooleanOptionSetMetadata",
                        "TrueOption": {"Value": 1, "Label": self._label("Yes")},
                        "FalseOption": {"Value": 0, "Label": self._label("No")},
                    },
                }
            case "Picklist":
                return {
                    "OptionSet": {
                        "@odata.type": f"{CRM}OptionSetMetadata",
                        "IsGlobal": False,
                        "OptionSetType": "Picklist",
                        "Options": [
                            {"Value": value, "Label": self._label(label)} for value, label in spec.options.items()
                        ],
                    }
                }
            case _:
                raise ValueError(f"columns of kind {spec.kind} are not installed")


async def patiently(
    dv: Dataverse, work: Callable[[], Awaitable[T]], transient: Container[str] = TRANSIENT_AFTER_CUSTOMISATION
) -> T:
    """Do something that Dataverse may refuse just after a customisation, by codes that are `transient` then; about 90
    seconds of patience in all."""
    for seconds in _PATIENCE:
        try:
            return await work()
        except UnknownOutcome:
            raise
        except DataverseError as error:
            if error.platform_code not in transient:
                raise
        await dv.sleep(seconds)
    return await work()


async def ensure_publisher(dv: Dataverse, unique_name: str, friendly_name: str, prefix: str, option_prefix: int) -> str:
    """The publisher's id; it is created when there is none with this unique name."""
    return await _ensure_row(
        dv,
        "publishers",
        "publisherid",
        unique_name,
        {
            "uniquename": unique_name,
            "friendlyname": friendly_name,
            "customizationprefix": prefix,
            "customizationoptionvalueprefix": option_prefix,
        },
    )


async def ensure_solution(dv: Dataverse, unique_name: str, friendly_name: str, version: str, publisher_id: str) -> str:
    """The solution's id; it is created when there is none with this unique name."""
    return await _ensure_row(
        dv,
        "solutions",
        "solutionid",
        unique_name,
        {
            "uniquename": unique_name,
            "friendlyname": friendly_name,
            "version": version,
            "publisherid@odata.bind": bind("publishers", publisher_id),
        },
    )


async def _ensure_row(dv: Dataverse, entity_set: str, key: str, unique_name: str, row: Mapping[str, object]) -> str:
    async def existing() -> str | None:
        condition = f"uniquename eq {literal(unique_name)}"
        found = await find_rows(dv, entity_set, dict[str, Any], select=[key], filter=condition, top=1)
        return guid(str(found[0][key])) if found else None

    known = await existing()
    if known is not None:
        return known
    try:
        return await create(dv, entity_set, row)
    except DataverseError as error:
        made = await existing()
        if made is None or not (isinstance(error, UnknownOutcome) or error.platform_code in ALREADY_THERE):
            raise
        return made


async def wait_for_key(
    dv: Dataverse,
    table: str,
    column: str,
    *,
    poll: float = _KEY_POLL_SECONDS,
    deadline: float = _KEY_DEADLINE_SECONDS,
) -> None:
    """Wait until the index of the key over a column is built. DATAVERSE_KEY_FAILED or DATAVERSE_KEY_NOT_READY
    otherwise."""
    waited = 0.0
    while True:
        known = await key_over(dv, table, column)
        if known is not None and known.status == "Active":
            return
        if known is not None and known.status == "Failed":
            raise DataverseError(
                "DATAVERSE_KEY_FAILED",
                f"The index of the key {known.name} could not be built: rows with equal values are in its way.",
                not_done="The key cannot be used.",
                remedy="Remove the duplicates in Dynamics, then run `dyntui setup` again.",
            )
        if waited >= deadline:
            raise DataverseError(
                "DATAVERSE_KEY_NOT_READY",
                f"The index of the key over {table}.{column} is still being built.",
                not_done="The key cannot be used yet.",
                remedy="Run `dyntui setup` again later.",
            )
        await dv.sleep(poll)
        waited += poll


async def wait_until_served(dv: Dataverse, entity_set: str, columns: Iterable[str]) -> None:
    """Wait until a table answers with these columns, as it does some time after they were made. DATAVERSE_UNKNOWN_NAME
    when it does not."""
    asked = entity_set + query(select=list(columns), top=1)

    async def ask() -> None:
        await dv.request("GET", asked)

    await patiently(dv, ask, _NOT_SERVED)


async def enable_change_tracking(dv: Dataverse, table: str) -> bool:
    """Switch change tracking on for a table and publish it (True), unless it is on already. It cannot be undone."""
    info = await table_info(dv, table)
    if info is None:
        raise DataverseError(
            "DATAVERSE_TABLE_MISSING",
            f"The table {table} does not exist.",
            not_done=WRITE_NOT_DONE,
            remedy="Run `dyntui setup`.",
        )
    if info.change_tracking_enabled:
        return False
    # Definitions are changed by sending them back whole.
    definition = await dv.get(definition_of(table), dict[str, Any], headers=STRONG)
    changed = {name: value for name, value in definition.items() if "@" not in name}
    changed["ChangeTrackingEnabled"] = True

    async def put() -> None:
        await dv.request("PUT", definition_of(table), body=changed, headers={"MSCRM.MergeLabels": "true"})

    await patiently(dv, put)
    await publish(dv, [table])
    return True


async def publish(dv: Dataverse, tables: Iterable[str]) -> None:
    """Publish changes of tables' definitions."""
    named = "".join(f"<entity>{escape(table)}</entity>" for table in tables)
    parameter = f"<importexportxml><entities>{named}</entities></importexportxml>"

    async def send() -> None:
        await dv.request("POST", "PublishXml", body={"ParameterXml": parameter}, repeatable=True)

    await patiently(dv, send)
