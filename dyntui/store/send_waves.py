"""Sends in waves: the send as a whole, whose people are taken wave by wave into sends of their own.

Everybody of the whole send is in at most one wave, which is kept by `cut`: it takes only people whom no wave has. What
became of them there is brought back by `settle`; who is in no wave when the send ends is left out by name.

Public:
    plan(c, send_id, waves, next_on); planned(c, send_id) -> Plan | None; shown(c, send_id) -> Shown | None
    put_before(c, send_id, results); put_next(c, send_id, moment); put_stop(c, send_id, why) -> bool
    waves(c, send_id) -> list[Send]; last(c, send_id) -> Send | None
    cut(c, whole, NewSend, wave, now) -> int; cut_again(c, wave_send) -> int; left(c, send_id) -> int
    settle(c, send_id); is_whole(c, send_id), went_out_before(c, send_id) -> bool; seen(c, send_id, since) -> Results
    in_waves(c, account_id, campaign_id, but="") -> id
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from dyntui.model.outcomes import Outcome
from dyntui.model.waves import Results, Waves, size
from dyntui.store import mailed_already, send_changes, sends
from dyntui.store.schema import list_unsubscribe, send, send_waves, suppression, target_count, target_person
from dyntui.store.sends import NewSend, Send

_s = send.c
_w = send_waves.c
_p = target_person.c
_SENDABLE = Outcome.ADDED.value
_OF_A_PERSON = ("person_id", "seq", "entity", "name", "address", "fields", "contact_id", "mailed_as")
_OUTCOME = ("outcome", "reason", "detail", "also", "contact_id")
_BOUNCED = ("HARD_BOUNCED", "SOFT_BOUNCED")
_COMPLAINED = ("COMPLAINED",)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a send is divided, and how far it is. `before`: the campaign's results before the first wave, None as long as
    they were not read; `people`: who might be mailed when the first wave began; `stop`: why no further wave begins."""

    waves: Waves
    before: Results | None
    people: int
    next_on: str
    stop: str


def plan(c: Connection, send_id: str, waves: Waves, next_on: str) -> None:
    """The send goes out in waves, the first of them at `next_on`."""
    values = {"send_id": send_id, "waves": msgspec.to_builtins(waves), "before": {}, "next_on": next_on}
    c.execute(insert(send_waves).values(values))


def planned(c: Connection, send_id: str) -> Plan | None:
    """How a send is divided; None for one that is not."""
    row = c.execute(select(send_waves).where(_w.send_id == send_id)).one_or_none()
    return None if row is None else _plan(row)


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        waves=msgspec.convert(row.waves, Waves, strict=False),
        before=msgspec.convert(row.before, Results) if row.before else None,
        people=row.people,
        next_on=row.next_on,
        stop=row.stop,
    )


def put_before(c: Connection, send_id: str, results: Results) -> None:
    """What the campaign's results were before the first wave."""
    _set(c, send_id, before=msgspec.to_builtins(results))


def put_next(c: Connection, send_id: str, moment: str) -> None:
    """When the next wave is to begin."""
    _set(c, send_id, next_on=moment)


def put_stop(c: Connection, send_id: str, why: str) -> bool:
    """No further wave begins. False: that was said before, or the send is not divided."""
    stopped = update(send_waves).where(_w.send_id == send_id, _w.stop == "").values(stop=why)
    return c.execute(stopped).rowcount == 1


def _set(c: Connection, send_id: str, **values: object) -> None:
    c.execute(update(send_waves).where(_w.send_id == send_id).values(values))


def waves(c: Connection, send_id: str) -> list[Send]:
    """The waves that have begun, in order."""
    return sends.where(c, _s.waves_of == send_id, order=(_s.wave,))


def last(c: Connection, send_id: str) -> Send | None:
    """The wave that began last."""
    begun = waves(c, send_id)
    return begun[-1] if begun else None


def in_waves(c: Connection, account_id: str, campaign_id: int, but: str = "") -> str:
    """The send of the campaign that is between its waves, or waits for a person there, by id; `""` for none, or for
    none `but` this one."""
    begun = select(_s.waves_of).where(_s.waves_of != "")
    on_the_way = or_(_s.state == "In waves", and_(_s.state == "Missed", _s.id.in_(begun)))
    of_campaign = (_s.account_id == account_id, _s.campaign_id == campaign_id, _s.id != but)
    found = select(_s.id).where(*of_campaign, on_the_way).order_by(_s.created_on, _s.id)
    return str(c.execute(found.limit(1)).scalar() or "")


# -- who is in which wave --------------------------------------------------------------------------------------------


def cut(c: Connection, whole: Send, new: NewSend, now: str) -> int:
    """A wave: a send and a count of its own, with the next people of the whole send; how many they are. `new` says
    which wave it is."""
    if new.wave == 1:
        _set(c, whole.id, people=left(c, whole.id))
    asked = select(target_count).where(target_count.c.id == whole.count_id)
    row = c.execute(asked).one()
    c.execute(insert(target_count).values(dict(row._mapping) | {"id": new.count_id, "counted_on": now}))
    taken = _take(c, whole, new.count_id, new.wave)
    sends.create(c, new)
    return taken


def cut_again(c: Connection, this: Send, whole: Send) -> int:
    """The first wave once more, after the whole send was counted anew; how many people it has. Only as long as nobody
    of them is on the way to dotdigital."""
    c.execute(delete(target_person).where(_p.count_id == this.count_id))
    _set(c, whole.id, people=left(c, whole.id))
    taken = _take(c, whole, this.count_id, this.wave)
    # Who is in the wave was confirmed with the whole send: of that it is said what has changed.
    send_changes.confirm(c, this.count_id)
    sends.take_counts(c, this.id)
    return taken


def _take(c: Connection, whole: Send, count_id: str, wave: int) -> int:
    known = planned(c, whole.id)
    if known is None:
        raise KeyError(whole.id)
    wanted = size(known.waves, wave, known.people, left(c, whole.id))
    chosen = (
        select(literal(count_id, String), *(_p[name] for name in _OF_A_PERSON), _p.outcome, literal("", String))
        .where(*_in_no_wave(c, whole))
        .order_by(*_spread(), _p.person_id)
        .limit(wanted)
    )
    c.execute(insert(target_person).from_select(["count_id", *_OF_A_PERSON, "outcome", "reason"], chosen))
    taken = c.execute(select(func.count()).select_from(target_person).where(_p.count_id == count_id)).scalar_one()
    c.execute(update(target_count).where(target_count.c.id == count_id).values(potential=taken))
    return int(taken)


def _spread() -> tuple[ColumnElement[str], ...]:
    """The digits of an id that differ most between neighbours first: a small wave is no group of records that were made
    together."""
    return tuple(func.substr(_p.person_id, place, 1) for place in (8, 7, 6, 5))


def left(c: Connection, send_id: str) -> int:
    """How many people may be mailed, as far as is known, and are in no wave yet."""
    whole = sends.get(c, send_id)
    if whole is None:
        raise KeyError(send_id)
    return int(c.execute(select(func.count()).select_from(target_person).where(*_in_no_wave(c, whole))).scalar_one())


def _in_no_wave(c: Connection, whole: Send) -> tuple[ColumnElement[bool], ...]:
    other = target_person.alias("in_a_wave").c
    taken = exists().where(other.count_id.in_(_counts(c, whole.id)), other.person_id == _p.person_id)
    return (_p.count_id == whole.count_id, _p.outcome == _SENDABLE, ~taken)


def _counts(c: Connection, send_id: str) -> Sequence[str]:
    return c.execute(select(_s.count_id).where(_s.waves_of == send_id)).scalars().all()


def is_whole(c: Connection, send_id: str) -> bool:
    """Whether a send is the last wave of one: nobody is left for another. True for one that is no wave."""
    this = sends.get(c, send_id)
    return this is None or not this.waves_of or not left(c, this.waves_of)


def went_out_before(c: Connection, send_id: str) -> bool:
    """Whether a send is the last wave of one of which an earlier wave was sent, and that nobody has stopped."""
    this = sends.get(c, send_id)
    known = planned(c, this.waves_of) if this is not None and this.waves_of else None
    if this is None or known is None or known.stop or left(c, this.waves_of):
        return False
    return any(each.state == "Sent" and not not_sent(each) for each in waves(c, this.waves_of))


# -- what became of them ---------------------------------------------------------------------------------------------


def settle(c: Connection, send_id: str) -> None:
    """Everybody of the whole send has the outcome that their wave gave them; who is in a wave that was certainly not
    sent is WAVE_STOPPED. Of one that was found not to have mailed them they are NOT_MAILED, as in the audit of the
    wave, but for those whom dotdigital shows. Where no further wave begins, whoever is in none is WAVE_STOPPED.
    Repeatable."""
    whole, known = sends.get(c, send_id), planned(c, send_id)
    if whole is None or known is None:
        raise KeyError(send_id)
    for each in waves(c, send_id):
        of_wave = target_person.alias("of_wave")
        values: dict[str, Any] = {name: of_wave.c[name] for name in _OUTCOME}
        if not_sent(each):
            stopped = of_wave.c.outcome == _SENDABLE
            named = _stopped(f"wave {each.wave} was not sent")
            if each.decision == "not mailed":
                had = mailed_already.seen(each.account_id, each.campaign_id)
                stopped = and_(stopped, of_wave.c.address.not_in(had))
                named |= {"reason": "NOT_MAILED", "detail": sends.found_by(c, each.id)}
            values |= {name: case((stopped, text), else_=of_wave.c[name]) for name, text in named.items()}
        same = (_p.count_id == whole.count_id, of_wave.c.count_id == each.count_id, _p.person_id == of_wave.c.person_id)
        c.execute(update(target_person).where(*same).values(values))
    if known.stop:
        c.execute(update(target_person).where(*_in_no_wave(c, whole)).values(_stopped("")))
    sends.take_counts(c, send_id)


def _stopped(detail: str) -> dict[str, str]:
    return {"outcome": Outcome.EXCLUDED.value, "reason": "WAVE_STOPPED", "detail": detail, "also": ""}


def not_sent(wave: Send) -> bool:
    """Whether it is certain that nobody of the wave was mailed."""
    ended_unsent = wave.state in ("Failed", "Refused", "Cancelled") and not wave.doubt
    return wave.decision == "not mailed" or (ended_unsent and wave.decision != "mailed")


def seen(c: Connection, send_id: str, since: str) -> Results:
    """Of the people of the waves those of whom the store knows that they bounced, complained or left since: their
    addresses are suppressed, or have left a target list."""
    whole = sends.get(c, send_id)
    if whole is None:
        raise KeyError(send_id)
    mailed = select(_p.address).where(_p.count_id.in_(_counts(c, send_id)), _p.outcome == _SENDABLE)
    s, u = suppression.c, list_unsubscribe.c
    rows = c.execute(
        select(s.reason, func.count())
        .where(s.account_id == whole.account_id, s.address.in_(mailed), s.suppressed_on >= since)
        .group_by(s.reason)
    ).all()
    by_reason = {reason: int(people) for reason, people in rows}
    left_lists = select(func.count(func.distinct(u.address))).where(
        u.list_id.in_(whole.list_ids), u.address.in_(mailed), or_(u.unsubscribed_on >= since, u.learned_on >= since)
    )
    bounces = sum(by_reason.get(each, 0) for each in _BOUNCED)
    complaints = sum(by_reason.get(each, 0) for each in _COMPLAINED)
    others = sum(by_reason.values()) - bounces - complaints
    return Results(
        bounces=bounces, complaints=complaints, unsubscribes=max(others, int(c.execute(left_lists).scalar_one()))
    )
