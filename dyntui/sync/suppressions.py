"""Suppressions, both ways: first of all, and again inside every send.

dotdigital's suppressions become suppression rows in Dynamics and `donotbulkemail` on every contact and lead with the
address; suppression rows that somebody added in Dynamics become suppressions in dotdigital.
"""

from __future__ import annotations

import functools
import hashlib
import logging

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import GONE, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import differs
from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.moments import text_of
from dyntui.model.outcomes import Outcome
from dyntui.model.people import is_address, normalise
from dyntui.model.reasons import reason_of_status
from dyntui.store import outcomes
from dyntui.store import suppressions as suppression_store
from dyntui.store.outcomes import PersonOutcome
from dyntui.store.suppressions import Suppression
from dyntui.sync import feeds
from dyntui.sync.connector_rows import upsert_rows
from dyntui.sync.run_context import RunContext

_FEED = "suppressed-since"
# Addresses per round of updates in Dynamics: one query finds their records.
_ROUND = 400
_ORIGIN = "dotdigital"

log = logging.getLogger(__name__)


async def pull(ctx: RunContext, dd: Dotdigital, account_id: str, item: str = "") -> None:
    """Every suppression since the last pull, with overlap, into the store. `item` names the run item whose audit it is.

    The watermark is dotdigital's own clock, read before the feed, and advances only once the whole feed is stored.
    """
    since = await feeds.since(ctx, account_id, _FEED)
    until = await feeds.server_time(dd)
    seen = 0
    async for page in dd_suppressions.suppressed_since(dd, since):
        rows = [
            Suppression(
                address=normalise(row.suppressed_contact.email),
                status=row.reason,
                reason=reason_of_status(row.reason) or "UNKNOWN",
                suppressed_on=text_of(row.removed_at),
            )
            for row in page.rows
            if normalise(row.suppressed_contact.email)
        ]
        seen += len(rows)
        await ctx.save(
            ctx.cursor,
            stage="Reading suppressions",
            done=seen,
            work=functools.partial(
                suppression_store.record,
                account_id=account_id,
                rows=rows,
                now=ctx.now(),
                run_id=ctx.run_id,
                item=item,
            ),
        )
    await feeds.advance(ctx, account_id, _FEED, until)


class _Key(msgspec.Struct, frozen=True, rename={"address": "emailaddress1"}):
    contactid: str = ""
    leadid: str = ""
    address: str | None = None


async def tell_dynamics(ctx: RunContext, dv: Dataverse, account_id: str, item: str = "") -> None:
    """Suppression rows and `donotbulkemail` for every suppression that Dynamics does not know of yet.

    An address that Dynamics refuses delays no other: it is logged, rejected in the audit of `item`, and told again by
    the next run.
    """
    waiting = await ctx.read(lambda c: suppression_store.count_unwritten(c, account_id))
    done = 0
    after = ""
    while batch := await ctx.read(
        lambda c: suppression_store.unwritten(c, account_id, _ROUND, after)  # noqa: B023 - awaited here
    ):
        refused = await _write_rows(dv, account_id, batch)
        addresses = [each.address for each in batch]
        for entity_set, key in (("contacts", "contactid"), ("leads", "leadid")):
            refused |= await _opt_out(dv, entity_set, key, addresses)
        for address, error in refused.items():
            log.warning("Dynamics was not told that %s is suppressed: %s %s", address, error, error.detail)
        done += len(batch)
        after = addresses[-1]
        told = functools.partial(_told, ctx, account_id=account_id, addresses=addresses, refused=refused, item=item)
        await ctx.save(ctx.cursor, stage="Telling Dynamics of suppressions", done=done, of=waiting, work=told)


def _told(
    ctx: RunContext,
    c: Connection,
    account_id: str,
    addresses: list[str],
    refused: dict[str, DataverseError],
    item: str,
) -> None:
    suppression_store.written(c, account_id, [each for each in addresses if each not in refused])
    if item:
        rejected = [
            PersonOutcome(
                person=address,
                address=address,
                outcome=Outcome.REJECTED,
                reason="REJECTED",
                detail=error.platform_code or error.code,
            )
            for address, error in refused.items()
        ]
        outcomes.record(c, ctx.run_id, item, rejected)


def _row_key(account_id: str, address: str) -> str:
    """The alternate key of a suppression row: a hash, since key values may not hold `/ < > * % & : \\ ? +`
    (dataverse_api.md 5.2)."""
    return hashlib.sha256(f"{account_id}\n{address}".encode()).hexdigest()[:40]


async def _write_rows(dv: Dataverse, account_id: str, batch: list[Suppression]) -> dict[str, DataverseError]:
    results = await upsert_rows(
        dv,
        solution.SUPPRESSION,
        [
            {
                "dyntui_key": _row_key(account_id, each.address),
                "dyntui_address": each.address,
                "dyntui_reason": each.reason,
                "dyntui_status": each.status,
                "dyntui_suppressedon": each.suppressed_on or None,
                "dyntui_origin": _ORIGIN,
                "dyntui_EmailAccountId@odata.bind": f"/{solution.EMAIL_ACCOUNT.entity_set}({account_id})",
            }
            for each in batch
        ],
    )
    return {each.address: result.error for each, result in zip(batch, results, strict=True) if result.error is not None}


async def _opt_out(dv: Dataverse, entity_set: str, key: str, addresses: list[str]) -> dict[str, DataverseError]:
    found: dict[str, str] = {}
    async for page in dv_rows.pages_where_any(
        dv,
        entity_set,
        _Key,
        "emailaddress1",
        addresses,
        select=(key, "emailaddress1"),
        filter=differs("donotbulkemail", True),
        orderby=(key,),
    ):
        found.update((getattr(row, key), normalise(row.address)) for row in page.rows)
    if not found:
        return {}
    rows = [{key: each, "donotbulkemail": True} for each in found]
    results = await bulk.update_many(dv, bulk.Table(entity_set, entity_set[:-1], key), rows)
    # A row that is gone by now needs no opt-out.
    return {
        address: result.error
        for address, result in zip(found.values(), results, strict=True)
        if result.error is not None and result.error.platform_code not in GONE
    }


class _Added(msgspec.Struct, frozen=True, rename={"row": "dyntui_suppressionid", "address": "dyntui_address"}):
    row: str
    address: str | None = None


async def tell_dotdigital(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, item: str = "") -> None:
    """Suppression rows that somebody added in Dynamics become suppressions in dotdigital.

    An address that is no contact there cannot be suppressed there; it is kept, so that dyntui never adds it.
    """
    async for page in dv_rows.pages(
        dv,
        solution.SUPPRESSION.entity_set,
        _Added,
        filter=differs("dyntui_origin", _ORIGIN),
        orderby=("dyntui_suppressionid",),
    ):
        asked = list(dict.fromkeys(normalise(row.address) for row in page.rows if normalise(row.address)))
        fresh = await ctx.read(functools.partial(suppression_store.not_known, account_id=account_id, addresses=asked))
        if not fresh:
            continue
        # What nobody can be mailed at would make dotdigital refuse the others with it.
        usable = [each for each in fresh if is_address(each)]
        await dd_suppressions.suppress_contacts(dd, emails=usable)
        rows = [
            Suppression(address=each, status="Suppressed", reason="SUPPRESSED", suppressed_on=ctx.now())
            for each in fresh
        ]
        await ctx.save(
            ctx.cursor,
            stage="Telling dotdigital of suppressions",
            work=functools.partial(
                suppression_store.record,
                account_id=account_id,
                rows=rows,
                now=ctx.now(),
                run_id=ctx.run_id,
                item=item,
            ),
        )
