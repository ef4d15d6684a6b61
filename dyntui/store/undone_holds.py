"""People of a marketing list whose change was undone: the next synchronisation would make the same change again, and
waits until somebody lets it.

It waits for that change alone: who would be sent with other values by now, has come back to the list, or has withdrawn
consent, is dealt with as ever, and the wait is over.

Public:
    put(c, list_id, rows, by, now); drop(c, list_id, people); show(c, list_id)
    settle(c, list_id, listing)      after a settled listing, before removals are guarded
    forget_over(c, list_id)          once the synchronisation is through
    decide(c, list_id, people, again, by, now) -> int
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, String, and_, case, delete, exists, literal, or_, select, update

from dyntui.model.outcomes import Outcome
from dyntui.model.plans import ADD, REMOVE, UPDATE
from dyntui.store import consent_news, leaving
from dyntui.store.chunks import in_chunks
from dyntui.store.held import KEEP
from dyntui.store.held import UNDONE as REASON
from dyntui.store.schema import list_member, undone_hold
from dyntui.store.upserts import upsert

_h, _m = undone_hold.c, list_member.c


class Hold(msgspec.Struct, frozen=True):
    """`effect`: what the synchronisation would do again; `run`: the run that was undone."""

    person: str
    effect: str
    run: str


def put(c: Connection, list_id: str, rows: Iterable[Hold], by: str, now: str) -> None:
    """The same change waits from now on."""
    upsert(
        c,
        undone_hold,
        ("list_id", "person_id", "effect", "run_id", "undone_by", "undone_on", "fingerprint", "decision"),
        ("list_id", "person_id"),
        ((list_id, each.person, each.effect, each.run, by, now, "", "") for each in rows),
    )
    sent = select(_m.fingerprint).where(_m.list_id == _h.list_id, _m.person_id == _h.person_id).scalar_subquery()
    known = exists().where(_m.list_id == _h.list_id, _m.person_id == _h.person_id)
    c.execute(update(undone_hold).where(_h.list_id == list_id, _h.fingerprint == "", known).values(fingerprint=sent))


def drop(c: Connection, list_id: str, people: Sequence[str]) -> None:
    """The change was made again."""
    same = and_(_m.fingerprint == _m.sent_fingerprint, _m.address == _m.sent_address)
    left = _m.has_left.is_(True)
    for some in in_chunks(people):
        waited = (_m.list_id == list_id, _m.person_id.in_(some), _m.reason == REASON)
        c.execute(
            update(list_member)
            .where(*waited)
            .values(
                outcome=case((left, Outcome.EXCLUDED.value), (same, Outcome.UNCHANGED.value), else_=""),
                reason=case((left, "LEFT_LIST"), else_=""),
                detail="",
                news=True,
            )
        )
        c.execute(delete(undone_hold).where(_h.list_id == list_id, _h.person_id.in_(some)))


def show(c: Connection, list_id: str, people: Sequence[str]) -> None:
    """These wait, from the moment at which their change was undone: not first from the next synchronisation on."""
    for some in in_chunks(people):
        excluded = _m.outcome == Outcome.EXCLUDED.value
        would_leave = and_(_of(list_id, _h.effect == REMOVE), or_(_m.has_left.is_(True), excluded))
        belongs = and_(_m.has_left.is_(False), ~excluded, _m.outcome != Outcome.REJECTED.value)
        would_be_sent = and_(_of(list_id, _h.effect.in_((ADD, UPDATE))), belongs, _m.fingerprint != _m.sent_fingerprint)
        here = (_m.list_id == list_id, _m.person_id.in_(some))
        c.execute(update(list_member).where(*here, or_(would_leave, would_be_sent)).values(_waits("")))


def _of(list_id: str, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_h.list_id == list_id, _h.person_id == _m.person_id, *where)


def _said() -> ColumnElement[str]:
    undone = literal("undone by ", String) + _h.undone_by + literal(", ", String) + _h.undone_on
    kept = literal("; stays so by ", String) + _h.decided_by + literal(", ", String) + _h.decided_on
    text = case((_h.decision == KEEP, undone + kept), else_=undone)
    return select(text).where(_h.list_id == _m.list_id, _h.person_id == _m.person_id).scalar_subquery()


def _waits(listing: str, outcome: Outcome = Outcome.HELD) -> dict[str, object]:
    return {
        "outcome": outcome.value,
        "reason": REASON,
        "detail": _said(),
        "also": "",
        "gated_by": listing,
        "decision": "",
        "news": True,
    }


def settle(c: Connection, list_id: str, listing: str) -> None:
    """Whose change would be made again waits; who is to stay as they are is named."""
    if not c.execute(select(exists().where(_h.list_id == list_id))).scalar():
        return
    here = (_m.list_id == list_id, _m.listing == listing, _m.outcome == "")
    added = and_(*here, _m.sent_address == "")
    updated = and_(*here, _m.sent_address != "")
    same = (_h.effect == UPDATE, _h.fingerprint == _m.fingerprint)
    for what, hold, kept in (
        (added, (_h.effect == ADD,), Outcome.EXCLUDED),
        (updated, same, Outcome.UNCHANGED),
    ):
        c.execute(
            update(list_member).where(what, _of(list_id, *hold, _h.decision == KEEP)).values(_waits(listing, kept))
        )
        c.execute(update(list_member).where(what, _of(list_id, *hold, _h.decision == "")).values(_waits(listing)))
    going = leaving.going(list_id, listing).subquery("going").c
    leaves = select(going.person_id).where(going.why.in_(("left", "excluded", "others")))
    removed = and_(_m.list_id == list_id, _m.person_id.in_(leaves), _m.decision == "")
    c.execute(update(list_member).where(removed, _of(list_id, _h.effect == REMOVE)).values(_waits(listing)))


def forget_over(c: Connection, list_id: str) -> None:
    """Who does not wait any more after a synchronisation: it had nothing to do again."""
    waits = exists().where(_m.list_id == _h.list_id, _m.person_id == _h.person_id, _m.reason == REASON)
    c.execute(delete(undone_hold).where(_h.list_id == list_id, ~waits))


def decide(c: Connection, list_id: str, people: Sequence[str], again: bool, by: str, now: str) -> int:
    """Of those who wait - of these `people` (ids), or of all where none is named - the change is made `again` with the
    next synchronisation, or they stay as they are; how many it were."""
    waiting = select(_m.person_id, _h.effect).join(
        undone_hold, and_(_h.list_id == _m.list_id, _h.person_id == _m.person_id)
    )
    found = c.execute(
        waiting.where(_m.list_id == list_id, _m.outcome == Outcome.HELD.value, _m.reason == REASON, _h.decision == "")
    ).all()
    wanted = set(people)
    chosen = {row.person_id: row.effect for row in found if not wanted or row.person_id in wanted}
    for some in in_chunks(list(chosen)):
        scope = and_(_m.list_id == list_id, _m.person_id.in_(some))
        would_leave = and_(scope, _of(list_id, _h.effect == REMOVE))
        stay = {"decision": "remove" if again else KEEP, "decided_by": by, "decided_on": now}
        c.execute(update(list_member).where(would_leave).values(stay))
        mine = (_h.list_id == list_id, _h.person_id.in_(some))
        if again:
            # Who would leave keeps the outcome until they do: without one they would be imported.
            c.execute(
                update(list_member)
                .where(scope, ~_of(list_id, _h.effect == REMOVE))
                .values(outcome="", reason="", news=True)
            )
            c.execute(delete(undone_hold).where(*mine))
            # A run that is importing takes them along: what it has learned of opt-outs meanwhile was asked of others.
            consent_news.told(c)
        else:
            kept = {"decision": KEEP, "decided_by": by, "decided_on": now}
            c.execute(update(undone_hold).where(*mine).values(kept))
            for effect, became in ((ADD, Outcome.EXCLUDED), (UPDATE, Outcome.UNCHANGED), (REMOVE, Outcome.EXCLUDED)):
                values = {name: value for name, value in _waits("", became).items() if name != "decision"}
                c.execute(update(list_member).where(scope, _of(list_id, _h.effect == effect)).values(values))
            c.execute(delete(undone_hold).where(*mine, _h.effect == REMOVE))
    return len(chosen)
