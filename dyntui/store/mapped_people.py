"""Whom a change of data mappings concerns: everybody in an address book whose values would be others.

Public: `cost(c, account_id, before, after) -> Cost`, `sample(c, account_id, entity, limit) -> person ids`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, func, select

from dyntui.model.conversion import Direction
from dyntui.model.mapping import ConflictRule, DataMapping
from dyntui.model.people import Entity
from dyntui.store.book_marks import BY_OTHERS
from dyntui.store.schema import list_member, marketing_list

_m, _l = list_member.c, marketing_list.c
# Rows of one import, and what an import takes at least (dotdigital_api.md 5.2, 5.7).
_ROWS, _SECONDS = 5000, 10


class Cost(msgspec.Struct, frozen=True):
    """`people` are sent again by the next synchronisations, in so many `imports`, which take `seconds` or longer."""

    people: int
    imports: int
    seconds: int


def cost(c: Connection, account_id: str, before: Iterable[DataMapping], after: Iterable[DataMapping]) -> Cost:
    """What the change costs: nothing where nothing that goes to dotdigital differs."""
    had, has = _outward(before), _outward(after)
    concerned = {each.entity.value for each in had ^ has}
    if not concerned:
        return Cost(0, 0, 0)
    lists = select(_l.id).where(_l.account_id == account_id, _l.activated.is_(True), _l.active.is_(True))
    sent = (_m.list_id.in_(lists), _m.entity.in_(concerned), _m.sent_address != "", _m.sent_fingerprint != BY_OTHERS)
    counted = c.execute(select(func.count()).where(*sent).group_by(_m.list_id)).scalars().all()
    imports = sum(-(-each // _ROWS) for each in counted)
    return Cost(sum(counted), imports, imports * _SECONDS)


def sample(c: Connection, account_id: str, entity: Entity, limit: int) -> list[str]:
    """Some records of a table that are in address books of the account, in the order of the lists."""
    lists = select(_l.id).where(_l.account_id == account_id, _l.activated.is_(True), _l.member_type == entity.value)
    asked = select(_m.person_id).where(_m.list_id.in_(lists), _m.entity == entity.value, _m.sent_address != "")
    return list(c.execute(asked.order_by(_m.list_id, _m.seq).limit(limit)).scalars())


def _outward(mappings: Iterable[DataMapping]) -> set[DataMapping]:
    """What decides about values: whose value counts in a conflict is none of it."""
    return {
        msgspec.structs.replace(each, conflict=ConflictRule.DOTDIGITAL)
        for each in mappings
        if each.enabled and each.direction is Direction.TO_DOTDIGITAL
    }
