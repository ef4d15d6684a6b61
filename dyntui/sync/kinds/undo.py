"""Undoing what a run wrote, place by place: one that fails delays no other."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.changes import PREFERENCES
from dyntui.model.cursors import UndoCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.sync_types import UndoOf
from dyntui.store import lists as list_store
from dyntui.store import planned_changes, undoing
from dyntui.store.applied_changes import Part
from dyntui.sync import (
    before_images,
    kept_books,
    list_feeds,
    lists,
    opt_outs,
    parts,
    planning,
    sight,
    suppressions,
    undoing_dynamics,
)
from dyntui.sync import undoing as undoing_books
from dyntui.sync.connections import Connections
from dyntui.sync.kinds.suppressions import both_ways
from dyntui.sync.run_context import RunContext
from dyntui.sync.undoing import Job

# What the audit calls the changes that are none of an address book.
_OTHERS = {
    "account": "Suppressions in dotdigital",
    "suppressions": "Suppression rows in Dynamics",
    **dict.fromkeys(PREFERENCES, "Choices of marketing preferences"),
}
_IN_DYNAMICS = "Records and lists in Dynamics"


async def run(ctx: RunContext, connections: Connections) -> None:
    """Who must not be mailed first, then every place that the run wrote to, each its own item. A plan ends with what
    would be done, and changes nothing."""
    asked = ctx.asked(UndoOf)
    dv = await connections.dataverse()
    dd = await connections.dotdigital(ctx.account_id)
    await sight.require_columns(ctx, dv, connections.columns)
    if not ctx.at(UndoCursor).consent or ctx.was_away:
        if asked.plan:
            await suppressions.pull(ctx, dd, ctx.account_id)
        else:
            await both_ways(ctx, dv, dd)
        await opt_outs.read(ctx, dv)
        await kept_books.learn(ctx, dd, ctx.account_id)
        await ctx.save(replace(ctx.at(UndoCursor), consent=True), stage="Preparing")
    places = await ctx.read(lambda c: undoing.parts(c, asked.run, ctx.run_id))
    for place, part in enumerate(places):
        if place >= ctx.at(UndoCursor).place:
            await _part(ctx, connections, dd, part, place)
            at = UndoCursor(consent=True, place=place + 1)
            await ctx.save(at, stage="Undoing", done=place + 1, of=len(places))
    if asked.plan:
        await ctx.write(lambda c: planning.close(c, ctx.run_id, ctx.moment()))
    if asked.apply:
        await ctx.write(lambda c: planned_changes.applied(c, asked.apply, ctx.run_id))


async def _part(ctx: RunContext, connections: Connections, dd: Dotdigital, part: Part, place: int) -> None:
    book = part.target.startswith(before_images.BOOK)
    item = part.item_id if book else f"{part.item_id}/{part.target}"
    name = await ctx.read(lambda c: _name(c, part)) if book else _OTHERS.get(part.target, _IN_DYNAMICS)
    await ctx.begin_item(item, kind="list" if book else "feed", name=name, place=place)
    read = await ctx.read(lambda c: undoing.count(c, part, ctx.run_id))
    try:
        if book:
            chosen = await lists.known(ctx, part.item_id)
            if before_images.book_target(chosen.book_id) != part.target:
                raise _another_book(chosen.name)
            synchronised = await ctx.read(lambda c: undoing.undoes_a_synchronisation(c, part))
            job = Job(part=part, chosen=chosen, item=item, title=chosen.name, synchronised=synchronised)
            await undoing_books.undo_book(ctx, dd, job)
        elif part.target in _OTHERS:
            await undoing_books.name_others(ctx, part, item)
        else:
            await _learn_who_left(ctx, dd, part)
            await undoing_dynamics.undo_part(ctx, await connections.dataverse(), part, item)
    except DyntuiError as error:
        connections.columns.heed(error)
        if await parts.is_of_the_run(error, await connections.dataverse(), dd):
            raise
        await ctx.fail_item(item, error)
        return
    await ctx.end_item(item, read=read)


async def _learn_who_left(ctx: RunContext, dd: Dotdigital, part: Part) -> None:
    """Who has unsubscribed through a list's address book is not put back on the list. Nothing can be learnt of a book
    that is gone."""
    found = await ctx.read(lambda c: list_store.stored(c, [part.target.removeprefix(undoing_dynamics.LIST)]))
    if not found or not found[0].activated or found[0].account_id != ctx.account_id:
        return
    try:
        await list_feeds.learn(ctx, dd, found[0])
    except DotdigitalError as error:
        if error.status != 404:
            raise


def _name(c: Connection, part: Part) -> str:
    found = list_store.stored(c, [part.item_id])
    return found[0].name if found else part.item_id


def _another_book(name: str) -> DyntuiError:
    return DyntuiError(
        "BOOK_CHANGED",
        f"The marketing list {name!r} has another address book than the one that the run wrote to.",
        not_done="Nothing of this list was undone.",
        remedy="Link the list to that address book again, or take the people out in dotdigital.",
    )
