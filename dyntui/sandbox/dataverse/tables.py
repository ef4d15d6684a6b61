"""Tables, columns, keys and relationships of the simulated organisation. All that exist are its `schema.Schema`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

ColumnType = Literal[
    "String",
    "Memo",
    "Integer",
    "BigInt",
    "Decimal",
    "Double",
    "Money",
    "Boolean",
    "DateTime",
    "Picklist",
    "MultiSelectPicklist",
    "State",
    "Status",
    "Lookup",
    "Customer",
    "Owner",
    "PartyList",
    "Uniqueidentifier",
    "EntityName",
    "ManagedProperty",
    "Virtual",
    "Image",
    "File",
]
LOOKUP_TYPES = frozenset({"Lookup", "Customer", "Owner"})
TEXT_TYPES = frozenset({"String", "Memo", "EntityName"})
CHOICE_TYPES = frozenset({"Picklist", "State", "Status"})
WHOLE_NUMBER_TYPES = frozenset({"Integer", "BigInt", "Picklist", "State", "Status"})
FRACTION_TYPES = frozenset({"Decimal", "Double", "Money"})
UNSTORED_TYPES = frozenset({"Virtual", "ManagedProperty", "Image", "File", "PartyList"})


@dataclass(slots=True)
class Option:
    """One value of a choice. `state` belongs to options of a Status, `default_status` to those of a State.

    `labels` by language code (LCID); `label` is the organisation's language.
    """

    value: int
    label: str
    state: int | None = None
    default_status: int | None = None
    labels: dict[int, str] = field(default_factory=dict)
    color: str | None = None


@dataclass(slots=True)
class Column:
    """A column (attribute).

    `options` of a Boolean are the values 1 and 0 with their labels. `navigation` maps each target table of a lookup to
    the name of its single-valued navigation property. `attribute_of` names the column that this one only describes
    (names and types of lookups): such columns are neither stored nor served as properties. `visible_at` is the world
    time, ISO 8601 with Z, before which the column is not served yet. `extra` keeps definition properties which only
    the definitions' readers and writers know.
    """

    logical_name: str
    schema_name: str
    type: ColumnType
    metadata_id: str = ""
    display_name: str = ""
    description: str = ""
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    precision: int | None = None
    options: list[Option] = field(default_factory=list)
    option_set: str = ""
    option_set_global: bool = False
    default_value: int | bool | None = None
    targets: list[str] = field(default_factory=list)
    navigation: dict[str, str] = field(default_factory=dict)
    date_behavior: Literal["UserLocal", "DateOnly", "TimeZoneIndependent"] = "UserLocal"
    format: str = ""
    required: Literal["None", "Recommended", "ApplicationRequired", "SystemRequired"] = "None"
    valid_for_create: bool = True
    valid_for_update: bool = True
    valid_for_read: bool = True
    custom: bool = False
    logical: bool = False
    attribute_of: str | None = None
    visible_at: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_lookup(self) -> bool:
        return self.type in LOOKUP_TYPES

    @property
    def is_stored(self) -> bool:
        """Whether the column has a place in the database."""
        return self.attribute_of is None and self.type not in UNSTORED_TYPES

    @property
    def is_date_only(self) -> bool:
        """Whether values are plain dates (Edm.Date): by behaviour; the format alone does not do it."""
        return self.type == "DateTime" and self.date_behavior == "DateOnly"

    @property
    def property_name(self) -> str:
        """Name in JSON and in $select: `_x_value` for lookups."""
        return f"_{self.logical_name}_value" if self.is_lookup else self.logical_name

    @property
    def type_column(self) -> str | None:
        """Database column that holds the target table of a lookup with several targets, such as `owneridtype`."""
        return f"{self.logical_name}type" if self.is_lookup and len(self.targets) > 1 else None

    def option(self, value: int) -> Option | None:
        return next((option for option in self.options if option.value == value), None)


@dataclass(slots=True)
class Key:
    """An alternate key. It can be used from `active_at` (world time, ISO 8601 with Z) on, unless `failed`."""

    schema_name: str
    logical_name: str
    columns: list[str]
    metadata_id: str = ""
    display_name: str = ""
    active_at: str = ""
    failed: bool = False

    def is_active(self, now: str) -> bool:
        return not self.failed and self.active_at <= now


@dataclass(slots=True)
class Table:
    """A table (entity).

    `app` is "sales" for tables which only exist where the Sales app is installed. `messages` limits what may be done
    with rows to a set of {"Create", "Retrieve", "RetrieveMultiple", "Update", "Delete", "Associate", "Disassociate",
    "CreateMultiple", "UpdateMultiple", "UpsertMultiple"}; None is everything that the settings allow.
    """

    logical_name: str
    schema_name: str
    entity_set: str
    primary_id: str
    primary_name: str | None
    object_type_code: int
    ownership: Literal["UserOwned", "TeamOwned", "BusinessOwned", "OrganizationOwned", "None"] = "UserOwned"
    columns: dict[str, Column] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    metadata_id: str = ""
    display_name: str = ""
    display_collection_name: str = ""
    description: str = ""
    change_tracking: bool = False
    can_change_tracking: bool = True
    optimistic_concurrency: bool = True
    intersect: bool = False
    custom: bool = False
    activity: bool = False
    app: Literal["", "sales"] = ""
    messages: list[str] | None = None
    visible_at: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def sql_name(self) -> str:
        return f"dv_{self.logical_name}"

    @property
    def is_owned(self) -> bool:
        """Whether rows have an owner (a user or a team)."""
        return self.ownership in {"UserOwned", "TeamOwned"}

    def stored_columns(self) -> Iterator[Column]:
        return (column for column in self.columns.values() if column.is_stored)


@dataclass(slots=True)
class OneToMany:
    """A 1:N relationship: many rows of `referencing` point with a lookup column to one row of `referenced`.

    `navigation` is the collection on the referenced side; the single-valued one is in `Column.navigation`.
    `on_delete` is what happens to referencing rows when the referenced one is deleted.
    """

    schema_name: str
    referenced: str
    referenced_attribute: str
    referencing: str
    referencing_attribute: str
    navigation: str
    metadata_id: str = ""
    on_delete: Literal["Cascade", "RemoveLink", "Restrict", "NoCascade"] = "RemoveLink"
    custom: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ManyToMany:
    """An N:N relationship, stored in the rows of the table `intersect`."""

    schema_name: str
    entity1: str
    attribute1: str
    navigation1: str
    entity2: str
    attribute2: str
    navigation2: str
    intersect: str
    metadata_id: str = ""
    custom: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection-valued navigation property seen from one table.

    1:N: rows of `target` whose `far_column` is the near row's id (`intersect` is None).
    N:N: rows of `target` whose id is in `far_column` of `intersect` rows with `near_column` = the near row's id.
    """

    name: str
    target: str
    far_column: str
    relationship: str
    intersect: str | None = None
    near_column: str = ""
