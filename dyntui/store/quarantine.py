"""Refused rows over all lists: what is to be mended, and what somebody does not want to hear of for a while.

An ignored row is heard of again after its time, or as soon as the record changes. Of a list that is not activated there
is nothing to be mended: no synchronisation would offer it again.

Public:
    window(c, asked, now, list_id="", account_id="", reason="", ignored=False) -> Page[RefusedRow]
    lists(c) -> [list id]                                      those with refused rows
    by_list(c, now, account_id="") -> [RefusedOfList]                 how many, without those that are ignored
    ignore(c, list_id, people, until, by, why, now) -> int
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    delete,
    exists,
    func,
    literal,
    not_,
    select,
    union_all,
)

from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Page, Window
from dyntui.model.quarantine import RefusedRow
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import book_stranger, list_member, marketing_list, refused_ignored
from dyntui.store.strangers import ENTITY
from dyntui.store.upserts import upsert
from dyntui.store.windows import page, shown

_m, _s = list_member.c, book_stranger.c
_i = refused_ignored.c
_REJECTED = Outcome.REJECTED.value
AMBIGUOUS = "AMBIGUOUS_MATCH"
_SHOWN = ("person_id", "entity", "name", "address", "reason", "detail", "retry_on")

# Members, and strangers of the address books: of several records that match one nobody has chosen yet.
_refused = union_all(
    select(_m.list_id, *(_m[name] for name in _SHOWN), _m.fingerprint, _m.seq).where(_m.outcome == _REJECTED),
    select(
        _s.list_id,
        cast(_s.contact_id, String),
        literal(ENTITY, String),
        literal("", String),
        _s.address,
        _s.reason,
        _s.detail,
        literal("", String),
        _s.detail,
        _s.contact_id,
    ).where(_s.outcome == _REJECTED),
).subquery("refused")
_r = _refused.c
_SORTABLE = {name: _r[name] for name in _SHOWN if name not in ("person_id", "name")} | {
    "name": _r.name,
    "list_name": marketing_list.c.name,
}


def _ignored(now: str) -> ColumnElement[bool]:
    return and_(
        _i.list_id == _r.list_id, _i.person_id == _r.person_id, _i.fingerprint == _r.fingerprint, _i.until > now
    )


def window(
    c: Connection,
    asked: Window,
    now: str,
    *,
    list_id: str = "",
    account_id: str = "",
    reason: str = "",
    ignored: bool = False,
) -> Page[RefusedRow]:
    """The refused rows by cause, or those that are ignored at present; the search looks at name, address and detail."""
    everything = (
        select(
            _r.list_id.label("list"),
            marketing_list.c.name.label("list_name"),
            *(_r[name] for name in _SHOWN),
        )
        .select_from(_refused)
        .join(marketing_list, marketing_list.c.id == _r.list_id)
        .where(marketing_list.c.activated)
    )
    if ignored:
        shown_besides = (_i.until.label("ignored_until"), _i.ignored_by, _i.why)
        everything = everything.add_columns(*shown_besides).join(refused_ignored, _ignored(now))
    else:
        everything = everything.where(not_(exists(select(literal(1)).where(_ignored(now)))))
    for column, value in ((_r.list_id, list_id), (marketing_list.c.account_id, account_id), (_r.reason, reason)):
        if value:
            everything = everything.where(column == value)
    by_cause = (_r.reason, marketing_list.c.name, _r.list_id, _r.entity, _r.seq)
    made = lambda row: shown(RefusedRow, row, person=row.person_id)  # noqa: E731 - the same for each row
    return page(c, asked, everything, (_r.name, _r.address, _r.detail), _SORTABLE, by_cause, made)


def lists(c: Connection) -> list[str]:
    """The ids of the lists with refused rows."""
    return list(c.execute(select(_r.list_id).distinct().order_by(_r.list_id)).scalars())


class RefusedOfList(msgspec.Struct, frozen=True, kw_only=True):
    """The refused rows of a list: how many, and for which reasons. `ambiguous`: strangers whom several records match,
    instead of the others."""

    list_id: str
    list_name: str
    ambiguous: bool
    people: int
    reasons: tuple[str, ...]


def by_list(c: Connection, now: str, account_id: str = "") -> list[RefusedOfList]:
    """The lists with refused rows by name, without what is ignored at present. Of an email account, where one is
    named."""
    found = c.execute(
        select(_r.list_id, marketing_list.c.name, _r.reason, func.count().label("people"))
        .select_from(_refused)
        .join(marketing_list, marketing_list.c.id == _r.list_id)
        .where(not_(exists(select(literal(1)).where(_ignored(now)))))
        .where(marketing_list.c.activated)
        .where(*([marketing_list.c.account_id == account_id] if account_id else []))
        .group_by(_r.list_id, marketing_list.c.name, _r.reason)
        .order_by(marketing_list.c.name, _r.list_id, _r.reason)
    )
    lists: dict[tuple[str, bool], RefusedOfList] = {}
    for row in found:
        key = (row.list_id, row.reason == AMBIGUOUS)
        known = lists.get(key)
        lists[key] = RefusedOfList(
            list_id=row.list_id,
            list_name=row.name,
            ambiguous=key[1],
            people=row.people + (known.people if known else 0),
            reasons=(*(known.reasons if known else ()), row.reason),
        )
    return list(lists.values())


def ignore(c: Connection, list_id: str, people: Sequence[str], *, until: str, by: str, why: str, now: str) -> int:
    """Nothing is heard of these people's refused rows until a moment, or until the record changes; how many it were."""
    c.execute(delete(refused_ignored).where(_i.until <= now))
    ignored = 0
    for some in in_chunks(people):
        found = c.execute(
            select(_r.person_id, _r.fingerprint).where(_r.list_id == list_id, _r.person_id.in_(some))
        ).all()
        upsert(
            c,
            refused_ignored,
            ("list_id", "person_id", "fingerprint", "until", "ignored_by", "why"),
            ("list_id", "person_id"),
            [(list_id, row.person_id, row.fingerprint, until, by, why) for row in found],
        )
        ignored += len(found)
    return ignored
