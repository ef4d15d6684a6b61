"""The records of Dynamics that have the addresses which dotdigital names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import literal
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.model.matching import Candidate, winners
from dyntui.model.moments import moment_of, text_of
from dyntui.model.people import Entity, is_address, normalise
from dyntui.store import watermarks
from dyntui.sync import feeds
from dyntui.sync.record_columns import TABLES
from dyntui.sync.run_context import RunContext


class _Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"address": "emailaddress1", "name": "fullname", "state": "statecode", "created_on": "createdon"},
):
    contactid: str = ""
    leadid: str = ""
    address: str | None = None
    name: str | None = None
    state: Whole | None = None
    created_on: str | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


class _Address(msgspec.Struct, frozen=True):
    emailaddress1: str | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


async def records(dv: Dataverse, addresses: Sequence[str]) -> dict[str, Candidate]:
    """One contact or lead for each of the (normalised) addresses that has any: see `dyntui.model.matching`."""
    wanted = sorted({each for each in addresses if is_address(each)})
    found: list[Candidate] = []
    for entity, table in TABLES.items():
        select = (table.key, "emailaddress1", "fullname", "statecode", "createdon")
        async for page in dv_rows.pages_where_any(
            dv, table.entity_set, _Record, "emailaddress1", wanted, select=select, orderby=(table.key,)
        ):
            found += [_candidate(entity, each) for each in page.rows]
    return winners(found)


def _candidate(entity: Entity, each: _Record) -> Candidate:
    return Candidate(
        entity=entity,
        id=each.contactid or each.leadid,
        name=each.name or "",
        address=normalise(each.address),
        active=each.state == 0,
        created_on=each.created_on or "",
    )


async def changed_addresses(ctx: RunContext, dv: Dataverse, feed: str) -> AsyncIterator[list[str]]:
    """The addresses of contacts and leads that are new, or changed otherwise, since this was asked last under the name
    of the `feed`; nobody's the first time. What is done with a page has to be stored before the next one is asked for:
    with the last one the mark moves."""
    for entity, table in TABLES.items():
        name = f"{feed}/{entity.value}"
        since = moment_of(await ctx.read(lambda c: watermarks.get(c, "", name)))  # noqa: B023 - awaited here
        asked_on = dv.server_time or ctx.moment()
        if since is not None:
            changed = f"modifiedon ge {literal(since - feeds.OVERLAP)} and emailaddress1 ne null"
            async for page in dv_rows.pages(
                dv,
                table.entity_set,
                _Address,
                select=(table.key, "emailaddress1"),
                filter=changed,
                orderby=(table.key,),
            ):
                yield sorted({normalise(each.emailaddress1) for each in page.rows} - {""})
        await ctx.write(lambda c: watermarks.put(c, "", name, text_of(asked_on)))  # noqa: B023 - awaited here
