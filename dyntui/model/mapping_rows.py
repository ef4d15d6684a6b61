"""Labels, mappings and columns as store, contract and both faces show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from dyntui.model.columns import Column, Columns, column_at
from dyntui.model.conversion import label_type_of
from dyntui.model.labels import ADDRESS_LABEL, DataLabel
from dyntui.model.mapping import DataMapping, validate


class LabelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A data label; see `DataLabel`. `mapped`: the mappings that use it, in words."""

    name: str
    type: str
    default_value: str
    visibility: str
    description: str
    synchronised: bool
    conflict: str
    mapped: tuple[str, ...]


class MappingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A data mapping; see `DataMapping`. `row` counts from 1. `label_type`, `column_type` and `column_label`: as they
    are known, `""` where they are not. `problem`: why it cannot work, `""` when it can."""

    row: int
    label: str
    label_type: str
    direction: str
    entity: str
    column: str
    column_label: str
    column_type: str
    conflict: str
    choice: str
    enabled: bool
    problem: str


class ColumnRow(msgspec.Struct, frozen=True, kw_only=True):
    """A column that can be mapped, by its logical name. `label_type`: the type of data label that it goes with, `""`
    where it cannot be mapped; `writable`: values may come from dotdigital; `options`: its choices, value and label."""

    entity: str
    column: str
    label: str
    type: str
    label_type: str
    readable: bool
    writable: bool
    max_length: int | None
    options: tuple[str, ...]


def label_rows(labels: Iterable[DataLabel], mappings: Iterable[DataMapping]) -> list[LabelRow]:
    """The labels with where they are mapped."""
    uses: dict[str, list[str]] = {}
    for each in mappings:
        uses.setdefault(each.label, []).append(each.words)
    return [
        LabelRow(
            name=each.name,
            type=each.type.value,
            default_value=each.default_value,
            visibility=each.visibility.value,
            description=each.description,
            synchronised=each.synchronised,
            conflict=each.conflict,
            mapped=tuple(uses.get(each.name, ())),
        )
        for each in labels
    ]


def mapping_rows(mappings: Sequence[DataMapping], labels: Sequence[DataLabel], columns: Columns) -> list[MappingRow]:
    """The mappings with what is known of both sides, and what is wrong with them."""
    types = {each.name: each.type.value for each in labels} | {ADDRESS_LABEL: "address"}
    wrong: dict[int, str] = {}
    for finding in validate(mappings, labels, columns):
        if not finding.warning:
            wrong.setdefault(finding.row, f"{finding.message} {finding.remedy}")
    rows: list[MappingRow] = []
    for place, each in enumerate(mappings, start=1):
        column = column_at(columns, each.entity.value, each.column)
        rows.append(
            MappingRow(
                row=place,
                label=each.label,
                label_type=types.get(each.label, ""),
                direction=each.direction.value,
                entity=each.entity.value,
                column=each.column,
                column_label=column.label if column else "",
                column_type=column.type if column else "",
                conflict=each.conflict.value,
                choice=each.choice.value,
                enabled=each.enabled,
                problem=wrong.get(place, ""),
            )
        )
    return rows


def column_row(column: Column) -> ColumnRow:
    """A column as it is shown."""
    kind = label_type_of(column)
    return ColumnRow(
        entity=column.entity,
        column=column.logical_name,
        label=column.label,
        type=column.type,
        label_type=kind.value if kind else "",
        readable=column.readable,
        writable=column.takes_values,
        max_length=column.max_length,
        options=tuple(f"{each.value} {each.label}" for each in column.options),
    )
