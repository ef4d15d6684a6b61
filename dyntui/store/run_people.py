"""The people of a run and what became of them: recorded one by one, or, of a marketing list, kept as intervals.

Public: `counts(c, run_id, item_id) -> counts`, `kept(counts) -> Kept`, `counted(several) -> counts`,
`recorded(c, run_id, item_id) -> {person}`, `window(c, asked, run_id=) -> Page[PersonOutcome]`, `person_of(row)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, String, func, literal, select, union_all

from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount
from dyntui.model.paging import Page, Window
from dyntui.store import intervals
from dyntui.store.gate_marks import split
from dyntui.store.schema import outcome, run_item
from dyntui.store.windows import contains, ordered

# How many people ended in each outcome for each reason.
Kept = dict[str, dict[str, int]]


class _Wanted(msgspec.Struct, frozen=True):
    """Which people of a run are wanted; empty filters mean all."""

    run_id: str
    item_id: str
    outcome: str
    reason: str


class _Part(msgspec.Struct, frozen=True):
    """The people of one item. `dense`: their `seq` is 0..n-1, so that a window is a range."""

    item_id: str
    place: int
    people: Select[Any]
    dense: bool


def _part(row: Row[Any]) -> _Part:
    if row.scope:
        return _Part(row.item_id, row.place, intervals.people(row.scope, row.edition), dense=False)
    columns = [outcome.c[name] for name in intervals.SHOWN]
    recorded = select(*columns, literal(0, Integer).label("no"))
    return _Part(
        row.item_id,
        row.place,
        recorded.where(outcome.c.run_id == row.run_id, outcome.c.item_id == row.item_id),
        dense=True,
    )


def _parts(c: Connection, run_id: str, item_id: str) -> list[_Part]:
    found = select(run_item).where(run_item.c.run_id == run_id)
    if item_id:
        found = found.where(run_item.c.item_id == item_id)
    return [_part(row) for row in c.execute(found.order_by(run_item.c.place, run_item.c.item_id))]


def counts(c: Connection, run_id: str, item_id: str) -> tuple[ReasonCount, ...]:
    """How many people of an item ended in each outcome and reason, counted one by one."""
    found: list[ReasonCount] = []
    for part in _parts(c, run_id, item_id):
        p = part.people.subquery("people").c
        grouped = select(p.outcome, p.reason, func.count().label("people")).group_by(p.outcome, p.reason)
        found += [
            ReasonCount(Outcome(row.outcome), row.reason, row.people)
            for row in c.execute(grouped.order_by(p.outcome, p.reason))
        ]
    return tuple(found)


def kept(counts: Iterable[ReasonCount]) -> Kept:
    """Counts as they are kept beside the people."""
    by_outcome: Kept = {}
    for each in counts:
        by_outcome.setdefault(each.outcome.value, {})[each.reason] = each.people
    return by_outcome


def counted(several: Iterable[Kept]) -> tuple[ReasonCount, ...]:
    """Counts that are kept, of several items together."""
    found: Counter[tuple[str, str]] = Counter()
    for each in several:
        for named, reasons in each.items():
            found.update({(named, reason): people for reason, people in reasons.items()})
    return tuple(ReasonCount(Outcome(named), reason, people) for (named, reason), people in sorted(found.items()))


def recorded(c: Connection, run_id: str, item_id: str) -> set[str]:
    """Who was recorded one by one in an item."""
    of_item = (outcome.c.run_id == run_id, outcome.c.item_id == item_id)
    return set(c.execute(select(outcome.c.person_id).where(*of_item)).scalars())


def window(
    c: Connection, asked: Window, *, run_id: str, item_id: str = "", named: str = "", reason: str = ""
) -> Page[PersonOutcome]:
    """People of a run, item after item in the order recorded: of one item, `named` as one outcome, for one reason where
    given; the search looks at name, address and detail."""
    wanted = _Wanted(run_id, item_id, named, reason)
    parts = _parts(c, run_id, item_id)
    total = _kept(c, run_id, item_id)
    if asked.search or asked.sort:
        return _searched(c, asked, wanted, parts, total)
    offset, matching = asked.offset, 0
    rows: list[Row[Any]] = []
    for part in parts:
        here = _kept(c, wanted.run_id, part.item_id, wanted.outcome, wanted.reason)
        matching += here
        # The last one is looked at in any case: while it is being recorded, the counts that are kept lag behind.
        if offset and here <= offset and part is not parts[-1]:
            offset -= here
        elif len(rows) < asked.limit:
            rows += _rows(c, wanted, part, offset, asked.limit - len(rows))
            offset = 0
    people = tuple(person_of(row) for row in rows)
    return Page(rows=people, matching=matching, total=total, offset=asked.offset)


def _rows(c: Connection, wanted: _Wanted, part: _Part, offset: int, limit: int) -> list[Row[Any]]:
    p = part.people.subquery("people").c
    narrowed = _narrowed(wanted, p)
    found = select(*p).where(*narrowed).order_by(p.seq, p.no).limit(limit)
    return list(c.execute(found.where(p.seq >= offset) if part.dense and not narrowed else found.offset(offset)))


def _narrowed(wanted: _Wanted, p: Any) -> list[ColumnElement[bool]]:
    return [p[name] == value for name, value in (("outcome", wanted.outcome), ("reason", wanted.reason)) if value]


_SORTABLE = ("entity", "name", "address", "outcome", "reason", "detail")


def _searched(c: Connection, asked: Window, wanted: _Wanted, parts: list[_Part], total: int) -> Page[PersonOutcome]:
    """The people of all items together, those that match the search, in the order asked for."""
    if not parts:
        return Page(rows=(), matching=0, total=total, offset=asked.offset)
    placed = [
        part.people.add_columns(
            literal(part.place, Integer).label("place"), literal(part.item_id, String).label("item")
        )
        for part in parts
    ]
    everybody = (union_all(*placed) if len(placed) > 1 else placed[0]).subquery("people")
    p = everybody.c
    narrowed = _narrowed(wanted, p)
    matching = sum(_kept(c, wanted.run_id, part.item_id, wanted.outcome, wanted.reason) for part in parts)
    if asked.search:
        narrowed.append(contains((p.name, p.address, p.detail), asked.search))
        matching = c.execute(select(func.count()).select_from(everybody).where(*narrowed)).scalar_one()
    tie = (p.place, p.item, p.seq, p.no)
    found = ordered(select(*p).where(*narrowed), asked.sort, {name: p[name] for name in _SORTABLE}, tie)
    rows = c.execute(found.offset(asked.offset).limit(asked.limit)).all()
    people = tuple(person_of(row) for row in rows)
    return Page(rows=people, matching=matching, total=total, offset=asked.offset)


def _kept(c: Connection, run_id: str, item_id: str, named: str = "", reason: str = "") -> int:
    """How many people the counts say that are kept beside them."""
    asked = select(run_item.c.counts).where(run_item.c.run_id == run_id)
    if item_id:
        asked = asked.where(run_item.c.item_id == item_id)
    return sum(
        each.people
        for each in counted(c.execute(asked).scalars())
        if named in ("", each.outcome.value) and reason in ("", each.reason)
    )


def person_of(row: Row[Any]) -> PersonOutcome:
    """A stored row, of a run or of a count, as what became of its person."""
    return PersonOutcome(
        person=row.person_id,
        outcome=Outcome(row.outcome),
        entity=row.entity,
        name=row.name,
        address=row.address,
        reason=row.reason,
        detail=row.detail,
        also=split(row.also),
    )
