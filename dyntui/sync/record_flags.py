"""What suppressions set on contacts and leads in Dynamics: `donotbulkemail`, `donotemail`, both or nothing, as the
email account wants it that suppresses the address; of several accounts what any of them wants.

Where nothing is set, the store keeps who has the address: who said no stays out with whatever address they take next.
Records are found by the addresses that were suppressed lately, and among those that changed since the last look: one
that takes a suppressed address later, or whose flag was taken back meanwhile, is set in the next run, and a run with
nothing new writes nothing. Spellings are compared here: how Dynamics compares is a setting of its database.
That they are taken back: `dyntui.sync.flags_taken_back`.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import GONE, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import differs, moment
from dyntui.model.mentioned import addresses_in
from dyntui.model.moments import dated, moment_of, text_of
from dyntui.model.people import Entity
from dyntui.model.suppression_flags import BULK_EMAIL, EMAIL
from dyntui.store import accounts, flags, watermarks
from dyntui.store.flags import FlagSet
from dyntui.sync import written_consent
from dyntui.sync.having_address import spelt_otherwise
from dyntui.sync.run_context import RunContext

TABLES = {
    Entity.CONTACT: bulk.Table("contacts", "contact", "contactid"),
    Entity.LEAD: bulk.Table("leads", "lead", "leadid"),
}
# A transaction may show its rows later than their `modifiedon` says.
_OVERLAP = timedelta(minutes=15)

Refused = dict[str, DataverseError]
# Suppressed address -> the columns that its accounts want set.
Wanted = Mapping[str, frozenset[str]]


class Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "address": "emailaddress1",
        "changed_on": "modifiedon",
        "changed_by": "_modifiedby_value",
        "name": "fullname",
    },
):
    """A contact or a lead, with its flags and when somebody changed it last."""

    contactid: str = ""
    leadid: str = ""
    address: str | None = None
    changed_on: datetime | None = None
    changed_by: str | None = None
    name: str | None = None
    donotemail: bool | None = None
    donotbulkemail: bool | None = None

    @property
    def id(self) -> str:
        return self.contactid or self.leadid

    @property
    def flags(self) -> frozenset[str]:
        """Those that are set."""
        held = {BULK_EMAIL: self.donotbulkemail, EMAIL: self.donotemail}
        return frozenset(each for each, is_set in held.items() if is_set)


def columns_of(table: bulk.Table, *more: str) -> tuple[str, ...]:
    """What is asked for of a table's records, to be read as `Record`."""
    return (table.key, "emailaddress1", "fullname", EMAIL, BULK_EMAIL, *more)


def _lacking(columns: frozenset[str]) -> str:
    """The condition for records on which one of the columns is not set; `differs` is right however empty ones compare.
    Where nothing is to be set, who has opted out otherwise needs no looking at."""
    return f"({' or '.join(differs(each, True) for each in sorted(columns or {BULK_EMAIL}))})"


class _Found(msgspec.Struct, frozen=True):
    """A record with suppressed addresses. `missing`: the columns to be set, each with the address that wants it."""

    record: Record
    addresses: tuple[str, ...]
    missing: Mapping[str, str]
    flagged: bool


def _found(row: Record, wanted: Wanted) -> _Found | None:
    """None where none of the record's addresses is suppressed."""
    addresses = tuple(each for each in addresses_in(row.address) if each in wanted)
    if not addresses:
        return None
    asked = {column: each for each in reversed(addresses) for column in wanted[each]}
    missing = {column: each for column, each in sorted(asked.items()) if column not in row.flags}
    return _Found(row, addresses, missing, flagged=bool(asked))


async def set_for(ctx: RunContext, dv: Dataverse, addresses: Sequence[str]) -> Refused:
    """Sets the flag of every record with one of these addresses, as Dynamics compares them; whom it refused, by
    address."""
    refused: Refused = {}
    wanted = await ctx.read(functools.partial(flags.wanted, addresses=addresses))
    for entity, table in TABLES.items():
        refused |= await _set(ctx, dv, entity, await _having(dv, table, wanted))
    return refused


async def _having(dv: Dataverse, table: bulk.Table, wanted: Wanted) -> list[_Found]:
    """The records with one of these addresses that lack a flag."""
    found: list[_Found] = []
    if not wanted:
        return found
    async for page in dv_rows.pages_where_any(
        dv,
        table.entity_set,
        Record,
        "emailaddress1",
        list(wanted),
        select=columns_of(table),
        filter=_lacking(frozenset[str]().union(*wanted.values())),
        orderby=(table.key,),
    ):
        found += [each for row in page.rows if (each := _found(row, wanted)) is not None]
    return found


class ToSet(msgspec.Struct, frozen=True, kw_only=True):
    """A record whose flags are to be set, or taken back, for a suppressed address that it has."""

    entity: Entity
    person: str
    name: str
    address: str
    columns: tuple[str, ...]


async def to_be_set(ctx: RunContext, dv: Dataverse, account_id: str, addresses: Sequence[str]) -> list[ToSet]:
    """Whose flags `set_for` and `set_for_changed` would set, once the account suppresses these; nothing is."""
    found: dict[str, ToSet] = {}
    otherwise = await spelt_otherwise(ctx, dv) if addresses else ""
    there = await ctx.read(functools.partial(flags.wanted, addresses=addresses))
    here = await ctx.read(functools.partial(flags.of_account, account_id=account_id))
    wanted = {each: there.get(each, frozenset()) | here for each in addresses}
    for entity, table in TABLES.items():
        having = await _having(dv, table, wanted)
        async for page in _changed_pages(ctx, dv, table, otherwise):
            having += await _suppressed(ctx, page, wanted)
        for each in having:
            if each.missing:
                found.setdefault(each.record.id, _to_set(entity, each))
    return list(found.values())


def _to_set(entity: Entity, each: _Found) -> ToSet:
    return ToSet(
        entity=entity,
        person=each.record.id,
        name=each.record.name or "",
        address=next(iter(each.missing.values())),
        columns=tuple(each.missing),
    )


async def set_for_changed(ctx: RunContext, dv: Dataverse, *, however_spelt: bool) -> Refused:
    """Sets the flag of every record that changed since the last look and whose address some account suppresses.

    With `however_spelt` all records are looked at that `set_for` cannot find by their address.
    """
    refused: Refused = {}
    otherwise = await spelt_otherwise(ctx, dv) if however_spelt else ""
    for entity, table in TABLES.items():
        refused |= await _set_for_changed(ctx, dv, entity, table, otherwise)
    return refused


async def begin(ctx: RunContext, dv: Dataverse) -> None:
    """Notes from where on changed records are to be looked at, before the first suppressions are told; and which flags
    an earlier run had set that did not come to say so."""
    await _settle_begun(ctx, dv)
    for table in TABLES.values():
        if not await ctx.read(lambda c: watermarks.get(c, "", _mark(table))):  # noqa: B023 - awaited here
            now = ctx.moment()
            newest = await dv_rows.find_rows(
                dv,
                table.entity_set,
                Record,
                select=(table.key, "modifiedon"),
                filter=f"modifiedon le {moment(now)}",
                orderby=("modifiedon desc",),
                top=1,
            )
            since = dated(newest[0].changed_on, now) if newest else None
            if since is not None:
                await ctx.write(lambda c: watermarks.put(c, "", _mark(table), moment(since)))  # noqa: B023


async def _settle_begun(ctx: RunContext, dv: Dataverse) -> None:
    """Of flags that a run was about to set when it was ended: dyntui's own is what is set on a record that nobody has
    changed since. What somebody else may have set is never taken back."""
    waiting = await ctx.read(flags.begun)
    organisation = await ctx.read(accounts.organisation)
    if not waiting or organisation is None:
        return
    ours: list[FlagSet] = []
    for entity, table in TABLES.items():
        mine = [each for each in waiting if each[0].entity == entity]
        select, ids = columns_of(table, "modifiedon", "_modifiedby_value"), {each.person_id for each, _ in mine}
        async for page in dv_rows.pages_where_any(
            dv, table.entity_set, Record, table.key, sorted(ids), select=select, orderby=(table.key,)
        ):
            for row in page.rows:
                by_us = (row.changed_by or "").lower() == organisation.service_user_id.lower()
                ours += [
                    each
                    for each, when in mine
                    if by_us and each.person_id == row.id and each.flag in row.flags and _at_once(row, when)
                ]

    def settle(c: Connection) -> None:
        _remember(c, ctx, ours)
        flags.not_set(c, [each for each, _ in waiting])

    await ctx.write(settle)


def _at_once(row: Record, when: str) -> bool:
    about = moment_of(when)
    return about is not None and row.changed_on is not None and row.changed_on <= about + _OVERLAP


def _mark(table: bulk.Table) -> str:
    return f"{table.logical_name}/modifiedon"


async def _set_for_changed(
    ctx: RunContext, dv: Dataverse, entity: Entity, table: bulk.Table, otherwise: str
) -> Refused:
    refused: Refused = {}
    mark = await ctx.read(lambda c: watermarks.get(c, "", _mark(table)))
    since = datetime.fromisoformat(mark) if mark else None
    # What changes while the pages come is found again; without a mark not all that changed before was asked for.
    asked_on = dv.server_time if mark else None
    async for page in _changed_pages(ctx, dv, table, otherwise):
        refused |= await _set(ctx, dv, entity, await _suppressed(ctx, page))
        times = (dated(row.changed_on, ctx.moment()) for row in page)
        since = max((each for each in (since, *times) if each), default=None)
    since = max((each for each in (since, asked_on) if each), default=None)
    if since is not None and (latest := moment(since)) != mark:
        await ctx.write(lambda c: watermarks.put(c, "", _mark(table), latest))
    return refused


async def _changed_pages(
    ctx: RunContext, dv: Dataverse, table: bulk.Table, otherwise: str
) -> AsyncIterator[Sequence[Record]]:
    """Records without the flags that changed since the last look, and those of the condition `otherwise`."""
    mark = await ctx.read(lambda c: watermarks.get(c, "", _mark(table)))
    changed = f"modifiedon ge {moment(datetime.fromisoformat(mark) - _OVERLAP)}" if mark else ""
    looked_at = " or ".join(each for each in (changed, otherwise) if each)
    if not looked_at:
        return
    async for page in dv_rows.pages(
        dv,
        table.entity_set,
        Record,
        select=columns_of(table, "modifiedon"),
        filter=f"emailaddress1 ne null and {_lacking(await ctx.read(flags.in_use))} and ({looked_at})",
        orderby=(table.key,),
    ):
        yield page.rows


async def _suppressed(ctx: RunContext, page: Sequence[Record], besides: Wanted | None = None) -> list[_Found]:
    """Those of the records with an address that some account suppresses, or that is among those `besides`."""
    mentioned = sorted({address for row in page for address in addresses_in(row.address)})
    wanted = {
        **await ctx.read(functools.partial(flags.wanted, addresses=mentioned)),
        **{each: columns for each, columns in (besides or {}).items() if each in mentioned},
    }
    return [each for row in page if (each := _found(row, wanted)) is not None]


async def _set(ctx: RunContext, dv: Dataverse, entity: Entity, found: Sequence[_Found]) -> Refused:
    """Sets what is missing; who has a suppressed address for which nothing is to be set is kept in the store."""
    table = TABLES[entity]
    without = {each.record.id: each.addresses for each in found if not each.flagged}
    if without:
        await ctx.write(functools.partial(flags.had, people=without, now=ctx.now()))
    # A row may stand on two pages.
    missing = {each.record.id: each.missing for each in found if each.missing}
    if not missing:
        return {}
    about_to = [
        FlagSet(entity, key, address, column) for key, columns in missing.items() for column, address in columns.items()
    ]
    # By Dynamics' clock, by which the records say when they were changed.
    now = text_of(dv.server_time or ctx.moment())
    await ctx.write(functools.partial(flags.begin, rows=about_to, now=now))
    results = await bulk.update_many(
        dv, table, [{table.key: key, **dict.fromkeys(columns, True)} for key, columns in missing.items()]
    )
    answered = list(zip(missing.items(), results, strict=True))
    done = [
        FlagSet(entity, key, address, column)
        for (key, columns), result in answered
        if result.error is None
        for column, address in columns.items()
    ]

    def keep(c: Connection) -> None:
        _remember(c, ctx, done)
        flags.not_set(c, about_to)

    await ctx.write(keep)
    # A row that is gone by now needs no opt-out.
    return {
        address: result.error
        for (_, columns), result in answered
        if result.error is not None and result.error.platform_code not in GONE
        for address in columns.values()
    }


def _remember(c: Connection, ctx: RunContext, done: Sequence[FlagSet]) -> None:
    flags.remember(c, done, ctx.now())
    written_consent.flagged(c, ctx, done, flag=True)
