"""What is brought from dotdigital to a record: data labels that feed its columns, with the rule for conflicts.

drains_of(entity, mappings, labels, columns, hidden) -> Drains      once for a run
among(drains, fields) -> Drains                             by the data fields that there are now
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from dyntui.model.columns import Column, Columns, column_at, why_hidden
from dyntui.model.conversion import ChoiceAs, Direction, fits
from dyntui.model.labels import DataLabel, LabelType
from dyntui.model.mapping import ConflictRule, DataMapping
from dyntui.model.opt_in import COLUMN as OPT_IN_TYPE
from dyntui.model.people import Entity

# Consent and the address are never written from a data field: who opted out could be mailed again by it.
NEVER_WRITTEN: Final = frozenset(
    {
        *("donotemail", "donotbulkemail", "donotsendmm", "statecode", "statuscode", OPT_IN_TYPE),
        *("emailaddress1", "emailaddress2", "emailaddress3"),
    }
)


class Drain(msgspec.Struct, frozen=True):
    """A data label that feeds a column. `back`: the column feeds the label, too; `choice`: what of a choice is in the
    label."""

    label: str
    label_type: LabelType
    column: Column
    rule: ConflictRule
    choice: ChoiceAs
    back: bool


class Drains(msgspec.Struct, frozen=True):
    """All of an entity, in the order of the labels. `left_out`: mappings that are not carried out, in words, with
    why."""

    entity: Entity
    drains: tuple[Drain, ...]
    left_out: tuple[str, ...] = ()


def drains_of(
    entity: Entity,
    mappings: Iterable[DataMapping],
    labels: Iterable[DataLabel],
    columns: Columns,
    hidden: Collection[str] = (),
) -> Drains:
    """The enabled mappings of an entity to Dynamics. A mapping whose label or column is gone, or does not take values
    any more, or reads as empty because it is `hidden` from the service, is left out: what the column holds stays as it
    is."""
    known = {each.name: each for each in labels if each.synchronised}
    mine = [each for each in mappings if each.enabled and each.entity is entity]
    out = {(each.label, each.column): each for each in mine if each.direction is Direction.TO_DOTDIGITAL}
    drains: list[Drain] = []
    left_out: list[str] = []
    for each in mine:
        if each.direction is not Direction.TO_DYNAMICS:
            continue
        label, column = known.get(each.label), column_at(columns, entity.value, each.column)
        if label is None:
            left_out.append(f"{each.words}: the email service has no data field {each.label} of the label's type")
        elif column is None:
            left_out.append(f"{each.words}: Dynamics has no such column any more")
        elif column.logical_name in NEVER_WRITTEN:
            left_out.append(f"{each.words}: consent and addresses are never written from a data field")
        elif Direction.TO_DYNAMICS not in fits(column, label.type):
            left_out.append(f"{each.words}: a {label.type} label does not go to this {column.type} column")
        elif why := why_hidden(column, hidden):
            left_out.append(f"{each.words}: {why}")
        else:
            two_way = out.get((each.label, each.column))
            choice = two_way.choice if two_way is not None else each.choice
            drains.append(Drain(label.name, label.type, column, each.conflict, choice, two_way is not None))
    return Drains(entity, tuple(sorted(drains, key=lambda drain: drain.label)), tuple(left_out))


def among(drains: Drains, fields: Mapping[str, str]) -> Drains:
    """Those whose data field dotdigital has, by name and type. Of one that was deleted no contact has a value: that
    clears no column."""
    there = tuple(each for each in drains.drains if fields.get(each.label, "").casefold() == each.label_type.casefold())
    gone = (
        f"{each.label} -> {drains.entity.value}.{each.column.logical_name}: the email service has no data field "
        f"{each.label} of the label's type any more"
        for each in drains.drains
        if each not in there
    )
    return Drains(drains.entity, there, (*drains.left_out, *gone))
