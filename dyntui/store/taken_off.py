"""Who leaves a marketing list in Dynamics because they unsubscribed from it in dotdigital, or are suppressed.

The former happens once for each unsubscribe: whom somebody puts on the list again stays there, and is not mailed.
Whoever had unsubscribed when it was not wanted yet, or before the list was synchronised first, stays as well.

Public:
    begun(c, account_id, list_id) -> bool; begin(c, account_id, list_id, now)      from now on, of one list
    begin_anew(c, account_id)                                of all lists of the account, from their next runs on
    lists(c, account_id) -> [list id]                        static lists that may have members who are due
    due(c, list_id, after, limit) -> [Member]                members as last read; decided(c, list_id, people, now)
    suppressed(c, list_id, send_id, after, limit) -> [Member]       who was left out of a send for that
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from dyntui.model.outcomes import Outcome
from dyntui.model.reasons import LASTING_SUPPRESSIONS
from dyntui.store import watermarks
from dyntui.store.clearing import Member
from dyntui.store.schema import (
    former_address,
    list_member,
    list_unsubscribe,
    marketing_list,
    send,
    taken_off,
    target_person,
)
from dyntui.store.upserts import upsert
from dyntui.store.windows import shown

_f, _l, _m, _t, _u = former_address.c, marketing_list.c, list_member.c, taken_off.c, list_unsubscribe.c
_CODE = "UNSUBSCRIBED_LIST"


def _mark(list_id: str) -> str:
    return f"unsubscribers-leave/{list_id}"


def begun(c: Connection, account_id: str, list_id: str) -> bool:
    """Whether unsubscribes from the list have counted before."""
    return bool(watermarks.get(c, account_id, _mark(list_id)))


def begin(c: Connection, account_id: str, list_id: str, now: str) -> None:
    """From now on they do: who has unsubscribed so far stays."""
    here = select(_m.person_id).where(_m.list_id == list_id, _unsubscribed())
    decided(c, list_id, c.execute(here).scalars().all(), now)
    watermarks.put(c, account_id, _mark(list_id), now)


def begin_anew(c: Connection, account_id: str) -> None:
    """Who unsubscribes before the next run of a list stays on it, as when the setting was switched on first."""
    watermarks.forget(c, account_id, _mark(""))


def lists(c: Connection, account_id: str) -> list[str]:
    """The account's static lists at work that have not begun, or that somebody has unsubscribed from since they did:
    the members of the others need not be gone through."""
    at_work = (_l.activated.is_(True), _l.active.is_(True), _l.dynamic.is_(False), _l.last_synced != "")
    rows = select(_l.id).where(_l.account_id == account_id, *at_work).order_by(_l.sync_order, _l.name, _l.id)
    return [each for each in c.execute(rows).scalars() if _is_news(c, each, watermarks.get(c, account_id, _mark(each)))]


def _is_news(c: Connection, list_id: str, begun_on: str) -> bool:
    since = exists().where(_u.list_id == list_id, _u.learned_on >= begun_on)
    return not begun_on or bool(c.execute(select(since)).scalar())


def due(c: Connection, list_id: str, after: int, limit: int) -> list[Member]:
    """So many of those who are on the list, by `seq` after `after`, have unsubscribed from it, and for whom that was
    not decided since."""
    decided_here = and_(_t.list_id == list_id, _t.person_id == _m.person_id)
    had = select(_f.address).where(_f.list_id == list_id, _f.person_id == _m.person_id).correlate(list_member)
    by_them = or_(_u.address == _m.address, _u.address.in_(had))
    later = exists().where(_u.list_id == list_id, by_them, _u.learned_on > _t.decided_on)
    since = later.correlate(list_member, taken_off)
    rows = c.execute(
        select(*(_m[name] for name in Member.__struct_fields__))
        .select_from(list_member.outerjoin(taken_off, decided_here))
        .where(_m.list_id == list_id, _m.has_left.is_(False), _m.seq > after, _unsubscribed())
        .where(or_(_t.person_id.is_(None), since))
        .order_by(_m.seq)
        .limit(limit)
    )
    return [shown(Member, row) for row in rows]


def _unsubscribed() -> ColumnElement[bool]:
    return or_(_m.reason == _CODE, _m.also.contains(_CODE))


def decided(c: Connection, list_id: str, people: Iterable[str], now: str) -> None:
    """These have been taken off, or stay: nothing more happens to them by the unsubscribes known by now."""
    rows: Sequence[tuple[str, str, str]] = [(list_id, person, now) for person in people]
    upsert(c, taken_off, ("list_id", "person_id", "decided_on"), ("list_id", "person_id"), rows)


def suppressed(c: Connection, list_id: str, send_id: str, after: int, limit: int) -> list[Member]:
    """So many of those on the list, as last read and by `seq` after `after`, who were left out of a send because the
    address is suppressed for good, not by a soft bounce: when it was confirmed, or, of a send in waves, by any of
    them."""
    p = target_person.c
    of_send = select(send.c.count_id).where(or_(send.c.id == send_id, send.c.waves_of == send_id))
    left_out = exists().where(
        p.count_id.in_(of_send),
        p.person_id == _m.person_id,
        p.outcome == Outcome.EXCLUDED.value,
        p.reason.in_(sorted(LASTING_SUPPRESSIONS)),
    )
    rows = c.execute(
        select(*(_m[name] for name in Member.__struct_fields__))
        .where(_m.list_id == list_id, _m.has_left.is_(False), _m.seq > after, left_out)
        .order_by(_m.seq)
        .limit(limit)
    )
    return [shown(Member, row) for row in rows]
