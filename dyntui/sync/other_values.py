"""The value of a conflict that had lost, written back to the side that lost it: from there it travels as any change.

What the rule had made of it was kept with the values before and after. Only a field that still holds the winner's value
is written; one that has moved since is refused by name. What is written is kept, and undone as that of any run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import contacts
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportContact, fitting
from dyntui.model.changes import AppliedChange, moved_fields
from dyntui.model.cursors import OneList
from dyntui.model.merge import Side
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.model.plans import UPDATE
from dyntui.model.sync_types import TakeOf
from dyntui.store import applied_changes, conflicts, mappings, outcomes
from dyntui.store.applied_changes import Done, Place
from dyntui.store.conflicts import Waiting
from dyntui.sync import brought_values, record_values
from dyntui.sync.imports import carry_out, fates, until_ended
from dyntui.sync.run_context import RunContext

# The item of a run in which conflicts are accounted for; what is written in Dynamics belongs to it, too.
ITEM = "conflicts"
_STAGE = "Taking the other values of conflicts"
_UNKNOWN = "what was there before is not known"


class _Taking(msgspec.Struct, frozen=True, kw_only=True):
    """Conflicts of one person on the side that lost them. `now`: the winner's values there, by column or data field;
    `then`: the values that had lost; `labels`: whose they are."""

    place: Place
    person: Waiting
    address: str
    labels: tuple[str, ...]
    now: Mapping[str, Any]
    then: Mapping[str, Any]


class _Refused(msgspec.Struct, frozen=True):
    """Why a value is not written."""

    reason: str
    detail: str


async def take(ctx: RunContext, dv: Dataverse, dd: Dotdigital, asked: TakeOf) -> None:
    """Every conflict that was asked for and waits; the others are named."""
    await ctx.begin_item(ITEM, kind="feed", name="Conflicts", place=0)
    met = await ctx.read(lambda c: conflicts.waiting(c, ctx.account_id, asked.of))
    found, refused = await ctx.read(lambda c: _images(c, ctx, met))
    await ctx.write(lambda c: _record(c, ctx, [], refused))
    for entity in Entity:
        mine = [each for each in found if each.place.target == entity.value]
        if mine:
            await _write(ctx, asked, mine, await _in_dynamics(ctx, dv, entity, mine, asked.caller))
    for place in sorted({each.place.target for each in found if each.place.target not in tuple(Entity)}):
        mine = [each for each in found if each.place.target == place]
        await _write(ctx, asked, mine, await _in_dotdigital(ctx, dd, mine))
    await ctx.end_item(ITEM)


_Said = dict[str, _Refused]
_RefusedConflicts = list[tuple[Waiting, _Refused]]


def _images(c: Connection, ctx: RunContext, met: Sequence[Waiting]) -> tuple[list[_Taking], _RefusedConflicts]:
    """What is to be written of each, from what was written when the conflict was met."""
    drains = mappings.drains(c, ctx.account_id)
    found: dict[tuple[str, str, str], _Taking] = {}
    refused: _RefusedConflicts = []
    for each in met:
        if each.winner == Side.DOTDIGITAL.value:
            of_entity = drains[Entity(each.entity)].drains
            name = next((drain.column.logical_name for drain in of_entity if drain.label == each.label), "")
            written = applied_changes.images(c, Place(each.run_id, brought_values.ITEM, each.entity), [each.person])
            before, after = written.get(each.person, ({}, {}))
            place, address = Place(ctx.run_id, ITEM, each.entity), each.address
        else:
            row = applied_changes.first_in_books(c, ctx.account_id, each.person, each.label, each.run_id, each.met_on)
            name, before, after, place, address = "", {}, {}, Place(ctx.run_id, "", ""), each.address
            if row is not None:
                name, before, after, address = each.label, row.before, row.after, row.address
                place = Place(ctx.run_id, row.item_id, row.target)
        if name not in before or name not in after:
            refused.append((each, _Refused("NO_BEFORE_IMAGE", f"{each.label}: {_UNKNOWN}, or not written over yet")))
            continue
        key = (place.item_id, place.target, each.person)
        known = found.get(key)
        found[key] = _Taking(
            place=place,
            person=each,
            address=address,
            labels=(*(known.labels if known else ()), each.label),
            now={**(known.now if known else {}), name: after[name]},
            then={**(known.then if known else {}), name: before[name]},
        )
    return list(found.values()), refused


async def _in_dynamics(ctx: RunContext, dv: Dataverse, entity: Entity, mine: Sequence[_Taking], caller: str) -> _Said:
    """Writes to the records; whom it refused, and why."""
    now = await record_values.read(dv, entity, {each.person.person: each.then for each in mine})
    values = {person: each.values for person, each in now.items()}
    refused, writing = await _compared(ctx, mine, values, "the record is gone")
    results = await record_values.write(
        dv,
        entity,
        [(each.person.person, now[each.person.person].etag, dict(each.then)) for each in writing],
        caller=caller or None,
    )
    for each, result in zip(writing, results, strict=True):
        if result.error is not None:
            reason = "STALE" if bulk.has_moved(result) else "REJECTED"
            refused[each.person.person] = _Refused(reason, f"Dynamics: {result.error.message}")
    return refused


async def _in_dotdigital(ctx: RunContext, dd: Dotdigital, mine: Sequence[_Taking]) -> _Said:
    """Writes to the contacts, which stay in the address books that they are in; whom it refused, and why. dotdigital
    takes one row of an address in an import: who shares it with somebody has their turn next."""
    # What the run had asked for before it was interrupted may be on its way still.
    await until_ended(ctx, dd, _STAGE)
    await ctx.save(replace(ctx.at(OneList), importing=""), stage=_STAGE)
    refused: _Said = {}
    waiting = list(mine)
    while waiting:
        turn: dict[str, _Taking] = {}
        for each in waiting:
            turn.setdefault(each.address, each)
        some = list(turn.values())[: fitting([_row(each) for each in turn.values()])]
        refused |= await _import(ctx, dd, some)
        taken = {each.person.person for each in some}
        waiting = [each for each in waiting if each.person.person not in taken]
    return refused


def _row(each: _Taking) -> ImportContact:
    return ImportContact(match_identifier="email", identifiers={"email": each.address}, data_fields=dict(each.then))


async def _import(ctx: RunContext, dd: Dotdigital, mine: Sequence[_Taking]) -> _Said:
    there = await contacts.retrieve_contacts(dd, emails=[each.address for each in mine], with_data=True)
    by_address = {normalise(each.email): each.values for each in there.contacts}
    values = {each.person.person: by_address[each.address] for each in mine if each.address in by_address}
    refused, writing = await _compared(ctx, mine, values, "the contact is gone")
    if writing:
        result = await carry_out(ctx, dd, [_row(each) for each in writing], _STAGE, 0, len(writing))
        by_fate = {each.address: each for each in fates([each.address for each in writing], result)}
        for each in writing:
            if by_fate[each.address].reason:
                fate = by_fate[each.address]
                refused[each.person.person] = _Refused(fate.reason, fate.detail)
        await ctx.save(replace(ctx.at(OneList), importing=""), stage=_STAGE)
    return refused


async def _compared(
    ctx: RunContext, mine: Sequence[_Taking], values: Mapping[str, Mapping[str, Any]], gone: str
) -> tuple[_Said, list[_Taking]]:
    """Who is refused because something moved since, and what is still to be written; that is kept first."""
    refused: _Said = {}
    writing: list[_Taking] = []
    for each in mine:
        now = values.get(each.person.person)
        if now is None:
            refused[each.person.person] = _Refused("STALE", gone)
        elif not moved_fields(now, dict(each.then)):
            continue
        elif moved := moved_fields(now, dict(each.now)):
            refused[each.person.person] = _Refused("STALE", f"{', '.join(moved)} changed since")
        else:
            writing.append(each)
    await ctx.write(lambda c: _begin(c, writing))
    return refused, writing


def _begin(c: Connection, writing: Sequence[_Taking]) -> None:
    for each in writing:
        change = AppliedChange(
            item_id=each.place.item_id,
            target=each.place.target,
            person=each.person.person,
            entity=each.person.entity,
            name=each.person.name,
            address=each.address,
            effect=UPDATE,
            before=dict(each.now),
            after=dict(each.then),
        )
        applied_changes.begin(c, each.place, [change])


async def _write(ctx: RunContext, asked: TakeOf, mine: Sequence[_Taking], refused: _Said) -> None:
    done = [each for each in mine if each.person.person not in refused]
    not_done = [(each.person, refused[each.person.person]) for each in mine if each.person.person in refused]

    def keep(c: Connection) -> None:
        for each in mine:
            person = each.person.person
            written = [] if person in refused else [Done(person, None, False)]
            applied_changes.settle(c, each.place, written, [person] if person in refused else [])
        pairs = [(each.person.person, label) for each in done for label in each.labels]
        conflicts.take(c, ctx.account_id, pairs, asked.by, ctx.now())
        _record(c, ctx, done, not_done)

    await ctx.save(ctx.cursor, stage=_STAGE, work=keep)


def _record(c: Connection, ctx: RunContext, done: Sequence[_Taking], refused: _RefusedConflicts) -> None:
    """What became of each, in the audit: a person with conflicts on both sides is named for each side."""
    rows = [_told(each.person, Outcome.UPDATED, "", ", ".join(each.labels)) for each in done]
    rows += [_told(each, Outcome.REJECTED, why.reason, why.detail) for each, why in refused]
    outcomes.record(c, ctx.run_id, ITEM, rows)


def _told(each: Waiting, outcome: Outcome, reason: str, detail: str) -> PersonOutcome:
    lost = Side.DYNAMICS if each.winner == Side.DOTDIGITAL.value else Side.DOTDIGITAL
    return PersonOutcome(
        entity=each.entity,
        person=f"{each.person}/{lost.value}",
        name=each.name,
        address=each.address,
        outcome=outcome,
        reason=reason,
        detail=f"{lost.value}: {detail}",
    )
