"""Web behaviour tracking, from dotdigital to Dynamics: the sessions of contacts become page visits of the contacts and
leads with their addresses.

What was read is kept first; visits of somebody whom Dynamics does not know wait there until a record has the address.
"""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.rows import bind
from dyntui.dotdigital import contacts, insight
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.insight import WebSession
from dyntui.dotdigital.paging import Page
from dyntui.model import solution
from dyntui.model.lengths import cut
from dyntui.model.matching import Candidate
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.model.web_behaviour import Session, read_session
from dyntui.store import outcomes, page_visits
from dyntui.store.page_visits import Visit
from dyntui.sync import matching, odd_answers, paged_feed
from dyntui.sync.connections import Connections
from dyntui.sync.connector_rows import KEY, upsert_rows
from dyntui.sync.paged_feed import Work
from dyntui.sync.run_context import RunContext

_ITEM = _FEED = "web-behaviour"
_NAME = "Web behaviour tracking"
_NO_COLLECTION = "DOTDIGITAL_COLLECTION_NOT_FOUND"
_AT_ONCE = 500
# A session that could not be read, and was mended since, is found by reading all of them.
_WHOLE_EVERY = timedelta(days=7)


async def run(ctx: RunContext, connections: Connections) -> None:
    """The sessions that are new, or were added to, since the last run."""
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    await ctx.begin_item(_ITEM, kind="feed", name=_NAME, place=0)
    note = await _read(ctx, dd)
    async for addresses in matching.changed_addresses(ctx, dv, _FEED):
        await ctx.write(lambda c: page_visits.again(c, addresses))  # noqa: B023 - awaited here
    await _tell(ctx, dv)
    await ctx.save(ctx.cursor, stage="Finished page visits", work=lambda c: ctx.close_item(c, _ITEM, note=note))


async def _read(ctx: RunContext, dd: Dotdigital) -> str:
    """What dotdigital tells, into the store; what cannot be used is named. What the audit is to say of it."""

    async def take(page: Page[WebSession], latest: datetime, number: int) -> Work:
        visits, named = await _understood(dd, page.rows, latest)
        named += odd_answers.unreadable(page.odd, f"{number}/")
        return functools.partial(_keep, ctx=ctx, visits=visits, named=named)

    try:
        await paged_feed.read(
            ctx,
            dd,
            _FEED,
            _NAME,
            whole_every=_WHOLE_EVERY,
            pages=lambda since, resume: insight.session_pages(dd, since=since, resume=resume),
            take=take,
        )
    except DotdigitalError as error:
        if error.code != _NO_COLLECTION:
            raise
        return "the account has no web behaviour tracking"
    return ""


def _keep(c: Connection, ctx: RunContext, visits: Sequence[Visit], named: Sequence[PersonOutcome]) -> None:
    page_visits.keep(c, ctx.account_id, visits)
    outcomes.record(c, ctx.run_id, _ITEM, named)


async def _understood(
    dd: Dotdigital, rows: Sequence[WebSession], now: datetime
) -> tuple[list[Visit], list[PersonOutcome]]:
    owners = sorted({each.owner for each in rows if each.owner})
    found = (await contacts.retrieve_contacts(dd, ids=owners, takes_odd=True)).contacts if owners else []
    addresses = {each.id: normalise(each.email) for each in found}
    visits: list[Visit] = []
    named: list[PersonOutcome] = []
    for each in rows:
        address = addresses.get(each.owner or 0, "")
        session = read_session(each.document, now)
        if session.faults:
            named.append(_odd(each, address, session))
        if not address and session.visits:
            who = f"contact {each.owner}" if each.owner else "a visitor whom nobody knows"
            named.append(
                PersonOutcome(
                    person=str(each.owner or f"session {each.key}"),
                    outcome=Outcome.EXCLUDED,
                    reason="NO_EMAIL",
                    detail=who,
                )
            )
        elif each.owner:
            visits += [
                Visit(
                    key=_key(each.key, page.url),
                    contact_id=each.owner,
                    address=address,
                    url=page.url,
                    title=page.title,
                    visited_on=page.visited_on,
                    times=page.times,
                )
                for page in session.visits
            ]
    return visits, named


def _odd(each: WebSession, address: str, session: Session) -> PersonOutcome:
    return PersonOutcome(
        person=f"session {each.key}",
        address=address,
        outcome=Outcome.REJECTED,
        reason="ODD_ROW",
        detail="; ".join(session.faults)[:500],
    )


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


async def _tell(ctx: RunContext, dv: Dataverse) -> None:
    """Visits of which Dynamics does not know everything, some at a time. One that it refuses delays no other, and is
    told again by the next run."""
    after, told_of = "", Counter[str]()
    while some := await ctx.read(lambda c: page_visits.news(c, ctx.account_id, after, _AT_ONCE)):  # noqa: B023
        theirs = await matching.told_for(dv, {each.key: each.person_id for each in some})
        matched = await matching.records(ctx, dv, [each.address for each in some if each.key not in theirs])
        found = {each.key: match for each in some if (match := theirs.get(each.key) or matched.get(each.address))}
        known = [each for each in some if each.key in found]
        rows = [_columns(ctx.account_id, each, found[each.key]) for each in known]
        results = await upsert_rows(dv, solution.ENGAGEMENT, rows) if rows else []
        refused = {
            each.key: result.error for each, result in zip(known, results, strict=True) if result.error is not None
        }
        told = [each for each in known if each.key not in refused]
        told_of.update(each.address for each in told)
        named = [
            *(_outcome(found[each.key], each, told_of[each.address]) for each in told),
            *(
                replace(
                    _outcome(found[each.key], each, 0),
                    outcome=Outcome.REJECTED,
                    reason="REJECTED",
                    detail=f"Dynamics: {refused[each.key].message}",
                )
                for each in known
                if each.key in refused
            ),
            *(
                PersonOutcome(
                    person=str(each.contact_id),
                    address=each.address,
                    outcome=Outcome.EXCLUDED,
                    reason="UNKNOWN_PERSON",
                )
                for each in some
                if each.key not in found
            ),
        ]
        keep = functools.partial(
            _told,
            ctx=ctx,
            told=[(each.key, found[each.key].id) for each in told],
            strangers=[each.key for each in some if each.key not in found],
            named=named,
        )
        await ctx.save(ctx.cursor, stage="Writing page visits", work=keep)
        after = some[-1].key


def _told(
    c: Connection,
    ctx: RunContext,
    told: Sequence[tuple[str, str]],
    strangers: Sequence[str],
    named: Sequence[PersonOutcome],
) -> None:
    page_visits.told(c, ctx.account_id, told)
    page_visits.no_record(c, ctx.account_id, strangers)
    outcomes.record(c, ctx.run_id, _ITEM, named)


def _outcome(found: Candidate, visit: Visit, pages: int) -> PersonOutcome:
    return PersonOutcome(
        entity=found.entity.value,
        person=found.id,
        name=found.name,
        address=visit.address,
        outcome=Outcome.UPDATED if visit.told else Outcome.ADDED,
        detail=f"{pages:,} page{'' if pages == 1 else 's'}",
    )


_LOOKUPS = {Entity.CONTACT: ("dyntui_ContactId", "contacts"), Entity.LEAD: ("dyntui_LeadId", "leads")}


def _columns(account_id: str, visit: Visit, found: Candidate) -> dict[str, object]:
    column, entity_set = _LOOKUPS[found.entity]
    return {
        KEY: _key(account_id, visit.key),
        "dyntui_name": cut(f"Page visited: {visit.title or visit.url}", 255),
        "dyntui_kind": solution.PAGE_VISITED,
        "dyntui_happenedon": visit.visited_on,
        "dyntui_address": visit.address,
        "dyntui_url": visit.url,
        "dyntui_times": visit.times,
        f"{column}@odata.bind": bind(entity_set, found.id),
    }
