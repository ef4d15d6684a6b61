"""`donotbulkemail` in Dynamics, on every contact and lead whose address is suppressed.

Records are found by the addresses that were suppressed lately, and among those that changed since the last look: one
that takes a suppressed address later, or whose flag was taken back meanwhile, is set in the next run, and a run with
nothing new writes nothing. Spellings are compared here: how Dynamics compares is a setting of its database.
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
from dyntui.model.moments import dated
from dyntui.model.people import Entity
from dyntui.store import flags, watermarks
from dyntui.store import suppressions as suppression_store
from dyntui.store.flags import FlagSet
from dyntui.sync import written_consent
from dyntui.sync.having_address import spelt_otherwise
from dyntui.sync.run_context import RunContext

TABLES = {
    Entity.CONTACT: bulk.Table("contacts", "contact", "contactid"),
    Entity.LEAD: bulk.Table("leads", "lead", "leadid"),
}
# Either way of comparing empty columns is right with it.
_NOT_SET = differs("donotbulkemail", True)
# A transaction may show its rows later than their `modifiedon` says.
_OVERLAP = timedelta(minutes=15)

Refused = dict[str, DataverseError]


class _Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"address": "emailaddress1", "changed_on": "modifiedon", "name": "fullname"},
):
    contactid: str = ""
    leadid: str = ""
    address: str | None = None
    changed_on: datetime | None = None
    name: str | None = None

    @property
    def id(self) -> str:
        return self.contactid or self.leadid


async def set_for(ctx: RunContext, dv: Dataverse, addresses: Sequence[str]) -> Refused:
    """Sets the flag of every record with one of these addresses, as Dynamics compares them; whom it refused, by
    address."""
    refused: Refused = {}
    for entity, table in TABLES.items():
        having = await _having(dv, table, addresses)
        refused |= await _set(ctx, dv, entity, {row.id: address for row, address in having})
    return refused


async def _having(dv: Dataverse, table: bulk.Table, addresses: Sequence[str]) -> list[tuple[_Record, str]]:
    """The records with one of these addresses whose flag is not set, each with its address."""
    found: list[tuple[_Record, str]] = []
    meant = frozenset(addresses)
    async for page in dv_rows.pages_where_any(
        dv,
        table.entity_set,
        _Record,
        "emailaddress1",
        addresses,
        select=(table.key, "emailaddress1", "fullname"),
        filter=_NOT_SET,
        orderby=(table.key,),
    ):
        for row in page.rows:
            found += [(row, address) for address in addresses_in(row.address) if address in meant]
    return found


class ToSet(msgspec.Struct, frozen=True, kw_only=True):
    """A record whose flag is to be set, for a suppressed address that it has."""

    entity: Entity
    person: str
    name: str
    address: str


async def to_be_set(ctx: RunContext, dv: Dataverse, addresses: Sequence[str]) -> list[ToSet]:
    """Whose flags `set_for` and `set_for_changed` would set, once these addresses are suppressed; nothing is."""
    found: dict[str, ToSet] = {}
    otherwise = await spelt_otherwise(ctx, dv) if addresses else ""
    for entity, table in TABLES.items():
        having = await _having(dv, table, addresses) if addresses else []
        async for page in _changed_pages(ctx, dv, table, otherwise):
            having += list((await _suppressed(ctx, page, addresses)).values())
        for row, address in having:
            found.setdefault(row.id, ToSet(entity=entity, person=row.id, name=row.name or "", address=address))
    return list(found.values())


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
    """Notes from where on changed records are to be looked at, before the first suppressions are told."""
    for table in TABLES.values():
        if not await ctx.read(lambda c: watermarks.get(c, "", _mark(table))):  # noqa: B023 - awaited here
            now = ctx.moment()
            newest = await dv_rows.find_rows(
                dv,
                table.entity_set,
                _Record,
                select=(table.key, "modifiedon"),
                filter=f"modifiedon le {moment(now)}",
                orderby=("modifiedon desc",),
                top=1,
            )
            since = dated(newest[0].changed_on, now) if newest else None
            if since is not None:
                await ctx.write(lambda c: watermarks.put(c, "", _mark(table), moment(since)))  # noqa: B023


def _mark(table: bulk.Table) -> str:
    return f"{table.logical_name}/modifiedon"


async def _set_for_changed(
    ctx: RunContext, dv: Dataverse, entity: Entity, table: bulk.Table, otherwise: str
) -> Refused:
    refused: Refused = {}
    mark = await ctx.read(lambda c: watermarks.get(c, "", _mark(table)))
    since = datetime.fromisoformat(mark) if mark else None
    async for page in _changed_pages(ctx, dv, table, otherwise):
        found = {row: address for row, (_, address) in (await _suppressed(ctx, page)).items()}
        refused |= await _set(ctx, dv, entity, found)
        times = (dated(row.changed_on, ctx.moment()) for row in page)
        since = max((each for each in (since, *times) if each), default=None)
    if since is not None and (latest := moment(since)) != mark:
        await ctx.write(lambda c: watermarks.put(c, "", _mark(table), latest))
    return refused


async def _changed_pages(
    ctx: RunContext, dv: Dataverse, table: bulk.Table, otherwise: str
) -> AsyncIterator[Sequence[_Record]]:
    """Records without the flag that changed since the last look, and those of the condition `otherwise`."""
    mark = await ctx.read(lambda c: watermarks.get(c, "", _mark(table)))
    changed = f"modifiedon ge {moment(datetime.fromisoformat(mark) - _OVERLAP)}" if mark else ""
    looked_at = " or ".join(each for each in (changed, otherwise) if each)
    if not looked_at:
        return
    async for page in dv_rows.pages(
        dv,
        table.entity_set,
        _Record,
        select=(table.key, "emailaddress1", "modifiedon", "fullname"),
        filter=f"emailaddress1 ne null and {_NOT_SET} and ({looked_at})",
        orderby=(table.key,),
    ):
        yield page.rows


async def _suppressed(
    ctx: RunContext, page: Sequence[_Record], besides: Sequence[str] = ()
) -> dict[str, tuple[_Record, str]]:
    """Those of the records with an address that some account suppresses, or that is among those `besides`: by id, with
    that address."""
    named = {row.id: (row, addresses_in(row.address)) for row in page}
    mentioned = sorted({address for _, several in named.values() for address in several})
    known = await ctx.read(functools.partial(suppression_store.suppressed_among, addresses=mentioned))
    known = {*known, *(each for each in besides if each in mentioned)}
    return {
        key: (row, next(each for each in several if each in known))
        for key, (row, several) in named.items()
        if known & set(several)
    }


async def _set(ctx: RunContext, dv: Dataverse, entity: Entity, found: Mapping[str, str]) -> Refused:
    """Record id -> the suppressed address that it has."""
    if not found:
        return {}
    table = TABLES[entity]
    results = await bulk.update_many(dv, table, [{table.key: each, "donotbulkemail": True} for each in found])
    answered = list(zip(found.items(), results, strict=True))
    done = [FlagSet(entity, each, address) for (each, address), result in answered if result.error is None]
    await ctx.write(functools.partial(_remember, ctx=ctx, done=done))
    # A row that is gone by now needs no opt-out.
    return {
        address: result.error
        for (_, address), result in answered
        if result.error is not None and result.error.platform_code not in GONE
    }


def _remember(c: Connection, ctx: RunContext, done: Sequence[FlagSet]) -> None:
    flags.remember(c, done, ctx.now())
    written_consent.flagged(c, ctx, done, flag=True)


def _forget(c: Connection, ctx: RunContext, entity: Entity, settled: Mapping[str, str], taken: Sequence[str]) -> None:
    """`settled`: records whose flag is dyntui's no more, with their addresses; `taken`: whose it was taken back."""
    flags.forget(c, list(settled))
    written_consent.flagged(c, ctx, [FlagSet(entity, each, settled[each]) for each in taken], flag=False)


async def to_be_taken_back(ctx: RunContext, dv: Dataverse, addresses: Sequence[str]) -> list[ToSet]:
    """Whose flags `take_back` would take back; nothing is."""
    ours = await ctx.read(lambda c: flags.of_addresses(c, addresses))
    found: list[ToSet] = []
    for entity, table in TABLES.items():
        mine = {each.person_id: each.address for each in ours if each.entity == entity}
        for row in await _flagged(dv, table, mine):
            found.append(ToSet(entity=entity, person=row.id, name=row.name or "", address=mine[row.id]))
    return found


async def _flagged(dv: Dataverse, table: bulk.Table, mine: Mapping[str, str]) -> list[_Record]:
    """Those of the records (id -> address) that have that address still, and the flag."""
    found: list[_Record] = []
    if not mine:
        return found
    async for page in dv_rows.pages_where_any(
        dv,
        table.entity_set,
        _Record,
        table.key,
        list(mine),
        select=(table.key, "emailaddress1", "fullname"),
        filter="donotbulkemail eq true",
        orderby=(table.key,),
    ):
        found += [row for row in page.rows if mine[row.id] in addresses_in(row.address)]
    return found


async def take_back(ctx: RunContext, dv: Dataverse, addresses: Sequence[str]) -> Refused:
    """Takes back the flags that were set for these addresses, which no account suppresses any more. A record that has
    another address by now, or whose flag was not set by dyntui, is left alone."""
    refused: Refused = {}
    ours = await ctx.read(lambda c: flags.of_addresses(c, addresses))
    for entity, table in TABLES.items():
        mine = {each.person_id: each.address for each in ours if each.entity == entity}
        if not mine:
            continue
        having = [row.id for row in await _flagged(dv, table, mine)]
        results = await bulk.update_many(dv, table, [{table.key: each, "donotbulkemail": False} for each in having])
        failed = {
            each: result.error
            for each, result in zip(having, results, strict=True)
            if result.error is not None and result.error.platform_code not in GONE
        }
        refused |= {mine[each]: error for each, error in failed.items()}
        settled = {each: address for each, address in mine.items() if each not in failed}
        taken = [each for each, result in zip(having, results, strict=True) if result.error is None]
        await ctx.write(functools.partial(_forget, ctx=ctx, entity=entity, settled=settled, taken=taken))
    return refused
