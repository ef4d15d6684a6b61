"""What a run did: its items (a list, a campaign, a feed), and what became of every person in each.

The counts beside the people are kept in the same transaction, so that a history is shown without counting people again;
`finish` of a run counts them again all the same.

Public:
    put_item(c, run_id, Item)                      adds or changes an item, and brings its kept counts up to date
    record(c, run_id, item_id, rows, first_stands=False)     people's outcomes, any number of times
    clear(c, run_id, item_id); recount(c, run_id, item_id) -> counts; close_open(c, run_id, status)
    item(c, run_id, item_id) -> Item; items(c, run_id) -> list[Item]
    tallies(c, run_ids) -> {run_id: Tally}; counted(c, run_id) -> Tally
    window(c, OutcomesWindow) -> Found[PersonOutcome]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount, RunStatus, Tally
from dyntui.store import sequences
from dyntui.store.gate_marks import join, split
from dyntui.store.schema import outcome, run_item, run_tally
from dyntui.store.upserts import upsert
from dyntui.store.windows import Found, contains, ordered


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a run. `tally.read` is what `put_item` keeps; the counts are those recorded."""

    id: str
    kind: str
    name: str
    status: RunStatus = RunStatus.IN_PROCESS
    place: int = 0
    tally: Tally = Tally()
    note: str = ""


class OutcomesWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Which people of a run are wanted; empty filters mean all."""

    run_id: str
    item_id: str = ""
    outcome: str = ""
    reason: str = ""
    offset: int = 0
    limit: int = 200
    search: str = ""
    sort: str = ""


def put_item(c: Connection, run_id: str, item: Item) -> None:
    """Add an item, or change its status, people read and note. Its kept counts are those recorded so far."""
    upsert(
        c,
        run_item,
        ("run_id", "item_id", "place", "kind", "name", "status", "people_read", "note"),
        ("run_id", "item_id"),
        [(run_id, item.id, item.place, item.kind, item.name, item.status.value, item.tally.read, item.note)],
    )
    recount(c, run_id, item.id)


def record(
    c: Connection, run_id: str, item_id: str, rows: Iterable[PersonOutcome], *, first_stands: bool = False
) -> None:
    """Keep people's outcomes in an item, in bulk; a person recorded before gets the new outcome, or keeps the one they
    have (`first_stands`)."""
    scope = (outcome.c.run_id == run_id, outcome.c.item_id == item_id)
    base = sequences.following(c, outcome, scope)
    upsert(
        c,
        outcome,
        ("run_id", "item_id", "person_id", "seq", "entity", "name", "address", "outcome", "reason", "detail", "also"),
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
                row.outcome.value,
                row.reason,
                row.detail,
                join(row.also),
            )
            for place, row in enumerate(rows)
        ),
        update=() if first_stands else ("entity", "name", "address", "outcome", "reason", "detail", "also"),
    )
    sequences.close_gaps(c, outcome, scope, base)


def item(c: Connection, run_id: str, item_id: str) -> Item:
    """One item. Raises `KeyError` for one that never began."""
    found = next((each for each in items(c, run_id) if each.id == item_id), None)
    if found is None:
        raise KeyError(item_id)
    return found


def clear(c: Connection, run_id: str, item_id: str) -> None:
    """Forget the people recorded in an item, to record them anew."""
    c.execute(delete(outcome).where(outcome.c.run_id == run_id, outcome.c.item_id == item_id))


def recount(c: Connection, run_id: str, item_id: str) -> tuple[ReasonCount, ...]:
    """Bring an item's kept counts up to the people recorded; the counts."""
    c.execute(delete(run_tally).where(run_tally.c.run_id == run_id, run_tally.c.item_id == item_id))
    people = (
        select(outcome.c.run_id, outcome.c.item_id, outcome.c.outcome, outcome.c.reason, func.count())
        .where(outcome.c.run_id == run_id, outcome.c.item_id == item_id)
        .group_by(outcome.c.run_id, outcome.c.item_id, outcome.c.outcome, outcome.c.reason)
    )
    c.execute(insert(run_tally).from_select(["run_id", "item_id", "outcome", "reason", "people"], people))
    kept = select(run_tally).where(run_tally.c.run_id == run_id, run_tally.c.item_id == item_id)
    return _sorted([ReasonCount(Outcome(row.outcome), row.reason, row.people) for row in c.execute(kept)])


def close_open(c: Connection, run_id: str, status: RunStatus) -> None:
    """The run ended in the middle of some items: they end like it."""
    c.execute(
        update(run_item)
        .where(run_item.c.run_id == run_id, run_item.c.status == RunStatus.IN_PROCESS)
        .values(status=status.value)
    )


def items(c: Connection, run_id: str) -> list[Item]:
    """A run's items in their order, each with its counts."""
    counts: dict[str, list[ReasonCount]] = {}
    for row in c.execute(select(run_tally).where(run_tally.c.run_id == run_id)):
        counts.setdefault(row.item_id, []).append(ReasonCount(Outcome(row.outcome), row.reason, row.people))
    rows = c.execute(select(run_item).where(run_item.c.run_id == run_id).order_by(run_item.c.place, run_item.c.item_id))
    return [
        Item(
            id=row.item_id,
            kind=row.kind,
            name=row.name,
            status=RunStatus(row.status),
            place=row.place,
            tally=Tally(row.people_read, _sorted(counts.get(row.item_id, []))),
            note=row.note,
        )
        for row in rows
    ]


def tallies(c: Connection, run_ids: Sequence[str]) -> dict[str, Tally]:
    """Counts of several runs over all their items, from what is kept."""
    if not run_ids:
        return {}
    counts: dict[str, list[ReasonCount]] = {}
    grouped = (
        select(
            run_tally.c.run_id, run_tally.c.outcome, run_tally.c.reason, func.sum(run_tally.c.people).label("people")
        )
        .where(run_tally.c.run_id.in_(run_ids))
        .group_by(run_tally.c.run_id, run_tally.c.outcome, run_tally.c.reason)
    )
    for row in c.execute(grouped):
        counts.setdefault(row.run_id, []).append(ReasonCount(Outcome(row.outcome), row.reason, int(row.people)))
    reads = c.execute(
        select(run_item.c.run_id, func.sum(run_item.c.people_read).label("people"))
        .where(run_item.c.run_id.in_(run_ids))
        .group_by(run_item.c.run_id)
    )
    read = {row.run_id: int(row.people) for row in reads}
    return {run_id: Tally(read.get(run_id, 0), _sorted(counts.get(run_id, []))) for run_id in run_ids}


def counted(c: Connection, run_id: str) -> Tally:
    """Counts of a run from the people themselves; the items' kept counts are brought up to them. `read` is 0."""
    for item_id in c.execute(select(run_item.c.item_id).where(run_item.c.run_id == run_id)).scalars().all():
        recount(c, run_id, item_id)
    grouped = (
        select(outcome.c.outcome, outcome.c.reason, func.count().label("people"))
        .where(outcome.c.run_id == run_id)
        .group_by(outcome.c.outcome, outcome.c.reason)
    )
    return Tally(0, _sorted([ReasonCount(Outcome(row.outcome), row.reason, row.people) for row in c.execute(grouped)]))


def _sorted(counts: list[ReasonCount]) -> tuple[ReasonCount, ...]:
    return tuple(sorted(counts, key=lambda count: (count.outcome, count.reason)))


_SORTABLE = {name: outcome.c[name] for name in ("entity", "name", "address", "outcome", "reason", "detail")}


def window(c: Connection, asked: OutcomesWindow) -> Found[PersonOutcome]:
    """People of a run, in the order recorded; the search looks at name, address and detail."""
    scope = [outcome.c.run_id == asked.run_id]
    if asked.item_id:
        scope.append(outcome.c.item_id == asked.item_id)
    narrowed = list(scope)
    if asked.outcome:
        narrowed.append(outcome.c.outcome == asked.outcome)
    if asked.reason:
        narrowed.append(outcome.c.reason == asked.reason)
    total = _total(c, asked)
    if asked.search:
        narrowed.append(contains((outcome.c.name, outcome.c.address, outcome.c.detail), asked.search))
        matching = c.execute(select(func.count()).select_from(outcome).where(*narrowed)).scalar_one()
    else:
        matching = _total(c, asked, asked.outcome, asked.reason)
    statement: Select[Any] = select(outcome).where(*narrowed)
    if asked.item_id and not (asked.outcome or asked.reason or asked.search or asked.sort):
        # seq is dense within an item: a window is a range.
        statement = statement.where(outcome.c.seq >= asked.offset).order_by(outcome.c.seq)
    else:
        statement = ordered(statement, asked.sort, _SORTABLE, (outcome.c.item_id, outcome.c.seq)).offset(asked.offset)
    rows = c.execute(statement.limit(asked.limit)).all()
    return Found(tuple(person_of(row) for row in rows), matching, total)


def _total(c: Connection, asked: OutcomesWindow, named: str = "", reason: str = "") -> int:
    statement = select(func.coalesce(func.sum(run_tally.c.people), 0)).where(run_tally.c.run_id == asked.run_id)
    for column, value in (
        (run_tally.c.item_id, asked.item_id),
        (run_tally.c.outcome, named),
        (run_tally.c.reason, reason),
    ):
        if value:
            statement = statement.where(column == value)
    return int(c.execute(statement).scalar_one())


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
