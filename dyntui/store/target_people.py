"""The people of a count on their way to a send.

sendable_batch(c, count_id, limit, after="") -> list[TargetPerson]; sendable_addresses(c, count_id) -> {address: id}
addresses(c, count_id) -> frozenset[str]                            of everybody, mailed or not
forbidden(c, account_id, count_id) -> bool                          somebody to be mailed is not on the allow list
contact_ids(c, count_id, person_ids) -> [contact id]; without_contact(c, count_id) -> {address: person id}
resolve(c, count_id, rows) -> int                                   what became of people on the way to the send
copy_outcomes(c, run_id, item_id, count_id, but=None) -> int
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)

from dyntui.model.outcomes import Outcome
from dyntui.store import environment, outcomes
from dyntui.store.schema import outcome, target_person
from dyntui.store.upserts import update_many

_p = target_person.c
_SENDABLE = Outcome.ADDED.value


class TargetPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be mailed."""

    person_id: str
    entity: str
    name: str
    address: str
    fields: dict[str, Any]
    contact_id: int | None


class Resolved(msgspec.Struct, frozen=True):
    """What became of a sendable person on the way to the send: `added` (still sendable), or left out with a reason."""

    person_id: str
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    contact_id: int | None = None


def sendable_batch(c: Connection, count_id: str, limit: int, after: str = "") -> list[TargetPerson]:
    """The next people to be mailed, by person id from `after` on."""
    rows = c.execute(
        select(*(_p[name] for name in TargetPerson.__struct_fields__))
        .where(_p.count_id == count_id, _p.outcome == _SENDABLE, _p.person_id > after)
        .order_by(_p.person_id)
        .limit(limit)
    )
    return [TargetPerson(**row._mapping) for row in rows]


def sendable_addresses(c: Connection, count_id: str) -> dict[str, str]:
    """Everybody to be mailed: address -> person id."""
    rows = c.execute(select(_p.address, _p.person_id).where(_p.count_id == count_id, _p.outcome == _SENDABLE))
    return {row.address: row.person_id for row in rows}


def forbidden(c: Connection, account_id: str, count_id: str) -> bool:
    """Whether somebody is to be mailed whom the allow list does not name, where nobody else may be."""
    if not environment.is_marked(c, account_id):
        return False
    unlisted = environment.not_allowed(environment.allowed_domains(c), _p.address)
    found = select(_p.person_id).where(_p.count_id == count_id, _p.outcome == _SENDABLE, unlisted)
    return c.execute(found.limit(1)).first() is not None


def addresses(c: Connection, count_id: str) -> frozenset[str]:
    """The addresses of everybody in the count, mailed or not."""
    return frozenset(c.execute(select(_p.address).where(_p.count_id == count_id, _p.address != "")).scalars())


def contact_ids(c: Connection, count_id: str, person_ids: Iterable[str]) -> list[int]:
    """The contacts that these people became, where that is known."""
    wanted = set(person_ids)
    if not wanted:
        return []
    rows = c.execute(select(_p.person_id, _p.contact_id).where(_p.count_id == count_id, _p.contact_id.is_not(None)))
    return [row.contact_id for row in rows if row.person_id in wanted]


def without_contact(c: Connection, count_id: str) -> dict[str, str]:
    """Those to be mailed of whom it is not known which contact they became: address -> person id."""
    unknown = (_p.count_id == count_id, _p.outcome == _SENDABLE, _p.contact_id.is_(None))
    return {row.address: row.person_id for row in c.execute(select(_p.address, _p.person_id).where(*unknown))}


def resolve(c: Connection, count_id: str, rows: Iterable[Resolved]) -> int:
    """Keep what became of sendable people; how many it were. Who had been left out stays so."""
    contact = bindparam("b_contact", type_=_p.contact_id.type)
    statement = (
        update(target_person)
        .where(
            _p.count_id == bindparam("b_count", type_=String),
            _p.person_id == bindparam("b_person", type_=String),
            _p.outcome == _SENDABLE,
        )
        .values(
            outcome=bindparam("b_outcome", type_=String),
            reason=bindparam("b_reason", type_=String),
            detail=bindparam("b_detail", type_=String),
            contact_id=func.coalesce(contact, _p.contact_id),
        )
    )
    names = ("b_outcome", "b_reason", "b_detail", "b_contact", "b_count", "b_person")
    return update_many(
        c,
        statement,
        names,
        ((row.outcome.value, row.reason, row.detail, row.contact_id, count_id, row.person_id) for row in rows),
    )


class NotMailed(msgspec.Struct, frozen=True):
    """A send that was found to have mailed nobody but those at the addresses `shown`. `detail`: how that is known."""

    shown: Select[Any]
    detail: str


def copy_outcomes(c: Connection, run_id: str, item_id: str, count_id: str, but: NotMailed | None = None) -> int:
    """Keep what became of everybody as the people of a run's item (those mailed are `added`), or what is known of them
    since; how many."""
    columns = ("person_id", "seq", "entity", "name", "address", "outcome", "reason", "detail", "also")
    values: dict[str, ColumnElement[Any]] = {name: _p[name] for name in columns}
    if but is not None:
        missed = and_(_p.outcome == _SENDABLE, _p.address.not_in(but.shown))
        known = {"outcome": Outcome.EXCLUDED.value, "reason": "NOT_MAILED", "detail": but.detail}
        values |= {name: case((missed, literal(text, String)), else_=_p[name]) for name, text in known.items()}
    people = select(literal(run_id, String), literal(item_id, String), *values.values())
    outcomes.clear(c, run_id, item_id)
    c.execute(insert(outcome).from_select(["run_id", "item_id", *columns], people.where(_p.count_id == count_id)))
    return sum(each.people for each in outcomes.recount(c, run_id, item_id))
