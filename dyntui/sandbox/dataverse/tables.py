"""The tables, columns, keys and relationships that exist in the simulated organisation.

One `Schema` per state, held in memory and mirrored in the database by `storage`. Whoever changes it calls
`Schema.changed()` afterwards, or goes through `storage`, which does. All look-ups are case-sensitive, as names in
Web API addresses are (learn.microsoft.com webapi/query/overview).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dyntui.sandbox.state import State

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


@dataclass(slots=True)
class Schema:
    """Everything that exists. `version` grows with each change: the platform's global metadata version."""

    tables: dict[str, Table] = field(default_factory=dict)
    one_to_many: dict[str, OneToMany] = field(default_factory=dict)
    many_to_many: dict[str, ManyToMany] = field(default_factory=dict)
    version: int = 0
    _by_set: dict[str, Table] = field(default_factory=dict, repr=False, compare=False)
    _lookups: dict[str, dict[str, tuple[Column, tuple[str, ...]]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _collections: dict[str, dict[str, Collection]] = field(default_factory=dict, repr=False, compare=False)
    _properties: dict[str, dict[str, Column]] = field(default_factory=dict, repr=False, compare=False)

    def changed(self) -> None:
        """Forgets everything derived. To be called after every change."""
        self.version += 1
        self._by_set.clear()
        self._lookups.clear()
        self._collections.clear()
        self._properties.clear()

    def table(self, logical_name: str) -> Table | None:
        return self.tables.get(logical_name)

    def by_set(self, entity_set: str) -> Table | None:
        """The table of an entity set, by the exact name of the set."""
        if not self._by_set:
            self._by_set = {table.entity_set: table for table in self.tables.values() if table.entity_set}
        return self._by_set.get(entity_set)

    def lookups(self, table: Table) -> dict[str, tuple[Column, tuple[str, ...]]]:
        """Single-valued navigation properties of a table: name -> (lookup column, its targets by that name).

        Only `ownerid` has several targets under one name: its type is `principal`.
        """
        found = self._lookups.get(table.logical_name)
        if found is None:
            found = {}
            for column in table.columns.values():
                if column.is_lookup:
                    for target, name in column.navigation.items():
                        found[name] = (column, (*found.get(name, (column, ()))[1], target))
            self._lookups[table.logical_name] = found
        return found

    def collections(self, table: Table) -> dict[str, Collection]:
        """Collection-valued navigation properties of a table, by name."""
        found = self._collections.get(table.logical_name)
        if found is None:
            found = {each.name: each for each in self._find_collections(table.logical_name)}
            self._collections[table.logical_name] = found
        return found

    def _find_collections(self, logical_name: str) -> Iterator[Collection]:
        for one in self.one_to_many.values():
            if one.referenced == logical_name and one.navigation:
                yield Collection(one.navigation, one.referencing, one.referencing_attribute, one.schema_name)
        for many in self.many_to_many.values():
            if many.entity1 == logical_name:
                yield Collection(
                    many.navigation1, many.entity2, many.attribute2, many.schema_name, many.intersect, many.attribute1
                )
            if many.entity2 == logical_name:
                yield Collection(
                    many.navigation2, many.entity1, many.attribute1, many.schema_name, many.intersect, many.attribute2
                )

    def properties(self, table: Table) -> dict[str, Column]:
        """Readable properties of a table by their name in JSON, `_x_value` for lookups."""
        found = self._properties.get(table.logical_name)
        if found is None:
            found = {column.property_name: column for column in table.stored_columns() if column.valid_for_read}
            self._properties[table.logical_name] = found
        return found

    def find_property(self, table: Table, name: str, now: str) -> Column | None:
        """A readable property by its name in JSON, if it is visible at `now` (ISO 8601 with Z)."""
        column = self.properties(table).get(name)
        return None if column is None or column.visible_at > now else column

    def references_to(self, table: Table) -> Iterator[OneToMany]:
        """1:N relationships in which `table` is the one side."""
        return (one for one in self.one_to_many.values() if one.referenced == table.logical_name)

    def intersects_of(self, table: Table) -> Iterator[tuple[str, str]]:
        """(intersect table, its column holding ids of `table`) of every N:N relationship of `table`."""
        for many in self.many_to_many.values():
            if many.entity1 == table.logical_name:
                yield many.intersect, many.attribute1
            if many.entity2 == table.logical_name:
                yield many.intersect, many.attribute2


def schema_of(state: "State") -> Schema:
    """The schema of a state's organisation."""
    return state.config.dataverse.schema
