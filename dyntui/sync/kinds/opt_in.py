"""Opt-in types from dotdigital to the contacts and leads in Dynamics: never lowered, whichever account says less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import literal
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dotdigital import contacts
from dyntui.dotdigital.contacts import Person
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.model.opt_in import CODE_OF, CODES, COLUMN, OptIn, opt_in_of, said
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, is_address, normalise
from dyntui.model.reasons import reason_of_status
from dyntui.store import outcomes, watermarks
from dyntui.sync import feeds, odd_answers, record_columns
from dyntui.sync.asked import Asked
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
    """The contacts and the records that changed since the last run: records get what is stronger than they have."""
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
    for entity in TABLES:
        await _changed_records(ctx, dv, dd, entity)
    await ctx.end_item(_ITEM)


async def _changed_records(ctx: RunContext, dv: Dataverse, dd: Dotdigital, entity: Entity) -> None:
    """Records that changed since this was asked last may have taken the address of somebody who agreed long ago."""
    feed = f"{_FEED}/{entity.value}"
    since = moment_of(await ctx.read(lambda c: watermarks.get(c, ctx.account_id, feed)))
    question = Asked(dv, ctx.moment())
    whole = True
    # Nothing was asked before: all contacts have just been read, and all records with their addresses.
    if since is not None:
        table = TABLES[entity]
        weaker = f"({COLUMN} eq null or {COLUMN} lt {CODE_OF[OptIn.VERIFIED_DOUBLE]})"
        changed = f"modifiedon ge {literal(since - feeds.OVERLAP)} and emailaddress1 ne null and {weaker}"
        async for page in dv_rows.pages(
            dv, table.entity_set, _Record, select=_select(entity), filter=changed, orderby=(table.key,)
        ):
            # One that is no address would make dotdigital refuse the others with it.
            asked = sorted({each for row in page.rows if is_address(each := normalise(row.address))})
            found = (
                await contacts.retrieve_contacts(dd, emails=asked, takes_odd=True) if asked else contacts.Retrieved()
            )
            told = {
                normalise(each.email): opt_in_of(each.opt_in_type)
                for each in found.contacts
                if not _is_pending(each.status)
            }
            wanted = {address: each for address, each in told.items() if each}
            whole = await _write(ctx, dv, entity, page.rows, wanted, only_changed=True) and whole
    if whole:
        await ctx.write(lambda c: watermarks.put(c, ctx.account_id, feed, text_of(question.on)))


async def _page(ctx: RunContext, dv: Dataverse, rows: Sequence[Person]) -> bool:
    """Whether everything that is stronger was written."""
    wanted: dict[str, OptIn] = {}
    others: list[PersonOutcome] = []
    for each in rows:
        channel = each.channel_properties.email if each.channel_properties else None
        told = opt_in_of(channel.opt_in_type) if channel and channel.opt_in_type else OptIn.UNKNOWN
        address = normalise(each.email)
        named = PersonOutcome(person=str(each.contact_id), address=address, outcome=Outcome.EXCLUDED)
        if told is None and channel is not None:
            detail = f"opt-in type {channel.opt_in_type[:60]!r}"
            others.append(msgspec.structs.replace(named, outcome=Outcome.REJECTED, reason="UNKNOWN", detail=detail))
        elif told and _is_pending(each.email_status):
            others.append(msgspec.structs.replace(named, reason="PENDING_OPT_IN", detail=told.title))
        elif told and address:
            wanted[address] = told
    await ctx.write(lambda c: outcomes.record(c, ctx.run_id, _ITEM, others))
    whole = True
    for entity in TABLES:
        whole = await _raise(ctx, dv, entity, wanted) and whole
    return whole


def _is_pending(status: str) -> bool:
    """Whether somebody was asked to confirm and has not: their contact shows already what they would agree to
    (dotdigital_api.md 3.3)."""
    return reason_of_status(status) == "PENDING_OPT_IN"


async def _raise(ctx: RunContext, dv: Dataverse, entity: Entity, wanted: dict[str, OptIn]) -> bool:
    table = TABLES[entity]
    pages = pages_having(
        ctx,
        dv,
        table.entity_set,
        _Record,
        list(wanted),
        lambda row: row.address,
        select=_select(entity),
        orderby=(table.key,),
    )
    return await _write(ctx, dv, entity, [each async for page in pages for each in page], wanted)


def _select(entity: Entity) -> tuple[str, ...]:
    return (TABLES[entity].key, "emailaddress1", "fullname", COLUMN)


async def _write(
    ctx: RunContext,
    dv: Dataverse,
    entity: Entity,
    rows: Sequence[_Record],
    wanted: Mapping[str, OptIn],
    *,
    only_changed: bool = False,
) -> bool:
    """Whether everything that is stronger was written. `only_changed`: records that stay as they are are not told
    of."""
    weaker: list[ColumnChange] = []
    same: list[PersonOutcome] = []
    for each in rows:
        after, before = wanted.get(normalise(each.address)), CODES.get(each.opt_in or 0, OptIn.UNKNOWN)
        if after is None:
            continue
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
        if COLUMN in each.odd or (each.opt_in is not None and each.opt_in not in CODES):
            # It may be stronger than any type that is known.
            detail = f"in Dynamics: {COLUMN} {'cannot be read' if each.opt_in is None else each.opt_in}"
            same.append(record_columns.outcome_of(change, Outcome.REJECTED, detail, "ODD_ROW"))
        elif after > before:
            weaker.append(change)
        elif not only_changed:
            same.append(record_columns.outcome_of(change, Outcome.UNCHANGED, before.title))
    weaker, undone = await record_columns.without_undone(ctx, _ITEM, entity, weaker)
    if not only_changed:
        detail = "its opt-in type was undone: it stays until there is another one"
        same += [record_columns.outcome_of(each, Outcome.UNCHANGED, detail) for each in undone]
    return not await record_columns.write(ctx, dv, _ITEM, entity, weaker, same, stage="Writing opt-in types")
