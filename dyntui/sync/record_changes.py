"""What changed of people's records in Dynamics since they were read: one question per table for all lists of a run, by
change tracking (https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems).

Every row that is kept of a member takes the changes of its record as they are read, page by page; a list's link moves
on in the transaction that keeps the last of them, so that what was read is never lost and never skipped. The first
answer of change tracking is every record there is, and nothing of those that are gone: it is read for the link at its
end alone, and the lists are read whole after it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import changes as tracking
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.member_tables import MEMBER_TABLES
from dyntui.model.cursors import Asking, OneList
from dyntui.model.errors import Exit
from dyntui.model.moments import moment_of
from dyntui.model.people import Entity
from dyntui.store import reading_places, staging
from dyntui.store.lists import StoredList
from dyntui.store.reading_places import Place
from dyntui.store.staging import Staged
from dyntui.sync.member_rows import MemberRow, Reading, as_asked, readings, staged
from dyntui.sync.run_context import RunContext

_SETS = {Entity(table.logical_name): table.entity_set for table in MEMBER_TABLES.values()}
# A younger link is used without asking how long the organisation keeps its changes.
_SURELY_ALIVE = timedelta(hours=12)
_SHOWN_STAGE = "Reading what changed in Dynamics"


class Changed(msgspec.Struct):
    """What a question found: `why_not` where it cannot be asked, in words; those of the people it was asked about, who
    are `named`."""

    why_not: str = ""
    named: set[str] = msgspec.field(default_factory=set)


async def bring_up(
    ctx: RunContext, dv: Dataverse, lists: Sequence[StoredList], among: Collection[str] = ()
) -> dict[str, Changed]:
    """The members of these lists, which the run holds, as their records are now: by list id what was found.

    A list that has no place to go on from is left out: it has to be read whole. Raises DataverseError, except where a
    table is not tracked or may not be read that way.
    """
    found: dict[str, Changed] = {}
    groups: dict[tuple[str, Entity, str], list[tuple[StoredList, Place]]] = {}
    how = {each: await ctx.read(functools.partial(readings, account_id=each)) for each in _accounts(lists)}
    for each in lists:
        place = await ctx.read(lambda c: reading_places.place(c, each.id))  # noqa: B023 - awaited here
        if place.base:
            entity = Entity(each.member_type)
            columns = as_asked(how[each.account_id][entity])
            link = place.records_link if place.records_columns == columns else ""
            groups.setdefault((each.account_id, entity, link), []).append((each, place))
    for (account_id, entity, link), members in sorted(groups.items()):
        answer = await _of_a_group(ctx, dv, how[account_id][entity], link, members, among)
        found |= {each.id: answer for each, _ in members}
    return found


def _accounts(lists: Sequence[StoredList]) -> list[str]:
    return sorted({each.account_id for each in lists})


async def _of_a_group(
    ctx: RunContext,
    dv: Dataverse,
    reading: Reading,
    link: str,
    members: Sequence[tuple[StoredList, Place]],
    among: Collection[str],
) -> Changed:
    ids = [each.id for each, _ in members]
    if not reading.wanted.plain:
        return Changed(why_not="mappings name columns of other tables, whose changes are not told")
    try:
        if not link:
            return await _ask(ctx, dv, reading, "", members, among, began="no changes had been asked for before")
        try:
            return await _ask(ctx, dv, reading, link, members, among)
        except DataverseError as error:
            if error.code != "DATAVERSE_CHANGES_EXPIRED":
                raise
        began = "the place in the stream of changes was too old: all records were read"
        return await _ask(ctx, dv, reading, "", members, among, began=began)
    except DataverseError as error:
        if error.code != "DATAVERSE_TRACKING_OFF" and error.exit is not Exit.NOT_PERMITTED:
            raise

        def forget(c: Connection) -> None:
            for each in ids:
                reading_places.put(c, each, records_link="")

        await ctx.write(forget)
        return Changed(why_not=f"changes of {_SETS[reading.entity]} cannot be asked for ({error.code})")


async def _ask(
    ctx: RunContext,
    dv: Dataverse,
    reading: Reading,
    link: str,
    members: Sequence[tuple[StoredList, Place]],
    among: Collection[str],
    began: str = "",
) -> Changed:
    ids = [each.id for each, _ in members]
    answer = Changed()
    age, life = await _age(ctx, dv, min(place.records_on for _, place in members) if link else "")
    question = Asking(of=tuple(ids), since=link)
    under_way = ctx.at(OneList).changes
    resume = under_way.next or None if replace(under_way, next="") == question else None
    asked_on = ctx.now()
    done = 0
    pages = tracking.changes(
        dv,
        _SETS[reading.entity],
        reading.row_type,
        select=reading.wanted.select,
        since=link or None,
        age=age,
        life=life,
        resume=resume,
    )
    async for page in pages:
        rows = await asyncio.to_thread(_staged, reading, page.rows) if link else []
        answer.named.update(row.person_id for row in rows if row.person_id in among)
        answer.named.update(each for each in page.deleted if each in among)
        done += len(page.rows)
        values: dict[str, object] = {"records_run": ""} if link else {"base": "", "read_how": began}
        if page.next_link is None:
            values |= {"records_link": page.delta_link or "", "records_on": asked_on}
            values |= {"records_columns": as_asked(reading), "records_run": ctx.run_id}

        def keep(c: Connection) -> None:
            # Where everything is read, only for the link at its end, the lists are read whole afterwards.
            if link:
                staging.restage(c, ids, rows)  # noqa: B023 - called before the next page
            for each in ids:
                if reading_places.known_in_base(c, each, page.deleted):  # noqa: B023 - the same
                    reading_places.put(c, each, records_gone=True)
                reading_places.put(c, each, **values)  # noqa: B023 - the same

        following = replace(question, next=page.next_link) if page.next_link else Asking()
        await ctx.save(replace(ctx.at(OneList), changes=following), stage=_SHOWN_STAGE, done=done, work=keep)
    return answer


def _staged(reading: Reading, rows: Sequence[MemberRow]) -> list[Staged]:
    return [staged(reading, each) for each in rows]


async def _age(ctx: RunContext, dv: Dataverse, given_on: str) -> tuple[timedelta, timedelta]:
    """How old a link is, and how long the organisation keeps changes."""
    given = moment_of(given_on)
    age = timedelta() if given is None else ctx.moment() - given
    if age < _SURELY_ALIVE:
        return timedelta(), timedelta(days=7)
    return age, await tracking.tracking_life(dv)
