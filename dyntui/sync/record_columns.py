"""Columns of contacts and leads that dotdigital decides about: written where they differ, while the record is as it was
read, with an outcome for every record and what was there before."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.http import Dataverse
from dyntui.model.changes import AppliedChange
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity
from dyntui.model.plans import UPDATE
from dyntui.store import applied_changes, outcomes, stay_undone, written_again
from dyntui.store.applied_changes import Done, Place
from dyntui.sync import record_values
from dyntui.sync.run_context import RunContext

TABLES: Final = {
    Entity.CONTACT: bulk.Table("contacts", "contact", "contactid"),
    Entity.LEAD: bulk.Table("leads", "lead", "leadid"),
}


class ColumnChange(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is to hold something else. `before`, `after`: the columns; `said`: the change as people read it."""

    entity: Entity
    id: str
    etag: str
    name: str
    address: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    said: str


async def without_undone(
    ctx: RunContext, item: str, entity: Entity, changes: Sequence[ColumnChange]
) -> tuple[list[ColumnChange], list[ColumnChange]]:
    """The changes that are to be written, and those that somebody has undone: the records stay as they are until they
    are to hold something else again."""
    wanted = {each.id: each.after for each in changes}
    undone = await ctx.read(lambda c: stay_undone.undone(c, item, entity.value, wanted))
    return [each for each in changes if each.id not in undone], [each for each in changes if each.id in undone]


async def write(
    ctx: RunContext,
    dv: Dataverse,
    item: str,
    entity: Entity,
    changes: Sequence[ColumnChange],
    others: Sequence[PersonOutcome],
    *,
    stage: str,
    only_changed: bool = False,
) -> frozenset[str]:
    """Writes the changes of one table, and records them in the run's item with the `others`, whose records stay as they
    are. The ids of those that were not written: changed meanwhile (STALE), or refused (REJECTED). `only_changed`: of
    who is unchanged only those are recorded whom the run had written before it was interrupted."""
    missed: set[str] = set()
    # What one call has written is kept before the next: a run that fails has written what it says.
    for start in range(0, max(len(changes), 1), bulk.BATCH):
        some = changes[start : start + bulk.BATCH]
        place = Place(ctx.run_id, item, entity.value)
        missed |= await _write(ctx, dv, place, entity, some, others, stage, only_changed=only_changed)
        others = ()
    return frozenset(missed)


async def _write(
    ctx: RunContext,
    dv: Dataverse,
    place: Place,
    entity: Entity,
    changes: Sequence[ColumnChange],
    others: Sequence[PersonOutcome],
    stage: str,
    *,
    only_changed: bool,
) -> set[str]:
    """One call's records, and the outcomes of `others`."""
    rows = [(each.id, each.etag, dict(each.after)) for each in changes]
    # Kept before it is written: a run that is killed in between finds both sides alike, and what was there before here.
    await ctx.write(lambda c: written_again.begin(c, place, [_applied(place.item_id, each) for each in changes]))
    try:
        results = await record_values.write(dv, entity, rows)
    except DyntuiError:
        there = await record_values.holding(dv, entity, {each.id: each.after for each in changes})
        done = [each for each in changes if each.id in there]
        keep = functools.partial(_keep, place=place, changes=done, results=[RowResult()] * len(done), others=())
        await ctx.write(keep)
        raise
    keep = functools.partial(
        _keep, place=place, changes=changes, results=results, others=others, only_changed=only_changed
    )
    await ctx.save(ctx.cursor, stage=stage, work=keep)
    return {each.id for each, result in zip(changes, results, strict=True) if result.error is not None}


def _keep(
    c: Connection,
    place: Place,
    changes: Sequence[ColumnChange],
    results: Sequence[RowResult],
    others: Sequence[PersonOutcome],
    only_changed: bool = False,
) -> None:
    begun = applied_changes.begun(c, place, [each.person for each in others if each.outcome is Outcome.UNCHANGED])
    # Written before the run was interrupted, and found so now.
    named = [
        msgspec.structs.replace(each, outcome=Outcome.UPDATED) if each.person in begun else each
        for each in others
        if not only_changed or each.outcome is not Outcome.UNCHANGED or each.person in begun
    ]
    written, refused = [], []
    for each, result in zip(changes, results, strict=True):
        if result.error is None:
            named.append(outcome_of(each, Outcome.UPDATED, each.said))
            written.append(_applied(place.item_id, each))
        else:
            refused.append(each.id)
            moved = bulk.has_moved(result)
            reason = "STALE" if moved else "REJECTED"
            detail = "changed in Dynamics meanwhile" if moved else f"Dynamics: {result.error.message}"
            named.append(outcome_of(each, Outcome.REJECTED, detail, reason))
    # Of what the run had written before it was interrupted, and somebody has changed since, both count.
    written_again.keep(c, place, written)
    as_begun = [each.person for each in others if each.outcome is Outcome.UNCHANGED]
    done = [Done(person, None, False) for person in (*(each.person for each in written), *as_begun)]
    applied_changes.settle(c, place, done, refused)
    outcomes.record(c, place.run_id, place.item_id, named)


def _applied(item: str, each: ColumnChange) -> AppliedChange:
    return AppliedChange(
        item_id=item,
        target=each.entity.value,
        person=each.id,
        entity=each.entity.value,
        name=each.name,
        address=each.address,
        effect=UPDATE,
        before=dict(each.before),
        after=dict(each.after),
    )


def outcome_of(each: ColumnChange, outcome: Outcome, detail: str, reason: str = "") -> PersonOutcome:
    """What became of a record."""
    return PersonOutcome(
        entity=each.entity.value,
        person=each.id,
        name=each.name,
        address=each.address,
        outcome=outcome,
        reason=reason,
        detail=detail,
    )
