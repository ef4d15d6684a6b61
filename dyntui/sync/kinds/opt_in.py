"""Opt-in types from dotdigital to the contacts and leads in Dynamics: never lowered, whichever account says less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

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
from dyntui.store import applied_changes, outcomes, watermarks
from dyntui.store.applied_changes import Place
from dyntui.sync import asked, feeds, odd_answers, record_columns
from dyntui.sync.asked import Asked
from dyntui.sync.connections import Connections
from dyntui.sync.having_address import pages_having
from dyntui.sync.record_columns import TABLES, ColumnChange
from dyntui.sync.run_context import RunContext

_ITEM = _FEED = "opt-in"
# Opt-in types of which no modification was told are found by reading all of them.
_WHOLE_EVERY = timedelta(days=7)
# The records that Dynamics has refused, by their ids; so many at most wait for the next run.
_WAITING = "refused"
_MOST_WAITING = 1000
_WRITING = "Writing opt-in types"
_Refused = dict[Entity, set[str]]


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
    """The contacts and the records that changed since the last run: records get what is stronger than they have. Once a
    week all contacts, as nobody says that another opt-in type makes a contact a changed one."""
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(_ITEM, kind="feed", name="Opt-in status", place=0)
    until = await feeds.server_time(dd)
    first = await feeds.mark(ctx, ctx.account_id, _FEED) == EPOCH
    window = await feeds.window(ctx, ctx.account_id, _FEED, until, whole_every=_WHOLE_EVERY)
    for entity in TABLES:
        await asked.begin(ctx, dv, ctx.account_id, _changes(entity))
    done, number, repeats = 0, 0, False
    refused: _Refused = {entity: set() for entity in TABLES}
    since = None if window.whole else window.since
    async for page in contacts.contact_pages(dd, modified_since=since, takes_odd=True):
        odd = odd_answers.unreadable(page.odd, f"{number}/")
        await ctx.write(lambda c: outcomes.record(c, ctx.run_id, _ITEM, odd))  # noqa: B023 - awaited here
        # Who was told of before is not mentioned each week.
        await _page(ctx, dv, page.rows, refused, only_changed=window.whole and not first)
        done, number = done + len(page.rows), number + 1
        await ctx.save(ctx.cursor, stage="Reading opt-in types", done=done)
        if page.repeats:
            repeats = True
            await odd_answers.name_repeating(ctx, _ITEM, "contacts")
    for entity in TABLES:
        await _changed_records(ctx, dv, dd, entity, refused[entity])
    # What was not written is looked at again: by its records, or, where they are too many, all that was read.
    if not repeats and all(len(each) <= _MOST_WAITING for each in refused.values()):
        await feeds.advance(ctx, ctx.account_id, _FEED, until, whole=window.whole)
    await ctx.end_item(_ITEM)


def _changes(entity: Entity) -> str:
    return f"{_FEED}/{entity.value}"


async def _changed_records(ctx: RunContext, dv: Dataverse, dd: Dotdigital, entity: Entity, refused: set[str]) -> None:
    """Records that changed since this was asked last may have taken the address of somebody who agreed long ago. With
    them those that Dynamics has `refused` (ids), in this run or the last one, and those that the run was writing when
    it was interrupted."""
    feed, table = _changes(entity), TABLES[entity]
    since = moment_of(await ctx.read(lambda c: watermarks.get(c, ctx.account_id, feed))) or EPOCH
    before = await ctx.read(lambda c: watermarks.get(c, ctx.account_id, f"{feed}/{_WAITING}"))
    place = Place(ctx.run_id, _ITEM, entity.value)
    begun = await ctx.read(lambda c: applied_changes.all_begun(c, place))
    waiting = {*before.split(), *refused, *begun}
    question = Asked(dv, ctx.moment())
    refused.clear()
    weaker = f"({COLUMN} eq null or {COLUMN} lt {CODE_OF[OptIn.VERIFIED_DOUBLE]})"
    how: dict[str, Any] = {"select": _select(entity), "orderby": (table.key,)}
    changed = f"modifiedon ge {literal(since - feeds.OVERLAP)} and emailaddress1 ne null and {weaker}"
    async for page in dv_rows.pages(dv, table.entity_set, _Record, filter=changed, **how):
        refused |= await _tell(ctx, dv, dd, entity, page.rows)
        waiting -= {each.id for each in page.rows}
    async for page in dv_rows.pages_where_any(dv, table.entity_set, _Record, table.key, sorted(waiting), **how):
        refused |= await _tell(ctx, dv, dd, entity, page.rows)

    def keep(c: Connection) -> None:
        watermarks.put(c, ctx.account_id, f"{feed}/{_WAITING}", " ".join(sorted(refused)))
        watermarks.put(c, ctx.account_id, feed, text_of(question.on))

    # Of more the mark stays where it is.
    if len(refused) <= _MOST_WAITING:
        await ctx.write(keep)


async def _tell(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, entity: Entity, rows: Sequence[_Record]
) -> frozenset[str]:
    """Tells records what dotdigital says of their addresses now, unless the run has told them already, with the same
    address: what it writes changes them. The ids of those that were not written."""
    people = [each.id for each in rows]
    done = await ctx.read(lambda c: outcomes.done_of(c, ctx.run_id, _ITEM, people))
    rows = [each for each in rows if done.get(each.id) != normalise(each.address)]
    # One that is no address would make dotdigital refuse the others with it.
    addresses = sorted({each for row in rows if is_address(each := normalise(row.address))})
    if not addresses:
        return frozenset()
    found = await contacts.retrieve_contacts(dd, emails=addresses, takes_odd=True)
    told = {
        normalise(each.email): opt_in_of(each.opt_in_type) for each in found.contacts if not _is_pending(each.status)
    }
    wanted = {address: each for address, each in told.items() if each}
    return await _write(ctx, dv, entity, rows, wanted, only_changed=True)


async def _page(
    ctx: RunContext, dv: Dataverse, rows: Sequence[Person], refused: _Refused, *, only_changed: bool
) -> None:
    """Writes what is stronger; the ids of records that were not written are `refused` from here on."""
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
    for entity in TABLES:
        refused[entity] |= await _raise(ctx, dv, entity, wanted, only_changed=only_changed)


def _is_pending(status: str) -> bool:
    """Whether somebody was asked to confirm and has not: their contact shows already what they would agree to
    (dotdigital_api.md 3.3)."""
    return reason_of_status(status) == "PENDING_OPT_IN"


async def _raise(
    ctx: RunContext, dv: Dataverse, entity: Entity, wanted: dict[str, OptIn], *, only_changed: bool
) -> frozenset[str]:
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
    rows = [each async for page in pages for each in page]
    return await _write(ctx, dv, entity, rows, wanted, only_changed=only_changed)


def _select(entity: Entity) -> tuple[str, ...]:
    return (TABLES[entity].key, "emailaddress1", "fullname", COLUMN)


async def _write(
    ctx: RunContext,
    dv: Dataverse,
    entity: Entity,
    rows: Sequence[_Record],
    wanted: Mapping[str, OptIn],
    *,
    only_changed: bool,
) -> frozenset[str]:
    """Writes what is stronger; the ids of records that were not written. `only_changed`: records that stay as they are
    are not told of."""
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
        else:
            same.append(record_columns.outcome_of(change, Outcome.UNCHANGED, before.title))
    weaker, undone = await record_columns.without_undone(ctx, _ITEM, entity, weaker)
    detail = "its opt-in type was undone: it stays until there is another one"
    same += [record_columns.outcome_of(each, Outcome.UNCHANGED, detail) for each in undone]
    return await record_columns.write(ctx, dv, _ITEM, entity, weaker, same, stage=_WRITING, only_changed=only_changed)
