"""Opt-outs of records in Dynamics by what was changed since they were read, where that has shown itself to be right.

Every record that was changed is looked at: one that opts out is an opt-out from then on, one that does so no more has
taken it back. All that opt out are read as a whole daily, and whenever a send is made (`dyntui.sync.opt_outs`).
"""

from __future__ import annotations

import functools
import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import is_guid, moment
from dyntui.model.moments import moment_of, text_of, to_come
from dyntui.model.people import Entity
from dyntui.model.trust import OPT_OUTS, Rule, why_proved
from dyntui.store import cheap_answers, watermarks
from dyntui.store import opt_outs as opt_out_store
from dyntui.sync import consent_sources, opt_outs
from dyntui.sync.asked import Asked
from dyntui.sync.consent_sources import Sources
from dyntui.sync.opt_outs import ADDRESSES, SETS, Record
from dyntui.sync.run_context import RunContext


async def read(ctx: RunContext, dv: Dataverse, rule: Rule) -> None:
    """Brings the store's opt-outs up to what Dynamics says now, as cheaply as is trusted."""
    sources = await consent_sources.counting(ctx, dv)
    feed = f"opt-outs/{_as_asked(sources)}"
    since = moment_of(await ctx.read(lambda c: watermarks.get(c, "", feed)))
    if since is not None and to_come(since, dv.connection.clock_of(ctx.moment())):
        since = None
    question = Asked(dv, ctx.moment())
    # Consent rows are few, and whoever takes one back is asked for by its id alone.
    asked = since is not None and not sources.consent_rows
    if since is not None and asked:
        seen = await _look_at_changed(ctx, dv, sources, since)
        await ctx.write(lambda c: cheap_answers.asked(c, "", OPT_OUTS, "", ctx.now()))
        known = await ctx.read(lambda c: cheap_answers.known(c, "", OPT_OUTS, ""))
        if not why_proved(known, rule, ctx.moment()):
            if seen.merges:
                await opt_outs.ask_for_survivors(ctx, dv)
            await ctx.write(lambda c: watermarks.put(c, "", feed, text_of(question.on)))
            return
    before = await ctx.read(opt_out_store.size)
    await opt_outs.read(ctx, dv)
    after = await ctx.read(opt_out_store.size)
    differences = after.differences(before) if asked else None
    if differences and (await _look_at_changed(ctx, dv, sources, question.on)).news:
        differences = None  # it may have happened meanwhile
    said = f"{differences} opt-outs had come or gone unseen"

    def proved(c: Connection) -> None:
        cheap_answers.proved(c, "", OPT_OUTS, "", ctx.now(), differences, said)
        watermarks.put(c, "", feed, text_of(question.on))

    await ctx.write(proved)


def _as_asked(sources: Sources) -> str:
    """What counts as an opt-out: where that changes, everything has to be looked at."""
    said = (sorted(sources.marketing), sources.consent_rows, sources.rows_dismissed)
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]


class _Seen(msgspec.Struct):
    """How many opt-outs were told or taken back, and how many records had been merged away."""

    news: int = 0
    merges: int = 0


async def _look_at_changed(ctx: RunContext, dv: Dataverse, sources: Sources, since: datetime) -> _Seen:
    """Every record that was changed since, or a little before."""
    reading = await ctx.write(opt_out_store.begin)
    survivors: dict[str, list[str]] = {}
    for _, survivor, loser in await ctx.read(opt_out_store.survivors):
        survivors.setdefault(survivor, []).append(loser)
    seen = _Seen()
    for entity, (entity_set, key) in SETS.items():
        flags = sources.flags(entity)
        async for page in dv_rows.pages(
            dv,
            entity_set,
            Record,
            select=(key, *ADDRESSES, *flags, "merged", "_masterid_value", "modifiedon"),
            filter=f"modifiedon ge {moment(since - opt_outs.OVERLAP)}",
            orderby=(key,),
            keyless=True,
        ):
            await _keep(ctx, reading, entity, flags, page.rows, seen)
            # What is left of a merge has the opt-outs of what was merged into it, with the addresses that it has now.
            pairs = [
                (address, loser)
                for row in page.rows
                for loser in survivors.get(row.id.lower(), ())
                for address in row.addresses()
            ]
            await ctx.write(functools.partial(opt_out_store.add_addresses, pairs=pairs, now=ctx.now()))
    return seen


async def _keep(
    ctx: RunContext, reading: str, entity: Entity, flags: tuple[str, ...], rows: list[Record], seen: _Seen
) -> None:
    told = [found for row in rows if (found := opt_outs.opted_out(entity, flags, row, shown=False)) is not None]
    merges = [opt_outs.merge_of(entity, row) for row in rows if row.merged and row.into and is_guid(row.id)]
    await opt_outs.keep(ctx, reading, told, merges)
    known = await ctx.read(functools.partial(opt_out_store.said_by, person_ids=[row.id for row in rows]))
    taken_back = {
        row.id: opt_outs.says_so(entity, row.id, flags)
        for row in rows
        if row.id in known and opt_outs.was_taken_back(flags, row, known[row.id])
    }
    merged = {row.id: "merged" for row in rows if row.merged and row.id in known}
    if taken_back or merged:
        await opt_outs.settle(ctx, reading, taken_back, merged)
    seen.news += len(told) + len(taken_back)
    seen.merges += len(merges)
