"""The pending people of a marketing list imported into its address book, batch by batch.

Public: `bring_in(ctx, dd, chosen, title, mends=)`, `suppressed_among(ctx, chosen, there) -> bool`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital.contacts import Contact
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportResult, fitting
from dyntui.model.cursors import OneList
from dyntui.model.moments import text_of
from dyntui.store import consent_news, pending_members, settling, unanswered_imports
from dyntui.store.lists import StoredList
from dyntui.store.pending_members import Pending
from dyntui.sync import before_images, double_opt_in, first_values, found_in_book, newer_values, suppressions
from dyntui.sync.imports import ROWS, Fate, carry_out, fates, row
from dyntui.sync.run_context import RunContext

# A refused row is not offered again before this has passed, unless the record changes or a person asks for it.
_RETRY = timedelta(hours=6)


async def bring_in(ctx: RunContext, dd: Dotdigital, chosen: StoredList, title: str, *, mends: bool = False) -> None:
    """Pending people in batches; an import that was started before an interruption is followed before a new one is.
    `mends`: what differs in dotdigital is meant to be written over."""
    stage = f"Importing {title}"
    only = ctx.at(OneList).only
    of = await ctx.read(lambda c: pending_members.count(c, chosen.id, only))
    if of > before_images.MOST_READ and not chosen.last_run_id:
        await found_in_book.leave_out(ctx, dd, chosen, stage)
        of = await ctx.read(lambda c: pending_members.count(c, chosen.id))
    done = 0
    while batch := await _next_batch(ctx, chosen, stage):
        await double_opt_in.require_known(ctx, chosen.account_id)
        batch = await double_opt_in.one_first(ctx, dd, chosen.account_id, batch, stage)
        if not batch:
            continue
        there = None
        if not ctx.at(OneList).importing:
            there = await before_images.held(dd, [each.address for each in batch], of)
        # Who is in the book and mended is meant to be written over.
        asked = [each for each in batch if not (mends and each.in_book)]
        kept = await first_values.theirs(ctx, dd, chosen, asked, there)
        batch = first_values.without(batch, kept)
        if not ctx.at(OneList).importing:
            if there is not None and await suppressed_among(ctx, chosen, there.values()):
                continue
            await _hold(ctx, chosen, batch, there)
            if same := _there_already(chosen, batch, there, kept):
                done += len(same)
                found_so = functools.partial(found_in_book.unchanged, ctx=ctx, chosen=chosen, people=same, kept=kept)
                await ctx.save(ctx.at(OneList), stage=stage, done=done, of=of, work=found_so)
                like_that = {each.address for each in same}
                batch = [each for each in batch if each.address not in like_that]
                if not batch:
                    continue
            newer = [] if mends else await newer_values.in_the_way(ctx, chosen, batch, there)
            if newer:
                done += len(newer)
                left = functools.partial(pending_members.reject, list_id=chosen.id, rows=newer)
                await ctx.save(ctx.at(OneList), stage=stage, done=done, of=of, work=left)
                continue
            await before_images.begin_import(ctx, chosen, batch, there)
        rows = [row(each.address, each.fields, chosen.book_id) for each in batch]
        result = await carry_out(ctx, dd, rows, stage, done, of)
        found = fates([each.address for each in batch], result)
        done += len(batch)
        settled = functools.partial(
            _settle_import,
            ctx=ctx,
            chosen=chosen,
            batch=batch,
            found=found,
            result=result,
            kept=kept,
        )
        at = ctx.at(OneList)
        refused = {each.address for each in found if each.reason}
        joined = sum(each.sent_address != each.address and each.address not in refused for each in batch)
        after = replace(at, importing="", joined=at.joined + joined)
        await ctx.save(after, stage=stage, done=done, of=of, work=settled)
        await double_opt_in.look_at_new(ctx, dd, chosen.account_id, result)
    await ctx.save(replace(ctx.at(OneList), step="channels"), stage=f"Checking {title}")


def _there_already(
    chosen: StoredList, batch: Sequence[Pending], there: Mapping[str, Contact] | None, kept: first_values.Kept
) -> list[Pending]:
    """Whom importing would not change: people of a list that is synchronised for the first time here, and those of whom
    nothing is to be written but what stays."""
    some = batch if not chosen.last_run_id else [each for each in batch if each.address in kept]
    return before_images.there_already(some, there)


async def _hold(
    ctx: RunContext, chosen: StoredList, batch: Sequence[Pending], there: Mapping[str, Contact] | None
) -> None:
    """What an earlier run had asked for, and did not see the end of, is what it has written where it is so by now."""
    values = {each.person_id: there[each.address].values for each in batch if there and each.address in there}
    if values:
        await ctx.write(functools.partial(unanswered_imports.hold, list_id=chosen.id, values=values))


async def suppressed_among(ctx: RunContext, chosen: StoredList, there: Iterable[Contact]) -> bool:
    """Whether contacts are suppressed of whom no feed has said so: they are not imported."""
    said = [suppressions.Said(each.email, each.status, each.id) for each in there]
    return await suppressions.learn_statuses(ctx, chosen.account_id, said)


async def _next_batch(ctx: RunContext, chosen: StoredList, stage: str) -> Sequence[Pending]:
    """Those to be imported next, as many as one import takes, without who has opted out since that was decided; an
    import that is under way goes on as it was begun."""
    news = await ctx.read(consent_news.count)
    if news != ctx.at(OneList).consent and not ctx.at(OneList).importing:
        withhold = functools.partial(
            settling.withhold, list_id=chosen.id, listing=ctx.run_id, account_id=chosen.account_id
        )
        await ctx.save(replace(ctx.at(OneList), consent=news), stage=stage, work=withhold)
    only = ctx.at(OneList).only
    batch = await ctx.read(lambda c: pending_members.batch(c, chosen.id, ROWS, only=only))
    return batch[: fitting(row(each.address, each.fields, chosen.book_id) for each in batch)]


def _settle_import(
    c: Connection,
    ctx: RunContext,
    chosen: StoredList,
    batch: Sequence[Pending],
    found: Sequence[Fate],
    result: ImportResult,
    kept: first_values.Kept,
) -> None:
    list_id, retry_on = chosen.id, text_of(ctx.moment() + _RETRY)
    before_images.settle_import(c, before_images.book_place(ctx, chosen), batch, found, result)
    people = {each.address: each for each in batch}
    accepted = [
        first_values.acknowledged(people[each.address], each.contact_id, kept) for each in found if not each.reason
    ]
    pending_members.acknowledge(c, list_id, accepted, ctx.now())
    contacts = {each.address: each.contact_id for each in accepted if each.contact_id is not None}
    first_values.look_again(c, chosen.account_id, batch, contacts, kept)
    pending_members.reject(
        c,
        list_id,
        [
            pending_members.Rejection(address=each.address, reason=each.reason, detail=each.detail, retry_on=retry_on)
            for each in found
            if each.reason
        ],
    )
