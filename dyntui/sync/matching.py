"""The records of Dynamics that have the addresses which dotdigital names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TypeVar

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
from dyntui.sync.asked import Asked
from dyntui.sync.having_address import Store, pages_having
from dyntui.sync.record_columns import TABLES
from dyntui.sync.run_context import RunContext

K = TypeVar("K")


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


async def records(store: Store, dv: Dataverse, addresses: Sequence[str]) -> dict[str, Candidate]:
    """One contact or lead for each of the (normalised) addresses that has any: see `dyntui.model.matching`."""
    return winners(await everybody(store, dv, addresses))


async def everybody(store: Store, dv: Dataverse, addresses: Sequence[str]) -> list[Candidate]:
    """All contacts and leads with one of the (normalised) addresses, active or not."""
    wanted = sorted({each for each in addresses if is_address(each)})
    found: list[Candidate] = []
    for entity, table in TABLES.items():
        async for page in pages_having(
            store, dv, table.entity_set, _Record, wanted, _address, select=_select(entity), orderby=(table.key,)
        ):
            found += [_candidate(entity, each) for each in page]
    return found


def _address(row: _Record) -> str | None:
    return row.address


def _select(entity: Entity) -> tuple[str, ...]:
    return (TABLES[entity].key, "emailaddress1", "fullname", "statecode", "createdon")


def _candidate(entity: Entity, each: _Record) -> Candidate:
    return Candidate(
        entity=entity,
        id=each.contactid or each.leadid,
        name=each.name or "",
        address=normalise(each.address),
        active=each.state == 0,
        created_on=each.created_on or "",
    )


async def by_id(dv: Dataverse, entity: Entity, ids: Sequence[str]) -> dict[str, Candidate]:
    """The contacts or leads with these ids, as far as there are any."""
    table = TABLES[entity]
    found: dict[str, Candidate] = {}
    async for page in dv_rows.pages_where_any(
        dv, table.entity_set, _Record, table.key, ids, select=_select(entity), orderby=(table.key,)
    ):
        found.update((each.id, each) for each in (_candidate(entity, row) for row in page.rows))
    return found


async def told_for(dv: Dataverse, people: Mapping[K, str]) -> dict[K, Candidate]:
    """The records (ids, `""`: none) for which something was told before, while they are active: who takes their address
    since has not done it."""
    ids = sorted({each for each in people.values() if each})
    there: dict[str, Candidate] = {}
    for entity in TABLES if ids else ():
        there |= await by_id(dv, entity, ids)
    found = {key: there[person] for key, person in people.items() if person in there}
    return {key: each for key, each in found.items() if each.active}


async def changed_records(ctx: RunContext, dv: Dataverse, feed: str) -> AsyncIterator[list[Candidate]]:
    """Contacts and leads that are new, or changed otherwise, since this was asked last under the name of the `feed`;
    none the first time. What is done with a page has to be stored before the next one is asked for: with the last one
    the mark moves."""
    for entity, table in TABLES.items():
        name = f"{feed}/{entity.value}"
        since = moment_of(await ctx.read(lambda c: watermarks.get(c, "", name)))  # noqa: B023 - awaited here
        question = Asked(dv, ctx.moment())
        if since is not None:
            changed = f"modifiedon ge {literal(since - feeds.OVERLAP)}"
            async for page in dv_rows.pages(
                dv, table.entity_set, _Record, select=_select(entity), filter=changed, orderby=(table.key,)
            ):
                yield [_candidate(entity, each) for each in page.rows]
        await ctx.write(lambda c: watermarks.put(c, "", name, text_of(question.on)))  # noqa: B023 - awaited here


async def changed_addresses(ctx: RunContext, dv: Dataverse, feed: str) -> AsyncIterator[list[str]]:
    """The addresses of `changed_records`."""
    async for some in changed_records(ctx, dv, feed):
        yield sorted({each.address for each in some} - {""})
