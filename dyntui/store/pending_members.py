"""Members who wait to be imported into the list's address book, and what dotdigital makes of them.

batch(c, list_id, limit, after=-1, only=()) -> list[Pending]; among(c, list_id, addresses) -> list[Pending]
count(c, list_id, only=()) -> int
not_in_book(c, list_id, listing, most) -> addresses
acknowledge(c, list_id, rows, now) -> int; reject(c, list_id, rows) -> int; offer_again(c, list_id)
stay_refused(c, list_id) -> int
count_imported(c, list_id) -> int; imported(c, list_id, limit, after=-1, only=()) -> list[Imported]
imported_among(c, list_id, addresses) -> list[Imported]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, String, bindparam, case, func, or_, select, update

from dyntui.model.outcomes import Outcome
from dyntui.store import unsettled
from dyntui.store.book_marks import BY_OTHERS, OVERWRITTEN
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.schema import list_member, marketing_list
from dyntui.store.staging import PREVIEW
from dyntui.store.upserts import json_text, update_many

_m = list_member.c
# Marks of who has not been sent.
_NOT_SENT = ("", BY_OTHERS)
# Who was read by a plan, or by a run that ended before it imported them, may have left the list since.
_PENDING = (_m.outcome == "", _m.listing != PREVIEW, _m.has_left.is_(False))


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A person to be imported. `in_book`: dotdigital acknowledged an earlier version of them. `sent_address`: the one
    under which they are in the book already, `""` for none; `sent`: what was sent of them last, None where that is not
    known or not what the contact carries. `refused`: dotdigital did so when they were offered as they are now."""

    person_id: str
    seq: int
    entity: str
    name: str
    address: str
    fields: dict[str, Any]
    contact_id: int | None
    in_book: bool
    sent_address: str
    sent: dict[str, Any] | None
    refused: bool = False


class Acknowledged(msgspec.Struct, frozen=True):
    """dotdigital holds this pending person now. `sent`: what it was sent, with its `fingerprint`, where that is not all
    that is staged; None: it is. `detail`: why."""

    address: str
    contact_id: int | None = None
    sent: Mapping[str, Any] | None = None
    fingerprint: str = ""
    detail: str = ""


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """dotdigital refused this pending person. Unless the record changes they are not offered again before `retry_on`
    (ISO 8601 UTC; `""`: at the next synchronisation)."""

    address: str
    reason: str
    detail: str = ""
    retry_on: str = ""


class Imported(msgspec.Struct, frozen=True):
    """A person who was imported: their place on the list and their address."""

    seq: int
    address: str


def batch(c: Connection, list_id: str, limit: int, after: int = -1, only: Sequence[str] = ()) -> list[Pending]:
    """The next people to import after a settled listing, by `seq` from `after` on: the same ones until acknowledged or
    rejected. `only`: of these (ids), where any is named."""
    waiting = select(list_member).where(_m.list_id == list_id, *_PENDING, *_among(only), _m.seq > after)
    return [_pending(row) for row in c.execute(waiting.order_by(_m.seq).limit(limit))]


def among(c: Connection, list_id: str, addresses: Sequence[str]) -> list[Pending]:
    """Whoever of those with one of these addresses waits to be imported."""
    found: list[Pending] = []
    for some in in_chunks(addresses):
        here = select(list_member).where(_m.list_id == list_id, *_PENDING, _m.address.in_(some))
        found += [_pending(row) for row in c.execute(here)]
    return found


def _pending(row: Row[Any]) -> Pending:
    return Pending(
        person_id=row.person_id,
        seq=row.seq,
        entity=row.entity,
        name=row.name,
        address=row.address,
        fields=row.fields,
        contact_id=row.contact_id,
        in_book=row.sent_fingerprint not in _NOT_SENT,
        sent_address=row.sent_address,
        sent=row.sent_fields if row.sent_fingerprint not in (*_NOT_SENT, OVERWRITTEN) else None,
        refused=row.rejected_fingerprint == row.fingerprint,
    )


def count(c: Connection, list_id: str, only: Sequence[str] = ()) -> int:
    """How many people wait to be imported; `only` as in `batch`."""
    waiting = select(func.count()).select_from(list_member).where(_m.list_id == list_id, *_PENDING, *_among(only))
    return c.execute(waiting).scalar_one()


def _among(only: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (_m.person_id.in_(only),) if only else ()


def not_in_book(c: Connection, list_id: str, listing: str, most: int) -> list[str]:
    """The addresses of those on the list who are not in its book as far as is known, and whose records have nothing
    against it; at most so many."""
    here = (_m.list_id == list_id, _m.listing == listing, _m.address != "")
    missing = select(_m.address).where(*here, _m.sent_address == "", _m.own_reasons == "")
    return list(c.execute(missing.order_by(_m.seq).limit(most)).scalars())


def acknowledge(c: Connection, list_id: str, rows: Iterable[Acknowledged], now: str, *, found_so: bool = False) -> int:
    """These pending people are in the book as staged: added, or updated where they had been before; unchanged where
    they were `found_so`. How many it were; an address that nobody pending has is passed over."""
    known = bindparam("b_contact", type_=_m.contact_id.type)
    written = case(
        (or_(*(_m.sent_fingerprint == each for each in _NOT_SENT)), Outcome.ADDED.value),
        else_=Outcome.UPDATED.value,
    )
    statement = (
        update(list_member)
        .where(*_pending_with_address())
        .values(
            outcome=Outcome.UNCHANGED.value if found_so else written,
            reason="",
            detail="",
            also="",
            news=True,
            sent_fingerprint=_m.fingerprint,
            sent_address=_m.address,
            sent_fields=_m.fields,
            contact_id=func.coalesce(known, _m.contact_id),
            acknowledged_on=now,
            rejected_fingerprint="",
            rejected_reason="",
            rejected_detail="",
            retry_on="",
        )
    )
    accepted = list(rows)
    values = [(row.contact_id, list_id, row.address) for row in accepted]
    done = update_many(c, statement, ("b_contact", "b_list", "b_address"), values)
    _sent_in_part(c, list_id, accepted)
    _overwrite(c, list_id, [address for _, _, address in values])
    return done


def _sent_in_part(c: Connection, list_id: str, rows: Iterable[Acknowledged]) -> None:
    """Whoever was not sent all that is staged is sent the rest once that is decided."""
    statement = (
        update(list_member)
        .where(
            _m.list_id == bindparam("b_list", type_=String),
            _m.address == bindparam("b_address", type_=String),
            _m.sent_address == _m.address,
            _m.sent_fingerprint == _m.fingerprint,
        )
        .values(
            sent_fields=bindparam("b_sent", type_=None),
            sent_fingerprint=bindparam("b_print", type_=String),
            detail=bindparam("b_detail", type_=String),
        )
    )
    parts = [
        (json_text(dict(row.sent)), row.fingerprint, row.detail, list_id, row.address)
        for row in rows
        if row.sent is not None
    ]
    update_many(c, statement, ("b_sent", "b_print", "b_detail", "b_list", "b_address"), parts)


def _overwrite(c: Connection, list_id: str, addresses: Sequence[str]) -> None:
    """A dotdigital contact is one per account and has the values that came last: other records which were sent with one
    of these addresses would have to be sent again."""
    here = list_member.alias("here")
    address = bindparam("b_address", type_=String)
    sender = select(here.c.person_id).where(
        here.c.list_id == list_id,
        here.c.address == address,
        here.c.outcome.in_((Outcome.ADDED.value, Outcome.UPDATED.value, Outcome.UNCHANGED.value)),
    )
    account = select(marketing_list.c.account_id).where(marketing_list.c.id == list_id).scalar_subquery()
    lists = select(marketing_list.c.id).where(marketing_list.c.account_id == account)
    statement = (
        update(list_member)
        .where(
            _m.address == address,
            _m.sent_address == _m.address,
            _m.sent_fingerprint.not_in((*_NOT_SENT, OVERWRITTEN)),
            _m.person_id.not_in(sender),
            or_(_m.list_id == list_id, _m.list_id.in_(lists)),
        )
        .values(sent_fingerprint=OVERWRITTEN, news=True)
    )
    for some in in_chunks(addresses):
        others = select(_m.address).where(_m.address.in_(some)).group_by(_m.address)
        several = c.execute(others.having(func.min(_m.person_id) != func.max(_m.person_id))).scalars().all()
        for each in several:
            c.execute(statement, {"b_address": each})


def reject(c: Connection, list_id: str, rows: Iterable[Rejection]) -> int:
    """dotdigital refused these pending people as staged. How many it were; an address that nobody pending has is passed
    over. What was acknowledged of them earlier stays in the book."""
    reason, detail = bindparam("b_reason", type_=String), bindparam("b_detail", type_=String)
    statement = (
        update(list_member)
        .where(*_pending_with_address())
        .values(
            outcome=Outcome.REJECTED.value,
            reason=reason,
            detail=detail,
            also="",
            news=True,
            rejected_fingerprint=_m.fingerprint,
            rejected_reason=reason,
            rejected_detail=detail,
            retry_on=bindparam("b_retry", type_=String),
        )
    )
    values = [(row.reason, row.detail, row.retry_on, list_id, row.address) for row in rows]
    return update_many(c, statement, ("b_reason", "b_detail", "b_retry", "b_list", "b_address"), values)


def stay_refused(c: Connection, list_id: str) -> int:
    """Pending people whom dotdigital refused as they are now are not offered this time; how many."""
    again = (_m.list_id == list_id, *_PENDING, _m.rejected_fingerprint == _m.fingerprint)
    values = {"reason": _m.rejected_reason, "detail": _m.rejected_detail}
    return c.execute(
        update(list_member).where(*again).values(outcome=Outcome.REJECTED.value, also="", **values)
    ).rowcount


def offer_again(c: Connection, list_id: str) -> None:
    """Rows that dotdigital refused wait for nothing: the next `settle` takes them for pending."""
    waits = (_m.list_id == list_id, unsettled.is_one(list_id), _m.retry_on != "")
    c.execute(update(list_member).where(*waits).values(retry_on=""))


def count_imported(c: Connection, list_id: str) -> int:
    """How many people the synchronisation under way has imported."""
    return int(c.execute(select(func.count()).select_from(list_member).where(*_imported(list_id))).scalar_one())


def imported(c: Connection, list_id: str, limit: int, after: int = -1, only: Sequence[str] = ()) -> list[Imported]:
    """Those whom the synchronisation under way has imported, by `seq` from `after` on; `only` as in `batch`."""
    found = select(_m.seq, _m.address).where(*_imported(list_id), *_among(only), _m.seq > after)
    return [Imported(row.seq, row.address) for row in c.execute(found.order_by(_m.seq).limit(limit))]


def imported_among(c: Connection, list_id: str, addresses: Sequence[str]) -> list[Imported]:
    """Whom of these the synchronisation under way has imported."""
    found: list[Imported] = []
    for some in in_chunks(addresses):
        here = (_m.address.in_(some), beside(_m.list_id) == list_id, beside(_m.outcome).in_(_DONE))
        rows = c.execute(select(_m.seq, _m.address).where(*here))
        found += [Imported(row.seq, row.address) for row in rows]
    return found


_DONE = (Outcome.ADDED.value, Outcome.UPDATED.value)


def _imported(list_id: str) -> tuple[ColumnElement[bool], ...]:
    return (_m.list_id == list_id, _m.outcome.in_(_DONE))


def _pending_with_address() -> tuple[ColumnElement[bool], ...]:
    return (
        _m.list_id == bindparam("b_list", type_=String),
        _m.address == bindparam("b_address", type_=String),
        *_PENDING,
    )
