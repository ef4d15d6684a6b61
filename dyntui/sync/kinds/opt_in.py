"""Opt-in types from dotdigital to the contacts and leads in Dynamics: never lowered, whichever account says less."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dotdigital import contacts
from dyntui.dotdigital.contacts import Person
from dyntui.model.changes import AppliedChange
from dyntui.model.moments import EPOCH
from dyntui.model.opt_in import CODE_OF, CODES, OptIn, opt_in_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.model.plans import UPDATE
from dyntui.store import applied_changes, outcomes
from dyntui.store.applied_changes import Place
from dyntui.sync import feeds
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext

_ITEM = _FEED = "opt-in"
_COLUMN = "dyntui_optintype"
_TABLES = {
    Entity.CONTACT: bulk.Table("contacts", "contact", "contactid"),
    Entity.LEAD: bulk.Table("leads", "lead", "leadid"),
}


class _Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"address": "emailaddress1", "name": "fullname", "opt_in": _COLUMN, "etag": "@odata.etag"},
):
    contactid: str = ""
    leadid: str = ""
    address: str | None = None
    name: str | None = None
    opt_in: Whole | None = None
    etag: str = ""
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())

    @property
    def id(self) -> str:
        return self.contactid or self.leadid


class _Raise(msgspec.Struct, frozen=True, kw_only=True):
    entity: Entity
    record: _Record
    before: OptIn
    after: OptIn


async def run(ctx: RunContext, connections: Connections) -> None:
    """The contacts that changed since the last run: the records with their addresses get what is stronger than they
    have."""
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(_ITEM, kind="feed", name="Opt-in status", place=0)
    until = await feeds.server_time(dd)
    since = await feeds.since(ctx, ctx.account_id, _FEED)
    done, whole = 0, True
    async for page in contacts.contact_pages(dd, modified_since=None if since == EPOCH else since):
        whole = await _page(ctx, dv, page.rows) and whole
        done += len(page.rows)
        await ctx.save(ctx.cursor, stage="Reading opt-in types", done=done)
    # What was not written is looked at again: the mark stays where it is.
    if whole:
        await feeds.advance(ctx, ctx.account_id, _FEED, until)
    await ctx.end_item(_ITEM)


async def _page(ctx: RunContext, dv: Dataverse, rows: Sequence[Person]) -> bool:
    """Whether everything that is stronger was written."""
    wanted: dict[str, OptIn] = {}
    unknown: list[PersonOutcome] = []
    for each in rows:
        channel = each.channel_properties.email if each.channel_properties else None
        said = opt_in_of(channel.opt_in_type) if channel and channel.opt_in_type else OptIn.UNKNOWN
        address = normalise(each.email)
        if said is None and channel is not None:
            detail = f"opt-in type {channel.opt_in_type[:60]!r}"
            unknown.append(_named("", str(each.contact_id), "", address, Outcome.REJECTED, "UNKNOWN", detail))
        elif said and address:
            wanted[address] = said
    await ctx.write(lambda c: outcomes.record(c, ctx.run_id, _ITEM, unknown))
    whole = True
    for entity in _TABLES:
        whole = await _raise(ctx, dv, entity, wanted) and whole
    return whole


async def _raise(ctx: RunContext, dv: Dataverse, entity: Entity, wanted: dict[str, OptIn]) -> bool:
    table = _TABLES[entity]
    select = (table.key, "emailaddress1", "fullname", _COLUMN)
    weaker: list[_Raise] = []
    same: list[PersonOutcome] = []
    pages = dv_rows.pages_where_any(
        dv, table.entity_set, _Record, "emailaddress1", sorted(wanted), select=select, orderby=(table.key,)
    )
    async for page in pages:
        for each in page.rows:
            after, before = wanted.get(normalise(each.address)), CODES.get(each.opt_in or 0, OptIn.UNKNOWN)
            if after is None:
                continue
            if after > before and _COLUMN not in each.odd:
                weaker.append(_Raise(entity=entity, record=each, before=before, after=after))
            else:
                same.append(_of(entity, each, Outcome.UNCHANGED, before.title))
    changes = [(each.record.id, each.record.etag, {_COLUMN: CODE_OF[each.after]}) for each in weaker]
    results = await bulk.update_unmoved(dv, table, changes)
    keep = functools.partial(_keep, ctx=ctx, entity=entity, weaker=weaker, results=results, same=same)
    await ctx.save(ctx.cursor, stage="Writing opt-in types", work=keep)
    return all(each.error is None for each in results)


def _keep(
    c: Connection,
    ctx: RunContext,
    entity: Entity,
    weaker: Sequence[_Raise],
    results: Sequence[RowResult],
    same: Sequence[PersonOutcome],
) -> None:
    named, written = list(same), []
    for each, result in zip(weaker, results, strict=True):
        said = f"{each.before.title}, now {each.after.title}"
        if result.error is None:
            named.append(_of(entity, each.record, Outcome.UPDATED, said))
            written.append(_written(each))
        else:
            moved = bulk.has_moved(result)
            reason = "STALE" if moved else "REJECTED"
            detail = "changed in Dynamics meanwhile" if moved else f"Dynamics: {result.error.message}"
            named.append(_of(entity, each.record, Outcome.REJECTED, detail, reason))
    applied_changes.keep(c, Place(ctx.run_id, _ITEM, entity.value), written)
    outcomes.record(c, ctx.run_id, _ITEM, named)


def _written(each: _Raise) -> AppliedChange:
    return AppliedChange(
        item_id=_ITEM,
        target=each.entity.value,
        person=each.record.id,
        entity=each.entity.value,
        name=each.record.name or "",
        address=normalise(each.record.address),
        effect=UPDATE,
        before={_COLUMN: each.record.opt_in},
        after={_COLUMN: CODE_OF[each.after]},
    )


def _of(entity: Entity, each: _Record, outcome: Outcome, detail: str, reason: str = "") -> PersonOutcome:
    return _named(entity.value, each.id, each.name or "", normalise(each.address), outcome, reason, detail)


def _named(
    entity: str, person: str, name: str, address: str, outcome: Outcome, reason: str, detail: str
) -> PersonOutcome:
    return PersonOutcome(
        entity=entity, person=person, name=name, address=address, outcome=outcome, reason=reason, detail=detail
    )
