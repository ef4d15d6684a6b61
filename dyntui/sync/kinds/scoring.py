"""Contact scores from dotdigital to the contacts and leads in Dynamics.

What dotdigital tells is kept first; then the records with the addresses of which something new is known are told, and
those that changed in Dynamics since the last run: a new record, or one with another address, gets the score that was
known before it.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import literal
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dotdigital import scores as dd_scores
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.dotdigital.paging import Page
from dyntui.dotdigital.scores import ContactScore
from dyntui.model.addresses import fault
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.model.scores import (
    COLUMNS,
    ENGAGEMENT,
    LABEL,
    SCORE,
    SCORED_ON,
    SUITABILITY,
    Score,
    differing,
    read_score,
    said,
)
from dyntui.store import outcomes, scores, watermarks
from dyntui.sync import asked, feeds, odd_answers, paged_feed, record_columns
from dyntui.sync.asked import Asked
from dyntui.sync.connections import Connections
from dyntui.sync.having_address import pages_having
from dyntui.sync.paged_feed import Work
from dyntui.sync.record_columns import TABLES, ColumnChange
from dyntui.sync.run_context import RunContext

_ITEM = _FEED = "scoring"
_NAME = "Contact scoring"
_AT_ONCE = 1000
# Scores of which no modification was told are found by reading all of them.
_WHOLE_EVERY = timedelta(days=7)
_STAGE = "Writing scores"


class _Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "address": "emailaddress1",
        "name": "fullname",
        "etag": "@odata.etag",
        "score": SCORE,
        "engagement": ENGAGEMENT,
        "suitability": SUITABILITY,
        "label": LABEL,
        "scored_on": SCORED_ON,
    },
):
    contactid: str = ""
    leadid: str = ""
    address: str | None = None
    name: str | None = None
    etag: str = ""
    score: Whole | None = None
    engagement: Whole | None = None
    suitability: Whole | None = None
    label: str | None = None
    scored_on: str | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())

    @property
    def id(self) -> str:
        return self.contactid or self.leadid

    @property
    def columns(self) -> dict[str, Any]:
        values = (self.score, self.engagement, self.suitability, self.label, self.scored_on)
        return dict(zip(COLUMNS, values, strict=True))


async def run(ctx: RunContext, connections: Connections) -> None:
    """Everything that is new on either side since the last run."""
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(_ITEM, kind="feed", name=_NAME, place=0)
    await _read(ctx, dd)
    for entity in TABLES:
        await asked.begin(ctx, dv, "", _changes(entity))
    await _tell(ctx, dv)
    for entity in TABLES:
        await _changed_records(ctx, dv, entity)
    await ctx.end_item(_ITEM)


async def _read(ctx: RunContext, dd: Dotdigital) -> None:
    """What dotdigital tells, into the store; rows that cannot be used are named."""

    async def take(page: Page[ContactScore], latest: datetime, number: int) -> Work:
        found = [(each, _understood(each, latest)) for each in page.rows]
        good = [(each.contact_id, score) for each, score in found if isinstance(score, Score)]
        odd = [outcome for _, outcome in found if isinstance(outcome, PersonOutcome)]
        odd += odd_answers.unreadable(page.odd, number)
        return functools.partial(_keep, run_id=ctx.run_id, account_id=ctx.account_id, good=good, odd=odd)

    await paged_feed.read(
        ctx,
        dd,
        _FEED,
        _NAME,
        whole_every=_WHOLE_EVERY,
        pages=lambda since, resume: dd_scores.score_pages(dd, since=since, resume=resume),
        take=take,
    )


def _keep(
    c: Connection, run_id: str, account_id: str, good: Sequence[tuple[int, Score]], odd: Sequence[PersonOutcome]
) -> None:
    scores.keep(c, account_id, good)
    outcomes.record(c, run_id, _ITEM, odd)


def _understood(row: ContactScore, now: datetime) -> Score | PersonOutcome:
    address = normalise(row.email)
    named = PersonOutcome(person=str(row.contact_id), address=address, outcome=Outcome.EXCLUDED)
    if not address:
        return msgspec.structs.replace(named, reason="NO_EMAIL")
    if wrong := fault(address):
        return msgspec.structs.replace(named, reason="BAD_EMAIL", detail=wrong)
    modified = moment(row.date_modified) if isinstance(row.date_modified, str) else None
    found = read_score(address, row.score, row.engagement, row.suitability, row.score_label, modified, now)
    if isinstance(found, Score):
        return found
    return msgspec.structs.replace(named, outcome=Outcome.REJECTED, reason="ODD_ROW", detail=found)


def _changes(entity: Entity) -> str:
    return f"{_FEED}/{entity.value}"


async def _changed_records(ctx: RunContext, dv: Dataverse, entity: Entity) -> None:
    """Records that changed since this was asked last, where they say another score than is known of their address."""
    feed, table = _changes(entity), TABLES[entity]
    since = moment_of(await ctx.read(lambda c: watermarks.get(c, "", feed))) or EPOCH
    question = Asked(dv, ctx.moment())
    changed = f"modifiedon ge {literal(since - feeds.OVERLAP)} and emailaddress1 ne null"
    async for page in dv_rows.pages(
        dv, table.entity_set, _Record, select=_select(entity), filter=changed, orderby=(table.key,)
    ):
        await _write(ctx, dv, entity, page.rows, only_changed=True)
    await ctx.write(lambda c: watermarks.put(c, "", feed, text_of(question.on)))


async def _tell(ctx: RunContext, dv: Dataverse) -> None:
    """The records with addresses of which something new is known."""
    after = ""
    while some := await ctx.read(lambda c: scores.news(c, ctx.account_id, after, _AT_ONCE)):  # noqa: B023 - awaited
        known: set[str] = set()
        missed: set[str] = set()
        for entity in TABLES:
            async for rows in _with_address(ctx, dv, entity, some):
                known.update(normalise(each.address) for each in rows)
                missed |= await _write(ctx, dv, entity, rows)
        strangers = [
            PersonOutcome(person=each, address=each, outcome=Outcome.EXCLUDED, reason="UNKNOWN_PERSON")
            for each in some
            if each not in known
        ]
        told = [each for each in some if each not in missed]
        keep = functools.partial(_told, run_id=ctx.run_id, account_id=ctx.account_id, strangers=strangers, told=told)
        await ctx.save(ctx.cursor, stage=_STAGE, work=keep)
        after = some[-1]


def _told(c: Connection, run_id: str, account_id: str, strangers: Sequence[PersonOutcome], told: Sequence[str]) -> None:
    outcomes.record(c, run_id, _ITEM, strangers)
    scores.told(c, account_id, told)


def _with_address(
    ctx: RunContext, dv: Dataverse, entity: Entity, addresses: Sequence[str]
) -> AsyncIterator[Sequence[_Record]]:
    table, select = TABLES[entity], _select(entity)
    return pages_having(
        ctx, dv, table.entity_set, _Record, addresses, lambda row: row.address, select=select, orderby=(table.key,)
    )


def _select(entity: Entity) -> tuple[str, ...]:
    return (TABLES[entity].key, "emailaddress1", "fullname", *COLUMNS)


async def _write(
    ctx: RunContext, dv: Dataverse, entity: Entity, rows: Sequence[_Record], *, only_changed: bool = False
) -> set[str]:
    """Tells records their scores; the addresses of those that could not be told. `only_changed`: what stays as it is is
    not mentioned."""
    best = await ctx.read(lambda c: scores.newest(c, sorted({normalise(each.address) for each in rows})))
    changes: list[ColumnChange] = []
    others: list[PersonOutcome] = []
    for each in rows:
        score = best.get(normalise(each.address))
        if score is None:
            continue
        odd = [name for name in COLUMNS if name in each.odd]
        found = differing(each.columns, score)
        before, after = found or ({}, {})
        change = _change(entity, each, before, after)
        if odd:
            detail = f"in Dynamics: {', '.join(odd)}"
            others.append(record_columns.outcome_of(change, Outcome.REJECTED, detail, "ODD_ROW"))
        elif found is not None:
            changes.append(change)
        else:
            others.append(record_columns.outcome_of(change, Outcome.UNCHANGED, f"score {each.score}"))
    changes, undone = await record_columns.without_undone(ctx, _ITEM, entity, changes)
    detail = "its score was undone: it stays until there is another one"
    others += [record_columns.outcome_of(each, Outcome.UNCHANGED, detail) for each in undone]
    refused = await record_columns.write(
        ctx, dv, _ITEM, entity, changes, others, stage=_STAGE, only_changed=only_changed
    )
    missed = {each.address for each in changes if each.id in refused}
    await ctx.write(lambda c: scores.again(c, sorted(missed)))
    return missed


def _change(entity: Entity, each: _Record, before: dict[str, Any], after: dict[str, Any]) -> ColumnChange:
    return ColumnChange(
        entity=entity,
        id=each.id,
        etag=each.etag,
        name=each.name or "",
        address=normalise(each.address),
        before=before,
        after=after,
        said=said(before, after),
    )
