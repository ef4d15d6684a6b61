"""Reading who is on a marketing list, into the store: every member ends in the listing, whatever their record is.

Of a static list both ways that show it are read, and agree before anybody is taken for having left: the members' own
records through the association, and the rows that make them members. A row whose record the association does not show
is looked up by its id; it is a member of another type, one that the service may not read, or nobody's.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import batch
from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import Membership
from dyntui.dataverse.member_tables import MEMBER_TABLES
from dyntui.dataverse.query import guid
from dyntui.dataverse.rows import Page
from dyntui.model.cursors import OneList
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import shown
from dyntui.model.moments import dated, moment_of, text_of
from dyntui.model.people import Entity, Gate
from dyntui.store import reading_places, staging
from dyntui.store.lists import StoredList
from dyntui.store.staging import Staged
from dyntui.sync import list_state
from dyntui.sync.list_state import ListNow
from dyntui.sync.member_rows import MemberRow, Reading, Readings, as_asked, readings, staged
from dyntui.sync.run_context import RunContext

T = TypeVar("T")
PAGE = 5000
# Single records that are asked for in one call.
_BATCH = 100
TABLES = {Entity(table.logical_name): table for table in MEMBER_TABLES.values()}


# What of the cursor begins with a reading.
_OF_A_READING = (
    *("listing", "next", "confirmed", "rows", "asked_on", "columns"),
    *("compare", "differs", "strange", "backdated"),
)
# So many people of whom something else is read than was known are looked at one by one.
_MOST_NAMED = 1000


async def read(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, title: str, compare: str = "") -> str:
    """Every member of the list into the store, from where the cursor's `listing` says it was left; why the listing does
    not prove who has left the list, `""` when it does.

    Rows are staged under the run's id: a page read again after an interruption counts nobody twice. `compare`: the mark
    of those who were on the list as far as is known; the cursor's `differs` names of them who is something else than
    was known, `strange` who was not known, `backdated` how many of these say they were there all along.
    """
    reading = (await ctx.read(lambda c: readings(c, chosen.account_id)))[Entity(chosen.member_type)]
    columns = as_asked(reading)
    part = ctx.at(OneList).listing or "begin"
    if part == "records" and ctx.at(OneList).columns != columns:
        # The pages that follow were asked for other columns: what they do not show would be taken for empty.
        part = "begin"
    if part == "begin":
        known_so = (await ctx.read(lambda c: reading_places.place(c, chosen.id))).records_columns == columns
        # Read in another way everybody is another than was known, and no answer was wrong for that.
        begun = OneList(
            listing="records",
            compare=compare if known_so else "",
            asked_on=text_of(dv.server_time),
            columns=columns,
        )
        await ctx.save(
            replace(ctx.at(OneList), **{name: getattr(begun, name) for name in _OF_A_READING}),
            stage=f"Reading {title}",
            work=lambda c: reading_places.begin(c, chosen.id, whole=True),
        )
        part = "records"
    if part == "records":
        await _read_records(ctx, dv, now, chosen, title, reading)
    if ctx.at(OneList).listing == "rows":
        await _read_rows(ctx, dv, chosen, title)
    listed = await ctx.read(lambda c: staging.listed(c, chosen.id, ctx.run_id))
    if not now.row.dynamic and ctx.at(OneList).confirmed < listed:
        return "two ways of reading the list in Dynamics do not agree"
    if now.row.dynamic and ctx.at(OneList).confirmed < 0:
        return "Dynamics answered members of the list that cannot be read"
    return ""


async def _read_records(
    ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, title: str, reading: Reading
) -> None:
    expected = now.row.member_count or chosen.member_count or 0
    seen = await ctx.read(lambda c: staging.listed(c, chosen.id, ctx.run_id))
    resume = ctx.at(OneList).next or None
    async for page in records(dv, now, reading, resume=resume):
        rows = await asyncio.to_thread(lambda found: [staged(reading, each) for each in found], page.rows)
        seen += len(rows)
        found = await ctx.read(functools.partial(_compared, ctx, chosen.id, rows))
        at = ctx.at(OneList)
        # Rows of a dynamic list that cannot be read stand against what is confirmed.
        unread = at.confirmed - (page.odd if now.row.dynamic else 0)
        await ctx.save(
            replace(_after(at, page.next_link, "counted" if now.row.dynamic else "rows"), confirmed=unread, **found),
            stage=f"Reading {title}",
            done=seen,
            of=max(expected, seen),
            work=functools.partial(staging.stage, list_id=chosen.id, listing=ctx.run_id, rows=rows),
        )


def _after(at: OneList, next_link: str | None, following: str) -> OneList:
    """Where the run is after a page: at the next one, or, with what the last page says, in the part that follows. A
    part that is read twice would count everybody twice."""
    return replace(at, next=next_link) if next_link else replace(at, next="", listing=following)


def _compared(ctx: RunContext, list_id: str, rows: Sequence[Staged], c: Connection) -> dict[str, tuple[str, ...]]:
    """What of the cursor says who was not known, or is another than was known, with these rows."""
    at = ctx.at(OneList)
    if not at.compare:
        return {}
    marks = (at.compare, ctx.run_id)
    ids = [row.person_id for row in rows]
    differs = reading_places.differing(c, list_id, marks, rows)
    known = set().union(*(reading_places.known(c, list_id, each, ids) for each in marks))
    strange = [each for each in ids if each not in known]
    more = {"differs": (*at.differs, *differs), "strange": (*at.strange, *strange)}
    return {name: each[:_MOST_NAMED] for name, each in more.items()}


async def _read_rows(ctx: RunContext, dv: Dataverse, chosen: StoredList, title: str) -> None:
    """The rows of the list beside its records; `confirmed` in the cursor counts the records that have one."""
    resume = ctx.at(OneList).next or None
    entity = Entity(chosen.member_type)
    how = await ctx.read(lambda c: readings(c, chosen.account_id))
    since = (await ctx.read(lambda c: reading_places.place(c, chosen.id))).rows_since
    async for page in dv_lists.membership_pages(dv, chosen.id, maxpagesize=PAGE, resume=resume):
        ids = list(dict.fromkeys(row.record for row in page.rows if row.record))
        odd = await ctx.read(functools.partial(staging.not_staged, list_id=chosen.id, listing=ctx.run_id, ids=ids))
        found = [each async for some in unseen_members(dv, how, entity, odd) for each in some]
        found += [of_no_record(entity, row) for row in page.rows if row.id and not row.record]
        strange = (await ctx.read(functools.partial(_compared, ctx, chosen.id, found))).get("strange", ())
        at = ctx.at(OneList)
        backdated = sum(
            older(row.created_on, moment_of(since), ctx.moment())
            for row in page.rows
            if {row.id, row.record} & {*strange}
        )
        await ctx.save(
            replace(
                _after(at, page.next_link, "counted"),
                confirmed=at.confirmed + len(ids),
                rows=at.rows + len(page.rows),
                strange=strange,
                backdated=at.backdated + backdated,
            ),
            stage=f"Reading {title}",
            work=functools.partial(staging.stage, list_id=chosen.id, listing=ctx.run_id, rows=found),
        )


async def records(
    dv: Dataverse, now: ListNow, reading: Reading, *, resume: str | None = None
) -> AsyncIterator[Page[MemberRow]]:
    """The records of a list's members, page by page. Raises LIST_OWNER_MAY_NOT_READ and LIST_QUERY_REFUSED besides the
    client's own errors."""
    with _told_of(now):
        async for page in dv_lists.member_pages(
            dv,
            now.row,
            reading.row_type,
            wanted=reading.wanted,
            resume=resume,
            maxpagesize=PAGE,
            caller=now.caller,
        ):
            yield page


async def ids(dv: Dataverse, now: ListNow) -> AsyncIterator[list[str]]:
    """The ids of a list's members as of now, page by page. Raises as `records` does."""
    with _told_of(now):
        async for some in dv_lists.member_ids(dv, now.row, caller=now.caller):
            yield some


@contextmanager
def _told_of(now: ListNow) -> Iterator[None]:
    """What Dynamics refuses of a list's query, told of the list."""
    try:
        yield
    except DataverseError as error:
        if now.caller is not None and error.exit is Exit.NOT_PERMITTED:
            raise DyntuiError(
                "LIST_OWNER_MAY_NOT_READ",
                f"The query of the marketing list {now.row.name!r} runs in the name of its owner, and Dynamics does "
                f"not permit that: {error.message}",
                not_done="Its members were not read; its address book was left as it is.",
                remedy="Give the list to a user who may read its people, or save a query without such conditions.",
                detail=error.detail,
            ) from error
        if now.row.dynamic and list_state.is_about_the_query(error):
            raise list_state.query_refused(now.row.name, error) from error
        raise


async def unseen_members(
    dv: Dataverse, readings: Readings, entity: Entity, ids: Sequence[str]
) -> AsyncIterator[list[Staged]]:
    """Members of a list of this type by their ids: records of the type as they are, those of another type as
    WRONG_TYPE, those that may not be read as NO_ACCESS, ids without a record as UNKNOWN_PERSON. A few calls, however
    many they are."""
    left = set(ids)
    for kind in (entity, *(each for each in Entity if each is not entity)):
        if not left:
            return
        table = TABLES[kind]
        wanted = readings[kind].wanted
        pages = dv_rows.pages_where_any(
            dv,
            table.entity_set,
            readings[kind].row_type,
            table.key,
            sorted(left),
            select=wanted.select,
            expand=wanted.expand,
            annotations=wanted.annotations,
        )
        try:
            async for page in pages:
                left.difference_update(row.id for row in page.rows)
                also = () if kind is entity else (Gate("WRONG_TYPE", f"a {kind} on a list of {entity}s"),)
                yield [staged(readings[kind], row, also) for row in page.rows]
        except DataverseError as error:
            if error.exit is not Exit.NOT_PERMITTED or kind is entity:
                raise
    waiting = sorted(left)
    for start in range(0, len(waiting), _BATCH):
        some = waiting[start : start + _BATCH]
        gates = await _why_unseen(dv, entity, some)
        yield [_closed(entity, each, gates[each]) for each in some]


async def _why_unseen(dv: Dataverse, entity: Entity, ids: Sequence[str]) -> dict[str, Gate]:
    """Why records do not show: they are none, the service may not read them, or what Dynamics answers of them cannot be
    read."""
    table = TABLES[entity]
    asked = [batch.Part("GET", f"{table.entity_set}({guid(each)})?$select={table.key}") for each in ids]
    answers = await batch.run(dv, asked)
    return {each: _why(entity, each, answer) for each, answer in zip(ids, answers, strict=True)}


def _why(entity: Entity, member_id: str, answer: object) -> Gate:
    error = answer.error if isinstance(answer, batch.PartReply) else None
    if isinstance(answer, batch.PartReply) and error is None:
        return Gate("ODD_ROW", f"the {entity} {member_id} is there, and cannot be read among the others")
    if error is not None and error.exit is Exit.NOT_PERMITTED:
        return Gate("NO_ACCESS", "the record is there, and the service may not read it")
    return Gate("UNKNOWN_PERSON", f"the list names the {entity} {member_id}, and there is no such record")


# A transaction may show its rows later than their `createdon` says.
OVERLAP = timedelta(hours=1)


def older(created_on: datetime | None, since: datetime | None, now: datetime) -> bool:
    """Whether a row says that it was there when rows were asked for last."""
    said = dated(created_on, now)
    return said is not None and since is not None and said < since - OVERLAP


def of_no_record(entity: Entity, row: Membership) -> Staged:
    gate = Gate("ODD_ROW", f"the row {row.id} of the list names no record: {shown(row.entity_id) or 'empty'}")
    return _closed(entity, row.id, gate)


def _closed(entity: Entity, person_id: str, gate: Gate) -> Staged:
    return Staged(
        person_id=person_id,
        entity=entity,
        name="",
        address="",
        created_on="",
        fields={},
        fingerprint="",
        gates=(gate,),
    )
