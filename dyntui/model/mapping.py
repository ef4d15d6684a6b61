"""Data mappings: which column of a record feeds which data label, or is fed by it.

    validate(mappings, labels, columns) -> [Finding]        check before anything is saved or imported

Which values travel, and how, is in `dyntui.model.conversion`; what is made of a record, in `dyntui.model.payloads`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from dyntui.model.columns import Column, Columns, column_at, is_local_date
from dyntui.model.conversion import ChoiceAs, Direction, fits, label_type_of, loses
from dyntui.model.labels import ADDRESS_LABEL, STRING_LENGTH, DataLabel
from dyntui.model.people import Entity


class ConflictRule(enum.StrEnum):
    """Whose value counts where both sides have changed it since the last synchronisation (spec section 7)."""

    DOTDIGITAL = "dotdigital"
    DYNAMICS = "dynamics"
    NEWEST = "newest"


class DataMapping(msgspec.Struct, frozen=True):
    """A label fed from a column of an entity, or the other way round; two-way is two mappings.

    `column` is a logical name, or a path over one lookup (`dyntui.model.columns.column_at`). `conflict` counts for
    mappings to Dynamics. `choice`: what of a choice or a lookup travels to dotdigital.
    """

    label: str
    entity: Entity
    column: str
    direction: Direction = Direction.TO_DOTDIGITAL
    conflict: ConflictRule = ConflictRule.DOTDIGITAL
    enabled: bool = True
    choice: ChoiceAs = ChoiceAs.LABEL

    @property
    def words(self) -> str:
        """The mapping in one line: `FIRSTNAME <- contact.firstname`."""
        arrow = "<-" if self.direction is Direction.TO_DOTDIGITAL else "->"
        return f"{self.label} {arrow} {self.entity.value}.{self.column}"


# At which address a record is mailed, where nobody says otherwise.
ADDRESSES: Final[dict[Entity, str]] = dict.fromkeys(Entity, "emailaddress1")
PRIMARY_CONTACTS: Final = "primarycontactid.emailaddress1"
"""The column that an account's address comes from where it is mailed at its primary contact's."""
_MAILED_AT: Final[dict[Entity, tuple[str, ...]]] = {each: (column,) for each, column in ADDRESSES.items()} | {
    Entity.ACCOUNT: (ADDRESSES[Entity.ACCOUNT], PRIMARY_CONTACTS)
}


def mailed_at(entity: Entity) -> tuple[str, ...]:
    """The columns that the address of a record may come from, the usual one first."""
    return _MAILED_AT[entity]


def address_column(mappings: Iterable[DataMapping], entity: Entity) -> str:
    """The column that the address of a record comes from."""
    said = (each.column for each in mappings if each.label == ADDRESS_LABEL and each.entity is entity and each.enabled)
    return next((each for each in said if each in mailed_at(entity)), ADDRESSES[entity])


_MOST_LOOKUPS: Final = 15

# Provisioned for contact and lead (mission: "These include Email, First Name, Last Name and Full Name").
_NAMES: Final = (("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"), ("FULLNAME", "fullname"))
PROVISIONED: Final[tuple[DataMapping, ...]] = (
    *(
        DataMapping(label, entity, column)
        for entity in (Entity.CONTACT, Entity.LEAD)
        for label, column in ((ADDRESS_LABEL, ADDRESSES[entity]), *_NAMES)
    ),
    DataMapping(ADDRESS_LABEL, Entity.ACCOUNT, ADDRESSES[Entity.ACCOUNT]),
    DataMapping("FULLNAME", Entity.ACCOUNT, "name"),
)


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with a row of a set of mappings, or (`warning`) what somebody must acknowledge. `row` counts from
    1; `about` is the mapping in words."""

    row: int
    about: str
    code: str
    message: str
    remedy: str
    warning: bool = False


def validate(mappings: Sequence[DataMapping], labels: Iterable[DataLabel], columns: Columns) -> list[Finding]:
    """Everything that speaks against a set of mappings, row by row; errors keep it from being saved.

    Twins are told of enabled rows only; all else of disabled ones, too: a row that is switched on must be right.
    """
    known = {each.name: each for each in labels}
    found = [
        Finding(row, mapping.words, *what)
        for row, mapping in enumerate(mappings, start=1)
        for what in _of_one(mapping, known, columns)
    ]
    found += [*_twins(mappings), *_round_trips(mappings, columns), *_many_lookups(mappings, columns)]
    return sorted(found, key=lambda each: (each.row, each.code))


def faults(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are errors."""
    return [each for each in findings if not each.warning]


_What = tuple[str, str, str] | tuple[str, str, str, bool]


def _of_one(mapping: DataMapping, labels: dict[str, DataLabel], columns: Columns) -> Iterator[_What]:
    if mapping.label == ADDRESS_LABEL:
        yield from _of_the_address(mapping)
        return
    label = labels.get(mapping.label)
    column = column_at(columns, mapping.entity.value, mapping.column)
    if label is None:
        yield (
            "MAPPING_LABEL_UNKNOWN",
            f"There is no data label {mapping.label!r}.",
            "See `dyntui labels list`; create the label, or synchronise the labels.",
        )
    elif label.conflict:
        yield (
            "MAPPING_LABEL_CONFLICT",
            f"The data label {label.name} is {label.type}, and the data field of this name is {label.conflict}.",
            "Delete the label here, or the data field in the email service, then synchronise the labels.",
        )
    elif not label.synchronised:
        yield (
            "MAPPING_LABEL_NOT_SYNCHRONISED",
            f"The data label {label.name} does not exist in the email service yet.",
            "Run `dyntui labels synchronise` first.",
        )
    if column is None:
        yield (
            "MAPPING_COLUMN_UNKNOWN",
            f"The table {mapping.entity.value} has no column {mapping.column!r} that can be mapped.",
            "Check the logical name; a column made lately is known after `dyntui sync metadata`.",
        )
    if label is not None and column is not None:
        yield from _of_the_pair(mapping, label, column)


def _of_the_address(mapping: DataMapping) -> Iterator[_What]:
    if (
        mapping.column not in mailed_at(mapping.entity)
        or mapping.direction is not Direction.TO_DOTDIGITAL
        or not mapping.enabled
    ):
        yield (
            "MAPPING_ADDRESS_FIXED",
            f"{ADDRESS_LABEL} is the address at which a record is mailed, and identifies it in the email service.",
            f"Map it from {' or '.join(f'{mapping.entity.value}.{each}' for each in mailed_at(mapping.entity))} to "
            "dotdigital, enabled, or leave it out.",
        )


def _of_the_pair(mapping: DataMapping, label: DataLabel, column: Column) -> Iterator[_What]:
    inward = mapping.direction is Direction.TO_DYNAMICS
    wanted = label_type_of(column)
    if wanted is None:
        yield (
            "MAPPING_COLUMN_NOT_MAPPABLE",
            f"A column of type {column.type} cannot be mapped.",
            "Choose another column.",
        )
    elif wanted is not label.type:
        yield (
            "MAPPING_TYPES_DIFFER",
            f"The column is {column.type}, which goes with a {wanted} label; {label.name} is {label.type}.",
            f"Choose a label of type {wanted}, or another column.",
        )
    elif inward and not column.takes_values:
        yield (
            "MAPPING_COLUMN_NOT_WRITABLE",
            "The column cannot be written: it is calculated, read-only or of another table.",
            "Map it to dotdigital only, or choose another column.",
        )
    elif inward and Direction.TO_DYNAMICS not in fits(column, label.type):
        yield (
            "MAPPING_ONE_WAY",
            f"A column of type {column.type} goes to dotdigital only.",
            "Choose another column for the direction to Dynamics.",
        )
    elif not inward and not column.readable:
        yield (
            "MAPPING_COLUMN_NOT_READABLE",
            "The column cannot be read.",
            "Choose another column.",
        )
    elif inward and column.type == "Picklist" and not column.options:
        yield (
            "MAPPING_CHOICES_UNKNOWN",
            "The choices of the column are not known, so that no value can be told apart.",
            "Run `dyntui sync metadata`, then try again.",
        )
    elif inward and column.type == "Picklist" and (why := loses(column)):
        yield (
            "MAPPING_CHOICES_ALIKE",
            f"Not every choice can be told by its label: {why}.",
            "Let the data field hold the choices' values; or rename a choice in Dynamics.",
            True,
        )
    elif is_local_date(column):
        shift = (
            "a date of the email service is midnight UTC, which is shown as the day before west of Greenwich"
            if inward
            else "what is sent of a date that was typed east of Greenwich is the day before"
        )
        yield (
            "MAPPING_DATE_OF_A_ZONE",
            f"Dynamics shows the column without a time, and keeps the midnight of whoever typed it, in UTC: {shift}.",
            "Change the column's behaviour to date only in Dynamics, then `dyntui sync metadata`; or acknowledge it.",
            True,
        )
    elif not inward and column.type in {"String", "Memo"} and (column.max_length or 0) > STRING_LENGTH:
        yield (
            "MAPPING_TEXT_LONGER",
            f"The column takes {column.max_length} characters; more than {STRING_LENGTH} are rejected.",
            "Acknowledge it, or choose another column.",
            True,
        )


def _twins(mappings: Sequence[DataMapping]) -> Iterator[Finding]:
    """At most one enabled mapping per label, entity and direction, and per column, entity to Dynamics."""
    feeds: dict[tuple[str, ...], int] = {}
    for row, each in enumerate(mappings, start=1):
        if not each.enabled:
            continue
        keys: list[tuple[str, ...]] = [("label", each.label, each.entity.value, each.direction.value)]
        if each.direction is Direction.TO_DYNAMICS:
            keys.append(("column", each.column, each.entity.value))
        for key in keys:
            if (earlier := feeds.setdefault(key, row)) != row:
                yield Finding(
                    row,
                    each.words,
                    f"MAPPING_{key[0].upper()}_TWICE",
                    f"Row {earlier} maps the {key[0]} {key[1]} of {each.entity.value} in this direction already.",
                    "Disable or delete one of the two.",
                )


def _many_lookups(mappings: Sequence[DataMapping], columns: Columns) -> Iterator[Finding]:
    """Dynamics follows so many lookups of a row at once, and no more (reference/dataverse_api.md section 4.3)."""
    followed: dict[Entity, set[tuple[str, str]]] = {}
    for row, each in enumerate(mappings, start=1):
        column = column_at(columns, each.entity.value, each.column)
        if not each.enabled or column is None or column.over is None:
            continue
        ways = followed.setdefault(each.entity, set())
        ways.add((column.over.lookup, column.over.leads.table))
        if len(ways) > _MOST_LOOKUPS:
            yield Finding(
                row,
                each.words,
                "MAPPING_TOO_MANY_LOOKUPS",
                f"Dynamics follows at most {_MOST_LOOKUPS} lookups of a {each.entity.value}.",
                "Disable or delete mappings over other lookups.",
            )


def _round_trips(mappings: Sequence[DataMapping], columns: Columns) -> Iterator[Finding]:
    """Two-way pairs whose values may come back as others."""
    inward = {
        (each.label, each.entity, each.column)
        for each in mappings
        if each.enabled and each.direction is Direction.TO_DYNAMICS
    }
    for row, each in enumerate(mappings, start=1):
        if each.direction is Direction.TO_DYNAMICS or (each.label, each.entity, each.column) not in inward:
            continue
        column = column_at(columns, each.entity.value, each.column)
        if each.enabled and column is not None and (why := loses(column, each.choice)):
            yield Finding(
                row,
                each.words,
                "MAPPING_LOSES",
                f"A value that goes both ways may come back as another one: {why}.",
                "Let the value of the choice travel instead of its label, or acknowledge it.",
                warning=True,
            )
