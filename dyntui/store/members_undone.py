"""Members of a marketing list as an undo leaves them: what their address book holds of them now.

Public: `took_out(c, list_id, people)`, `put_in(c, list_id, rows)`, `set_fields(c, list_id, rows)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, String, bindparam, null, select, update

from dyntui.model.outcomes import Outcome
from dyntui.model.payloads import fingerprint
from dyntui.store import sequences, shadows
from dyntui.store.book_marks import OVERWRITTEN
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member, marketing_list
from dyntui.store.upserts import json_text, update_many, upsert

_m = list_member.c


class InBook(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is in the book with `address`. `fields`: what the contact carries, None where that is not known;
    unless they are the `whole` of it, besides what was sent last."""

    person: str
    entity: str
    name: str
    address: str
    contact_id: int | None
    fields: dict[str, Any] | None
    whole: bool = True


def took_out(c: Connection, list_id: str, people: Sequence[str]) -> None:
    """These are out of the book. What their contacts carry stays known, where they are in another one."""
    gone = {"sent_fingerprint": "", "sent_address": "", "contact_id": null(), "channel": "", "news": True}
    account_id = c.execute(select(marketing_list.c.account_id).where(marketing_list.c.id == list_id)).scalar() or ""
    for some in in_chunks(people):
        here = (_m.list_id == list_id, _m.person_id.in_(some))
        sent = c.execute(select(_m.sent_address).where(*here, _m.sent_address != "")).scalars().all()
        known = shadows.people(c, account_id, sent)
        c.execute(update(list_member).where(*here).values(gone))
        shadows.outlast(c, account_id, known)


def put_in(c: Connection, list_id: str, rows: Iterable[InBook]) -> None:
    """These are in the book, members or not: who is not on the list any more has left it."""
    several = _completed(c, list_id, list(rows))
    base = sequences.following(c, list_member, (_m.list_id == list_id,))
    upsert(
        c,
        list_member,
        (
            "list_id",
            "person_id",
            "seq",
            "entity",
            "name",
            "address",
            "fields",
            "has_left",
            "outcome",
            "reason",
            "sent_address",
            "sent_fingerprint",
            "sent_fields",
            "contact_id",
            "news",
        ),
        ("list_id", "person_id"),
        (
            (
                list_id,
                each.person,
                base + place,
                each.entity,
                each.name,
                each.address,
                json_text(each.fields or {}),
                True,
                Outcome.EXCLUDED.value,
                "LEFT_LIST",
                each.address,
                _fingerprint(each.address, each.fields),
                None if each.fields is None else json_text(each.fields),
                each.contact_id,
                True,
            )
            for place, each in enumerate(several)
        ),
        update=("sent_address", "sent_fingerprint", "sent_fields", "contact_id", "news"),
    )
    sequences.close_gaps(c, list_member, (_m.list_id == list_id,), base)


def _completed(c: Connection, list_id: str, rows: Sequence[InBook]) -> list[InBook]:
    """With what was sent last, where the fields are not the whole of it."""
    parts = [each.person for each in rows if not each.whole]
    sent: dict[str, dict[str, Any]] = {}
    for some in in_chunks(parts):
        asked = select(_m.person_id, _m.sent_fields).where(_m.list_id == list_id, _m.person_id.in_(some))
        sent.update((row.person_id, row.sent_fields) for row in c.execute(asked) if row.sent_fields is not None)
    return [
        each
        if each.whole
        else msgspec.structs.replace(
            each, fields={**sent[each.person], **(each.fields or {})} if each.person in sent else None
        )
        for each in rows
    ]


def set_fields(c: Connection, list_id: str, fields: Mapping[str, Mapping[str, Any]]) -> None:
    """The contacts of these people carry these fields besides the others that were sent of them."""
    rows: list[tuple[str, str | None, str, str]] = []
    for some in in_chunks(list(fields)):
        known = select(_m.person_id, _m.sent_address, _m.sent_fields).where(
            _m.list_id == list_id, _m.person_id.in_(some), _m.sent_address != ""
        )
        for row in c.execute(known):
            carried = None if row.sent_fields is None else {**row.sent_fields, **fields[row.person_id]}
            mark = _fingerprint(row.sent_address, carried)
            rows.append((mark, None if carried is None else json_text(carried), list_id, row.person_id))
    statement = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values(
            sent_fingerprint=bindparam("b_print", type_=String),
            sent_fields=bindparam("b_fields", type_=None),
            news=True,
        )
    )
    update_many(c, statement, ("b_print", "b_fields", "b_list", "b_person"), rows)


def _fingerprint(address: str, fields: Mapping[str, Any] | None) -> str:
    if fields is None:
        return OVERWRITTEN
    # Empty is None in what is sent; nought and false are no empty ones.
    return fingerprint(address, {label: None if value == "" else value for label, value in sorted(fields.items())})
