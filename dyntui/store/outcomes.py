"""What a run did: its items (a list, a campaign, a feed), and what became of every person in each.

The counts beside the people are kept in the same transaction, so that a history is shown without counting people again;
`finish` of a run counts them again all the same.

Public:
    put_item(c, run_id, Item)                      adds or changes an item, and brings its kept counts up to date
    record(c, run_id, item_id, rows, first_stands=False)     people's outcomes, any number of times
    done_of(c, run_id, item_id, people) -> {person: address}     those who are as they are to be
    clear(c, run_id, item_id); recount(c, run_id, item_id) -> counts
    close(c, run_id, item_id) -> status
    close_open(c, run_id, status); break_off(c, run_id, status)      of a run that ended in the middle of them
    item(c, run_id, item_id) -> Item; items(c, run_id) -> list[Item]; in_process(c, run_id) -> {item id}
    tallies(c, run_ids) -> {run_id: Tally}; counted(c, run_id) -> Tally
Who they are is read in `run_people`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, not_, or_, select, update

from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount, RunStatus, Tally, status_of
from dyntui.store import run_people, sequences
from dyntui.store.chunks import in_chunks
from dyntui.store.gate_marks import join
from dyntui.store.run_people import Kept
from dyntui.store.schema import outcome, run_item
from dyntui.store.upserts import upsert


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a run. `tally.read` is what `put_item` keeps; the counts are those recorded."""

    id: str
    kind: str
    name: str
    status: RunStatus = RunStatus.IN_PROCESS
    place: int = 0
    tally: Tally = Tally()
    note: str = ""


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
    have (`first_stands`). Who is found unchanged when a run goes on after an interruption is what it has made of them
    before."""
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
        where=None if first_stands else _is_news,
    )
    sequences.close_gaps(c, outcome, scope, base)


def _is_news(found: Any) -> ColumnElement[bool]:
    made = or_(*(outcome.c.outcome == each.value for each in (Outcome.ADDED, Outcome.UPDATED, Outcome.REMOVED)))
    return not_(and_(found.outcome == Outcome.UNCHANGED.value, made))


def done_of(c: Connection, run_id: str, item_id: str, people: Sequence[str]) -> dict[str, str]:
    """Those of the people whom the run's item has recorded as updated or unchanged, each with the address of then."""
    found: dict[str, str] = {}
    done = outcome.c.outcome.in_((Outcome.UPDATED.value, Outcome.UNCHANGED.value))
    for some in in_chunks(people):
        here = (outcome.c.run_id == run_id, outcome.c.item_id == item_id, outcome.c.person_id.in_(some), done)
        rows = c.execute(select(outcome.c.person_id, outcome.c.address).where(*here))
        found |= {row.person_id: row.address for row in rows}
    return found


def item(c: Connection, run_id: str, item_id: str) -> Item:
    """One item. Raises `KeyError` for one that never began."""
    found = next((each for each in items(c, run_id) if each.id == item_id), None)
    if found is None:
        raise KeyError(item_id)
    return found


def in_process(c: Connection, run_id: str) -> frozenset[str]:
    """The ids of a run's items that have begun and are not through."""
    under_way = (run_item.c.run_id == run_id, run_item.c.status == RunStatus.IN_PROCESS.value)
    return frozenset(c.execute(select(run_item.c.item_id).where(*under_way)).scalars())


def clear(c: Connection, run_id: str, item_id: str) -> None:
    """Forget the people of an item, to record them anew."""
    c.execute(delete(outcome).where(outcome.c.run_id == run_id, outcome.c.item_id == item_id))
    c.execute(update(run_item).where(*_of(run_id, item_id)).values(scope=0, edition=0))


def recount(c: Connection, run_id: str, item_id: str) -> tuple[ReasonCount, ...]:
    """Bring an item's kept counts up to its people; the counts."""
    counts = run_people.counts(c, run_id, item_id)
    c.execute(update(run_item).where(*_of(run_id, item_id)).values(counts=run_people.kept(counts)))
    return counts


def close(
    c: Connection,
    run_id: str,
    item_id: str,
    *,
    read: int | None = None,
    note: str = "",
    status: RunStatus | None = None,
) -> RunStatus:
    """An item is through. `read`: how many people it has read, None: those recorded; `note`: what else the audit is to
    say; `status`: None: what the recorded people earn. Raises `KeyError` for one that never began."""
    counts = run_people.counts(c, run_id, item_id)
    tally = Tally(sum(each.people for each in counts) if read is None else read, counts)
    ended = status or status_of(tally)
    values = {"status": ended.value, "people_read": tally.read, "note": note, "counts": run_people.kept(counts)}
    if not c.execute(update(run_item).where(*_of(run_id, item_id)).values(values)).rowcount:
        raise KeyError(item_id)
    return ended


def _of(run_id: str, item_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return run_item.c.run_id == run_id, run_item.c.item_id == item_id


def close_open(c: Connection, run_id: str, status: RunStatus) -> None:
    """The run ended in the middle of some items: they end like it."""
    open_ones = (run_item.c.run_id == run_id, run_item.c.status == RunStatus.IN_PROCESS)
    c.execute(update(run_item).where(*open_ones).values(status=status.value))


def break_off(c: Connection, run_id: str, status: RunStatus) -> None:
    """Something stopped the run in the middle of some items: they end like it, and who has been named by then is whom
    they had read."""
    for each in items(c, run_id):
        if each.status is RunStatus.IN_PROCESS:
            close(c, run_id, each.id, note=each.note, status=status)


def items(c: Connection, run_id: str) -> list[Item]:
    """A run's items in their order, each with its counts."""
    rows = c.execute(select(run_item).where(run_item.c.run_id == run_id).order_by(run_item.c.place, run_item.c.item_id))
    return [
        Item(
            id=row.item_id,
            kind=row.kind,
            name=row.name,
            status=RunStatus(row.status),
            place=row.place,
            tally=Tally(row.people_read, run_people.counted([row.counts])),
            note=row.note,
        )
        for row in rows
    ]


def tallies(c: Connection, run_ids: Sequence[str]) -> dict[str, Tally]:
    """Counts of several runs over all their items, from what is kept."""
    kept: dict[str, list[Kept]] = {}
    read: Counter[str] = Counter()
    asked = select(run_item.c.run_id, run_item.c.people_read, run_item.c.counts).where(run_item.c.run_id.in_(run_ids))
    for row in c.execute(asked) if run_ids else ():
        kept.setdefault(row.run_id, []).append(row.counts)
        read[row.run_id] += row.people_read
    return {run_id: Tally(read[run_id], run_people.counted(kept.get(run_id, ()))) for run_id in run_ids}


def counted(c: Connection, run_id: str) -> Tally:
    """Counts of a run from the people themselves; the items' kept counts are brought up to them. `read` is 0."""
    for item_id in c.execute(select(run_item.c.item_id).where(run_item.c.run_id == run_id)).scalars().all():
        recount(c, run_id, item_id)
    return Tally(0, tallies(c, [run_id])[run_id].counts)
