"""Whom of a list a synchronisation has to look at, found by indexes: of a million who are on it and unchanged nobody.

Public: `people(list_id)`, `moving(list_id)`, `with_gates(list_id, account_id)`: Select of `person_id`;
`is_one(list_id)`, `is_one_in_book(list_id)` for conditions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, literal_column, select, union

from dyntui.model.outcomes import Outcome
from dyntui.store import list_unsubscribes, suppressed_people
from dyntui.store.bound import Value
from dyntui.store.schema import (
    list_member,
    list_unsubscribe,
    opt_out,
    opt_out_address,
    suppression,
)
from dyntui.store.stand_ins import stand_ins
from dyntui.store.standing import shared_addresses

# Of its own: it is looked for within statements about the members themselves.
_m = list_member.alias("unsettled_member").c
_UNSETTLED = ("", *(each.value for each in Outcome if each is not Outcome.UNCHANGED))
_MOVING = tuple(each for each in _UNSETTLED if each != Outcome.EXCLUDED.value)


def people(list_id: Value) -> CompoundSelect[Any]:
    """Who is news, has left the list, or is in any other state than unchanged: also unchanged for a reason."""
    return _people(list_id, _m.outcome.in_(_UNSETTLED))


def moving(list_id: Value) -> CompoundSelect[Any]:
    """`people` without those who stay excluded as long as nothing that decides about them moves."""
    return _people(list_id, _m.outcome.in_(_MOVING))


def _people(list_id: Value, others: ColumnElement[bool]) -> CompoundSelect[Any]:
    here = select(_m.person_id).where(_m.list_id == list_id)
    return union(
        here.where(_m.news),
        here.where(_m.has_left),
        here.where(others),
        here.where(_m.outcome == Outcome.UNCHANGED.value, _m.reason > ""),
    )


def is_one(list_id: Value) -> ColumnElement[bool]:
    """Whether a row of `list_member` is one of `people`."""
    return list_member.c.person_id.in_(people(list_id))


def is_one_in_book(list_id: Value) -> ColumnElement[bool]:
    """Whether a row of `list_member` that is in the book is one of `people`."""
    # Written out, as the index is.
    nothing: ColumnElement[str] = literal_column("''")
    unchanged: ColumnElement[str] = literal_column(f"'{Outcome.UNCHANGED.value}'")
    return list_member.c.person_id.in_(_people(list_id, (_m.sent_address != nothing) & (_m.outcome != unchanged)))


def with_gates(list_id: Value, account_id: Value) -> CompoundSelect[Any]:
    """`people`, and everybody against whom something is known that no record of theirs says: it may be new."""
    here = select(_m.person_id).where(_m.list_id == list_id)
    unsubscribed = list_unsubscribes.people().subquery("unsubscribed").c
    others = stand_ins("unsettled_stand_ins").c
    merged = select(others.survivor_id).join(opt_out, opt_out.c.person_id == others.person_id)
    return union(
        *people(list_id).selects,
        here.where(_m.person_id.in_(select(opt_out.c.person_id))),
        here.where(_m.person_id.in_(merged)),
        here.where(_m.address != "", _m.address.in_(select(opt_out_address.c.address))),
        here.where(_m.address.in_(select(suppression.c.address))),
        here.where(_m.address.in_(select(list_unsubscribe.c.address).where(list_unsubscribe.c.list_id == list_id))),
        here.where(_m.person_id.in_(select(unsubscribed.person_id).where(unsubscribed.list_id == list_id))),
        here.where(_m.person_id.in_(suppressed_people.person_ids())),
        here.where(_m.address.in_(shared_addresses(account_id, [list_id]))),
    )
