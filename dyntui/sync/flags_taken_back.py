"""What ends when an address is suppressed no more: the flags that dyntui set for it are taken back, of records that
have the address still. What somebody else set, and what stands on a record with another address by now, stays.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import GONE
from dyntui.dataverse.http import Dataverse
from dyntui.model.mentioned import addresses_in
from dyntui.store import flags
from dyntui.store.flags import FlagSet
from dyntui.sync import written_consent
from dyntui.sync.record_flags import TABLES, Record, Refused, ToSet, columns_of
from dyntui.sync.run_context import RunContext


async def to_be_taken_back(ctx: RunContext, dv: Dataverse, addresses: Sequence[str]) -> list[ToSet]:
    """Whose flags `take_back` would take back; nothing is."""
    ours = await ctx.read(lambda c: flags.of_addresses(c, addresses))
    found: list[ToSet] = []
    for entity, table in TABLES.items():
        having, _ = await _flagged(ctx, dv, table, [each for each in ours if each.entity == entity])
        for row, flagged in having:
            found.append(
                ToSet(
                    entity=entity,
                    person=row.id,
                    name=row.name or "",
                    address=flagged[0].address,
                    columns=tuple(each.flag for each in flagged),
                )
            )
    return found


async def _flagged(
    ctx: RunContext, dv: Dataverse, table: bulk.Table, ours: Sequence[FlagSet]
) -> tuple[list[tuple[Record, list[FlagSet]]], list[FlagSet]]:
    """Those of the records that have the address still, and a flag that was set for it alone; and the flags that
    another address of the record wants, which is suppressed still."""
    found: list[tuple[Record, list[FlagSet]]] = []
    stays: list[FlagSet] = []
    by_record: dict[str, list[FlagSet]] = {}
    for each in ours:
        by_record.setdefault(each.person_id, []).append(each)
    if not ours:
        return found, stays
    async for page in dv_rows.pages_where_any(
        dv,
        table.entity_set,
        Record,
        table.key,
        list(by_record),
        select=columns_of(table),
        filter=f"({' or '.join(f'{each} eq true' for each in sorted({one.flag for one in ours}))})",
        orderby=(table.key,),
    ):
        several = {row.id: addresses_in(row.address) for row in page.rows}
        mentioned = sorted({address for each in several.values() for address in each})
        wanted = await ctx.read(functools.partial(flags.wanted, addresses=mentioned))
        for row in page.rows:
            there = several[row.id]
            still = [each for each in by_record[row.id] if each.address in there and each.flag in row.flags]
            asks = {each.flag: address for address in there for each in still if each.flag in wanted.get(address, ())}
            stays += [msgspec.structs.replace(each, address=asks[each.flag]) for each in still if each.flag in asks]
            if going := [each for each in still if each.flag not in asks]:
                found.append((row, going))
    return found, stays


async def take_back(ctx: RunContext, dv: Dataverse, addresses: Sequence[str]) -> Refused:
    """Takes back the flags that were set for these addresses, which no account suppresses any more. A record that has
    another address by now, or whose flag was not set by dyntui, is left alone."""
    refused: Refused = {}
    ours = await ctx.read(lambda c: flags.of_addresses(c, addresses))
    for entity, table in TABLES.items():
        mine = [each for each in ours if each.entity == entity]
        if not mine:
            continue
        found, stays = await _flagged(ctx, dv, table, mine)
        having = {row.id: flagged for row, flagged in found}
        rows = [
            {table.key: key, **dict.fromkeys((each.flag for each in flagged), False)} for key, flagged in having.items()
        ]
        results = await bulk.update_many(dv, table, rows)
        failed = {
            key: result.error
            for key, result in zip(having, results, strict=True)
            if result.error is not None and result.error.platform_code not in GONE
        }
        refused |= {each.address: error for key, error in failed.items() for each in having[key]}
        settled = [each for each in mine if each.person_id not in failed]
        taken = [
            each
            for (_, flagged), result in zip(having.items(), results, strict=True)
            if result.error is None
            for each in flagged
        ]
        await ctx.write(functools.partial(_forget, ctx=ctx, settled=settled, taken=taken, stays=stays))
    return refused


def _forget(
    c: Connection, ctx: RunContext, settled: Sequence[FlagSet], taken: Sequence[FlagSet], stays: Sequence[FlagSet]
) -> None:
    """`settled`: flags that are dyntui's no more; `taken`: those that were taken back; `stays`: those that stand for
    another address now."""
    flags.forget(c, settled)
    flags.remember(c, stays, ctx.now())
    written_consent.flagged(c, ctx, taken, flag=False)
