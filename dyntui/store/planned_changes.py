"""What a synchronisation would change, stored before it is done, and carried out later exactly as it was stored.

Public:
    begin(c, run_id)                                  before anything else becomes part of a plan
    keep(c, run_id, item_id, list_id, listing)        after a settled and guarded listing; once for each list
    put(c, run_id, item_id, rows)                     changes that were decided row by row
    images(c, plan_id, item_id, people) -> {person: (before, after)}
    all_images(c, plan_id, item_id, among) -> the same, of those whom a query names
    without_change(c, run_id, item_id, people)        of whom nothing would be written after all
    imported(c, run_id, item_id, addresses) -> [PlannedChange]     who of these would be imported, with what
    keep_back(c, run_id, item_id, rows)               these labels of people (id, labels, why) are not written after all
    without_removal(c, run_id, item_id, addresses)    who leaves the book by other means
    name_conflicts(c, run_id, item_id)                who is sent because of a conflict that the item met
    keep_people(c, run_id, item_id, list_id, listing) what would become of everybody, for the audit
    close(c, run_id, now, calls, seconds) -> Plan     all lists are in it
    plan(c, run_id) -> Plan | None; effects(c, run_id) -> [Effects]; window(c, asked, run_id=) -> Page[PlannedChange]
    refuse_others(c, plan_id, list_id, listing, following=())     only what was planned is left to be done
    fact(c, made) -> Fact | None                      what became of it in the run that carried it out
    applied(c, plan_id, run_id)                       by which run it was carried out
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    update,
)

from dyntui.model import exact_json
from dyntui.model.moments import moment_of
from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Page, Window
from dyntui.model.plans import ADD, EFFECTS, REMOVE, UPDATE, Effects, Fact, Plan, PlannedCalls, PlannedChange
from dyntui.store import applied_changes, leaving, members, outcomes, runs, sequences
from dyntui.store.book_marks import BY_OTHERS, OVERWRITTEN
from dyntui.store.chunks import in_chunks
from dyntui.store.failures import vanished
from dyntui.store.schema import book_stranger, list_member, outcome, planned_change
from dyntui.store.schema import plan as plan_table
from dyntui.store.upserts import json_text, upsert
from dyntui.store.windows import page, shown

_m = list_member.c
_p = planned_change.c
_COLUMNS = ("run_id", "item_id", "person_id", "seq", "entity", "name", "address", "effect", "reason", "before", "after")


def keep(c: Connection, run_id: str, item_id: str, list_id: str, listing: str) -> None:
    """What is to be done with the people of a list becomes part of the plan: who waits for the import, and who leaves
    the book."""
    begin(c, run_id)
    known = and_(_m.sent_address != "", _m.sent_fingerprint.not_in(("", BY_OTHERS, OVERWRITTEN)))
    before = case((known, _m.sent_fields), else_=null())
    sent = and_(_m.sent_fingerprint != "", _m.sent_fingerprint != BY_OTHERS)
    owned = (literal(run_id, String), literal(item_id, String), _m.person_id, _m.seq, _m.entity, _m.name)
    pending = select(
        *owned,
        _m.address,
        case((sent, UPDATE), else_=ADD),
        literal("", String),
        before,
        _m.fields,
        _m.fingerprint,
    ).where(_m.list_id == list_id, _m.listing == listing, _m.outcome == "")
    # Who takes another address leaves under the old one and comes back with an import: one change of one person.
    going = leaving.going(list_id, listing).subquery("going").c
    leaves = (
        select(
            *owned,
            _m.sent_address,
            literal(REMOVE, String),
            case((going.why == "left", "LEFT_LIST"), (_m.reason == "", going.why), else_=_m.reason),
            before,
            null(),
            literal("", String),
        )
        .select_from(list_member.join(going.person_id.table, going.person_id == _m.person_id))
        .where(_m.list_id == list_id, _m.outcome != "")
    )
    for people in (pending, leaves):
        c.execute(insert(planned_change).from_select([*_COLUMNS, "fingerprint"], people))


_PUT = ("run_id", "item_id", "person_id", "seq", "entity", "name", "address", "effect", "reason", "before", "after")


def put(
    c: Connection,
    run_id: str,
    item_id: str,
    rows: Iterable[PlannedChange],
    fingerprints: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """These changes become part of the plan, in their order; of a person the last one stands. `fingerprints`: by
    person, of what the change rests on besides its values."""
    begin(c, run_id)
    scope = (_p.run_id == run_id, _p.item_id == item_id)
    base = sequences.following(c, planned_change, scope)
    upsert(
        c,
        planned_change,
        (*_PUT, "detail", "fingerprint"),
        ("run_id", "item_id", "person_id"),
        (
            (
                run_id,
                item_id,
                row.person,
                base + place,
                row.entity,
                row.name,
                row.address,
                row.effect,
                row.reason,
                *(None if image is None else json_text(image) for image in (row.before, row.after)),
                row.detail,
                fingerprints.get(row.person, ""),
            )
            for place, row in enumerate(rows)
        ),
        update=("effect", "reason", "before", "after", "detail", "fingerprint"),
    )
    sequences.close_gaps(c, planned_change, scope, base)


Images = dict[str, tuple[dict[str, Any], dict[str, Any]]]


def images(c: Connection, plan_id: str, item_id: str, people: Sequence[str]) -> Images:
    """What a plan changes of these people: the values before and after."""
    found: Images = {}
    for some in in_chunks(people):
        found |= all_images(c, plan_id, item_id, _p.person_id.in_(some))
    return found


def all_images(c: Connection, plan_id: str, item_id: str, among: ColumnElement[bool]) -> Images:
    """The same, of those whom a condition on `planned_change` names."""
    asked = select(_p.person_id, _p.before, _p.after).where(_p.run_id == plan_id, _p.item_id == item_id, among)
    return {row.person_id: (row.before or {}, row.after or {}) for row in c.execute(asked)}


def on_list(list_id: str) -> ColumnElement[bool]:
    """Planned changes of people of a list, for `all_images`."""
    return exists().where(_m.list_id == list_id, _m.person_id == _p.person_id)


def without_change(c: Connection, run_id: str, item_id: str, people: Sequence[str]) -> None:
    """Of these people nothing would be written in the item after all."""
    for some in in_chunks(people):
        c.execute(delete(planned_change).where(_p.run_id == run_id, _p.item_id == item_id, _p.person_id.in_(some)))


def imported(c: Connection, run_id: str, item_id: str, addresses: Sequence[str]) -> list[PlannedChange]:
    """Whoever of those with these addresses would be put into the item's book, or sent to it."""
    found: list[PlannedChange] = []
    for some in in_chunks(addresses):
        here = _rows(run_id).where(_p.item_id == item_id, _p.effect.in_((ADD, UPDATE)), _p.address.in_(some))
        found += [shown(PlannedChange, row, person=row.person_id) for row in c.execute(here)]
    return found


def keep_back(c: Connection, run_id: str, item_id: str, rows: Iterable[tuple[str, Collection[str], str]]) -> None:
    """Of these people some labels stay as they are in dotdigital: person, labels, and why, in words."""
    for person, labels, why in rows:
        here = (_p.run_id == run_id, _p.item_id == item_id, _p.person_id == person)
        before, after = c.execute(select(_p.before, _p.after).where(*here)).one()
        images = {
            name: null() if image is None else {key: value for key, value in image.items() if key not in labels}
            for name, image in (("before", before), ("after", after))
        }
        c.execute(update(planned_change).where(*here).values(detail=why, **images))


def without_removal(c: Connection, run_id: str, item_id: str, addresses: Sequence[str]) -> None:
    """Nobody with these addresses has to be taken out of the book: they leave it by other means."""
    for some in in_chunks(addresses):
        leaves = (_p.run_id == run_id, _p.item_id == item_id, _p.effect == REMOVE, _p.address.in_(some))
        c.execute(delete(planned_change).where(*leaves))


def name_conflicts(c: Connection, run_id: str, item_id: str) -> None:
    """Whoever is sent because of a conflict that an item has met is shown with it."""
    met = outcome.alias("met").c
    here = (met.run_id == run_id, met.item_id == item_id, met.person_id == _p.person_id, met.also.contains("CONFLICT"))
    sent = (_p.run_id == run_id, _p.effect == UPDATE, _p.detail == "", exists().where(*here))
    c.execute(update(planned_change).where(*sent).values(detail=select(met.detail).where(*here).scalar_subquery()))


def keep_people(c: Connection, run_id: str, item_id: str, list_id: str, listing: str) -> None:
    """What would become of everybody in a settled and guarded listing becomes the people of a run's item."""
    going = leaving.going(list_id, listing).subquery("going").c
    sent = and_(_m.sent_fingerprint != "", _m.sent_fingerprint != BY_OTHERS)
    left = and_(_m.listing != listing, going.why.is_not(None))
    becomes = case(
        (left, Outcome.REMOVED.value),
        (and_(_m.outcome == "", sent), Outcome.UPDATED.value),
        (_m.outcome == "", Outcome.ADDED.value),
        else_=_m.outcome,
    )
    people = (
        select(
            literal(run_id, String),
            literal(item_id, String),
            _m.person_id,
            func.row_number().over(order_by=_m.seq) - 1,
            _m.entity,
            _m.name,
            case((_m.address == "", _m.sent_address), else_=_m.address),
            becomes,
            *(case((left, ""), else_=_m[name]) for name in ("reason", "detail", "also")),
        )
        .select_from(list_member.outerjoin(going.person_id.table, going.person_id == _m.person_id))
        .where(_m.list_id == list_id, or_(members.accounted_for(listing), left))
    )
    outcomes.clear(c, run_id, item_id)
    columns = ["run_id", "item_id", "person_id", "seq", "entity", "name", "address", "outcome", "reason", "detail"]
    c.execute(insert(outcome).from_select([*columns, "also"], people))


def begin(c: Connection, run_id: str) -> None:
    """A run makes a plan."""
    if not c.execute(select(exists().where(plan_table.c.run_id == run_id))).scalar():
        c.execute(insert(plan_table).values(run_id=run_id))


def close(c: Connection, run_id: str, now: str, calls: PlannedCalls, seconds: int) -> Plan:
    """The plan is whole: its digest and what carrying it out takes."""
    begin(c, run_id)
    values = msgspec.structs.asdict(calls) | {"digest": _digest(c, run_id), "decided_on": now, "seconds": seconds}
    c.execute(update(plan_table).where(plan_table.c.run_id == run_id).values(values))
    made = plan(c, run_id)
    if made is None:
        raise vanished("a plan")
    return made


def _digest(c: Connection, run_id: str) -> str:
    said = hashlib.sha256()
    for row in c.execute(_rows(run_id).order_by(_p.item_id, _p.person_id)):
        facts = [row.item_id, row.person_id, row.address, row.effect, row.reason, row.before, row.after]
        facts += [row.detail] if row.detail else []
        said.update(exact_json.encode_sorted(facts) + b"\n")
    return said.hexdigest()


def _rows(run_id: str) -> Select[Any]:
    return select(planned_change).where(_p.run_id == run_id)


def plan(c: Connection, run_id: str) -> Plan | None:
    """A plan that is whole; None for a run that is none, or has not come so far."""
    row = c.execute(select(plan_table).where(plan_table.c.run_id == run_id, plan_table.c.digest != "")).one_or_none()
    if row is None:
        return None
    calls = PlannedCalls(**{name: row._mapping[name] for name in PlannedCalls.__struct_fields__})
    return Plan(
        run_id=row.run_id,
        digest=row.digest,
        decided_on=row.decided_on,
        calls=calls,
        seconds=row.seconds,
        applied_by=row.applied_by,
    )


def standing(c: Connection, run_ids: Collection[str]) -> dict[str, tuple[str, bool]]:
    """Of the plans of these runs that are whole: the run that has carried it out (`""`: none), and whether there is
    nothing in it."""
    anything = exists().where(_p.run_id == plan_table.c.run_id)
    asked = select(plan_table.c.run_id, plan_table.c.applied_by, anything).where(plan_table.c.digest != "")
    found: dict[str, tuple[str, bool]] = {}
    for some in in_chunks(list(run_ids)):
        for id, applied_by, has_changes in c.execute(asked.where(plan_table.c.run_id.in_(some))):
            found[id] = (applied_by, not has_changes)
    return found


def effects(c: Connection, run_id: str) -> list[Effects]:
    """How many of each effect, item by item."""
    counted = [func.count().filter(_p.effect == effect).label(effect) for effect in EFFECTS]
    rows = c.execute(select(_p.item_id, *counted).where(_p.run_id == run_id).group_by(_p.item_id).order_by(_p.item_id))
    return [Effects(**row._mapping) for row in rows]


_SORTABLE = {name: _p[name] for name in ("entity", "name", "address", "effect", "reason")}


def window(c: Connection, asked: Window, *, run_id: str, item_id: str = "", effect: str = "") -> Page[PlannedChange]:
    """Changes of a plan, item by item, effect by effect, of one item or effect where given; the search looks at name
    and address."""
    everything = _rows(run_id)
    for column, value in ((_p.item_id, item_id), (_p.effect, effect)):
        if value:
            everything = everything.where(column == value)
    made = lambda row: shown(PlannedChange, row, person=row.person_id)  # noqa: E731 - the same for each row
    return page(c, asked, everything, (_p.name, _p.address), _SORTABLE, (_p.item_id, _p.effect, _p.seq), made)


def refuse(c: Connection, list_id: str, people: Sequence[str]) -> None:
    """Nothing is done of these members: they are not as planned any more."""
    stale: dict[str, Any] = {
        "outcome": Outcome.REJECTED.value,
        "reason": "STALE",
        "detail": "not as planned",
        "also": "",
        "news": True,
    }
    for some in in_chunks(people):
        c.execute(update(list_member).where(_m.list_id == list_id, _m.person_id.in_(some)).values(stale))


def refuse_others(c: Connection, plan_id: str, list_id: str, listing: str, following: Collection[str] = ()) -> None:
    """Of a settled listing only what was planned is left to be done: who waits for an import otherwise than planned is
    rejected by name (STALE); who would leave the book and was not to, stays until the next synchronisation, unless they
    withdrew consent, or waits for a decision as the plan says. `following`: people who wait because of what was planned
    of them elsewhere."""
    planned = exists().where(_p.run_id == plan_id, _p.item_id == list_id, _p.person_id == _m.person_id)
    as_planned = planned.where(_p.fingerprint == _m.fingerprint, _p.address == _m.address)
    # Who has just joined the list out of its book was planned as such.
    s = book_stranger.c
    joined = exists().where(s.list_id == list_id, s.person_id == _m.person_id, s.outcome == Outcome.ADDED.value)
    moved = and_(_m.listing == listing, _m.outcome == "", not_(as_planned), not_(joined))
    waiting = select(_m.person_id).where(_m.list_id == list_id, moved)
    refuse(c, list_id, [each for each in c.execute(waiting).scalars() if each not in following])
    going = leaving.going(list_id, listing).subquery("going").c
    unplanned = select(going.person_id).where(going.why != "withdrawn")
    others = and_(_m.person_id.in_(unplanned), not_(planned.where(_p.effect == REMOVE)))
    stay = update(list_member).where(_m.list_id == list_id, or_(_m.listing != listing, _m.outcome != ""), others)
    # Whom the plan itself held waits for the same reason.
    held = outcome.alias("held").c
    by_plan = (held.run_id == plan_id, held.item_id == list_id, held.person_id == _m.person_id)
    waits = exists().where(*by_plan, held.outcome == Outcome.HELD.value)
    said = {name: select(held[name]).where(*by_plan).scalar_subquery() for name in ("reason", "detail", "also")}
    stale = {"reason": "STALE", "detail": "not as planned", "also": ""}
    for some, why in ((stay.where(waits, _m.decision == ""), said), (stay, stale)):
        c.execute(some.values(outcome=Outcome.HELD.value, gated_by=listing, news=True, **why))


def fact(c: Connection, made: Plan) -> Fact | None:
    """What became of a plan in the run that carried it out; None while nobody has begun to."""
    run = runs.get(c, made.applied_by) if made.applied_by else None
    if run is None:
        return None
    began, ended = moment_of(run.started_on), moment_of(run.ended_on)
    refused = sum(each.people for each in run.tally.counts if each.reason == "STALE")
    return Fact(
        run_id=run.id,
        status=run.status,
        effects=tuple(applied_changes.effects(c, run.id)),
        refused=refused,
        calls=PlannedCalls(**{name: getattr(run, name) for name in PlannedCalls.__struct_fields__}),
        seconds=int((ended - began).total_seconds()) if began is not None and ended is not None else 0,
    )


def applied(c: Connection, plan_id: str, run_id: str) -> None:
    """A plan is carried out once."""
    c.execute(update(plan_table).where(plan_table.c.run_id == plan_id).values(applied_by=run_id))
