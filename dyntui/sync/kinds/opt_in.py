"""Opt-in types from dotdigital to the contacts and leads in Dynamics: never lowered, whichever account says less."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dotdigital import contacts
from dyntui.dotdigital.contacts import Person
from dyntui.model.moments import EPOCH
from dyntui.model.opt_in import CODE_OF, CODES, COLUMN, OptIn, opt_in_of, said
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.store import outcomes
from dyntui.sync import feeds, odd_answers, record_columns
from dyntui.sync.connections import Connections
from dyntui.sync.having_address import pages_having
from dyntui.sync.record_columns import TABLES, ColumnChange
from dyntui.sync.run_context import RunContext

_ITEM = _FEED = "opt-in"


class _Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"address": "emailaddress1", "name": "fullname", "opt_in": COLUMN, "etag": "@odata.etag"},
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


async def run(ctx: RunContext, connections: Connections) -> None:
    """The contacts that changed since the last run: the records with their addresses get what is stronger than they
    have."""
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(_ITEM, kind="feed", name="Opt-in status", place=0)
    until = await feeds.server_time(dd)
    since = await feeds.since(ctx, ctx.account_id, _FEED)
    done, number, whole = 0, 0, True
    async for page in contacts.contact_pages(dd, modified_since=None if since == EPOCH else since, takes_odd=True):
        odd = odd_answers.unreadable(page.odd, f"{number}/")
        await ctx.write(lambda c: outcomes.record(c, ctx.run_id, _ITEM, odd))  # noqa: B023 - awaited here
        whole = await _page(ctx, dv, page.rows) and whole
        done, number = done + len(page.rows), number + 1
        await ctx.save(ctx.cursor, stage="Reading opt-in types", done=done)
        if page.repeats:
            whole = False
            await odd_answers.name_repeating(ctx, _ITEM, "contacts")
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
        told = opt_in_of(channel.opt_in_type) if channel and channel.opt_in_type else OptIn.UNKNOWN
        address = normalise(each.email)
        if told is None and channel is not None:
            unknown.append(
                PersonOutcome(
                    person=str(each.contact_id),
                    address=address,
                    outcome=Outcome.REJECTED,
                    reason="UNKNOWN",
                    detail=f"opt-in type {channel.opt_in_type[:60]!r}",
                )
            )
        elif told and address:
            wanted[address] = told
    await ctx.write(lambda c: outcomes.record(c, ctx.run_id, _ITEM, unknown))
    whole = True
    for entity in TABLES:
        whole = await _raise(ctx, dv, entity, wanted) and whole
    return whole


async def _raise(ctx: RunContext, dv: Dataverse, entity: Entity, wanted: dict[str, OptIn]) -> bool:
    table = TABLES[entity]
    select = (table.key, "emailaddress1", "fullname", COLUMN)
    weaker: list[ColumnChange] = []
    same: list[PersonOutcome] = []
    pages = pages_having(
        ctx,
        dv,
        table.entity_set,
        _Record,
        list(wanted),
        lambda row: row.address,
        select=select,
        orderby=(table.key,),
    )
    async for page in pages:
        for each in page:
            after, before = wanted[normalise(each.address)], CODES.get(each.opt_in or 0, OptIn.UNKNOWN)
            columns = {COLUMN: each.opt_in}, {COLUMN: CODE_OF[after]}
            change = ColumnChange(
                entity=entity,
                id=each.id,
                etag=each.etag,
                name=each.name or "",
                address=normalise(each.address),
                before=columns[0],
                after=columns[1],
                said=said(*columns),
            )
            if after > before and COLUMN not in each.odd:
                weaker.append(change)
            else:
                same.append(record_columns.outcome_of(change, Outcome.UNCHANGED, before.title))
    return not await record_columns.write(ctx, dv, _ITEM, entity, weaker, same, stage="Writing opt-in types")
