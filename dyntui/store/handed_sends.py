"""Sends that dotdigital has and mails later: at the time handed over with them, or after a split test.

Until then facts can only take people out. Who is taken out is named in the send's count at once, and leaves its address
book afterwards: as long as that is not certain, the contact's number stands with the person.

Public:
    hand_over(c, send_id, out_by); dated(c, send_id, handed_for, out_by, error)         dotdigital has it
    know_contacts(c, count_id, {address: contact id})
    all(c) -> list[Send]; emptied(c, send_id); of_campaign(c, account_id, campaign_id) -> id
    leave_out(c, this, now, opted_out={})             who may not be mailed by the facts of this moment
    to_take_out(c, count_id) -> {contact id: person id}; taken_out(c, count_id, person_ids)
    people(c, count_id, person_ids) -> [PersonOutcome]
    tended(c, send_id, now, news); taken_back(c, send_id, why) -> bool
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Connection, String, and_, bindparam, or_, select, update

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.sends import HANDED_OVER
from dyntui.store import counts, sends, target_people
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import recipient, send, target_person
from dyntui.store.sends import Send
from dyntui.store.target_people import Resolved
from dyntui.store.upserts import update_many

_s = send.c
_p = target_person.c
_SENDABLE = Outcome.ADDED.value


def hand_over(c: Connection, send_id: str, out_by: str) -> None:
    """dotdigital has the send, and is to have begun with its last mail by `out_by`. Only those who are in its address
    book keep the numbers of their contacts. Not looked after yet, it is at once."""
    this = sends.get(c, send_id)
    if this is None:
        raise KeyError(send_id)
    not_in_it = and_(_p.count_id == this.count_id, _p.outcome != _SENDABLE)
    c.execute(update(target_person).where(not_in_it).values(contact_id=None))
    values = {"state": HANDED_OVER, "error": "", "out_by": out_by, "tended_on": ""}
    c.execute(update(send).where(_s.id == send_id).values(values))
    sends.take_counts(c, send_id)


def dated(c: Connection, send_id: str, handed_for: str, out_by: str, error: str) -> None:
    """dotdigital has the send for another time than it was asked for, which `error` says. Of one that somebody has
    taken back meanwhile that is nobody's concern any more."""
    values = {"handed_for": handed_for, "out_by": out_by, "error": error}
    c.execute(update(send).where(_s.id == send_id, _s.state == HANDED_OVER).values(values))


def know_contacts(c: Connection, count_id: str, found: Mapping[str, int]) -> None:
    """Who is in the address book (address -> contact id): also who has been left out since without having left it."""
    statement = (
        update(target_person)
        .where(_p.count_id == bindparam("b_count", type_=String), _p.contact_id.is_(None))
        .where(_p.address == bindparam("b_address", type_=String))
        .values(contact_id=bindparam("b_contact", type_=_p.contact_id.type))
    )
    rows = ((count_id, address, contact_id) for address, contact_id in found.items())
    update_many(c, statement, ("b_count", "b_address", "b_contact"), rows)


def all(c: Connection) -> list[Send]:
    """The sends that dotdigital has and has not finished, the next one first; and those that were taken back, until
    their address books are certainly empty."""
    emptying = and_(_s.state == "Cancelled", _s.doubt == "emptied", _s.decision == "", _s.out_by != "")
    return sends.where(c, or_(_s.state == HANDED_OVER, emptying), order=(_s.out_by, _s.id))


def emptied(c: Connection, send_id: str) -> None:
    """The address book of a send that was taken back is empty for certain."""
    c.execute(update(send).where(_s.id == send_id).values(out_by=""))


def of_campaign(c: Connection, account_id: str, campaign_id: int) -> str:
    """Such a send of the campaign that dotdigital has, by id; `""` for none."""
    scope = (_s.account_id == account_id, _s.campaign_id == campaign_id, _s.state == HANDED_OVER)
    return str(c.execute(select(_s.id).where(*scope).order_by(_s.out_by, _s.id).limit(1)).scalar() or "")


def leave_out(c: Connection, this: Send, now: str, opted_out: Mapping[str, str] | None = None) -> None:
    """Leaves out whoever may not be mailed by the facts of this moment, and `opted_out` (person id -> reason). Who was
    mailed by it already stays mailed."""
    rows = [Resolved(person, Outcome.EXCLUDED, reason) for person, reason in (opted_out or {}).items()]
    target_people.resolve(c, this.count_id, rows)
    counts.recheck(c, this.count_id)
    if not this.handed_for or this.handed_for <= now:
        _keep_the_mailed(c, this)
    sends.take_counts(c, this.id)


def _keep_the_mailed(c: Connection, this: Send) -> None:
    """Whoever dotdigital shows as mailed had it, as nobody of the send had had the campaign before: nothing that became
    known later changes that."""
    r = recipient.c
    had_it = select(r.address).where(
        r.account_id == this.account_id, r.campaign_id == this.campaign_id, r.address != ""
    )
    values = {"outcome": _SENDABLE, "reason": "", "detail": "", "also": ""}
    c.execute(update(target_person).where(*_left_out(this.count_id), _p.address.in_(had_it)).values(values))


def _left_out(count_id: str) -> tuple[ColumnElement[bool], ...]:
    """Those who were put into the address book and are left out by now; who has left it is known by the negative number
    of their contact."""
    return (_p.count_id == count_id, _p.outcome != _SENDABLE, _p.contact_id.is_not(None))


def to_take_out(c: Connection, count_id: str) -> dict[int, str]:
    """Who is left out and may be in the address book still: contact id -> person id."""
    waiting = (*_left_out(count_id), _p.contact_id > 0)
    rows = c.execute(select(_p.contact_id, _p.person_id).where(*waiting).order_by(_p.person_id))
    return {row.contact_id: row.person_id for row in rows}


def taken_out(c: Connection, count_id: str, person_ids: Collection[str]) -> None:
    """These are certainly out of the address book."""
    waiting = set(person_ids)
    gone = [person for person in to_take_out(c, count_id).values() if person in waiting]
    for some in in_chunks(gone):
        out = (_p.count_id == count_id, _p.person_id.in_(some))
        c.execute(update(target_person).where(*out).values(contact_id=-_p.contact_id))


def people(c: Connection, count_id: str, person_ids: Collection[str]) -> list[PersonOutcome]:
    """What these people of the count are named as."""
    found: list[PersonOutcome] = []
    columns = ("entity", "name", "address", "outcome", "reason", "detail")
    for some in in_chunks(sorted(person_ids)):
        of_these = (_p.count_id == count_id, _p.person_id.in_(some))
        rows = c.execute(select(_p.person_id, *(_p[name] for name in columns)).where(*of_these))
        found += [
            PersonOutcome(
                person=row.person_id,
                entity=row.entity,
                name=row.name,
                address=row.address,
                outcome=Outcome(row.outcome),
                reason=row.reason,
                detail=row.detail,
            )
            for row in rows
        ]
    return found


def tended(c: Connection, send_id: str, now: str, news: int) -> None:
    """The send was looked after, knowing `news` of opt-outs."""
    c.execute(update(send).where(_s.id == send_id).values(tended_on=now, tended_news=news))


def taken_back(c: Connection, send_id: str, why: str) -> bool:
    """Somebody has taken it back by emptying its address book. False: dotdigital does not have it to come any more."""
    values = {"state": "Cancelled", "doubt": "emptied", "error": why}
    return c.execute(update(send).where(_s.id == send_id, _s.state == HANDED_OVER).values(values)).rowcount == 1
