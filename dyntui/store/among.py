"""A few people only, where what is asked about everybody of a list is asked about them.

Public: `Among`, `TOLD` and `told(people, addresses)`, `person_in(among, column)`, `address_in(among, column)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Select, String, bindparam, true

# Given, asked for, or told when the statement is carried out.
Texts = tuple[str, ...] | Select[Any] | BindParameter[Any]


class Among(msgspec.Struct, frozen=True):
    """Records by id, with the addresses (normalised) that they have; `rivals`: everybody who has one of these, on any
    list, where that is known."""

    people: Texts
    addresses: Texts
    rivals: Texts | None = None


# Those who are told when a statement is carried out: it is then put together only once. `told` says who they are.
_PEOPLE = bindparam("b_people", expanding=True, type_=String)
_ADDRESSES = bindparam("b_addresses", expanding=True, type_=String)
TOLD = Among(_PEOPLE, _ADDRESSES, rivals=_PEOPLE)


def told(people: Sequence[str], addresses: Sequence[str] = ()) -> dict[str, list[str]]:
    """The values of a statement about those of `TOLD`; where addresses are among them, so is whoever has one."""
    return {_PEOPLE.key: list(people), _ADDRESSES.key: list(addresses)}


def person_in(among: Among | None, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column names one of the records; always where nobody is picked out."""
    return true() if among is None else column.in_(among.people)


def address_in(among: Among | None, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a column has one of their addresses; always where nobody is picked out."""
    return true() if among is None else column.in_(among.addresses)
