"""Members of a marketing list put on it and taken off it by hand: read what is so now, decide about everybody, store
it, do it - 1,000 people a call.

What is to be done is stored as that of an undo is (`dyntui.store.undoing`): while it is carried out it is taken away
piece by piece, so that a run that is killed goes on with what is left. What was done is kept for an undo.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Collection, Sequence

from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import membership
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList
from dyntui.model.changes import AppliedChange
from dyntui.model.cursors import MembersCursor
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.member_changes import Decided, MemberChange, decide
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.plans import JOIN
from dyntui.model.sync_types import MembersOf
from dyntui.model.undoing import Undoing
from dyntui.store import applied_changes, member_changes, outcomes, undoing
from dyntui.store.applied_changes import Place
from dyntui.store.undoing import Step
from dyntui.sync import known_members, member_sources
from dyntui.sync.member_sources import Candidate, candidate, record_type
from dyntui.sync.run_context import RunContext

_CHUNK = membership.CHUNK
_NOT_DONE = "The members of the list are as they were."


def require_open(row: MarketingList) -> None:
    """Raises LIST_DYNAMIC, LIST_LOCKED, LIST_INACTIVE for a list whose members nobody can change by hand."""
    if row.state != 0:
        raise _closed("LIST_INACTIVE", row, "is inactive in Dynamics, and can only be read", "Activate it in Dynamics.")
    if row.dynamic:
        raise _closed(
            "LIST_DYNAMIC",
            row,
            "is dynamic: its query says who is on it",
            f"Change its query: `dyntui lists edit {row.id} --view VIEW`, or `E` on the list in the console.",
        )
    if row.locked:
        raise _closed(
            "LIST_LOCKED",
            row,
            "is locked: its members cannot be changed",
            f"Unlock it: `dyntui lists edit {row.id} --unlock`, or `E` on the list in the console.",
        )


def _closed(code: str, row: MarketingList, what: str, remedy: str) -> DyntuiError:
    return DyntuiError(
        code, f"The marketing list {row.name!r} {what}.", not_done=_NOT_DONE, remedy=remedy, exit=Exit.USAGE
    )


class Job:
    """One change of one list: what was asked for, and the list as Dynamics has it now."""

    def __init__(self, ctx: RunContext, dv: Dataverse, row: MarketingList) -> None:
        self.ctx = ctx
        self.dv = dv
        self.row = row
        self.asked = ctx.asked(MembersOf)
        self.item = row.id
        self.place = Place(ctx.run_id, row.id, f"list:{row.id}")
        self.caller = self.asked.caller or None


async def carry_out(job: Job) -> None:
    """From where the cursor says it was left; of a plan, up to what would be done."""
    ctx = job.ctx
    if ctx.at(MembersCursor).step == "decide":
        await _decide(job)
    if ctx.at(MembersCursor).step == "write":
        await _write(job)


# -- what is to be done ----------------------------------------------------------------------------------------------


async def _decide(job: Job) -> None:
    ctx, item = job.ctx, job.item
    await ctx.write(lambda c: undoing.begin(c, ctx.run_id, item))
    there = {each async for some in dv_lists.member_ids(job.dv, job.row) for each in some}
    if job.asked.change is MemberChange.ADD:
        await _decide_named(job, there)
    else:
        await _decide_members(job, there)

    def decided(c: Connection) -> None:
        member_changes.withhold(c, ctx.run_id, item, job.row.id)
        if job.asked.apply:
            undoing.refuse_others(c, ctx.run_id, item, job.asked.apply)
            member_changes.name_missing(c, ctx.run_id, item, job.asked.apply)
        if job.asked.plan:
            undoing.would_become(c, ctx.run_id, item)

    step = "done" if job.asked.plan else "write"
    await ctx.save(MembersCursor(step=step), stage=f"Comparing {job.row.name}", work=decided)


async def _decide_named(job: Job, there: Collection[str]) -> None:
    """Of those who are to come onto the list."""
    done = 0
    async for page in member_sources.named(job.ctx, job.dv, job.row.table, job.asked):
        found = [
            (each, decide(MemberChange.ADD, named=True, on_list=each.id in there, active=each.active))
            for each in page.records
        ]
        done += len(found) + len(page.others)
        await _keep(job, found, page.others, done)


async def _decide_members(job: Job, there: Collection[str]) -> None:
    """Of everybody on the list, and of those who were named one by one and are not on it."""
    named: dict[str, Candidate] = {}
    stay: set[str] = set()
    done = 0
    async for page in member_sources.named(job.ctx, job.dv, job.row.table, job.asked):
        named.update((each.id, each) for each in page.records)
        stay.update(page.perhaps if job.asked.change is MemberChange.KEEP else ())
        if page.others:
            done += len(page.others)
            await _keep(job, [], page.others, done)
    change, one_by_one = job.asked.change, not job.asked.query
    if one_by_one and change is MemberChange.REMOVE:
        away = [each for each in named.values() if each.id not in there]
        done += len(away)
        await _keep(job, [(each, decide(change, named=True, on_list=False)) for each in away], [], done)
    read: set[str] = set()
    async for rows in _on_list(job):
        read.update(each.id for each in rows)
        found = [
            (each, decide(change, named=each.id in named or each.id in stay, on_list=True))
            for each in rows
            if each.id in named or not (one_by_one and change is MemberChange.REMOVE)
        ]
        done += len(found)
        await _keep(job, found, [], done)
    # Nobody is taken off whose record could not be read: a query does not find them either.
    hidden = [_hidden(each, job.row) for each in sorted(set(there) - read)]
    if hidden and not (one_by_one and change is MemberChange.REMOVE):
        await _keep(job, [], hidden, done + len(hidden))


async def _on_list(job: Job) -> AsyncIterator[list[Candidate]]:
    kind = record_type(job.row.table)
    async for page in dv_lists.member_pages(job.dv, job.row, kind, caller=job.caller):
        yield [candidate(row) for row in page.rows]


def _hidden(person: str, row: MarketingList) -> PersonOutcome:
    return PersonOutcome(
        entity=row.table.logical_name,
        person=person,
        outcome=Outcome.UNCHANGED,
        reason="NO_ACCESS",
        detail="stays on the list: you may not read the record, or there is none",
    )


async def _keep(
    job: Job, found: Sequence[tuple[Candidate, Decided]], others: Sequence[PersonOutcome], done: int
) -> None:
    ctx, item = job.ctx, job.item
    pairs = [(_change(job, each), _undoing(each, decided)) for each, decided in found]

    def keep(c: Connection) -> None:
        undoing.decide(c, ctx.run_id, item, pairs)
        outcomes.record(c, ctx.run_id, item, others)

    await ctx.save(ctx.cursor, stage=f"Reading for {job.row.name}", done=done, work=keep)


def _change(job: Job, each: Candidate) -> AppliedChange:
    return AppliedChange(
        item_id=job.item,
        target=job.place.target,
        person=each.id,
        entity=job.row.table.logical_name,
        name=each.name,
        address=each.address,
        effect="",
    )


def _undoing(each: Candidate, decided: Decided) -> Undoing:
    return Undoing(
        outcome=decided.outcome,
        effect=decided.effect,
        reason=decided.reason,
        detail=decided.detail,
        address=each.address,
        put_in=decided.effect == JOIN,
    )


# -- and doing it ----------------------------------------------------------------------------------------------------


async def _write(job: Job) -> None:
    ctx, item = job.ctx, job.item
    of = await ctx.read(lambda c: undoing.count_steps(c, ctx.run_id, item))
    stage, done = f"Writing {job.row.name}", 0
    while some := await ctx.write(functools.partial(_next, job=job)):
        # A request to stop is heard once what is done next is stored.
        await ctx.save(ctx.cursor, stage=stage, done=done, of=of, cancellable=False)
        refused = await _change_members(job, some)
        done += len(some)
        made = [each for each in some if each.person not in refused]
        joined, left = ([each.person for each in made if each.puts_in is joins] for joins in (True, False))
        await known_members.changed(ctx, job.dv, job.row.id, joined, left)
        work = functools.partial(_written, job=job, steps=some, refused=refused)
        await ctx.save(ctx.cursor, stage=stage, done=done, of=of, work=work)
    await ctx.save(MembersCursor(step="done"), stage=f"Finished {job.row.name}")


def _next(c: Connection, job: Job) -> list[Step]:
    """What is to be done next, without who has unsubscribed from the list since that was decided."""
    member_changes.withhold(c, job.ctx.run_id, job.item, job.row.id)
    return undoing.to_import(c, job.ctx.run_id, job.item, _CHUNK)


async def _change_members(job: Job, steps: Sequence[Step]) -> dict[str, tuple[str, str]]:
    """Onto the list, or off it; whom Dynamics refused, and why."""
    refused: dict[str, tuple[str, str]] = {}
    for joins, change in ((True, membership.add_members), (False, membership.remove_members)):
        people = [each.person for each in steps if each.puts_in is joins]
        if people:
            changed = await change(job.dv, job.row, people, caller=job.caller)
            refused.update((each.id, ("REJECTED", f"Dynamics: {each.error.message}")) for each in changed.refused)
    return refused


def _written(c: Connection, job: Job, steps: Sequence[Step], refused: dict[str, tuple[str, str]]) -> None:
    run_id, item = job.ctx.run_id, job.item
    undoing.finished(c, run_id, item, steps)
    rows = [
        AppliedChange(
            item_id=item,
            target=job.place.target,
            person=each.person,
            entity=each.entity,
            name=each.name,
            address=each.address,
            effect=each.effect,
        )
        for each in steps
        if each.person not in refused
    ]
    applied_changes.keep(c, job.place, rows)
    undoing.record(c, run_id, item, steps, refused)
