"""Columns of Dynamics tables: what of their definitions decides how a value is mapped and converted.

Type names are Dataverse's own (AttributeTypeCode; reference/dataverse_api.md section 9.1), `MultiSelectPicklist` for
what Dataverse reports as a virtual column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

TEXT: Final = frozenset({"String", "Memo"})
WHOLE: Final = frozenset({"Integer", "BigInt"})
FRACTIONAL: Final = frozenset({"Decimal", "Double", "Money"})
NUMBERS: Final = WHOLE | FRACTIONAL
LOOKUPS: Final = frozenset({"Lookup", "Customer", "Owner"})
CHOICES: Final = frozenset({"Picklist", "State", "Status"})
MULTI_CHOICE: Final = "MultiSelectPicklist"
TWO_OPTIONS: Final = "Boolean"
DATE: Final = "DateTime"
UNIQUE_ID: Final = "Uniqueidentifier"

DATE_ONLY: Final = "DateOnly"
"""The behaviour of a date without a time; also the format of a date that is only shown without one."""
ZONELESS: Final = "TimeZoneIndependent"


class Option(msgspec.Struct, frozen=True):
    """One choice of a choice column."""

    value: int
    label: str


class Leads(msgspec.Struct, frozen=True):
    """Where a lookup leads: to the rows of `table` by their `key`; `property` is its navigation property there."""

    table: str
    key: str
    property: str


class Over(msgspec.Struct, frozen=True):
    """Over which lookup a column is reached, where that leads, and the column's own logical name there."""

    lookup: str
    leads: Leads
    column: str


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a table, as Dynamics describes it. `entity`: the table's logical name.

    `format`: for dates `DateOnly` or `DateAndTime`, for text `Email`, `Url`...; `behaviour`: `UserLocal`, `DateOnly` or
    `TimeZoneIndependent`. `source`: 0 simple, 1 calculated, 2 rollup. `targets`: the tables that a lookup leads to.
    `leads`: how each of them is reached. `precision`: decimals kept. A column that is reached `over` a lookup has the
    path as its name (`column_at`).
    """

    entity: str
    logical_name: str
    type: str
    schema_name: str = ""
    label: str = ""
    readable: bool = True
    creatable: bool = True
    writable: bool = True
    required: bool = False
    custom: bool = False
    max_length: int | None = None
    precision: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    format: str | None = None
    behaviour: str | None = None
    source: int = 0
    targets: tuple[str, ...] = ()
    leads: tuple[Leads, ...] = ()
    options: tuple[Option, ...] = ()
    over: Over | None = None

    @property
    def computed(self) -> bool:
        """Whether Dynamics itself reckons its values: a calculated or a rollup column."""
        return self.source != 0

    @property
    def takes_values(self) -> bool:
        """Whether somebody else may write it."""
        return self.writable and not self.computed


Columns = Mapping[tuple[str, str], Column]


def by_name(columns: Iterable[Column]) -> dict[tuple[str, str], Column]:
    """Columns by table and logical name."""
    return {(each.entity, each.logical_name): each for each in columns}


def tables_reached(columns: Columns, entity: str, path: str) -> tuple[str, ...]:
    """The tables that a path leads to over its lookup: one, or none for a plain column or a path that leads nowhere."""
    names = path.split(".")
    first = columns.get((entity, names[0]))
    if first is None or not 2 <= len(names) <= 3 or first.type not in LOOKUPS:
        return ()
    tables = first.targets if len(names) == 2 else tuple(each for each in first.targets if each == names[1])
    return tables if len(tables) == 1 else ()


def column_at(columns: Columns, entity: str, path: str) -> Column | None:
    """The column that a mapping names, or None where there is none.

    A path is a logical name (`firstname`), or that of a lookup and of a column of the table that it leads to
    (`primarycontactid.emailaddress1`), with the table between them where the lookup may lead to several
    (`parentcustomerid.account.name`). A column of another table can be read, not written.
    """
    names = path.split(".")
    first = columns.get((entity, names[0]))
    if len(names) == 1 or first is None:
        return first
    tables = tables_reached(columns, entity, path)
    found = columns.get((tables[0], names[-1])) if tables else None
    leads = next((each for each in first.leads if each.table in tables), None)
    if found is None or leads is None or found.type in LOOKUPS:
        return None
    return msgspec.structs.replace(
        found,
        entity=entity,
        logical_name=path,
        label=f"{first.label}: {found.label}",
        readable=first.readable and found.readable,
        creatable=False,
        writable=False,
        over=Over(first.logical_name, leads, found.logical_name),
    )


def read_for(column: Column) -> tuple[tuple[str, str], ...]:
    """The columns (table and logical name) that are read for one: over a lookup both the lookup and what it leads
    to."""
    if column.over is None:
        return ((column.entity, column.logical_name),)
    return ((column.entity, column.over.lookup), (column.over.leads.table, column.over.column))


def is_local_date(column: Column) -> bool:
    """Whether somebody types a date without a time that Dynamics keeps as their midnight, in UTC: date
    only by its format, not by its behaviour (reference/dataverse_api.md section 4)."""
    typed = column.creatable or column.over is not None
    return (
        typed and column.type == DATE and column.format == DATE_ONLY and column.behaviour not in (DATE_ONLY, ZONELESS)
    )


HIDDEN: Final = "the column is secured, and nothing says that the service may read it"
"""Why a mapping of such a column is left out."""


def hidden_rows(table: str) -> str:
    """How it is said of a table, among the columns that are hidden from the service, that this does not see all its
    rows."""
    return f"{table}.*"


def why_hidden(column: Column, hidden: Collection[str]) -> str:
    """Why a column reads as empty for the service, of what (`contact.jobtitle`, `hidden_rows`) is hidden from it; `""`
    where it does not."""
    if any(f"{table}.{name}" in hidden for table, name in read_for(column)):
        return HIDDEN
    if column.over is not None and hidden_rows(column.over.leads.table) in hidden:
        return (
            f"the service does not see every row of the table {column.over.leads.table}: give the application user a "
            "security role of its own that may read them for the whole organisation"
        )
    return ""
