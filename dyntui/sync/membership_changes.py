"""Who has joined or left a list since it was read, without reading everybody on it.

Of a static list by two answers that hold each other: the rows that were created since, and Dynamics' own count of its
members. Where the two agree with what is known nobody has left. Where they do not, the ids of all its rows are read: no
removal rests on a count. Of a dynamic list it is always the ids that its query finds.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import Membership
from dyntui.model.counted import counted
from dyntui.model.moments import moment_of, text_of
from dyntui.model.people import Entity
from dyntui.model.trust import MEMBERS
from dyntui.store import cheap_answers, reading_places, staging
from dyntui.store.lists import StoredList
from dyntui.store.reading_places import Place
from dyntui.store.staging import Staged
from dyntui.sync import member_listing
from dyntui.sync.asked import Asked
from dyntui.sync.list_state import ListNow
from dyntui.sync.member_rows import readings
from dyntui.sync.run_context import RunContext


class Seen(msgspec.Struct):
    """What was found. `agrees`: the count is explained, so that nobody has left unseen; `rows`: how many rows the list
    has by that; `proved`: the ids of all rows were read; `backdated`: rows that say they are older than the question
    that had not shown them."""

    agrees: bool
    rows: int
    proved: bool = False
    backdated: int = 0


async def bring_up(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, place: Place, title: str) -> Seen:
    """Who joined is staged under the list's mark, who left has it no more. Raises as `member_listing.records` does."""
    if now.row.dynamic:
        await _by_ids(ctx, dv, now, chosen, place, title)
        return Seen(agrees=True, rows=-1, proved=True)
    question = Asked(dv, ctx.moment())
    since = moment_of(place.rows_since)
    rows = place.rows_read
    async for page in dv_lists.membership_pages(dv, chosen.id, created_since=since and since - member_listing.OVERLAP):
        rows += await _take_in(ctx, dv, chosen, place, page.rows, title)
    loose = await ctx.read(lambda c: reading_places.loose(c, chosen.id, place.base))
    seen = Seen(agrees=now.row.member_count == rows and not loose and not place.records_gone, rows=rows)

    def keep(c: Connection) -> None:
        reading_places.put(c, chosen.id, rows_since=text_of(question.on), rows_read=rows)
        cheap_answers.asked(c, chosen.account_id, MEMBERS, chosen.id, ctx.now())

    await ctx.write(keep)
    return seen


async def prove(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, place: Place, title: str) -> Seen:
    """The ids of everybody on a static list against what is known, after `bring_up`."""
    since = moment_of(place.rows_since)
    presence = await ctx.read(lambda c: reading_places.begin_presence(c, chosen.id))
    rows = backdated = 0
    async for page in dv_lists.membership_pages(dv, chosen.id):
        ids = [each.record or each.id for each in page.rows]
        new = set(await ctx.read(functools.partial(_see, chosen.id, place.base, ids, presence)))
        fresh = [row for row, each in zip(page.rows, ids, strict=True) if each in new]
        backdated += sum(member_listing.older(each.created_on, since, ctx.moment()) for each in fresh)
        await _take_in(ctx, dv, chosen, place, fresh, title)
        rows += len(page.rows)
        await ctx.save(ctx.cursor, stage=f"Reading who is on {title}", done=rows)
    await _leave(ctx, chosen, place, presence)

    def keep(c: Connection) -> None:
        reading_places.put(c, chosen.id, rows_read=rows, records_gone=False)
        cheap_answers.proved(
            c,
            chosen.account_id,
            MEMBERS,
            chosen.id,
            ctx.now(),
            backdated or None,
            unseen(backdated, chosen.name),
        )

    await ctx.write(keep)
    return Seen(agrees=now.row.member_count == rows, rows=rows, proved=True, backdated=backdated)


def unseen(rows: int, name: str) -> str:
    """How many rows of a list the cheap answer had left out, as the audit says it."""
    there = counted(rows, f"row of {name!r} was", f"rows of {name!r} were")
    return f"{there} not among those created since"


def _see(list_id: str, base: str, ids: Sequence[str], presence: reading_places.Presence, c: Connection) -> list[str]:
    return reading_places.see(c, list_id, base, ids, presence)


async def _by_ids(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, place: Place, title: str) -> None:
    presence = await ctx.read(lambda c: reading_places.begin_presence(c, chosen.id))
    done = 0
    async for page in member_listing.ids(dv, now):
        ids = [each.lower() for each in page]
        fresh = await ctx.read(functools.partial(_see, chosen.id, place.base, ids, presence))
        await _stage(ctx, dv, chosen, place, fresh, [], title)
        done += len(ids)
        await ctx.save(ctx.cursor, stage=f"Reading who is on {title}", done=done)
    await _leave(ctx, chosen, place, presence)
    await ctx.write(lambda c: reading_places.put(c, chosen.id, records_gone=False))


async def _leave(ctx: RunContext, chosen: StoredList, place: Place, presence: reading_places.Presence) -> None:
    gone = await ctx.read(lambda c: reading_places.unseen(c, chosen.id, place.base, presence))

    def leave(c: Connection) -> None:
        staging.unlist(c, chosen.id, gone)
        reading_places.forget_previewed(c, chosen.id)

    await ctx.write(leave)


async def _take_in(
    ctx: RunContext, dv: Dataverse, chosen: StoredList, place: Place, rows: Sequence[Membership], title: str
) -> int:
    """Rows of the list: those of people who are not known to be on it are; how many these are."""
    ids = list(dict.fromkeys(row.record for row in rows if row.record))
    nameless = {row.id: row for row in rows if row.id and not row.record}
    known = await ctx.read(lambda c: reading_places.known(c, chosen.id, place.base, [*ids, *nameless]))
    strange = [row for each, row in nameless.items() if each not in known]
    return await _stage(ctx, dv, chosen, place, [each for each in ids if each not in known], strange, title)


async def _stage(
    ctx: RunContext,
    dv: Dataverse,
    chosen: StoredList,
    place: Place,
    fresh: Sequence[str],
    nameless: Sequence[Membership],
    title: str,
) -> int:
    found: list[Staged] = [member_listing.of_no_record(Entity(chosen.member_type), row) for row in nameless]
    how = await ctx.read(lambda c: readings(c, chosen.account_id))
    async for some in member_listing.unseen_members(dv, how, Entity(chosen.member_type), fresh):
        found += some
    if found:
        stage = functools.partial(staging.stage, list_id=chosen.id, listing=place.base, rows=found)
        await ctx.save(ctx.cursor, stage=f"Reading who is on {title}", work=stage)
    return len(found)
