"""Undoing what a run wrote in Dynamics: columns of records, and who is on a marketing list.

Read what is so now, decide, store it, do it: as for address books (`dyntui.sync.undoing`). A record is written only
while it is as it was read a moment before.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import bulk, membership
from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList
from dyntui.model.changes import AppliedChange, changed_since
from dyntui.model.cursors import UndoCursor
from dyntui.model.moments import moment_of
from dyntui.model.people import Entity
from dyntui.model.plans import UPDATE
from dyntui.model.sync_types import UndoOf
from dyntui.model.undoing import Undoing, elsewhere, put_there_later, undo_membership, undo_record
from dyntui.store import applied_changes, members_undone, runs, undoing
from dyntui.store.applied_changes import Part, Place
from dyntui.store.undoing import Step
from dyntui.sync import known_members, list_state, record_values, strangers
from dyntui.sync.run_context import RunContext

_PAGE = 1000
# What a place that is a marketing list begins with.
LIST = "list:"

Said = dict[str, tuple[str, str]]


async def undo_part(ctx: RunContext, dv: Dataverse, part: Part, item: str) -> None:
    """All of a place in Dynamics, from where the cursor says it was left. Raises LIST_GONE."""
    asked = ctx.asked(UndoOf)
    if ctx.at(UndoCursor).list != item:
        await ctx.save(replace(ctx.at(UndoCursor), list=item, step="read"), stage="Reading Dynamics")
    chosen = await _list(dv, part) if part.target.startswith(LIST) else None
    if ctx.at(UndoCursor).step == "read":
        await ctx.write(lambda c: undoing.begin(c, ctx.run_id, item))
        there = await _members(dv, chosen) if chosen is not None else {}
        ended_on = await ctx.read(lambda c: _ended_on(c, dv, part))
        while some := await ctx.read(lambda c: undoing.undecided(c, part, ctx.run_id, item, _PAGE)):
            found = (
                [
                    (
                        each,
                        undo_membership(each, each.person in there, put_there_later(there.get(each.person), ended_on)),
                    )
                    for each in some
                ]
                if chosen is not None
                else await _records_now(dv, part, some)
            )
            work = functools.partial(undoing.decide, by=ctx.run_id, item=item, decided=found)
            await ctx.save(ctx.cursor, stage="Reading Dynamics", work=work)
        step = "done" if asked.plan else "write"
        list_id = chosen.id if chosen else ""
        work = functools.partial(_decided, ctx=ctx, asked=asked, part=part, item=item, list_id=list_id)
        await ctx.save(replace(ctx.at(UndoCursor), step=step), stage="Comparing Dynamics", work=work)
    if ctx.at(UndoCursor).step == "write":
        await _write(ctx, dv, part, item, chosen)


async def _list(dv: Dataverse, part: Part) -> MarketingList:
    list_id = part.target.removeprefix(LIST)
    row = await dv_lists.marketing_list(dv, list_id, MarketingList)
    if row is None:
        raise list_state.gone(list_id)
    return row


async def _members(dv: Dataverse, chosen: MarketingList) -> dict[str, datetime | None]:
    """Who is on a list, and since when, as far as that is known."""
    if chosen.dynamic:
        return {each: None async for some in dv_lists.member_ids(dv, chosen) for each in some}
    found: dict[str, datetime | None] = {}
    async for page in dv_lists.membership_pages(dv, chosen.id):
        found.update((each.record, each.created_on) for each in page.rows if each.record)
    return found


def _ended_on(c: Connection, dv: Dataverse, part: Part) -> datetime | None:
    """When the run that wrote a part had ended, by the clock of Dynamics."""
    wrote = runs.get(c, part.run_id)
    mine = moment_of(wrote.ended_on) if wrote is not None else None
    return None if mine is None else dv.connection.clock_of(mine)


def _decided(c: Connection, ctx: RunContext, asked: UndoOf, part: Part, item: str, list_id: str) -> None:
    if list_id:
        undoing.withhold(c, ctx.run_id, item, list_id)
    undoing.refuse_overtaken(c, part, ctx.run_id, item)
    if asked.apply:
        undoing.refuse_others(c, ctx.run_id, item, asked.apply)
    if asked.plan:
        undoing.would_become(c, ctx.run_id, item)


async def _records_now(dv: Dataverse, part: Part, some: Sequence[AppliedChange]) -> list[tuple[AppliedChange, Undoing]]:
    images = {each.person: each.after for each in some if each.effect == UPDATE and each.after}
    now = await record_values.read(dv, Entity(part.target), images) if images else {}
    return [
        (each, undo_record(each, now[each.person].values if each.person in now else None))
        if each.effect == UPDATE
        else (each, elsewhere(each))
        for each in some
    ]


async def _write(ctx: RunContext, dv: Dataverse, part: Part, item: str, chosen: MarketingList | None) -> None:
    of = await ctx.read(lambda c: undoing.count_steps(c, ctx.run_id, item))
    done = 0
    while some := await ctx.write(functools.partial(_next, run_id=ctx.run_id, item=item, chosen=chosen)):
        # A request to stop is heard once what is done next is stored.
        await ctx.save(ctx.cursor, stage="Writing to Dynamics", cancellable=False)
        refused = await (
            _put_back(dv, part, some)
            if chosen is None
            else _change_members(dv, chosen, some, ctx.asked(UndoOf).caller or None)
        )
        if chosen is not None:
            made = [each for each in some if each.person not in refused]
            joined, left = ([each.person for each in made if each.puts_in is joins] for joins in (True, False))
            await known_members.changed(ctx, dv, chosen.id, joined, left)
        done += len(some)
        # Others had put strangers into the address book: off the list again they are strangers in it, as before.
        of_strangers = chosen is not None and part.item_id == strangers.item_of(chosen.id)
        strange = [each.person for each in some if of_strangers and not each.puts_in and each.person not in refused]
        if chosen is not None and strange:
            await ctx.write(functools.partial(members_undone.took_out, list_id=chosen.id, people=strange))
        work = functools.partial(_written, run_id=ctx.run_id, part=part, item=item, steps=some, refused=refused)
        await ctx.save(ctx.cursor, stage="Writing to Dynamics", done=done, of=of, work=work)
    if chosen is not None:
        await known_members.count(ctx, dv, chosen)
    await ctx.save(replace(ctx.at(UndoCursor), step="done"), stage="Finished Dynamics")


def _next(c: Connection, run_id: str, item: str, chosen: MarketingList | None) -> list[Step]:
    """What is to be done next, without who has opted out since that was decided."""
    if chosen is not None:
        undoing.withhold(c, run_id, item, chosen.id)
    # What one call has set back is kept before the next.
    return undoing.to_import(c, run_id, item, _PAGE if chosen is not None else bulk.BATCH)


async def _put_back(dv: Dataverse, part: Part, steps: Sequence[Step]) -> Said:
    """The columns of records as they were; whom Dynamics refused, and why. A value that is new since that was decided
    stays: the run may have been interrupted between the two."""
    now = await record_values.read(dv, Entity(part.target), {each.person: each.after or {} for each in steps})
    refused: Said = {}
    for each in steps:
        if each.person not in now:
            refused[each.person] = ("STALE", "the record is gone")
            continue
        if why := changed_since(now[each.person].values, each.before, each.after):
            refused[each.person] = ("STALE", why)
    writing = [each for each in steps if each.person not in refused]
    results = await record_values.write(
        dv,
        Entity(part.target),
        [(each.person, now[each.person].etag, each.after or {}) for each in writing],
    )
    for each, result in zip(writing, results, strict=True):
        if result.error is not None:
            reason = "STALE" if bulk.has_moved(result) else "REJECTED"
            refused[each.person] = (reason, f"Dynamics: {result.error.message}")
    return refused


async def _change_members(dv: Dataverse, chosen: MarketingList, steps: Sequence[Step], caller: str | None) -> Said:
    """Back onto the list, or off it, in the name of the `caller` where there is one; whom Dynamics refused, and why."""
    refused: Said = {}
    for puts_in, change in ((True, membership.add_members), (False, membership.remove_members)):
        people = [each.person for each in steps if each.puts_in is puts_in]
        if people:
            changed = await change(dv, chosen, people, caller=caller)
            refused.update((each.id, ("REJECTED", f"Dynamics: {each.error.message}")) for each in changed.refused)
    return refused


def _written(
    c: Connection, run_id: str, part: Part, item: str, steps: Sequence[Step], refused: Mapping[str, tuple[str, str]]
) -> None:
    done = [each for each in steps if each.person not in refused]
    undoing.finished(c, run_id, item, steps)
    rows = [
        AppliedChange(
            item_id=item,
            target=part.target,
            person=each.person,
            entity=each.entity,
            name=each.name,
            address=each.address,
            effect=each.effect,
            before=each.before,
            after=each.after,
        )
        for each in done
    ]
    applied_changes.keep(c, Place(run_id, item, part.target), rows, part.no)
    undoing.mark(c, part, [each.person for each in done], run_id)
    undoing.record(c, run_id, item, steps, refused)
