"""A few people only, where what is asked about everybody of a list is asked about them.

Public: `Among`, `person_in(among, column)`, `address_in(among, column)`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, true

# Given, or asked for.
Texts = tuple[str, ...] | Select[Any]


class Among(msgspec.Struct, frozen=True):
    """Records by id, with the addresses (normalised) that they have."""

    people: Texts
    addresses: Texts


def person_in(among: Among | None, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column names one of the records; always where nobody is picked out."""
    return true() if among is None else column.in_(among.people)


def address_in(among: Among | None, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column has one of their addresses; always where nobody is picked out."""
    return true() if among is None else column.in_(among.addresses)
