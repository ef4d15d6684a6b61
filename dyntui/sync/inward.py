"""Values from dotdigital to Dynamics: the contacts that changed, merged label by label with what both sides had last.

Only who has another value than was synchronised last is looked up in Dynamics. A record that somebody changes meanwhile
is left alone by its etag and tried again; a conflict is kept with both values. Consent is no matter of this.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import contacts, data_fields
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.changes import moved_fields
from dyntui.model.drains import Drains, among
from dyntui.model.errors import DyntuiError
from dyntui.model.merge import Side
from dyntui.model.moments import EPOCH
from dyntui.model.people import Entity, normalise
from dyntui.store import (
    applied_changes,
    conflicts,
    mappings,
    missed_fields,
    outcomes,
    planned_changes,
    shadows,
    written_again,
)
from dyntui.store.applied_changes import Done, Place
from dyntui.sync import feeds, member_listing, odd_answers, record_values
from dyntui.sync.brought_values import (
    ITEM,
    Clash,
    Contact,
    Decided,
    Met,
    after_writing,
    conflict_of,
    decide,
    differs,
    image_of,
    moment_text,
    outcome_of,
    planned_change,
    row_type,
    shadow_of,
)
from dyntui.sync.run_context import RunContext

_STAGE = "Bringing values to Dynamics"


class How(msgspec.Struct, frozen=True, kw_only=True):
    """`plan`: it ends before anything is written; `apply`: the run whose plan is carried out, and nothing else."""

    plan: bool = False
    apply: str = ""


async def bring(ctx: RunContext, dv: Dataverse, dd: Dotdigital, how: How) -> None:
    """Everything that changed in the account's contacts since the last time, or could not be written then; an item of
    the run. Nothing is asked where no mapping leads to Dynamics."""
    mapped = await ctx.read(lambda c: mappings.drains(c, ctx.account_id))
    if not any(each.drains or each.left_out for each in mapped.values()):
        return
    await ctx.begin_item(ITEM, kind="feed", name="Address books to Dynamics", place=0)
    until = await feeds.server_time(dd)
    feed = _feed(mapped)
    drains = await _there(ctx, dd, mapped)
    notes = [each for of_entity in drains.values() for each in of_entity.left_out]
    since = await feeds.since(ctx, ctx.account_id, feed, until)
    labels = sorted({each.label for of_entity in drains.values() for each in of_entity.drains})
    done = 0
    if labels:
        waiting = await ctx.read(lambda c: shadows.again(c, ctx.account_id))
        number, repeats = 0, False
        async for page in contacts.contact_pages(
            dd, modified_since=None if since == EPOCH else since, data_fields=labels, takes_odd=True
        ):
            odd = odd_answers.unreadable(page.odd, f"{number}/")
            await ctx.write(lambda c: outcomes.record(c, ctx.run_id, ITEM, odd))  # noqa: B023 - awaited here
            latest = until + feeds.AHEAD
            met = [
                Contact(each.contact_id, normalise(each.email), each.values, moment_text(each.updated, latest))
                for each in page.rows
                if each.email
            ]
            await _page(ctx, dv, drains, met, how)
            for each in met:
                waiting.pop(each.id, None)
            done, number, repeats = done + len(met), number + 1, repeats or page.repeats
            await ctx.save(ctx.cursor, stage="Reading what changed in dotdigital", done=done)
        # Who has changed again since was among them, with when that was.
        await _page(ctx, dv, drains, await _named(ctx, dd, waiting), how)
        if repeats:
            await odd_answers.name_repeating(ctx, ITEM, "contacts")
        elif not how.plan:
            await feeds.advance(ctx, ctx.account_id, feed, until)
    said = "; ".join(f"Not brought - {each}" for each in notes)
    await ctx.write(lambda c: ctx.close_item(c, ITEM, note=said))


async def _there(ctx: RunContext, dd: Dotdigital, mapped: Mapping[Entity, Drains]) -> dict[Entity, Drains]:
    """Those whose data field dotdigital has. Which it has not is kept: made anew it is empty, and nobody has cleared
    what the former one held."""
    rows, unread = await data_fields.listed(dd)
    fields = {each.name.upper(): each.type for each in rows}
    drains = {entity: among(each, fields) for entity, each in mapped.items()}
    wanted, there = ({each.label for of in some.values() for each in of.drains} for some in (mapped, drains))
    # What cannot be read may be any of them.
    gone = wanted - there if rows and not unread else set[str]()
    missed = await ctx.read(lambda c: missed_fields.missed(c, ctx.account_id))
    if missed & there or gone - missed:

        def keep(c: Connection) -> None:
            missed_fields.found_again(c, ctx.account_id, there)
            missed_fields.miss(c, ctx.account_id, gone)

        await ctx.write(keep)
    return drains


def _feed(drains: Mapping[Entity, Drains]) -> str:
    """With other mappings everything is read once more: what they bring has not changed since."""
    named = sorted(
        f"{entity}/{each.label}/{each.column.logical_name}" for entity, of in drains.items() for each in of.drains
    )
    return f"{ITEM}/{hashlib.blake2b(chr(10).join(named).encode(), digest_size=8).hexdigest()}"


async def _named(ctx: RunContext, dd: Dotdigital, waiting: Mapping[int, str]) -> list[Contact]:
    """The contacts with these ids, as they are; of when they were changed they say nothing here."""
    if not waiting:
        return []
    found = await contacts.retrieve_contacts(dd, ids=list(waiting), with_data=True, takes_odd=True)
    odd_answers.met(ctx, found.odd)
    return [
        Contact(each.id, normalise(each.email), each.values, waiting.get(each.id, ""))
        for each in found.contacts
        if each.email
    ]


async def _page(
    ctx: RunContext, dv: Dataverse, drains: Mapping[Entity, Drains], page: Sequence[Contact], how: How
) -> None:
    by_address = {each.address: each for each in page}
    known = await ctx.read(lambda c: shadows.people(c, ctx.account_id, list(by_address)))
    people = [each.of_contact(by_address[each.address].id) for each in known]
    for entity, of_entity in drains.items():
        met = [
            Met(each, by_address[each.address])
            for each in people
            if each.entity == entity and differs(each, by_address[each.address], of_entity)
        ]
        if of_entity.drains and met:
            await _merge(ctx, dv, of_entity, met, how)


async def _merge(ctx: RunContext, dv: Dataverse, drains: Drains, met: Sequence[Met], how: How) -> None:
    table = member_listing.TABLES[drains.entity]
    kind, fields = row_type(drains, table.key)
    by_id = {each.person.person_id: each for each in met}
    records: dict[str, Any] = {}
    async for page in dv_rows.pages_where_any(dv, table.entity_set, kind, table.key, sorted(by_id)):
        records.update((row.id, row) for row in page.rows)
    decided = [decide(drains, fields, each, records.get(each.person.person_id)) for each in met]
    if how.plan:
        await ctx.save(ctx.cursor, stage=_STAGE, work=functools.partial(_plan, ctx=ctx, drains=drains, decided=decided))
        return
    if how.apply:
        planned = functools.partial(planned_changes.images, plan_id=how.apply, item_id=ITEM, people=sorted(by_id))
        decided = _as_planned(decided, await ctx.read(planned))
    place = Place(ctx.run_id, ITEM, drains.entity.value)
    known = await ctx.read(functools.partial(_begun, ctx=ctx, place=place, people=sorted(by_id)))
    decided = [_as_begun(drains, each, *known) for each in decided]
    writing = [each for each in decided if each.columns]
    others = [each for each in decided if not each.columns]
    # What one call has written is kept before the next: a run that fails has written what it says.
    for start in range(0, max(len(writing), 1), bulk.BATCH):
        ended = await _write(ctx, dv, drains, writing[start : start + bulk.BATCH])
        keep = functools.partial(_keep, ctx=ctx, drains=drains, ended=[*ended, *others])
        await ctx.save(ctx.cursor, stage=_STAGE, work=keep)
        others = []


async def _write(ctx: RunContext, dv: Dataverse, drains: Drains, some: Sequence[Decided]) -> list[Decided]:
    """One call's records; what became of each. Where the call fails, what it has written all the same is kept."""
    place = Place(ctx.run_id, ITEM, drains.entity.value)
    # Kept before it is written: a run that is killed in between finds both sides alike, and what was there before here.
    await ctx.write(functools.partial(_begin, ctx=ctx, place=place, drains=drains, writing=some))
    changes = [(each.met.person.person_id, each.etag, each.columns) for each in some]
    try:
        results = await record_values.write(dv, drains.entity, changes)
    except DyntuiError:
        wanted = {each.met.person.person_id: each.columns for each in some}
        there = await record_values.holding(dv, drains.entity, wanted)
        ended = [each for each in some if each.met.person.person_id in there]
        await ctx.write(functools.partial(_keep, ctx=ctx, drains=drains, ended=ended))
        raise
    return [after_writing(each, result) for each, result in zip(some, results, strict=True)]


def _plan(c: Connection, ctx: RunContext, drains: Drains, decided: Sequence[Decided]) -> None:
    entity = drains.entity.value
    planned_changes.put(c, ctx.run_id, ITEM, [planned_change(entity, each) for each in decided if each.columns])
    outcomes.record(c, ctx.run_id, ITEM, [outcome_of(entity, each) for each in decided])


def _as_planned(decided: Sequence[Decided], planned: planned_changes.Images) -> list[Decided]:
    """Only what was planned is written: who has other values by now, on either side, is refused by name and tried with
    the next synchronisation."""
    return [each if not each.columns or _is_planned(each, planned) else _moved(each) for each in decided]


def _is_planned(each: Decided, planned: planned_changes.Images) -> bool:
    before, after = planned.get(each.met.person.person_id, ({}, {}))
    now = each.columns
    return set(now) == set(after) and not moved_fields(now, after) and not moved_fields(each.before, before)


def _moved(each: Decided) -> Decided:
    return Decided(met=each.met, reason="STALE", rejected="not as planned")


_Begun = tuple[dict[str, dict[str, Any]], dict[str, list[conflicts.Met]]]


def _begun(c: Connection, ctx: RunContext, place: Place, people: Sequence[str]) -> _Begun:
    """What the run was about to write when it was interrupted, and the conflicts that it had met."""
    images = applied_changes.begun(c, place, people)
    return images, conflicts.met_by(c, ctx.account_id, ctx.run_id, list(images))


def _as_begun(
    drains: Drains, each: Decided, images: Mapping[str, Mapping[str, Any]], met: Mapping[str, Sequence[conflicts.Met]]
) -> Decided:
    """Of whom both sides are found alike because the run has written it already, that is what became of them."""
    after = images.get(each.met.person.person_id)
    if after is None or each.columns or each.rejected:
        return each
    return msgspec.structs.replace(
        each,
        written=True,
        labels=tuple(drain.label for drain in drains.drains if drain.column.logical_name in after),
        conflicts=tuple(
            Clash(clash.label, clash.dynamics, clash.dotdigital, Side(clash.winner))
            for clash in met.get(each.met.person.person_id, ())
        ),
    )


def _begin(c: Connection, ctx: RunContext, place: Place, drains: Drains, writing: Sequence[Decided]) -> None:
    written_again.begin(c, place, [image_of(drains, each) for each in writing])
    _keep_conflicts(c, ctx, drains.entity.value, writing)


def _keep_conflicts(c: Connection, ctx: RunContext, entity: str, of: Sequence[Decided]) -> None:
    met = [conflict_of(entity, each, clash) for each in of if not each.rejected for clash in each.conflicts]
    conflicts.keep(c, ctx.account_id, ctx.run_id, met, ctx.now())


def _keep(c: Connection, ctx: RunContext, drains: Drains, ended: Sequence[Decided]) -> None:
    entity = drains.entity.value
    done = [Done(each.met.person.person_id, None, False) for each in ended if not each.rejected]
    refused = [each.met.person.person_id for each in ended if each.rejected]
    place = Place(ctx.run_id, ITEM, entity)
    written_again.keep(c, place, [image_of(drains, each) for each in ended if each.columns and not each.rejected])
    applied_changes.settle(c, place, done, refused)
    outcomes.record(c, ctx.run_id, ITEM, [outcome_of(entity, each) for each in ended])
    _keep_conflicts(c, ctx, entity, ended)
    shadows.keep(c, ctx.account_id, [shadow_of(drains, each) for each in ended if each.reason != "UNKNOWN_PERSON"])
