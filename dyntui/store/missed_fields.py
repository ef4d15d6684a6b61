"""Data fields that dotdigital had no more when somebody looked. One that is there again is another one: it was made
empty, and nobody has cleared what contacts had in the former.

Public:
    missed(c, account_id) -> {name}; miss(c, account_id, names)
    found_again(c, account_id, names)      of these nothing is known of what both sides had
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Column, Connection, String, Table, Update, bindparam, cast, or_, select, update

from dyntui.store import watermarks
from dyntui.store.schema import list_member, marketing_list, shadow
from dyntui.store.upserts import json_text, update_many

_MISSED: Final = "data fields missed"
_AT_ONCE: Final = 1000


def missed(c: Connection, account_id: str) -> frozenset[str]:
    """The data fields that were not there when somebody looked last."""
    text = watermarks.get(c, account_id, _MISSED)
    return frozenset(msgspec.json.decode(text, type=tuple[str, ...])) if text else frozenset()


def miss(c: Connection, account_id: str, names: Iterable[str]) -> None:
    """dotdigital does not have these any more."""
    _put(c, account_id, missed(c, account_id).union(names))


def found_again(c: Connection, account_id: str, names: Collection[str]) -> None:
    """dotdigital has these: what was known of the values of those that had been missed is forgotten."""
    before = missed(c, account_id)
    if again := sorted(before.intersection(names)):
        lists = select(marketing_list.c.id).where(marketing_list.c.account_id == account_id)
        for of_list in c.execute(lists.order_by(marketing_list.c.id)).scalars().all():
            _forget(c, list_member, list_member.c.list_id, of_list, list_member.c.sent_fields, again)
        _forget(c, shadow, shadow.c.account_id, account_id, shadow.c["values"], again)
        _put(c, account_id, before.difference(again))


def _put(c: Connection, account_id: str, names: frozenset[str]) -> None:
    if names != missed(c, account_id):
        watermarks.put(c, account_id, _MISSED, msgspec.json.encode(sorted(names)).decode())


def _forget(c: Connection, table: Table, whole: Column[Any], key: str, values: Column[Any], names: list[str]) -> None:
    """Of a table's rows, some at a time by person."""
    person = table.c.person_id
    said = or_(*(cast(values, String).contains(f'"{name}"', autoescape=True) for name in names))
    change, last = _change(table, whole, values), ""
    while rows := c.execute(
        select(person, values.label("said")).where(whole == key, person > last, said).order_by(person).limit(_AT_ONCE)
    ).all():
        last = rows[-1].person_id
        kept = ({name: value for name, value in row.said.items() if name not in names} for row in rows)
        changed = [(json_text(each), key, row.person_id) for each, row in zip(kept, rows, strict=True)]
        update_many(c, change, ("b_values", "b_key", "b_person"), changed)


def _change(table: Table, whole: Column[Any], values: Column[Any]) -> Update:
    here = (
        whole == bindparam("b_key", type_=String),
        table.c.person_id == bindparam("b_person", type_=String),
    )
    return update(table).where(*here).values({values.name: bindparam("b_values", type_=None)})
