"""Imports that a run asked for and whose end it did not see, as it was cancelled or failed: whom they name may be in
the address book, or come into it. Who left the list meanwhile is known by them to be there through us.

Public:
    people(list_id) -> Select: person_id
    among(c, list_id, people) -> {person}      those of them
    seen(c, list_id, contacts)            they (person -> contact id) are in the book
    hold(c, list_id, values)              contacts of people (person -> fields) as they are now
    left(c, list_id)                      the book is known as it is: who is not in it was taken out
    forget(c, list_id, ended_before)      what was asked for by runs that ended so long ago has happened, or never will
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, bindparam, delete, exists, select, update

from dyntui.model.changes import moved_fields
from dyntui.model.plans import ADD, REMOVE, UPDATE
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import applied_change, change_part, list_member, run
from dyntui.store.upserts import update_many

_a, _m, _p = applied_change.c, list_member.c, change_part.c


def _parts(list_id: str) -> Select[Any]:
    return select(_p.no).where(_p.item_id == list_id, _p.target.startswith("book:", autoescape=True))


def _asked_for(list_id: str) -> tuple[ColumnElement[bool], ...]:
    # As the index of those few is written.
    return (_a.begun, _a.effect == ADD, _a.part.in_(_parts(list_id)))


def people(list_id: str) -> Select[Any]:
    """Who was to be added to the list's address book by an import whose end nobody has seen."""
    return select(_a.person_id).where(*_asked_for(list_id))


def among(c: Connection, list_id: str, people: Collection[str]) -> set[str]:
    """Those of these people (ids) who were to be added so."""
    found: set[str] = set()
    for some in in_chunks(sorted(people)):
        here = (*_asked_for(list_id), _a.person_id.in_(some))
        found.update(c.execute(select(_a.person_id).where(*here)).scalars())
    return found


def seen(c: Connection, list_id: str, contacts: Mapping[str, int]) -> None:
    """These people are in the book, as these contacts: what was asked for was done, and can be undone."""
    done = (
        update(applied_change)
        .where(*_asked_for(list_id), _a.person_id == bindparam("b_person", type_=String))
        .values(begun=False, contact_id=bindparam("b_contact", type_=_a.contact_id.type))
    )
    known = among(c, list_id, contacts)
    update_many(c, done, ("b_contact", "b_person"), [(contacts[each], each) for each in sorted(known)])


def hold(c: Connection, list_id: str, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Contacts of these people hold these fields now: where a run that has ended was to write just that, it has."""
    ended = select(run.c.id).where(run.c.ended_on != "")
    here = (_a.begun, _a.effect == UPDATE, _a.part.in_(_parts(list_id).where(_p.run_id.in_(ended))))
    done: list[tuple[int, str]] = []
    for row in c.execute(select(_a.part, _a.person_id, _a.after).where(*here)):
        now = values.get(row.person_id)
        if now is not None and not moved_fields(now, row.after):
            done.append((row.part, row.person_id))
    written = (
        update(applied_change)
        .where(_a.part == bindparam("b_part", type_=_a.part.type), _a.person_id == bindparam("b_person", type_=String))
        .values(begun=False)
    )
    update_many(c, written, ("b_part", "b_person"), done)


def left(c: Connection, list_id: str) -> None:
    """A synchronisation is through, and knows who is in the book: whom a run that has ended was about to take out, who
    is not in it, and whom no other has taken out since, it has."""
    ended = select(run.c.id).where(run.c.ended_on != "")
    inside = select(_m.person_id).where(_m.list_id == list_id, _m.sent_address != "")
    taken = (_a.begun, _a.effect == REMOVE, _a.entity != "", _a.part.in_(_parts(list_id).where(_p.run_id.in_(ended))))
    later = applied_change.alias("later").c
    since = (later.person_id == _a.person_id, later.effect == REMOVE, later.begun.is_(False), later.part > _a.part)
    by_another = exists().where(*since, later.part.in_(_parts(list_id)))
    c.execute(update(applied_change).where(*taken, _a.person_id.not_in(inside), ~by_another).values(begun=False))


def forget(c: Connection, list_id: str, ended_before: str) -> None:
    """The whole book was read: of those who were asked for by runs that ended before that moment and are not in it,
    nobody will come."""
    ended = select(run.c.id).where(run.c.ended_on != "", run.c.ended_on < ended_before)
    parts = _parts(list_id).where(_p.run_id.in_(ended))
    c.execute(delete(applied_change).where(*_asked_for(list_id), _a.part.in_(parts)))
