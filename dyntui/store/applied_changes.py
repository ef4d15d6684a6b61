"""What runs wrote on either side, person by person, with what was there before.

A change is kept as *begun*, with its before-image, before the remote system is asked for it, and settled when that has
answered: a run that is killed in between does not take what it wrote itself for what was there before.

Public:
    begin(c, place, rows)                           about to be written; an image that is kept already stays
    begun(c, place, people) -> {person: after}; all_begun(c, place) -> [person]      not settled yet
    created_by(c, run_id, people) -> {person}
    written_of(c, place, people) -> {person}; images(c, place, people) -> {person: (before, after)}
    first_in_books(c, account_id, person, label, run_id, since)    when a data field was written over
    settle(c, place, done, refused); settle_all(c, place)          what became of it
    keep(c, place, rows, undoes=0)                  written
    keep_removed(c, place, list_id, leavers, begun=)    members who are, or were, taken out of their list's book
    part(c, place) -> Part | None; parts(c, run_id) -> [Part]; written() -> Select; change_of(row) -> AppliedChange
    effects(c, run_id) -> [Effects]                 how many of each effect a run wrote, item by item
    window(c, asked, run_id=, item_id=, person=, effect=) -> Page[AppliedChange]
    forget_before(c, moment)                        those of sends, which stay themselves
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from dyntui.model.changes import AppliedChange
from dyntui.model.paging import Page, Window
from dyntui.model.people import normalise
from dyntui.model.plans import BRING, CREATE, JOIN, REMOVE, UPDATE, Effects
from dyntui.store import stay_undone
from dyntui.store.book_marks import BY_OTHERS, OVERWRITTEN
from dyntui.store.chunks import in_chunks
from dyntui.store.leaving import Leaver
from dyntui.store.schema import applied_change, change_part, list_member, run
from dyntui.store.upserts import json_text, update_many, upsert
from dyntui.store.windows import page, shown

_a, _p, _m = applied_change.c, change_part.c, list_member.c
_COLUMNS = (
    "part",
    "person_id",
    "entity",
    "name",
    "address",
    "effect",
    "reason",
    "consent",
    "before",
    "after",
    "known",
    "before_address",
    "contact_id",
    "created",
    "deleted",
    "begun",
)


class Place(msgspec.Struct, frozen=True):
    """Where a run writes: `target` (see `dyntui.model.changes`) for an item of it."""

    run_id: str
    item_id: str
    target: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A place that a run wrote to. `undoes`: the part whose changes these undo, 0 for none."""

    no: int
    run_id: str
    item_id: str
    target: str
    undoes: int


class Done(msgspec.Struct, frozen=True):
    """A person of whom what was begun was written. `created`: the remote system says that it made the contact."""

    person: str
    contact_id: int | None
    created: bool


def _no(c: Connection, place: Place, undoes: int = 0) -> int:
    found = part(c, place)
    if found is not None:
        return found.no
    made = insert(change_part).values(**msgspec.structs.asdict(place), undoes=undoes).returning(_p.no)
    return int(c.execute(made).scalar_one())


def part(c: Connection, place: Place) -> Part | None:
    """The part of a place, once something was written there."""
    here = (_p.run_id == place.run_id, _p.item_id == place.item_id, _p.target == place.target)
    row = c.execute(select(change_part).where(*here)).one_or_none()
    return None if row is None else shown(Part, row)


def parts(c: Connection, run_id: str) -> list[Part]:
    """The places that a run wrote to."""
    return [shown(Part, row) for row in c.execute(select(change_part).where(_p.run_id == run_id).order_by(_p.no))]


def _row(no: int, each: AppliedChange, begun: bool) -> tuple[object, ...]:
    images = (None if image is None else json_text(image) for image in (each.before, each.after))
    return (
        no,
        each.person,
        each.entity,
        each.name,
        each.address,
        each.effect,
        each.reason,
        each.consent,
        *images,
        each.known,
        each.before_address,
        each.contact_id,
        each.created,
        each.deleted,
        begun,
    )


def begin(c: Connection, place: Place, rows: Iterable[AppliedChange]) -> None:
    """These changes are about to be asked for. Of somebody who was taken out of the book under an address they have no
    more, it is the same change: from the one address to the other."""
    no = _no(c, place)
    upsert(
        c,
        applied_change,
        _COLUMNS,
        ("part", "person_id"),
        (_row(no, each, True) for each in rows),
        update=("address", "after", "contact_id", "created", "begun"),
        computed=lambda excluded: {"effect": literal(UPDATE, String)},
        where=lambda excluded: and_(_a.effect == REMOVE, _a.begun.is_(False)),
    )


def begun(c: Connection, place: Place, people: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of those people of whom a change was begun here and the remote system has not answered yet, as far as is known:
    what was to be written."""
    found = part(c, place)
    if found is None:
        return {}
    images: dict[str, dict[str, Any]] = {}
    for some in in_chunks(people):
        here = (_a.part == found.no, _a.person_id.in_(some), _a.begun.is_(True))
        images |= {row.person_id: row.after or {} for row in c.execute(select(_a.person_id, _a.after).where(*here))}
    return images


def all_begun(c: Connection, place: Place) -> list[str]:
    """Everybody of whom a change was begun here and the remote system has not answered yet, as far as is known."""
    found = part(c, place)
    if found is None:
        return []
    return list(c.execute(select(_a.person_id).where(_a.part == found.no, _a.begun.is_(True))).scalars())


Images = dict[str, tuple[dict[str, Any], dict[str, Any]]]


def images(c: Connection, place: Place, people: Sequence[str]) -> Images:
    """What was written of these people at a place: the fields before, as far as they are known, and after."""
    found = part(c, place)
    if found is None:
        return {}
    known: Images = {}
    for some in in_chunks(people):
        here = (_a.part == found.no, _a.person_id.in_(some), _a.begun.is_(False), _a.known.is_(True))
        rows = c.execute(select(_a.person_id, _a.before, _a.after).where(*here))
        known |= {row.person_id: (row.before or {}, row.after or {}) for row in rows}
    return known


def first_in_books(c: Connection, account_id: str, person: str, label: str, run_id: str, since: str) -> Any:
    """The first time that a run - this one, or one since - wrote a data field of a person over another value:
    a row with `item_id`, `target`, `address`, `before`, `after`; None where none did, or this one is forgotten: what is
    still kept may then be a later time, with another value before it."""
    if c.execute(select(run.c.id).where(run.c.id == run_id)).first() is None:
        return None
    books = _p.target.startswith("book:", autoescape=True)
    later = (run.c.id == run_id) | (run.c.queued_on >= since)
    rows = c.execute(
        select(_p.item_id, _p.target, _a.address, _a.before, _a.after)
        .join(change_part, _p.no == _a.part)
        .join(run, run.c.id == _p.run_id)
        .where(run.c.account_id == account_id, later, books, _p.undoes == 0, _a.person_id == person)
        .where(_a.begun.is_(False), _a.known.is_(True))
        .order_by(_p.no)
    )
    return next((row for row in rows if label in (row.before or {}) and label in (row.after or {})), None)


def created_by(c: Connection, run_id: str, people: Iterable[str]) -> set[str]:
    """Those of the people's records that are kept as made by the run."""
    found: set[str] = set()
    for some in in_chunks(list(people)):
        made = select(_a.person_id).join(change_part, _p.no == _a.part)
        found |= set(c.execute(made.where(_p.run_id == run_id, _a.person_id.in_(some), _a.effect == CREATE)).scalars())
    return found


def written_of(c: Connection, place: Place, people: Sequence[str]) -> set[str]:
    """Those of these people of whom something was written at a place."""
    found = part(c, place)
    if found is None:
        return set()
    written: set[str] = set()
    for some in in_chunks(people):
        here = (_a.part == found.no, _a.person_id.in_(some), _a.begun.is_(False))
        written.update(c.execute(select(_a.person_id).where(*here)).scalars())
    return written


def settle(c: Connection, place: Place, done: Iterable[Done], refused: Iterable[str]) -> None:
    """What was begun of these people was written, or was not."""
    found = part(c, place)
    if found is None:
        return
    here = (
        _a.part == bindparam("b_part", type_=_a.part.type),
        _a.person_id == bindparam("b_person", type_=String),
        _a.begun.is_(True),
    )
    made = bindparam("b_created", type_=Boolean)
    contact = bindparam("b_contact", type_=_a.contact_id.type)
    written = (
        update(applied_change)
        .where(*here)
        .values(
            begun=False,
            contact_id=func.coalesce(contact, _a.contact_id),
            # Where nobody looked before, the remote system's word is all there is.
            created=case((_a.known.is_(False), made), else_=_a.created),
            known=or_(_a.known, made),
        )
    )
    rows = [(each.contact_id, each.created, found.no, each.person) for each in done]
    update_many(c, written, ("b_contact", "b_created", "b_part", "b_person"), rows)
    not_written = [(found.no, person) for person in refused]
    back = (
        update(applied_change)
        .where(*here, _a.before_address != "")
        .values(begun=False, effect=REMOVE, address=_a.before_address, after=null(), created=False)
    )
    update_many(c, back, ("b_part", "b_person"), not_written)
    update_many(c, delete(applied_change).where(*here), ("b_part", "b_person"), not_written)


def settle_all(c: Connection, place: Place) -> None:
    """Everything that was begun at a place was written."""
    found = part(c, place)
    if found is not None:
        c.execute(update(applied_change).where(_a.part == found.no, _a.begun.is_(True)).values(begun=False))


def keep(c: Connection, place: Place, rows: Iterable[AppliedChange], undoes: int = 0) -> None:
    """These changes were written. What a run writes a second time of a person counts from what was there before the
    first."""
    written = list(rows)
    if not written:
        return
    no = _no(c, place, undoes)
    upsert(
        c,
        applied_change,
        _COLUMNS,
        ("part", "person_id"),
        (_row(no, each, False) for each in written),
        update=("effect", "after", "contact_id", "deleted", "begun"),
    )


def keep_removed(c: Connection, place: Place, list_id: str, leavers: Sequence[Leaver], *, begun: bool = False) -> None:
    """These members were taken out of the address book, or are about to be (`begun`), as they are known before that is
    told of them. A contact that stays in the book for another member was not."""
    why = {each.person_id: each.why for each in leavers if not each.in_use}
    rows: list[AppliedChange] = []
    for some in in_chunks(list(why)):
        found = select(list_member).where(_m.list_id == list_id, _m.person_id.in_(some))
        for row in c.execute(found):
            known = row.sent_fingerprint not in ("", BY_OTHERS, OVERWRITTEN) and row.sent_fields is not None
            left = why[row.person_id] == "left"
            rows.append(
                AppliedChange(
                    item_id=place.item_id,
                    target=place.target,
                    person=row.person_id,
                    entity=row.entity,
                    name=row.name,
                    address=row.sent_address,
                    effect=REMOVE,
                    reason="LEFT_LIST"
                    if left
                    else row.reason or ("" if why[row.person_id] == "moved" else "LEFT_LIST"),
                    consent=why[row.person_id] == "withdrawn",
                    before=row.sent_fields if known else None,
                    known=known,
                    before_address=row.sent_address if why[row.person_id] == "moved" else "",
                    contact_id=row.contact_id,
                )
            )
    if not begun:
        keep(c, place, rows)
    elif rows:
        no = _no(c, place)
        about_to_be = (_row(no, each, True) for each in rows)
        upsert(c, applied_change, _COLUMNS, ("part", "person_id"), about_to_be, update=())


def written() -> Select[Any]:
    """Everything that was written, with where it was."""
    wanted = [each for each in _a if each.name != "begun"]
    joined = applied_change.join(change_part, _p.no == _a.part)
    return select(*wanted, _p.item_id, _p.target).select_from(joined).where(_a.begun.is_(False))


def change_of(row: Row[Any]) -> AppliedChange:
    """A row of `written`."""
    return shown(AppliedChange, row, person=row.person_id)


def effects(c: Connection, run_id: str) -> list[Effects]:
    """How many of each effect a run wrote, item by item, in the words of a plan: values of a record are brought; who
    was put on the list, or made a record first, and is sent their values therefore, is counted once."""
    into_records = and_(_p.target.in_(_RECORDS), _a.effect == UPDATE)
    effect = case((into_records, BRING), else_=_a.effect)
    same = (_also.run_id == _p.run_id, _other.part == _also.no, _other.person_id == _a.person_id)
    sent_after_joining = and_(
        _a.effect == UPDATE, exists().where(*same, _other.effect == JOIN, _also.item_id != _p.item_id)
    )
    joins_as_made = and_(_a.effect == JOIN, exists().where(*same, _other.effect == CREATE, _also.item_id == _p.item_id))
    rows = c.execute(
        select(_p.item_id, effect.label("effect"), func.count(_a.person_id.distinct()).label("people"))
        .join(change_part, _p.no == _a.part)
        .where(_p.run_id == run_id, _a.begun.is_(False), ~sent_after_joining, ~joins_as_made)
        .group_by(_p.item_id, effect)
        .order_by(_p.item_id)
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.item_id, {})[row.effect] = row.people
    return [Effects(item_id=item_id, **counted) for item_id, counted in found.items()]


_RECORDS = ("contact", "lead", "account")
_also, _other = change_part.alias("also").c, applied_change.alias("other").c
_SORTABLE = {name: _a[name] for name in ("entity", "name", "address", "effect", "reason")}


def window(
    c: Connection, asked: Window, *, run_id: str, item_id: str = "", person: str = "", effect: str = ""
) -> Page[AppliedChange]:
    """What a run wrote, place by place: of one item, person (id or address) or effect where given; the search looks at
    name and address."""
    everything = written().where(_p.run_id == run_id)
    of_person = _had(run_id, normalise(person)) if "@" in person else _a.person_id == person
    for value, chosen in ((item_id, _p.item_id == item_id), (person, of_person), (effect, _a.effect == effect)):
        if value:
            everything = everything.where(chosen)
    return page(c, asked, everything, (_a.name, _a.address), _SORTABLE, (_a.part, _a.person_id), change_of)


def _had(run_id: str, address: str) -> ColumnElement[bool]:
    """Whoever had the address when the run wrote of them, or until then."""
    with_it = or_(func.lower(_other.address) == address, func.lower(_other.before_address) == address)
    return _a.person_id.in_(select(_other.person_id).where(_other.part == _also.no, _also.run_id == run_id, with_it))


def forget_before(c: Connection, moment: str) -> None:
    """Forget what runs wrote that ended before `moment` (ISO 8601 UTC): sends stay longer than what could be undone of
    them."""
    ended = (run.c.ended_on != "", run.c.ended_on < moment)
    c.execute(delete(change_part).where(_p.run_id.in_(select(run.c.id).where(*ended, ~stay_undone.still_counts()))))
