"""Reading the definitions of tables, columns and keys.

    columns(dv, table) -> Columns        table_info(dv, table) -> TableInfo | None       key_over(dv, table, column)

Facts: reference/dataverse_api.md section 9.1.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, TypeVar

import msgspec

from dyntui.dataverse.errors import GONE, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import literal, query
from dyntui.dataverse.rows import find_rows
from dyntui.model.columns import Column, Leads, Option

T = TypeVar("T")
CRM: Final = "Microsoft.Dynamics.CRM."
STRONG: Final = {"Consistency": "Strong"}
"""Asks past the caches, which lag by up to half a minute."""


class Columns(msgspec.Struct, frozen=True):
    """The columns of a table. `odd`: of what is described in a way that is not understood the column's logical name
    (`""` where that is not told either), and why; such a column is not among the `rows`."""

    rows: list[Column]
    odd: dict[str, str]


class TableInfo(msgspec.Struct, frozen=True, rename="pascal"):
    """What is known of a table."""

    metadata_id: str
    logical_name: str
    schema_name: str = ""
    entity_set_name: str = ""
    primary_id_attribute: str = ""
    primary_name_attribute: str | None = None
    change_tracking_enabled: bool | None = None


class _Text(msgspec.Struct, frozen=True, rename="pascal"):
    label: str | None = None


class _Label(msgspec.Struct, frozen=True, rename="pascal"):
    user_localized_label: _Text | None = None
    localized_labels: list[_Text] | None = None

    @property
    def text(self) -> str:
        """The label in the user's language, else in any."""
        first = self.user_localized_label or next(iter(self.localized_labels or ()), None)
        return (first.label if first else None) or ""


class _Value(msgspec.Struct, frozen=True, rename="pascal"):
    value: str | None = None


class _Attribute(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    schema_name: str = ""
    attribute_type: str | None = None
    attribute_type_name: _Value | None = None
    attribute_of: str | None = None
    display_name: _Label | None = None
    is_valid_for_read: bool | None = None
    is_valid_for_create: bool | None = None
    is_valid_for_update: bool | None = None
    is_custom_attribute: bool | None = None
    required_level: _Value | None = None
    source_type: int | None = None
    max_length: int | None = None
    precision: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    format: str | None = None
    format_name: _Value | None = None
    date_time_behavior: _Value | None = None
    targets: list[str] | None = None


class _Option(msgspec.Struct, frozen=True, rename="pascal"):
    value: int
    label: _Label | None = None


class _OptionSet(msgspec.Struct, frozen=True, rename="pascal"):
    options: list[_Option] | None = None
    true_option: _Option | None = None
    false_option: _Option | None = None


class _Choices(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    option_set: _OptionSet | None = None
    global_option_set: _OptionSet | None = None


class _List(msgspec.Struct, frozen=True):
    value: list[msgspec.Raw]


class _Key(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    key_attributes: list[str] = []
    entity_key_index_status: str | None = None


_CHOICE_CASTS: Final = (
    "PicklistAttributeMetadata",
    "MultiSelectPicklistAttributeMetadata",
    "StateAttributeMetadata",
    "StatusAttributeMetadata",
    "BooleanAttributeMetadata",
)
_DETAIL_CASTS: Final = {
    "StringAttributeMetadata": ("MaxLength", "FormatName"),
    "MemoAttributeMetadata": ("MaxLength",),
    "IntegerAttributeMetadata": ("MinValue", "MaxValue"),
    "DecimalAttributeMetadata": ("MinValue", "MaxValue", "Precision"),
    "DoubleAttributeMetadata": ("MinValue", "MaxValue", "Precision"),
    "MoneyAttributeMetadata": ("MinValue", "MaxValue", "Precision"),
    "DateTimeAttributeMetadata": ("Format", "DateTimeBehavior"),
    "LookupAttributeMetadata": ("Targets",),
}
_COMMON: Final = (
    "LogicalName",
    "SchemaName",
    "AttributeType",
    "AttributeTypeName",
    "AttributeOf",
    "DisplayName",
    "IsValidForRead",
    "IsValidForCreate",
    "IsValidForUpdate",
    "IsCustomAttribute",
    "RequiredLevel",
    "SourceType",
)


def definition_of(name: str) -> str:
    """The path of a table's definition."""
    return f"EntityDefinitions(LogicalName={literal(name)})"


async def table_info(dv: Dataverse, table: str) -> TableInfo | None:
    """A table by its logical name, past all caches; None when there is none."""
    names = [
        "MetadataId",
        "LogicalName",
        "SchemaName",
        "EntitySetName",
        "PrimaryIdAttribute",
        "PrimaryNameAttribute",
        "ChangeTrackingEnabled",
    ]
    return await found_or_none(dv.get(definition_of(table) + query(select=names), TableInfo, headers=STRONG))


async def found_or_none(asking: Awaitable[T]) -> T | None:
    """What was asked for, or None when Dataverse does not know it."""
    try:
        return await asking
    except DataverseError as error:
        if error.status == 404 or error.platform_code in GONE:
            return None
        raise


async def columns(dv: Dataverse, table: str) -> Columns:
    """The columns of a table that may be mapped, by label, with choices and limits. About a dozen calls.

    Left out are the helper columns of others (`AttributeOf`) and virtual ones other than multi-select choices.
    """
    path = f"{definition_of(table)}/Attributes"
    odd: dict[str, str] = {}
    listed = await _decoded(dv, path + query(select=_COMMON), _Attribute, odd)
    details: dict[str, _Attribute] = {}
    for cast, names in _DETAIL_CASTS.items():
        asked = f"{path}/{CRM}{cast}" + query(select=["LogicalName", *names])
        details.update({each.logical_name: each for each in await _decoded(dv, asked, _Attribute, odd)})
    choices: dict[str, tuple[Option, ...]] = {}
    for cast in _CHOICE_CASTS:
        expand = "OptionSet" if cast == "BooleanAttributeMetadata" else "OptionSet($select=Options)"
        if cast in {"PicklistAttributeMetadata", "MultiSelectPicklistAttributeMetadata"}:
            expand += ",GlobalOptionSet($select=Options)"
        asked = f"{path}/{CRM}{cast}" + query(select=["LogicalName"], expand=expand)
        choices.update({each.logical_name: _options(each) for each in await _decoded(dv, asked, _Choices, odd)})
    leads = await _leads(dv, table, odd)
    found = [
        _column(
            table,
            each,
            details.get(each.logical_name, each),
            choices.get(each.logical_name, ()),
            leads.get(each.logical_name, ()),
        )
        for each in listed
        if _mappable(each) and each.logical_name not in odd
    ]
    return Columns(sorted(found, key=lambda column: (column.label.casefold(), column.logical_name)), odd)


class _Reference(msgspec.Struct, frozen=True, rename="pascal"):
    referencing_attribute: str = ""
    referenced_entity: str = ""
    referenced_attribute: str = ""
    property: str | None = msgspec.field(name="ReferencingEntityNavigationPropertyName", default=None)


async def _leads(dv: Dataverse, table: str, odd: dict[str, str]) -> dict[str, tuple[Leads, ...]]:
    """Where the lookups of a table lead, by logical name (reference section 5.1: the navigation property is not always
    what its name suggests)."""
    names = [
        "ReferencingAttribute",
        "ReferencedEntity",
        "ReferencedAttribute",
        "ReferencingEntityNavigationPropertyName",
    ]
    found: dict[str, list[Leads]] = {}
    path = f"{definition_of(table)}/ManyToOneRelationships" + query(select=names)
    for each in await _decoded(dv, path, _Reference, odd):
        if each.property:
            leads = Leads(each.referenced_entity, each.referenced_attribute, each.property)
            found.setdefault(each.referencing_attribute, []).append(leads)
    return {name: tuple(sorted(some, key=lambda each: each.table)) for name, some in found.items()}


class _Typed(msgspec.Struct, frozen=True, rename="pascal"):
    logical_name: str
    attribute_type: str | None = None


async def column_kinds(dv: Dataverse, table: str) -> dict[str, str]:
    """A table's columns past all caches: logical name -> `AttributeType` (`""` where it is not said); empty when there
    is no such table."""
    names = ["LogicalName", "AttributeType"]
    asked = dv.get(f"{definition_of(table)}/Attributes" + query(select=names), _List, headers=STRONG)
    answer = await found_or_none(asked)
    items = [msgspec.json.decode(item, type=_Typed) for item in (answer.value if answer is not None else [])]
    return {each.logical_name: each.attribute_type or "" for each in items}


class _Organisation(msgspec.Struct, frozen=True, rename={"language": "languagecode"}):
    language: int | None = None


async def base_language(dv: Dataverse) -> int | None:
    """The organisation's language (LCID), the one that is always provisioned; None where it is not said."""
    found = await find_rows(dv, "organizations", _Organisation, top=1)
    return found[0].language if found else None


async def option_values(dv: Dataverse, table: str, column: str) -> frozenset[int]:
    """The values of a choice column, past all caches; empty when there is no such column."""
    path = f"{definition_of(table)}/Attributes(LogicalName={literal(column)})/{CRM}PicklistAttributeMetadata"
    asked = query(select=["LogicalName"], expand="OptionSet($select=Options)")
    found = await found_or_none(dv.get(path + asked, _Choices, headers=STRONG))
    return frozenset(each.value for each in _options(found)) if found is not None else frozenset()


class Relationship(msgspec.Struct, frozen=True):
    """What a relationship is between; of a 1:N one the table with the lookup column is the second."""

    many_to_many: bool
    first: str
    second: str


class _Relationship(msgspec.Struct, frozen=True, rename="pascal"):
    entity1_logical_name: str | None = None
    entity2_logical_name: str | None = None
    referenced_entity: str | None = None
    referencing_entity: str | None = None


async def relationship(dv: Dataverse, schema_name: str) -> Relationship | None:
    """The relationship of this schema name; None when there is none."""
    # All of it: what the two kinds have for themselves cannot be chosen without naming the kind.
    path = f"RelationshipDefinitions(SchemaName={literal(schema_name)})"
    found = await found_or_none(dv.get(path, _Relationship, headers=STRONG))
    if found is None:
        return None
    if found.entity1_logical_name is not None:
        return Relationship(True, found.entity1_logical_name, found.entity2_logical_name or "")
    return Relationship(False, found.referenced_entity or "", found.referencing_entity or "")


async def _decoded(dv: Dataverse, path: str, into: type[T], odd: dict[str, str]) -> list[T]:
    """What can be read; what cannot is named in `odd`."""
    answer = await dv.get(path, _List)
    found = []
    for item in answer.value:
        try:
            found.append(msgspec.json.decode(item, type=into))
        except (msgspec.DecodeError, UnicodeDecodeError) as failure:
            odd[_name_of(item)] = str(failure)
    return found


def _name_of(item: msgspec.Raw) -> str:
    """The logical name of the column that a row of any shape is about; `""` where it tells none."""
    try:
        row = msgspec.json.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    names = (row.get("LogicalName"), row.get("ReferencingAttribute")) if isinstance(row, dict) else ()
    return next((each for each in names if isinstance(each, str)), "")


def _mappable(attribute: _Attribute) -> bool:
    return attribute.attribute_of is None and (
        attribute.attribute_type != "Virtual" or _type(attribute) == "MultiSelectPicklist"
    )


def _type(attribute: _Attribute) -> str:
    """`AttributeType`, but multi-select choices by their own name: Dataverse reports those as Virtual."""
    named = (attribute.attribute_type_name.value if attribute.attribute_type_name else None) or ""
    if attribute.attribute_type in {None, "Virtual"}:
        return named.removesuffix("Type") or "Virtual"
    return attribute.attribute_type or ""


def _options(choices: _Choices) -> tuple[Option, ...]:
    chosen = choices.option_set or choices.global_option_set
    if chosen is None:
        return ()
    two = [each for each in (chosen.false_option, chosen.true_option) if each is not None]
    return tuple(Option(each.value, each.label.text if each.label else "") for each in chosen.options or two)


def _column(
    table: str, common: _Attribute, detail: _Attribute, options: tuple[Option, ...], leads: tuple[Leads, ...]
) -> Column:
    return Column(
        entity=table,
        logical_name=common.logical_name,
        schema_name=common.schema_name,
        type=_type(common),
        label=(common.display_name.text if common.display_name else "") or common.logical_name,
        readable=common.is_valid_for_read is not False,
        creatable=common.is_valid_for_create is not False,
        writable=common.is_valid_for_update is not False,
        required=bool(common.required_level and common.required_level.value in _REQUIRED),
        custom=bool(common.is_custom_attribute),
        max_length=detail.max_length,
        precision=detail.precision,
        minimum=detail.min_value,
        maximum=detail.max_value,
        format=detail.format or (detail.format_name.value if detail.format_name else None),
        behaviour=detail.date_time_behavior.value if detail.date_time_behavior else None,
        source=common.source_type or 0,
        targets=tuple(detail.targets or ()),
        leads=leads,
        options=options,
    )


_REQUIRED: Final = frozenset({"ApplicationRequired", "SystemRequired"})


class KeyIndex(msgspec.Struct, frozen=True):
    """An alternate key by its logical name; `status` of its index: `Pending`, `InProgress`, `Active`, `Failed`;
    `columns` are those that it is over."""

    name: str
    status: str
    columns: tuple[str, ...]


async def key_over(dv: Dataverse, table: str, column: str) -> KeyIndex | None:
    """The alternate key over one column alone, whatever it is called; None when there is none. Rows are addressed by
    the column, and a second key over it is refused."""
    return next((each for each in await keys(dv, table) if each.columns == (column.lower(),)), None)


async def keys(dv: Dataverse, table: str) -> list[KeyIndex]:
    """Every alternate key of a table."""
    names = ["LogicalName", "KeyAttributes", "EntityKeyIndexStatus"]
    answer = await dv.get(f"{definition_of(table)}/Keys" + query(select=names), _List, headers=STRONG)
    found = (msgspec.json.decode(item, type=_Key) for item in answer.value)
    return [
        KeyIndex(
            each.logical_name,
            each.entity_key_index_status or "Pending",
            tuple(column.lower() for column in each.key_attributes),
        )
        for each in found
    ]
