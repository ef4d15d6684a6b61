"""Undoing what a run wrote to an address book: what is to be done of it, and what was.

What is to be done stands in `planned_change`, under the run that undoes; while it is carried out, what is done is taken
out of there, so that a run that is killed goes on with what is left. Who is not undone has an outcome that says why.

Public:
    standing(c, run_id) -> Standing                                     what is left of what a run wrote
    parts(c, run_id, by) -> [Part]; count(c, part, by) -> int           where, and how much
    begin(c, by, item)                                                  everything is decided anew
    at_addresses(c, part, addresses); of_people(c, part, people); undecided(c, part, by, item, limit) -> changes
    decide(c, by, item, decided)                                        what each comes to
    withhold(c, by, item, list_id)                                      nobody is put back who has withdrawn consent
    refuse_overtaken(c, part, by, item)                                 nor what a later run has written again
    refuse_others(c, by, item, plan)                                    only what was planned is left to be done
    would_become(c, by, item)                                           of a plan: what becomes of everybody
    to_take_out(c, by, item, limit); to_import(c, by, item, limit)      -> [Step]
    taken_out(c, by, item, steps); finished(c, by, item, steps)         they are done
    record(c, by, item, steps, refused)                                 what became of them
    mark(c, part, people, by); undoes_a_synchronisation(c, part)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from dyntui.model.changes import AppliedChange
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.plans import ADD, JOIN, REMOVE, UPDATE
from dyntui.model.undoing import Undoing
from dyntui.store import applied_changes, list_unsubscribes, outcomes, planned_changes, sequences, suppressed_people
from dyntui.store.applied_changes import Part, change_of, written
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.opt_outs import is_opted_out
from dyntui.store.overtaken import overtaken
from dyntui.store.schema import (
    applied_change,
    change_part,
    list_unsubscribe,
    opt_out,
    opt_out_address,
    outcome,
    planned_change,
    recipient,
    suppression,
)
from dyntui.store.upserts import json_text, update_many, upsert

_a, _p, _c = applied_change.c, planned_change.c, change_part.c


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to be done of somebody: see `dyntui.model.undoing.Undoing`."""

    person: str
    entity: str
    name: str
    address: str
    effect: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    take_out: int | None
    deletes: bool
    puts_in: bool

    @property
    def outcome(self) -> Outcome:
        """What becomes of them once it is done."""
        return {ADD: Outcome.ADDED, JOIN: Outcome.ADDED, UPDATE: Outcome.UPDATED}.get(self.effect, Outcome.REMOVED)


def parts(c: Connection, run_id: str, by: str = "") -> list[Part]:
    """The places that a run wrote to in which something stands, or is being undone by the run `by`."""
    return [each for each in applied_changes.parts(c, run_id) if count(c, each, by)]


class Standing(msgspec.Struct, frozen=True):
    """What is left of what a run wrote: how many changes stand that can be undone, how many are of consent, and a run
    that has undone some, `""` where none has."""

    stands: int
    consent: int
    undone_by: str


def standing(c: Connection, run_id: str) -> Standing:
    """What is left of what a run wrote."""
    wrote = (
        select(
            func.count().filter(_a.consent.is_(False), _a.undone_by == ""),
            func.count().filter(_a.consent.is_(True)),
            func.coalesce(func.max(_a.undone_by), ""),
        )
        .select_from(applied_change.join(change_part, _c.no == _a.part))
        .where(_c.run_id == run_id, _a.begun.is_(False))
    )
    return Standing(*c.execute(wrote).one())


def _stands(part: Part, by: str) -> tuple[ColumnElement[bool], ...]:
    return _a.part == part.no, _a.begun.is_(False), _a.undone_by.in_(("", by))


def count(c: Connection, part: Part, by: str = "") -> int:
    """How many changes of a place stand, or are being undone by the run `by`."""
    return c.execute(select(func.count()).select_from(applied_change).where(*_stands(part, by))).scalar_one()


def begin(c: Connection, by: str, item: str) -> None:
    """Everything is decided from the beginning."""
    planned_changes.begin(c, by)
    c.execute(delete(planned_change).where(_p.run_id == by, _p.item_id == item))
    outcomes.clear(c, by, item)


def at_addresses(c: Connection, part: Part, addresses: Sequence[str]) -> list[AppliedChange]:
    """The changes of people who were in the book with one of these addresses, after them."""
    found: list[AppliedChange] = []
    for some in in_chunks(addresses):
        asked = written().where(*_stands(part, ""), _a.address.in_(some)).order_by(_a.person_id)
        found += [change_of(row) for row in c.execute(asked)]
    return found


def of_people(c: Connection, part: Part, people: Sequence[str]) -> list[AppliedChange]:
    """The changes of these people, undone or not."""
    found: list[AppliedChange] = []
    for some in in_chunks(people):
        asked = written().where(_a.part == part.no, _a.person_id.in_(some)).order_by(_a.person_id)
        found += [change_of(row) for row in c.execute(asked)]
    return found


def undecided(c: Connection, part: Part, by: str, item: str, limit: int) -> list[AppliedChange]:
    """The next changes of which nothing has been decided."""
    planned = exists().where(_p.run_id == by, _p.item_id == item, _p.person_id == _a.person_id)
    o = outcome.c
    named = exists().where(o.run_id == by, o.item_id == item, o.person_id == _a.person_id)
    asked = written().where(*_stands(part, ""), ~planned, ~named).order_by(_a.person_id).limit(limit)
    return [change_of(row) for row in c.execute(asked)]


def mailed(c: Connection, account_id: str, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that a campaign has reached."""
    found: set[str] = set()
    r = recipient.c
    for some in in_chunks(addresses):
        theirs = select(r.address).where(beside(r.account_id) == account_id, r.address.in_(some))
        found.update(c.execute(theirs).scalars())
    return found


_PLANNED = (
    "run_id",
    "item_id",
    "person_id",
    "seq",
    "entity",
    "name",
    "address",
    "effect",
    "reason",
    "before",
    "after",
    "detail",
    "take_out",
    "deletes",
    "puts_in",
)


def decide(c: Connection, by: str, item: str, decided: Iterable[tuple[AppliedChange, Undoing]]) -> None:
    """What undoing these changes comes to: what is to be done is planned, everything else is named."""
    pairs = list(decided)
    base = sequences.following(c, planned_change, (_p.run_id == by, _p.item_id == item))
    upsert(
        c,
        planned_change,
        _PLANNED,
        ("run_id", "item_id", "person_id"),
        (
            (
                by,
                item,
                change.person,
                base + place,
                change.entity,
                change.name,
                undoing.address,
                undoing.effect,
                "",
                *(None if image is None else json_text(image) for image in (undoing.before, undoing.after)),
                undoing.detail,
                undoing.take_out,
                undoing.delete,
                undoing.put_in,
            )
            for place, (change, undoing) in enumerate(pair for pair in pairs if pair[1].effect)
        ),
    )
    outcomes.record(c, by, item, [_named(change, undoing) for change, undoing in pairs if not undoing.effect])


def _named(change: AppliedChange, undoing: Undoing) -> PersonOutcome:
    return PersonOutcome(
        person=change.person,
        entity=change.entity,
        name=change.name,
        address=change.address,
        outcome=undoing.outcome,
        reason=undoing.reason,
        detail=undoing.detail,
    )


def withhold(c: Connection, by: str, item: str, list_id: str) -> None:
    """Who has withdrawn consent since is not put back, and their contact is not deleted: one made anew with the address
    would be mailed."""
    scope = (_p.run_id == by, _p.item_id == item)
    s, u, o, a = suppression.c, list_unsubscribe.c, opt_out.c, opt_out_address.c
    people = list_unsubscribes.people().subquery("unsubscribed").c
    suppressed = _p.address.in_(select(s.address))
    unsubscribed = or_(
        _p.address.in_(select(u.address).where(u.list_id == list_id)),
        _p.person_id.in_(select(people.person_id).where(people.list_id == list_id)),
    )
    opted_out = is_opted_out(_p.person_id, _p.address)
    elsewhere = _p.person_id.in_(suppressed_people.person_ids())
    withdrawn = or_(suppressed, unsubscribed, opted_out, elsewhere)
    why_suppressed = select(func.min(s.reason)).where(s.address == _p.address).scalar_subquery()
    by_person = select(func.min(o.reason)).where(o.person_id == _p.person_id).scalar_subquery()
    by_address = (
        select(func.min(o.reason)).join(opt_out_address, a.person_id == o.person_id).where(a.address == _p.address)
    ).scalar_subquery()
    why = case(
        (suppressed, why_suppressed),
        (unsubscribed, literal("UNSUBSCRIBED_LIST", String)),
        (opted_out, func.coalesce(by_person, by_address, "DO_NOT_BULK_EMAIL")),
        else_=literal("SUPPRESSED", String),
    )
    c.execute(update(planned_change).where(*scope, _p.effect == REMOVE, withdrawn).values(deletes=False, detail=""))
    back = (*scope, _p.effect.in_((ADD, JOIN, UPDATE)))
    found = c.execute(select(*_who(), why.label("why")).where(*back, withdrawn)).all()
    # On a list in Dynamics they may have been in spite of that.
    _refuse(c, by, item, found, lambda row: (Outcome.EXCLUDED, row.why, "has opted out"))


def _who() -> tuple[ColumnElement[Any], ...]:
    return _p.person_id, _p.entity, _p.name, _p.address


def _refuse(
    c: Connection, by: str, item: str, rows: Sequence[Any], why: Callable[[Any], tuple[Outcome, str, str]]
) -> None:
    """These are not undone."""
    people: list[PersonOutcome] = []
    for row in rows:
        became, reason, detail = why(row)
        people.append(
            PersonOutcome(
                person=row.person_id,
                entity=row.entity,
                name=row.name,
                address=row.address,
                outcome=became,
                reason=reason,
                detail=detail,
            )
        )
    outcomes.record(c, by, item, people)
    for some in in_chunks([row.person_id for row in rows]):
        c.execute(delete(planned_change).where(_p.run_id == by, _p.item_id == item, _p.person_id.in_(some)))


def refuse_overtaken(c: Connection, part: Part, by: str, item: str) -> None:
    """What a later run has written again stays, by name."""
    for some in in_chunks(sorted(overtaken(c, part, by, item))):
        here = (_p.run_id == by, _p.item_id == item, _p.person_id.in_(some))
        found = c.execute(select(*_who()).where(*here)).all()
        _refuse(c, by, item, found, lambda row: (Outcome.REJECTED, "STALE", "a later run has written it again"))


def refuse_others(c: Connection, by: str, item: str, plan: str) -> None:
    """What comes to something else by now than what was planned is refused by name."""
    wanted = planned_change.alias("wanted").c
    same = and_(
        wanted.run_id == plan,
        wanted.item_id == item,
        wanted.person_id == _p.person_id,
        wanted.effect == _p.effect,
        wanted.address == _p.address,
        wanted.deletes == _p.deletes,
        wanted.puts_in == _p.puts_in,
    )
    found = c.execute(select(*_who()).where(_p.run_id == by, _p.item_id == item, ~exists().where(same))).all()
    _refuse(c, by, item, found, lambda row: (Outcome.REJECTED, "STALE", "not as planned"))


def would_become(c: Connection, by: str, item: str) -> None:
    """Of a plan: everybody of whom something is to be done has the outcome that they would have."""
    steps = _steps(c, by, item, 10_000_000)
    outcomes.record(c, by, item, [_became(each) for each in steps])


def _became(step: Step, became: Outcome | None = None, reason: str = "", detail: str = "") -> PersonOutcome:
    return PersonOutcome(
        person=step.person,
        entity=step.entity,
        name=step.name,
        address=step.address,
        outcome=became or step.outcome,
        reason=reason,
        detail=detail,
    )


def _steps(c: Connection, by: str, item: str, limit: int, *where: ColumnElement[bool]) -> list[Step]:
    columns = [_p.person_id.label("person"), *(_p[name] for name in Step.__struct_fields__ if name != "person")]
    asked = select(*columns).where(_p.run_id == by, _p.item_id == item, *where).order_by(_p.seq).limit(limit)
    return [Step(**row._mapping) for row in c.execute(asked)]


def to_take_out(c: Connection, by: str, item: str, limit: int) -> list[Step]:
    """The next ones whose contact leaves the book."""
    return _steps(c, by, item, limit, _p.take_out.is_not(None))


def to_import(c: Connection, by: str, item: str, limit: int) -> list[Step]:
    """The next ones who are imported, once nobody is left who leaves the book."""
    return _steps(c, by, item, limit, _p.take_out.is_(None))


def count_steps(c: Connection, by: str, item: str) -> int:
    """How many are left."""
    left = select(func.count()).select_from(planned_change).where(_p.run_id == by, _p.item_id == item)
    return int(c.execute(left).scalar_one())


def taken_out(c: Connection, by: str, item: str, steps: Sequence[Step]) -> None:
    """Their contacts are out of the book: who is imported besides is so next."""
    rows = [(by, item, each.person) for each in steps]
    out = update(planned_change).where(*_bound()).values(take_out=None)
    update_many(c, out, ("b_run", "b_item", "b_person"), rows)
    over = [(by, item, each.person) for each in steps if each.effect == REMOVE and each.after is None]
    update_many(c, delete(planned_change).where(*_bound()), ("b_run", "b_item", "b_person"), over)


def finished(c: Connection, by: str, item: str, steps: Sequence[Step]) -> None:
    """Nothing is left to be done of these."""
    rows = [(by, item, each.person) for each in steps]
    update_many(c, delete(planned_change).where(*_bound()), ("b_run", "b_item", "b_person"), rows)


def _bound() -> tuple[ColumnElement[bool], ...]:
    return (
        _p.run_id == bindparam("b_run", type_=String),
        _p.item_id == bindparam("b_item", type_=String),
        _p.person_id == bindparam("b_person", type_=String),
    )


def record(
    c: Connection,
    by: str,
    item: str,
    steps: Sequence[Step],
    refused: Mapping[str, tuple[str, str]] | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """What became of these people: done, with `details` of some, or `refused` with a reason and a detail."""
    against, said = refused or {}, details or {}
    outcomes.record(
        c,
        by,
        item,
        [
            _became(each, Outcome.REJECTED, *against[each.person])
            if each.person in against
            else _became(each, detail=said.get(each.person, ""))
            for each in steps
        ],
    )


def mark(c: Connection, part: Part, people: Sequence[str], by: str) -> None:
    """The changes of these people are undone by a run. Where they had undone others, those stand again, and so on."""
    at: Part | None = part
    said = by
    while at is not None:
        for some in in_chunks(people):
            c.execute(update(applied_change).where(_a.part == at.no, _a.person_id.in_(some)).values(undone_by=said))
        under = _part(c, at.undoes)
        said = "" if said else at.run_id
        at = under


def _part(c: Connection, no: int) -> Part | None:
    row = c.execute(select(change_part).where(_c.no == no)).one_or_none() if no else None
    return None if row is None else Part(**{name: row._mapping[name] for name in Part.__struct_fields__})


def undoes_a_synchronisation(c: Connection, part: Part) -> bool:
    """Whether undoing these changes takes back what a synchronisation did; otherwise it does that again."""
    steps = 0
    at = _part(c, part.undoes)
    while at is not None:
        steps += 1
        at = _part(c, at.undoes)
    return steps % 2 == 0
