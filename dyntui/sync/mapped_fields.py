"""The fields of a row type that mapped columns are read into, and what is asked for them.

A plain column is a property of its name. A lookup is `_name_value`, and its name an annotation of that. A column over a
lookup comes in the object of the lookup's navigation property where OData answers, under an alias where FetchXML does.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from dyntui.dataverse.query import columns_of
from dyntui.dataverse.wanted import FORMATTED, Over, Wanted
from dyntui.model.columns import (
    CHOICES,
    DATE,
    FRACTIONAL,
    LOOKUPS,
    MULTI_CHOICE,
    TEXT,
    TWO_OPTIONS,
    UNIQUE_ID,
    WHOLE,
    Column,
    Leads,
)
from dyntui.model.conversion import ChoiceAs
from dyntui.model.payloads import Feed

# How the values of columns are decoded: numbers exactly.
TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys((*TEXT, *LOOKUPS, DATE, MULTI_CHOICE, UNIQUE_ID), str | None),
    **dict.fromkeys((*WHOLE, *CHOICES), int | None),
    **dict.fromkeys(FRACTIONAL, Decimal | None),
    TWO_OPTIONS: bool | None,
}


class Source(msgspec.Struct, frozen=True):
    """Where the value of a feed is found in a row: in `field`, or else in the field `inner` of the object in `outer`.
    `properties`: what it is called in Dynamics' answer."""

    field: str
    properties: tuple[str, ...]
    outer: str = ""
    inner: str = ""

    def of(self, row: object) -> object:
        """The value in a row; None where it is empty."""
        value = getattr(row, self.field)
        if value is not None or not self.outer:
            return value
        linked = getattr(row, self.outer)
        return None if linked is None else getattr(linked, self.inner)


Fields = tuple[Any, Wanted, tuple[Source, ...]]


def of(feeds: Sequence[Feed], base: Any, further: Sequence[Column] = ()) -> Fields:
    """The row type for these feeds, what is asked to fill it, and where each feed's value is found in it; behind them
    those of `further` columns."""
    made = _Making(base)
    sources = tuple(made.source(each.column, each.choice) for each in feeds)
    sources += tuple(made.source(each, ChoiceAs.VALUE) for each in further)
    return made.row_type(), made.wanted(), sources


class _Making:
    """A row type while it grows."""

    def __init__(self, base: Any) -> None:
        self._base = base
        self._fields = {each.encode_name: each.name for each in msgspec.structs.fields(base)}
        self._more: list[tuple[str, Any, Any]] = []
        self._select = list(columns_of(base))
        self._attributes = list(columns_of(base))
        self._over: dict[tuple[str, Leads], dict[str, tuple[str, Any]]] = {}
        self._named = False

    def source(self, column: Column, choice: ChoiceAs) -> Source:
        if column.over is not None:
            return self._over_a_lookup(column, column.over.lookup, column.over.leads, column.over.column)
        name = column.logical_name
        if column.type not in LOOKUPS:
            self._ask(name, name)
            return Source(self._field(name, TYPES[column.type]), (name,))
        id_of = f"_{name}_value"
        self._ask(id_of, name)
        if choice is ChoiceAs.VALUE:
            return Source(self._field(id_of, str | None), (id_of,))
        self._named = True
        named = f"{id_of}@{FORMATTED}"
        return Source(self._field(named, str | None), (named,))

    def _over_a_lookup(self, column: Column, lookup: str, leads: Leads, inner: str) -> Source:
        columns = self._over.setdefault((lookup, leads), {})
        alias = f"dyntui_{leads.property}_{inner}".lower()
        columns.setdefault(inner, (alias, TYPES[column.type]))
        field = self._field(alias, TYPES[column.type])
        return Source(field, (alias, leads.property), self._outer(lookup, leads), inner)

    def _outer(self, lookup: str, leads: Leads) -> str:
        return f"over{list(self._over).index((lookup, leads))}"

    def _ask(self, selected: str, attribute: str) -> None:
        if selected not in self._select:
            self._select.append(selected)
            self._attributes.append(attribute)

    def _field(self, name: str, type_: Any) -> str:
        if name not in self._fields:
            self._fields[name] = f"mapped{len(self._more)}"
            self._more.append((self._fields[name], type_, msgspec.field(name=name, default=None)))
        return self._fields[name]

    def row_type(self) -> Any:
        more = list(self._more)
        for (lookup, leads), columns in self._over.items():
            inner: Any = msgspec.defstruct(
                f"Over_{leads.property}",
                [(name, type_, msgspec.field(default=None)) for name, (_, type_) in columns.items()],
                frozen=True,
                kw_only=True,
            )
            field = msgspec.field(name=leads.property, default=None)
            more.append((self._outer(lookup, leads), inner | None, field))
        if not more:
            return self._base
        return msgspec.defstruct(f"Mapped{self._base.__name__}", more, bases=(self._base,), frozen=True, kw_only=True)

    def wanted(self) -> Wanted:
        over = tuple(
            Over(lookup, leads.table, leads.key, leads.property, tuple((n, alias) for n, (alias, _) in columns.items()))
            for (lookup, leads), columns in self._over.items()
        )
        return Wanted(tuple(self._select), tuple(self._attributes), over, self._named)
