"""Members of a list as if their records had other values: for deciding on trial what a synchronisation would do once it
has brought them. `supposed(c, list_id, rows)` is a block within a write transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, select, update

from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member
from dyntui.store.upserts import json_text, update_many

_m = list_member.c
_CHANGED = ("fields", "fingerprint", "sent_fields", "news")


class Supposed(msgspec.Struct, frozen=True, kw_only=True):
    """A member as supposed: `fields` that would be sent, their `fingerprint`, and what the contact holds:
    `sent_fields`, None where it is not known."""

    person_id: str
    fields: Mapping[str, Any]
    fingerprint: str
    sent_fields: Mapping[str, Any] | None


def of_list(c: Connection, list_id: str, people: Sequence[str]) -> list[Row[Any]]:
    """These members, as they are known."""
    found: list[Row[Any]] = []
    for some in in_chunks(people):
        found += c.execute(select(list_member).where(_m.list_id == list_id, _m.person_id.in_(some))).all()
    return found


@contextmanager
def supposed(c: Connection, list_id: str, rows: Sequence[Supposed]) -> Iterator[None]:
    """Within the block these members are as supposed, and looked at as news."""
    before = of_list(c, list_id, [each.person_id for each in rows])
    _put(c, list_id, [(each.person_id, each.fields, each.fingerprint, each.sent_fields, True) for each in rows])
    yield
    _put(c, list_id, [(each.person_id, *(each._mapping[name] for name in _CHANGED)) for each in before])


def _put(c: Connection, list_id: str, rows: Sequence[tuple[Any, ...]]) -> None:
    statement = (
        update(list_member)
        .where(_m.list_id == list_id, _m.person_id == bindparam("b_person", type_=_m.person_id.type))
        .values({name: bindparam(f"b_{name}", type_=None) for name in _CHANGED})
    )
    names = (*(f"b_{name}" for name in _CHANGED), "b_person")
    made = (
        (json_text(fields), fingerprint, None if sent is None else json_text(sent), news, person)
        for person, fields, fingerprint, sent, news in rows
    )
    update_many(c, statement, names, made)
