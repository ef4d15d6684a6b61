"""Records in Dynamics that opted out: what they say now, and of those that say so no more, whether they took it back.

A shared address that one record opted out of is not mailed for another record either, so the opt-outs of all three
tables are read before people are judged: a few pages, however long the lists are. Records that were merged into others
come with the same pages. A known opt-out of which that reading shows nothing is asked for by the record's id: it ends
where the record itself has taken it back, and stays where the record is gone or was merged into another one.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import guid, is_guid, moment
from dyntui.dataverse.reading import ODD_COLUMNS
from dyntui.model.consent_sources import CONSENT_ROWS, MARKETING
from dyntui.model.mentioned import addresses_in, without_id
from dyntui.model.moments import dated, due_again, moment_of, text_of
from dyntui.model.people import Entity
from dyntui.store import opt_outs as opt_out_store
from dyntui.store import watermarks
from dyntui.store.opt_outs import Merge, OptOut, Unseen
from dyntui.sync import consent_sources
from dyntui.sync.consent_sources import Sources
from dyntui.sync.run_context import RunContext

SETS = {
    Entity.CONTACT: ("contacts", "contactid"),
    Entity.LEAD: ("leads", "leadid"),
    Entity.ACCOUNT: ("accounts", "accountid"),
}
ADDRESSES = ("emailaddress1", "emailaddress2", "emailaddress3")
# The strongest first: it names the reason.
REASONS = {"donotemail": "DO_NOT_EMAIL", "donotbulkemail": "DO_NOT_BULK_EMAIL", MARKETING: "DO_NOT_BULK_EMAIL"}
# Records that are gone are looked for as seldom: one that was restored is shown by the reading if it still opts out.
_KEPT_ASKED = "opt-outs-kept-asked"
_KEPT_EVERY = timedelta(days=1)
# A transaction may show its rows later than their `modifiedon` says.
OVERLAP = timedelta(minutes=15)
_STAGE = "Reading opt-outs"


class Record(msgspec.Struct, frozen=True, kw_only=True, rename={"master_id": "_masterid_value"}):
    """What is read of a record for the sake of its consent."""

    contactid: str = ""
    leadid: str = ""
    accountid: str = ""
    emailaddress1: str | None = None
    emailaddress2: str | None = None
    emailaddress3: str | None = None
    donotemail: bool | None = None
    donotbulkemail: bool | None = None
    donotsendmm: bool | None = None
    merged: bool | None = False
    master_id: str | None = None
    modifiedon: datetime | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())

    @property
    def into(self) -> str:
        """The record that it was merged into; `""` where that cannot be read."""
        return guid(self.master_id) if self.master_id and is_guid(self.master_id) else ""

    @property
    def id(self) -> str:
        return self.contactid or self.leadid or self.accountid

    def flags(self, names: Sequence[str]) -> dict[str, bool | None]:
        return {name: getattr(self, name) for name in names}

    def addresses(self) -> tuple[str, ...]:
        texts = (self.emailaddress1, self.emailaddress2, self.emailaddress3)
        return tuple(dict.fromkeys(address for each in texts for address in addresses_in(each)))


async def read(ctx: RunContext, dv: Dataverse, among: Collection[str] = ()) -> dict[str, str]:
    """Brings the store's opt-outs up to what Dynamics says now.

    Which of the people `among` opted out: person id -> reason.
    """
    people: dict[str, str] = {}
    sources = await consent_sources.counting(ctx, dv)
    reading = await ctx.write(opt_out_store.begin)
    for entity in SETS:
        people |= await _read_table(ctx, dv, entity, sources, reading, among)
    if sources.consent_rows:
        async for told in consent_sources.withdrawn(ctx, dv):
            await keep(ctx, reading, told, [])
    await _ask_for_the_unseen(ctx, dv, sources, reading)
    await ask_for_survivors(ctx, dv)
    return people


class Marks(msgspec.Struct, frozen=True):
    """What counts as an opt-out, and when the row of each table that says so was changed last, by Dynamics' own clock
    (`""`: none does)."""

    sources: Sources
    tables: Mapping[Entity, str]
    consent_rows: str


async def newest(ctx: RunContext, dv: Dataverse) -> Marks:
    """From when on `since` asks."""
    sources = await consent_sources.counting(ctx, dv)
    now = ctx.moment()
    tables = [await _newest(dv, *SETS[entity], _says_so(sources, entity), now) for entity in SETS]
    of_rows = await consent_sources.newest(dv, now) if sources.consent_rows else ""
    return Marks(sources, dict(zip(SETS, tables, strict=True)), of_rows)


async def _newest(dv: Dataverse, entity_set: str, key: str, filter: str, now: datetime) -> str:
    """A row that is dated in the future would make every later one old."""
    found = await dv_rows.find_rows(
        dv,
        entity_set,
        Record,
        filter=f"({filter}) and modifiedon le {moment(now)}",
        orderby=("modifiedon desc", key),
        select=("modifiedon",),
        top=1,
    )
    return text_of(dated(found[0].modifiedon, now)) if found else ""


def _says_so(sources: Sources, entity: Entity) -> str:
    return " or ".join(f"{flag} eq true" for flag in sources.flags(entity))


async def since(dv: Dataverse, marks: Marks) -> list[OptOut]:
    """What says that somebody opted out and was changed since the marks, or a little before; all tables are asked at
    once, and nothing is kept. A record that was merged away speaks for the one it went into, too."""
    tables = [_since(dv, entity, marks) for entity in SETS]
    rows = [consent_sources.withdrawn_since(dv, marks.consent_rows)] if marks.sources.consent_rows else []
    return [each for table in await asyncio.gather(*tables, *rows) for each in table]


async def _since(dv: Dataverse, entity: Entity, marks: Marks) -> list[OptOut]:
    entity_set, key = SETS[entity]
    flags = marks.sources.flags(entity)
    known = moment_of(marks.tables[entity])
    changed = f" and modifiedon ge {moment(known - OVERLAP)}" if known else ""
    found: list[OptOut] = []
    async for page in dv_rows.pages(
        dv,
        entity_set,
        Record,
        select=(key, *ADDRESSES, *flags, "merged", "_masterid_value"),
        filter=f"({_says_so(marks.sources, entity)}){changed}",
        orderby=(key,),
        keyless=True,
    ):
        told = list(_opted_out(entity, flags, page.rows))
        into = {row.id: row.into for row in page.rows if row.merged and row.into}
        found += told
        found += [
            msgspec.structs.replace(each, person_id=into[each.person_id]) for each in told if each.person_id in into
        ]
    return found


async def _read_table(
    ctx: RunContext, dv: Dataverse, entity: Entity, sources: Sources, reading: str, among: Collection[str]
) -> dict[str, str]:
    """The records of a table that opted out, and those that were merged away since the last reading."""
    people: dict[str, str] = {}
    entity_set, key = SETS[entity]
    flags = sources.flags(entity)
    feed = f"{entity}/merged"
    mark = await ctx.read(lambda c: watermarks.get(c, "", feed))
    latest = datetime.fromisoformat(mark) if mark else None
    merged = "merged eq true" + (f" and modifiedon ge {moment(latest - OVERLAP)}" if latest else "")
    async for page in dv_rows.pages(
        dv,
        entity_set,
        Record,
        select=(key, *ADDRESSES, *flags, "merged", "_masterid_value", "modifiedon"),
        filter=f"{' or '.join(f'{flag} eq true' for flag in flags)} or ({merged})",
        orderby=(key,),
        keyless=True,
    ):
        told = list(_opted_out(entity, flags, page.rows))
        people |= {each.person_id: each.reason for each in told if each.person_id in among}
        gone = [row for row in page.rows if row.merged]
        await keep(ctx, reading, told, [merge_of(entity, row) for row in gone if row.into and is_guid(row.id)])
        changed = (dated(row.modifiedon, ctx.moment()) for row in gone)
        latest = max((each for each in (latest, *changed) if each), default=None)
    if latest is not None and (until := moment(latest)) != mark:
        await ctx.write(lambda c: watermarks.put(c, "", feed, until))
    return people


async def keep(ctx: RunContext, reading: str, told: Sequence[OptOut], merges: Sequence[Merge]) -> None:
    """One page of records that opted out, and of those that were merged into others."""

    def stage(c: Connection) -> None:
        opt_out_store.stage(c, reading, told, ctx.now())
        opt_out_store.record_merges(c, merges, ctx.now())

    await ctx.save(ctx.cursor, stage=_STAGE, work=stage)


def _opted_out(entity: Entity, flags: Sequence[str], rows: Sequence[Record]) -> Iterator[OptOut]:
    """Rows that Dynamics gave because one of the flags is set, or because they were merged away: one that shows no flag
    and was not merged has one that cannot be read."""
    for row in rows:
        found = opted_out(entity, flags, row, shown=not row.merged)
        if found is not None:
            yield found


def opted_out(entity: Entity, flags: Sequence[str], row: Record, *, shown: bool = False) -> OptOut | None:
    """The opt-out that a record says, None where it says none. `shown`: Dynamics gave the row because it opted out, so
    one that shows no flag has one that cannot be read. Where its id cannot be read it counts for its addresses; one
    without either is named as any such row is."""
    said_by = next((flag for flag, value in row.flags(flags).items() if value), "")
    if not said_by and (shown or set(flags) & set(row.odd)):
        said_by = flags[0]
    addresses = row.addresses()
    known = is_guid(row.id)
    if not said_by or not (known or addresses):
        return None
    who = row.id if known else without_id(addresses)
    return OptOut(person_id=who, entity=entity, reason=REASONS[said_by], said_by=said_by, addresses=addresses)


def was_taken_back(flags: Sequence[str], row: Record, said_by: str) -> bool:
    """Whether a record says that it does not opt out any more. Only where the flag that had said so reads as false was
    it taken back: one that reads as empty may be hidden from the service."""
    now = row.flags(flags)
    if row.merged or row.odd or any(now.values()):
        return False
    return now.get(said_by, False) is False and False in now.values()


def says_so(entity: Entity, person_id: str, flags: Sequence[str]) -> str:
    """What a record says that has taken its opt-out back, as evidence."""
    return f"{entity} {person_id}: {' and '.join(flags)} are off"


def merge_of(entity: Entity, row: Record) -> Merge:
    """What a record that was merged away says of that."""
    return Merge(
        person_id=row.id,
        entity=entity,
        master_id=row.into,
        address=next(iter(addresses_in(row.emailaddress1)), ""),
    )


async def ask_for_survivors(ctx: RunContext, dv: Dataverse) -> None:
    """The record that a merge left is the same person: its addresses are opted out with the record that was merged
    away, for whoever else has them."""
    merged: dict[str, dict[str, list[str]]] = {}
    for entity, survivor, loser in await ctx.read(opt_out_store.survivors):
        merged.setdefault(entity, {}).setdefault(survivor, []).append(loser)
    for table, (entity_set, key) in SETS.items():
        left = merged.get(table, {})
        if not left:
            continue
        async for page in dv_rows.pages_where_any(
            dv, entity_set, Record, key, list(left), select=(key, *ADDRESSES), orderby=(key,)
        ):
            pairs = [
                (address, loser)
                for row in page.rows
                for address in row.addresses()
                for loser in left.get(row.id.lower(), ())
            ]
            await ctx.write(functools.partial(opt_out_store.add_addresses, pairs=pairs, now=ctx.now()))


async def _ask_for_the_unseen(ctx: RunContext, dv: Dataverse, sources: Sources, reading: str) -> None:
    asked_on = moment_of(await ctx.read(lambda c: watermarks.get(c, "", _KEPT_ASKED)))
    kept_too = due_again(asked_on, ctx.moment(), _KEPT_EVERY)
    after = ""
    while some := await ctx.read(
        lambda c: opt_out_store.unseen(c, reading, after)  # noqa: B023 - awaited here
    ):
        after = some[-1].person_id
        asked = [each for each in some if kept_too or not each.kept]
        for entity in SETS:
            mine = [each for each in asked if each.entity == entity]
            await _ask(ctx, dv, reading, entity, mine, sources.flags(entity))
        rows = [each.person_id for each in asked if each.entity == CONSENT_ROWS]
        if rows and sources.rows_dismissed:
            said = "consent rows do not count here: an administrator's answer"
            await settle(ctx, reading, dict.fromkeys(rows, said), {})
        elif rows and sources.consent_rows:
            taken_back = await consent_sources.taken_back(dv, rows)
            await settle(ctx, reading, dict.fromkeys(taken_back, "consent row: not opted out any more"), {})
    if kept_too:
        await ctx.write(lambda c: watermarks.put(c, "", _KEPT_ASKED, ctx.now()))


async def _ask(
    ctx: RunContext, dv: Dataverse, reading: str, entity: Entity, asked: Sequence[Unseen], flags: Sequence[str]
) -> None:
    """What became of these records."""
    if not asked:
        return
    entity_set, key = SETS[entity]
    found: dict[str, Record] = {}
    ids = [each.person_id for each in asked if is_guid(each.person_id)]
    async for page in dv_rows.pages_where_any(
        dv, entity_set, Record, key, ids, select=(key, *flags, "merged"), orderby=(key,)
    ):
        found |= {row.id: row for row in page.rows}
    said_by = {each.person_id: each.said_by for each in asked}
    taken_back = {
        person_id: says_so(entity, person_id, flags)
        for person_id, row in found.items()
        if was_taken_back(flags, row, said_by.get(person_id, ""))
    }
    kept = {each.person_id: "gone" for each in asked if each.person_id not in found and each.kept != "gone"}
    kept |= {each.person_id: "merged" for each in asked if each.person_id in found and found[each.person_id].merged}
    await settle(ctx, reading, taken_back, kept)


async def settle(ctx: RunContext, reading: str, taken_back: Mapping[str, str], kept: Mapping[str, str]) -> None:
    """`taken_back`: person id -> what says so; `kept`: person id -> why the opt-out stays."""

    def lift(c: Connection) -> None:
        for why in ("gone", "merged"):
            opt_out_store.keep(c, [person_id for person_id, said in kept.items() if said == why], why)
        opt_out_store.lift(c, reading, taken_back, ctx.now())

    await ctx.save(ctx.cursor, stage=_STAGE, work=lift)
