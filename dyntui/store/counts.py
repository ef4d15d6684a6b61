"""Email Campaign Targets Counts: the people of several marketing lists, each once, each with one outcome.

A count is a snapshot: exactly those with outcome `added` are sendable, and a send addresses nobody else. Later facts
can only take people out of it (`recheck`, `target_people.resolve`). Always potential == sendable + the sum over the
exclusions.

Public:
    snapshot(c, NewCount) -> Count; get(c, count_id) -> Count | None; counts(c, count_id) -> tuple[ReasonCount, ...]
    anew(c, count_id, now) -> Count                                     the same lists, by the facts of this moment
    recheck(c, count_id) -> int                                         how many more are left out
    narrow(c, count_id, lists)                                          to the lists that a send goes to
    through_another_list(c, count_id) -> int; delete_older_than(c, moment) -> int
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    String,
    Update,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.model.what_if import ClosedBy
from dyntui.store import count_standing, send_changes, sequences
from dyntui.store.bound import text
from dyntui.store.count_standing import Facts
from dyntui.store.failures import vanished
from dyntui.store.gate_marks import first_code, first_mark, further_codes, mark, split
from dyntui.store.schema import list_member, send, target_count, target_person

_m = list_member.c
_p = target_person.c
_SENDABLE = Outcome.ADDED.value
_COUNT = text("count")
# Statements about the targets of so many campaigns are not put together anew.
# Of each it is up to some MB of the service.
_KEPT = 4


class NewCount(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be counted. `lists`: ids, of which the first has its say where a person is in several."""

    id: str
    account_id: str
    campaign_id: int
    lists: Sequence[str]
    counted_on: str
    suppressions_as_of: str = ""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """A count. `counts`: by outcome and reason, those sendable (`added`) among them."""

    id: str
    account_id: str
    campaign_id: int
    lists: tuple[str, ...]
    counted_on: str
    suppressions_as_of: str
    potential: int
    counts: tuple[ReasonCount, ...]

    @property
    def sendable(self) -> int:
        """How many people will be mailed."""
        return sum(each.people for each in self.counts if each.outcome is Outcome.ADDED)

    @property
    def excluded(self) -> tuple[ReasonCount, ...]:
        """Who will not, by reason."""
        return tuple(each for each in self.counts if each.outcome is not Outcome.ADDED)


def snapshot(c: Connection, new: NewCount) -> Count:
    """Count the people of the lists, and keep them.

    A record in several lists is one person: sendable if any list makes it so, else with the best of its reasons by
    precedence. Of several records with one address one may be mailed, the same over all lists of the account. Facts
    newer than the lists' last synchronisation count: opt-outs, suppressions and unsubscribes as known now. Who has had
    the campaign is ALREADY_SENT, who has left since LEFT_LIST. Who is not in the book as read last is NOT_SYNCED, or as
    dotdigital refused them. People who left and whose removal is held are nobody's recipients.
    """
    c.execute(
        insert(target_count).values(
            id=new.id,
            account_id=new.account_id,
            campaign_id=new.campaign_id,
            lists=list(new.lists),
            counted_on=new.counted_on,
            suppressions_as_of=new.suppressions_as_of,
        )
    )
    _count(c, new.id, new.account_id, new.campaign_id, new.lists)
    made = get(c, new.id)
    if made is None:
        raise vanished("a target count")
    return made


def anew(c: Connection, count_id: str, now: str) -> Count:
    """Count the same lists once more, by the facts of this moment: who has joined since is counted, too. Only for a
    count of which nobody is on the way to a send yet. Raises `KeyError` for an unknown one."""
    before = get(c, count_id)
    if before is None:
        raise KeyError(count_id)

    def count() -> None:
        c.execute(delete(target_person).where(_p.count_id == count_id))
        _count(c, count_id, before.account_id, before.campaign_id, before.lists)

    send_changes.across(c, count_id, count)
    potential = select(func.count()).select_from(target_person).where(_p.count_id == count_id).scalar_subquery()
    recounted = update(target_count).where(target_count.c.id == count_id)
    c.execute(recounted.values(counted_on=now, potential=potential))
    made = get(c, count_id)
    if made is None:
        raise vanished("a target count")
    return made


def narrow(c: Connection, count_id: str, lists: Sequence[str]) -> None:
    """A send of the count goes to these of its lists: counted anew it is by them alone, as no other one is synchronised
    by the send, nor asked who has left it."""
    c.execute(update(target_count).where(target_count.c.id == count_id).values(lists=list(lists)))


def _count(c: Connection, count_id: str, account_id: str, campaign_id: int, lists: Sequence[str]) -> None:
    known = count_standing.facts(c, account_id, campaign_id, lists)
    c.execute(_everybody(known), {_COUNT.key: count_id})
    potential = sequences.following(c, target_person, (_p.count_id == count_id,))
    c.execute(update(target_count).where(target_count.c.id == count_id).values(potential=potential))


@functools.lru_cache(maxsize=_KEPT)
def _everybody(known: Facts) -> Insert:
    stands = count_standing.stands(_COUNT, known)
    s = stands.c
    people = (
        select(
            _COUNT,
            _m.person_id,
            func.row_number().over(order_by=[s.place, _m.seq, _m.person_id]) - 1,
            *(_m[name] for name in ("entity", "name", "address", "fields", "contact_id", "mailed_as")),
            *count_standing.named(stands),
        )
        .select_from(stands)
        .join(list_member, and_(_m.list_id == s.list_id, _m.person_id == s.person_id))
    )
    columns = ("count_id", "person_id", "seq", "entity", "name", "address", "fields", "contact_id", "mailed_as")
    return insert(target_person).from_select([*columns, "outcome", "reason", "detail", "also"], people)


def get(c: Connection, count_id: str) -> Count | None:
    """A count as it stands now."""
    row = c.execute(select(target_count).where(target_count.c.id == count_id)).one_or_none()
    if row is None:
        return None
    return Count(**dict(row._mapping) | {"lists": tuple(row.lists), "counts": counts(c, count_id)})


def counts(c: Connection, count_id: str) -> tuple[ReasonCount, ...]:
    """The people of a count by outcome and reason."""
    rows = c.execute(
        select(_p.outcome, _p.reason, func.count().label("people"))
        .where(_p.count_id == count_id)
        .group_by(_p.outcome, _p.reason)
        .order_by(_p.outcome, _p.reason)
    )
    return tuple(ReasonCount(Outcome(row.outcome), row.reason, row.people) for row in rows)


def closed_by(c: Connection, count_id: str) -> tuple[ClosedBy, ...]:
    """Those of a count who are left out, by all that keeps them out at once."""
    left_out = (_p.count_id == count_id, _p.outcome != _SENDABLE)
    rows = c.execute(
        select(_p.reason, _p.also, func.count().label("people")).where(*left_out).group_by(_p.reason, _p.also)
    )
    return tuple(ClosedBy((row.reason, *split(row.also)), row.people) for row in rows)


def through_another_list(c: Connection, count_id: str) -> int:
    """How many of the sendable unsubscribed from one of the target lists, and are mailed through another."""
    left_one = and_(_p.count_id == count_id, _p.outcome == _SENDABLE, _p.also == "UNSUBSCRIBED_LIST")
    return c.execute(select(func.count()).select_from(target_person).where(left_one)).scalar_one()


def recheck(c: Connection, count_id: str) -> int:
    """Apply the facts of this moment to those who are sendable; how many more are left out. Nobody is ever added.

    Who is in none of the lists any more is left out as LEFT_LIST, who has another address there as NOT_SYNCED.
    """
    counted = get(c, count_id)
    if counted is None:
        raise KeyError(count_id)
    sendable = and_(_p.count_id == count_id, _p.outcome == _SENDABLE)
    known = count_standing.facts(c, counted.account_id, counted.campaign_id, counted.lists)
    before = counted.sendable
    c.execute(_closed_since(known), {_COUNT.key: count_id})
    there = exists().where(_m.list_id.in_(counted.lists), _m.person_id == _p.person_id, _m.has_left.is_(False))
    gone = update(target_person).where(sendable, ~there)
    c.execute(gone.values(outcome=Outcome.EXCLUDED.value, reason="LEFT_LIST", detail="", also=""))
    moved = update(target_person).where(sendable, ~there.where(_m.address == _p.address))
    named = {
        "outcome": Outcome.EXCLUDED.value,
        "reason": "NOT_SYNCED",
        "detail": "has another address by now",
        "also": "",
    }
    c.execute(moved.values(named))
    _refresh(c, counted, sendable)
    # Counted, as SQLite's driver knows no row count for a statement that begins with WITH.
    still = c.execute(select(func.count()).select_from(target_person).where(sendable)).scalar_one()
    return before - still


@functools.lru_cache(maxsize=_KEPT)
def _closed_since(known: Facts) -> Update:
    stands = count_standing.stands(_COUNT, known).c
    rejected = or_(stands.refused == 1, first_mark(stands.mask) == mark("VALUE_REJECTED"))
    return (
        update(target_person)
        .where(_p.count_id == _COUNT, _p.outcome == _SENDABLE, _p.person_id == stands.person_id, stands.mask != 0)
        .values(
            outcome=case((rejected, Outcome.REJECTED.value), else_=Outcome.EXCLUDED.value),
            reason=first_code(stands.mask),
            detail=stands.detail,
            also=further_codes(stands.mask),
        )
    )


def _refresh(c: Connection, counted: Count, sendable: ColumnElement[bool]) -> None:
    """The values of those who are still sendable, as their lists were read last: a contact keeps the values that come
    last, and those of the count may be older than what a synchronisation has sent since."""
    here = (_m.list_id.in_(counted.lists), _m.person_id == _p.person_id, _m.address == _p.address)
    now = select(_m.fields).where(*here, _m.has_left.is_(False)).order_by(_m.list_id).limit(1).scalar_subquery()
    differs = cast(now, String) != cast(_p.fields, String)
    c.execute(update(target_person).where(sendable, differs).values(fields=now))


def delete_older_than(c: Connection, moment: str) -> int:
    """Forget the counts made before `moment` that no send took; how many."""
    taken = select(send.c.count_id)
    old = and_(target_count.c.counted_on < moment, target_count.c.id.not_in(taken))
    return c.execute(delete(target_count).where(old)).rowcount
