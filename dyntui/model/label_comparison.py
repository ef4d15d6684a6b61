"""Data labels against dotdigital's data fields: what each side has to learn from the other.

    compare(labels, fields, mapped, whole=True) -> Comparison

A field that nobody knew becomes a label; a label that was made here becomes a field. Where both have the name and the
types differ, or a field that mappings use was deleted in dotdigital, that is a conflict for a person to resolve:
neither side is overwritten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from dyntui.model.labels import DataLabel, LabelType, Visibility, canonical

DELETED: Final = "deleted"
"""What stands as the conflict of a label whose data field was deleted in dotdigital."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A data field as dotdigital lists it: `type` and `visibility` as received, `default_value` as text."""

    name: str
    type: str
    visibility: str = Visibility.PRIVATE.value
    default_value: str = ""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`labels`: those that are new or changed here; `create`: labels that dotdigital has no field of yet; `learned`,
    `conflicts`, `removed`: names of labels that are new here, in conflict, and no more; `odd`: fields of a type that
    dyntui does not know, in words."""

    labels: tuple[DataLabel, ...]
    create: tuple[DataLabel, ...]
    learned: tuple[str, ...]
    conflicts: tuple[DataLabel, ...]
    removed: tuple[str, ...]
    odd: tuple[str, ...]


def compare(
    labels: Iterable[DataLabel], fields: Iterable[Field], mapped: Collection[str], *, whole: bool = True
) -> Comparison:
    """What follows from the account's labels and dotdigital's fields; `mapped`: labels that mappings use. Where the
    fields are not the `whole` of them, a label without one is not taken for deleted."""
    known = {each.name: each for each in labels}
    there = {canonical(each.name): each for each in fields}
    changed: list[DataLabel] = []
    learned: list[str] = []
    conflicts: list[DataLabel] = []
    odd: list[str] = []
    for name, field in sorted(there.items()):
        label = known.get(name)
        kind = next((each for each in LabelType if each.value.lower() == field.type.lower()), None)
        if label is None and kind is None:
            odd.append(f"{name} is of the unknown type {field.type}")
            continue
        now = _as_it_is(name, label, field, kind)
        if now != label:
            changed.append(now)
        if label is None:
            learned.append(name)
        if now.conflict:
            conflicts.append(now)
    create: list[DataLabel] = []
    removed: list[str] = []
    for name, label in sorted(known.items()):
        if name in there:
            continue
        if not label.synchronised and label.conflict != DELETED:
            create.append(msgspec.structs.replace(label, conflict=""))
        elif not whole:
            continue
        elif name in mapped:
            now = msgspec.structs.replace(label, synchronised=False, conflict=DELETED)
            conflicts.append(now)
            if now != label:
                changed.append(now)
        else:
            removed.append(name)
    return Comparison(
        labels=tuple(changed),
        create=tuple(create),
        learned=tuple(learned),
        conflicts=tuple(conflicts),
        removed=tuple(removed),
        odd=tuple(odd),
    )


def _as_it_is(name: str, label: DataLabel | None, field: Field, kind: LabelType | None) -> DataLabel:
    """The label beside a field of its name."""
    if label is not None and kind is not label.type:
        return msgspec.structs.replace(label, synchronised=False, conflict=field.type)
    assert kind is not None
    visible = field.visibility.lower() == Visibility.PUBLIC.value.lower()
    return DataLabel(
        name=name,
        type=kind,
        default_value=field.default_value,
        visibility=Visibility.PUBLIC if visible else Visibility.PRIVATE,
        description=label.description if label is not None else "",
        synchronised=True,
    )
