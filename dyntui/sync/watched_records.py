"""What the consent watch asks of Dynamics: the changes of contacts, leads and accounts by change tracking, suppression
rows that somebody has written, and contact point consents where they count.

The first answer of change tracking is every record there is (reference/dataverse_api.md 6): it is read once, part by
part, and goes on where it was left. A link that is too old begins anew.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import changes
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import is_guid
from dyntui.model.moments import moment_of, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity
from dyntui.store import accounts, consent_news
from dyntui.store import opt_outs as opt_out_store
from dyntui.store import suppressions as suppression_store
from dyntui.store.database import Database
from dyntui.store.opt_outs import OptOut
from dyntui.store.suppressions import Suppression
from dyntui.sync import consent_sources, opt_outs, suppression_rows, suppressions
from dyntui.sync.connections import Connections
from dyntui.sync.opt_outs import ADDRESSES, SETS, Record
from dyntui.sync.watched import Ask, Source, Told

_TITLES = {Entity.CONTACT: "Contacts", Entity.LEAD: "Leads", Entity.ACCOUNT: "Accounts"}
ROWS = ("", "suppression rows")
_EXPIRED = "DATAVERSE_CHANGES_EXPIRED"
# A younger link is used without asking how long the organisation keeps its changes.
_SURELY_ALIVE = timedelta(hours=12)


class _Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """`link`: where the last answer ended; `next`: the next page of one that is being read; `columns`: what was asked
    for, as with others it is another question; `on`: when the link was given."""

    link: str = ""
    next: str = ""
    columns: str = ""
    on: str = ""


def sources(c: Connection, db: Database, connections: Connections) -> list[Source]:
    """Everything that Dynamics is asked."""
    known = consent_sources.as_known(c)
    found = [_records(connections, entity, known.flags(entity)) for entity in SETS]
    found.append(Source(ROWS, "Suppression rows", _rows(c, db, connections)))
    if known.consent_rows:
        found.append(Source(("", "consent rows"), "Contact point consents", _consent_rows(connections)))
    return found


def _records(connections: Connections, entity: Entity, flags: Sequence[str]) -> Source:
    async def ask(place: str, now: datetime) -> AsyncIterator[Told]:
        dv = await connections.dataverse()
        at = msgspec.json.decode(place, type=_Place) if place else _Place()
        try:
            async for told in _changes(dv, entity, flags, at, now):
                yield told
        except DataverseError as error:
            if error.code != _EXPIRED or not at.link:
                raise
            async for told in _changes(dv, entity, flags, _Place(), now):
                yield told

    return Source(("", entity.value), _TITLES[entity], ask)


async def _changes(
    dv: Dataverse, entity: Entity, flags: Sequence[str], at: _Place, now: datetime
) -> AsyncIterator[Told]:
    entity_set, key = SETS[entity]
    columns = (key, *ADDRESSES, *flags, "merged", "_masterid_value")
    asked = ",".join(columns)
    if at.columns != asked:
        at = _Place()
    given = moment_of(at.on)
    age = now - given if given is not None else timedelta()
    life = await changes.tracking_life(dv) if age > _SURELY_ALIVE else timedelta(days=7)
    pages = changes.changes(
        dv,
        entity_set,
        Record,
        select=columns,
        since=at.link or None,
        age=age,
        life=life,
        resume=at.next or None,
        keyless=True,
    )
    async for page in pages:
        if page.next_link is not None:
            place = msgspec.structs.replace(at, next=page.next_link, columns=asked)
        else:
            place = _Place(link=page.delta_link or "", columns=asked, on=text_of(now))
        keep = functools.partial(_keep_records, entity=entity, flags=flags, rows=page.rows, now=text_of(now))
        yield Told(msgspec.json.encode(place).decode(), keep, first=not at.link)


def _keep_records(
    c: Connection, *, entity: Entity, flags: Sequence[str], rows: Sequence[Record], now: str
) -> list[PersonOutcome]:
    told = [each for row in rows if (each := opt_outs.opted_out(entity, flags, row)) is not None]
    merges = [opt_outs.merge_of(entity, row) for row in rows if row.merged and row.into and is_guid(row.id)]
    return _keep(c, told, merges, now)


def _keep(
    c: Connection, told: Sequence[OptOut], merges: Sequence[opt_out_store.Merge], now: str
) -> list[PersonOutcome]:
    news = opt_out_store.learn(c, told, merges, now)
    if merges:
        consent_news.told(c)
    return [
        PersonOutcome(
            person=each.person_id,
            entity=each.entity,
            address=next(iter(each.addresses), ""),
            outcome=Outcome.ADDED,
            detail=f"{each.said_by} of {each.entity} {each.person_id}",
        )
        for each in news
    ]


def _since(place: str, dv: Dataverse, now: datetime) -> tuple[str, str]:
    """From where on a query by `modifiedon` asks, and from where the next one will: by Dynamics' own clock."""
    began = text_of(dv.connection.clock_of(now))
    return place or began, began


def _consent_rows(connections: Connections) -> Ask:
    async def ask(place: str, now: datetime) -> AsyncIterator[Told]:
        dv = await connections.dataverse()
        since, following = _since(place, dv, now)
        told = await consent_sources.withdrawn_since(dv, since)
        yield Told(following, functools.partial(_keep, told=told, merges=(), now=text_of(now)))

    return ask


def _rows(c: Connection, db: Database, connections: Connections) -> Ask:
    """Suppression rows: dotdigital is asked to suppress whom they name, in every account, as a synchronisation does."""
    written = suppression_rows.written_in_dynamics(c)
    account_ids = [each.id for each in accounts.accounts(c)]

    async def ask(place: str, now: datetime) -> AsyncIterator[Told]:
        dv = await connections.dataverse()
        since, following = _since(place, dv, now)
        changed = await suppressions.changed_rows(dv, suppressions.RowsMark(written, since))
        with db.read() as reading:
            asked = suppressions.asked_on(suppression_rows.news_to_us(reading, changed), suppressions.latest(dv, now))
        kept: dict[str, list[Suppression]] = {}
        for account_id in account_ids:
            with db.read() as reading:
                fresh = suppressions.not_suppressed_yet(reading, account_id, asked, dv.connection.ahead)
            if fresh:
                kept[account_id] = await suppressions.suppress(await connections.dotdigital(account_id), fresh)
        yield Told(following, functools.partial(_keep_rows, kept=kept, now=text_of(now)))

    return ask


def _keep_rows(c: Connection, *, kept: dict[str, list[Suppression]], now: str) -> list[PersonOutcome]:
    for account_id, rows in kept.items():
        suppression_store.record(c, account_id, rows, now)
    addresses = sorted({each.address for rows in kept.values() for each in rows})
    return [
        PersonOutcome(person=each, address=each, outcome=Outcome.ADDED, detail="suppression row in Dynamics")
        for each in addresses
    ]
