"""Refused rows over all lists: what is to be mended, and what somebody does not want to hear of for a while.

An ignored row is heard of again after its time, or as soon as the record changes.

Public:
    window(c, asked, now, list_id="", reason="", ignored=False) -> Page[RefusedRow]
    lists(c) -> [list id]                                      those with refused rows
    ignore(c, list_id, people, until, by, why, now) -> int
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, literal, not_, select

from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Page, Window
from dyntui.model.quarantine import RefusedRow
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member, marketing_list, refused_ignored
from dyntui.store.upserts import upsert
from dyntui.store.windows import page, shown

_m = list_member.c
_i = refused_ignored.c
_REFUSED = _m.outcome == Outcome.REJECTED.value
_SORTABLE = {name: _m[name] for name in ("entity", "name", "address", "reason", "detail", "retry_on")} | {
    "list_name": marketing_list.c.name
}


def _ignored(now: str) -> ColumnElement[bool]:
    return and_(
        _i.list_id == _m.list_id, _i.person_id == _m.person_id, _i.fingerprint == _m.fingerprint, _i.until > now
    )


def window(
    c: Connection, asked: Window, now: str, *, list_id: str = "", reason: str = "", ignored: bool = False
) -> Page[RefusedRow]:
    """The refused rows by cause, or those that are ignored at present; the search looks at name, address and detail."""
    everything = (
        select(
            _m.list_id.label("list"),
            marketing_list.c.name.label("list_name"),
            *(_m[name] for name in ("person_id", "entity", "name", "address", "reason", "detail", "retry_on")),
        )
        .join(marketing_list, marketing_list.c.id == _m.list_id)
        .where(_REFUSED)
    )
    if ignored:
        shown_besides = (_i.until.label("ignored_until"), _i.ignored_by, _i.why)
        everything = everything.add_columns(*shown_besides).join(refused_ignored, _ignored(now))
    else:
        everything = everything.where(not_(exists(select(literal(1)).where(_ignored(now)))))
    for column, value in ((_m.list_id, list_id), (_m.reason, reason)):
        if value:
            everything = everything.where(column == value)
    by_cause = (_m.reason, marketing_list.c.name, _m.list_id, _m.seq)
    made = lambda row: shown(RefusedRow, row, person=row.person_id)  # noqa: E731 - the same for each row
    return page(c, asked, everything, (_m.name, _m.address, _m.detail), _SORTABLE, by_cause, made)


def lists(c: Connection) -> list[str]:
    """The ids of the lists with refused rows."""
    return list(c.execute(select(_m.list_id).where(_REFUSED).distinct().order_by(_m.list_id)).scalars())


def ignore(c: Connection, list_id: str, people: Sequence[str], *, until: str, by: str, why: str, now: str) -> int:
    """Nothing is heard of these people's refused rows until a moment, or until the record changes; how many it were."""
    c.execute(delete(refused_ignored).where(_i.until <= now))
    ignored = 0
    for some in in_chunks(people):
        found = c.execute(
            select(_m.person_id, _m.fingerprint).where(_m.list_id == list_id, _m.person_id.in_(some), _REFUSED)
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
