"""Strangers: contacts of a list's address book that are not on the list, as the book was read last, with what is to
become of each and what has.

Public:
    found(c, list_id, run_id, rows); gone(c, list_id, run_id); forget(c, list_id)   readings of the book
    no_members(c, list_id, addresses) -> [address]; are_news(c, list_id, contacts) -> bool; one_waits(c, list_id)
    consent(c, list_id, addresses) -> {address: Refusal}            who said no for an address
    people_who_said_no(c, account_id, list_id, ids) -> {id: Refusal}   or as a record
    open_ones(c, list_id, run_id, limit) -> [Waiting]               not judged yet
    judged(c, list_id, verdicts)                                    what is to be done with each
    keep_decided(c, list_id); to_do(c, list_id, effect, limit, after=) -> [ToDo]
    settled(c, list_id, contact_ids); made(c, list_id, records); refused(c, list_id, rows)
    to_be_guarded(c, list_id) -> int; hold(c, list_id, why)
    refuse_others(c, plan_id, item_id, list_id); refuse(c, list_id, contact_ids)    only what was planned is done
    named(list_id) -> Select; read_by(c, list_id) -> int
    pick(c, list_id, contact_id, record) -> bool
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from dyntui.model.outcomes import Outcome
from dyntui.model.reasons import PRECEDENCE
from dyntui.model.strangers import Effect, Verdict, more_in
from dyntui.store import list_unsubscribes, suppressed_people
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.held import KEEP
from dyntui.store.schema import (
    book_stranger,
    list_member,
    list_unsubscribe,
    opt_out,
    opt_out_address,
    planned_change,
    suppression,
)
from dyntui.store.upserts import json_text, update_many, upsert

_s = book_stranger.c
ENTITY = "stranger"


class Found(msgspec.Struct, frozen=True):
    """A contact of the book that is no member: `channel` as of `BookContact`; `fields`: its data fields by label, where
    they were asked for."""

    contact_id: int
    address: str
    channel: str
    fields: Mapping[str, Any] = {}


class Refusal(msgspec.Struct, frozen=True, order=True):
    """Why somebody is neither added nor made: the place of the reason, its code, and what makes it concrete."""

    place: int
    reason: str
    detail: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A stranger who is still to be judged."""

    contact_id: int
    address: str
    channel: str
    picked: str


class ToDo(msgspec.Struct, frozen=True, kw_only=True):
    """A stranger with whom something is to be done; `person`: the record that joins the list; `withdrawn`: consent
    was, for this `reason`."""

    contact_id: int
    address: str
    person: str
    fields: Mapping[str, Any]
    withdrawn: bool
    reason: str = ""
    detail: str = ""


def found(c: Connection, list_id: str, run_id: str, rows: Iterable[Found]) -> None:
    """Strangers of a page of the book. What somebody has decided about one stays."""
    upsert(
        c,
        book_stranger,
        ("list_id", "contact_id", "address", "channel", "fields", "run_id", *_JUDGED),
        ("list_id", "contact_id"),
        [
            (list_id, row.contact_id, row.address, row.channel, json_text(dict(row.fields)), run_id, *("",) * 6)
            for row in rows
        ],
    )


_JUDGED = ("effect", "becomes", "outcome", "reason", "detail", "person_id")


def no_members(c: Connection, list_id: str, addresses: Sequence[str]) -> list[str]:
    """Those of the addresses that no member has, and with which nobody was sent."""
    known: set[str] = set()
    m = list_member.c
    for some in in_chunks(addresses):
        known.update(c.execute(select(m.address).where(m.list_id == list_id, m.address.in_(some))).scalars())
        elsewhere = (m.sent_address != m.address, m.sent_address.in_(some))
        known.update(c.execute(select(m.sent_address).where(beside(m.list_id) == list_id, *elsewhere)).scalars())
    return [each for each in addresses if each not in known]


def are_news(c: Connection, list_id: str, contacts: Mapping[int, str]) -> bool:
    """Whether one of these contacts of the book (id -> address) is neither a member nor a stranger that was met
    before with this address."""
    known: set[tuple[int, str]] = set()
    for some in in_chunks(list(contacts)):
        met = select(_s.contact_id, _s.address).where(_s.list_id == list_id, _s.contact_id.in_(some))
        known.update((row.contact_id, row.address) for row in c.execute(met))
    others = [address for contact_id, address in contacts.items() if (contact_id, address) not in known]
    return bool(no_members(c, list_id, others))


def one_waits(c: Connection, list_id: str) -> bool:
    """Whether there is a stranger with whom nothing was done because it was not known what is right: the next run is to
    look again."""
    waits = exists().where(_s.list_id == list_id, _s.reason.in_(("STALE", "NOT_SYNCED")), _s.outcome != "")
    return bool(c.execute(select(waits)).scalar())


def gone(c: Connection, list_id: str, run_id: str) -> None:
    """The book was read to its end: who was not in it, or is a member by now, is no stranger any more, except for whom
    this run itself has dealt with."""
    c.execute(delete(book_stranger).where(_s.list_id == list_id, _s.run_id != run_id))


def forget(c: Connection, list_id: str) -> None:
    """The list has no strangers that anything would become of."""
    c.execute(delete(book_stranger).where(_s.list_id == list_id))


def consent(c: Connection, list_id: str, addresses: Sequence[str]) -> dict[str, Refusal]:
    """Of the addresses those that are suppressed for any account, opted out in Dynamics, or unsubscribed from the list:
    the first reason of each."""
    known: dict[str, Refusal] = {}
    u = list_unsubscribe.c
    for some in in_chunks(addresses):
        asked = (
            select(suppression.c.address, suppression.c.reason, suppression.c.suppressed_on).where(
                suppression.c.address.in_(some)
            ),
            select(opt_out_address.c.address, opt_out.c.reason, opt_out.c.person_id)
            .join(opt_out, opt_out.c.person_id == opt_out_address.c.person_id)
            .where(opt_out_address.c.address.in_(some)),
            select(u.address, literal("UNSUBSCRIBED_LIST", String), u.unsubscribed_on).where(
                u.list_id == list_id, u.address.in_(some)
            ),
        )
        for each in asked:
            for address, reason, detail in c.execute(each):
                _strictest(known, address, reason, detail)
    return known


def people_who_said_no(c: Connection, account_id: str, list_id: str, ids: Sequence[str]) -> dict[str, Refusal]:
    """Of these records those that opted out, or whose person was suppressed at another address or unsubscribed from the
    list with one, also as a record that was merged into them."""
    known: dict[str, Refusal] = {}
    as_before = suppressed_people.people(account_id).subquery("suppressed_as").c
    by_person = list_unsubscribes.people().subquery("unsubscribed").c
    for some in in_chunks(ids):
        asked: tuple[Select[Any], ...] = (
            select(opt_out.c.person_id, opt_out.c.reason, opt_out.c.said_by).where(opt_out.c.person_id.in_(some)),
            select(as_before.person_id, as_before.reason, as_before.detail).where(as_before.person_id.in_(some)),
            select(by_person.person_id, literal("UNSUBSCRIBED_LIST", String), by_person.unsubscribed_on).where(
                by_person.list_id == list_id, by_person.person_id.in_(some)
            ),
        )
        for each in asked:
            for person, reason, detail in c.execute(each):
                _strictest(known, person, reason, detail)
    return known


def _strictest(known: dict[str, Refusal], key: str, reason: str, detail: str) -> None:
    said = Refusal(PRECEDENCE.get(reason, len(PRECEDENCE)), reason or "UNKNOWN", detail)
    known[key] = min(said, known.get(key, said))


def open_ones(c: Connection, list_id: str, run_id: str, limit: int) -> list[Waiting]:
    """The next strangers whom nobody has judged since the book was read."""
    rows = c.execute(
        select(_s.contact_id, _s.address, _s.channel, _s.picked)
        .where(_s.list_id == list_id, _s.run_id == run_id, _s.becomes == "")
        .order_by(_s.contact_id)
        .limit(limit)
    )
    return [Waiting(**row._mapping) for row in rows]


def judged(c: Connection, list_id: str, verdicts: Iterable[tuple[int, Verdict]]) -> None:
    """What is to become of strangers (contact id, verdict). Of whom nothing is to be done the outcome is final; who
    would leave the book and is to be kept in it, by somebody's decision, stays."""
    upsert(
        c,
        book_stranger,
        ("list_id", "contact_id", *_JUDGED),
        ("list_id", "contact_id"),
        [
            (
                list_id,
                contact_id,
                each.effect.value,
                each.outcome.value,
                "" if each.effect else each.outcome.value,
                each.reason,
                each.detail,
                each.person,
            )
            for contact_id, each in verdicts
        ],
        update=_JUDGED,
    )


def keep_decided(c: Connection, list_id: str) -> None:
    """Who is to stay in the book by somebody's decision is not removed, unless consent was withdrawn."""
    said = literal("kept in the address book by ", String) + _s.decided_by + literal(", ", String) + _s.decided_on
    kept = (_s.list_id == list_id, _s.decision == KEEP, *_REMOVABLE)
    c.execute(
        update(book_stranger)
        .where(*kept)
        .values(effect="", becomes=Outcome.UNCHANGED.value, outcome=Outcome.UNCHANGED.value, detail=said)
    )


# Who would leave the book for another reason than consent withdrawn.
_REMOVABLE: tuple[ColumnElement[bool], ...] = (
    _s.effect == Effect.REMOVE.value,
    _s.becomes == Outcome.REMOVED.value,
    _s.outcome == "",
)


def to_be_guarded(c: Connection, list_id: str) -> int:
    """How many strangers would leave the book without anybody having decided that they do."""
    going = select(func.count()).select_from(book_stranger)
    return c.execute(going.where(_s.list_id == list_id, _s.decision == "", *_REMOVABLE)).scalar_one()


def hold(c: Connection, list_id: str, why: str) -> None:
    """All of `to_be_guarded` stay until somebody decides."""
    c.execute(
        update(book_stranger)
        .where(_s.list_id == list_id, _s.decision == "", *_REMOVABLE)
        .values(effect="", outcome=Outcome.HELD.value, becomes=Outcome.HELD.value, reason="REMOVAL_HELD", detail=why)
    )


def to_do(c: Connection, list_id: str, effect: Effect, limit: int, after: int = 0) -> list[ToDo]:
    """The next strangers with whom this is to be done. `after`: the last contact of those that were looked at."""
    rows = c.execute(
        select(
            _s.contact_id,
            _s.address,
            _s.person_id.label("person"),
            _s.fields,
            (_s.becomes == Outcome.EXCLUDED.value).label("withdrawn"),
            _s.reason,
            _s.detail,
        )
        .where(_s.list_id == list_id, _s.effect == effect.value, _s.outcome == "", _s.contact_id > after)
        .order_by(_s.contact_id)
        .limit(limit)
    )
    return [ToDo(**row._mapping) for row in rows]


def settled(c: Connection, list_id: str, contact_ids: Iterable[int]) -> None:
    """What was to be done with these is done."""
    for some in in_chunks(list(contact_ids)):
        here = (_s.list_id == list_id, _s.contact_id.in_(some))
        c.execute(
            update(book_stranger).where(*here).values(outcome=_s.becomes, decision="", decided_by="", decided_on="")
        )


def made(c: Connection, list_id: str, records: Iterable[tuple[int, str]]) -> None:
    """Records were made of these (contact id, record): they join the list next."""
    statement = (
        update(book_stranger)
        .where(
            _s.list_id == bindparam("b_list", type_=String), _s.contact_id == bindparam("b_contact", type_=BigInteger)
        )
        .values(effect=Effect.JOIN.value, person_id=bindparam("b_person", type_=String))
    )
    update_many(
        c, statement, ("b_person", "b_list", "b_contact"), [(person, list_id, each) for each, person in records]
    )


def refused(c: Connection, list_id: str, rows: Iterable[tuple[int, str]]) -> None:
    """Dynamics would not take these (contact id, why)."""
    for contact_id, why in rows:
        c.execute(
            update(book_stranger)
            .where(_s.list_id == list_id, _s.contact_id == contact_id)
            .values(outcome=Outcome.REJECTED.value, becomes=Outcome.REJECTED.value, reason="REJECTED", detail=why)
        )


def excluded(c: Connection, list_id: str, rows: Iterable[tuple[int, str, str]]) -> None:
    """These (contact id, reason, detail) have said no since they were judged: nothing is done with them."""
    for contact_id, reason, detail in rows:
        values = {"outcome": Outcome.EXCLUDED.value, "reason": reason, "detail": detail}
        here = (_s.list_id == list_id, _s.contact_id == contact_id)
        c.execute(update(book_stranger).where(*here).values(effect="", becomes=Outcome.EXCLUDED.value, **values))


def refuse_others(c: Connection, plan_id: str, item_id: str, list_id: str) -> None:
    """With whom something else is to be done than was planned, or anything at all that was not: nothing is, for now.
    Consent withdrawn is acted on whatever was planned."""
    p = planned_change.c
    planned = exists().where(
        p.run_id == plan_id,
        p.item_id == item_id,
        p.person_id == cast(_s.contact_id, String),
        p.effect == _s.effect,
        p.address == _s.address,
        # The record that joins the list; plans of earlier versions do not say which.
        or_(p.effect != Effect.JOIN.value, p.fingerprint.in_(("", _s.person_id))),
    )
    others = and_(_s.effect != "", _s.outcome == "", _s.becomes != Outcome.EXCLUDED.value, ~planned)
    c.execute(update(book_stranger).where(_s.list_id == list_id, others).values(_STALE))


_STALE = {
    "effect": "",
    "outcome": Outcome.HELD.value,
    "becomes": Outcome.HELD.value,
    "reason": "STALE",
    "detail": "not as planned",
}


def refuse(c: Connection, list_id: str, contact_ids: Iterable[int], why: str = "not as planned") -> None:
    """With these nothing is done for now: they are not as they were planned, or judged."""
    for some in in_chunks(list(contact_ids)):
        here = (_s.list_id == list_id, _s.contact_id.in_(some))
        c.execute(update(book_stranger).where(*here).values({**_STALE, "detail": why}))


def pick(c: Connection, list_id: str, contact_id: int, record: str) -> bool:
    """Of several records that match a stranger this is the one; False where it was none of them. Where more match than
    are named it may be one of the others: nobody joins who does not match."""
    ambiguous = (_s.list_id == list_id, _s.contact_id == contact_id, _s.reason == "AMBIGUOUS_MATCH")
    said = c.execute(select(_s.detail).where(*ambiguous)).scalar()
    if said is None or not (record in said or more_in(said)):
        return False
    return c.execute(update(book_stranger).where(*ambiguous).values(picked=record)).rowcount > 0


def named(list_id: str) -> Select[Any]:
    """What has become of every stranger, or would where it is only planned, as `intervals.keep` takes it."""
    return select(
        cast(_s.contact_id, String).label("person_id"),
        func.row_number().over(order_by=_s.contact_id).label("seq"),
        literal(ENTITY, String).label("entity"),
        literal("", String).label("name"),
        _s.address,
        case((_s.outcome == "", _s.becomes), else_=_s.outcome).label("outcome"),
        _s.reason,
        _s.detail,
        literal("", String).label("also"),
    ).where(_s.list_id == list_id)


def read_by(c: Connection, list_id: str) -> int:
    """How many strangers the run has to account for."""
    return c.execute(select(func.count()).select_from(book_stranger).where(_s.list_id == list_id)).scalar_one()
