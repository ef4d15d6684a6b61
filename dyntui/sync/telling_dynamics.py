"""Dynamics is told who is suppressed, and who is suppressed no more: suppression rows, and flags of records.

An address that Dynamics refuses delays no other: it is logged, rejected in the audit of the run's item, and told again
by the next run.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import bulk
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.model import solution
from dyntui.model.mentioned import shown
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.store import flags, lifts, outcomes
from dyntui.store import suppressions as suppression_store
from dyntui.store.suppressions import Suppression
from dyntui.sync import flags_taken_back, record_flags, written_consent
from dyntui.sync.connector_rows import KEY, upsert_rows
from dyntui.sync.run_context import RunContext
from dyntui.sync.suppression_rows import ORIGIN, row_key

# Addresses per round: a few queries for each table find their records, and full messages change them.
_ROUND = 5000
_STAGE = "Telling Dynamics of suppressions"

log = logging.getLogger(__name__)


async def tell_dynamics(ctx: RunContext, dv: Dataverse, account_id: str, item: str = "") -> None:
    """Rows and flags for every suppression that Dynamics does not know of yet, flags for every record that came by a
    suppressed address since, and both taken back where a suppression ended."""
    await record_flags.begin(ctx, dv)
    waiting = await ctx.read(lambda c: suppression_store.count_unwritten(c, account_id))
    done = 0
    after = ""
    while batch := await ctx.read(
        lambda c: suppression_store.unwritten(c, account_id, _ROUND, after)  # noqa: B023 - awaited here
    ):
        addresses = [each.address for each in batch]
        flagged = await ctx.read(lambda c: flags.of_account(c, account_id))
        refused = await _write_rows(dv, account_id, batch)
        refused |= await record_flags.set_for(ctx, dv, addresses)
        done += len(batch)
        after = addresses[-1]
        told = functools.partial(
            _told, ctx, account_id=account_id, addresses=addresses, flagged=flagged, refused=refused, item=item
        )
        await ctx.save(ctx.cursor, stage=_STAGE, done=done, of=waiting, work=told)
    refused = await record_flags.set_for_changed(ctx, dv, however_spelt=waiting > 0)
    if refused:
        await ctx.save(ctx.cursor, stage=_STAGE, work=functools.partial(_refused, ctx, refused=refused, item=item))
    await _tell_lifts(ctx, dv, account_id, item)


def _told(
    ctx: RunContext,
    c: Connection,
    account_id: str,
    addresses: list[str],
    flagged: frozenset[str],
    refused: dict[str, DataverseError],
    item: str,
) -> None:
    """`flagged`: what the account wanted set when that was begun; where it wants more by now, the next run sets it."""
    written = [each for each in addresses if each not in refused]
    if flags.of_account(c, account_id) <= flagged:
        suppression_store.written(c, account_id, written)
    written_consent.suppressed(c, ctx.run_id, written, "suppressions")
    _refused(ctx, c, refused, item)


def _refused(ctx: RunContext, c: Connection, refused: dict[str, DataverseError], item: str) -> None:
    for address, error in refused.items():
        log.warning("Dynamics was not told that %s is suppressed: %s %s", shown(address), error, error.detail)
    suppression_store.tell_again(c, list(refused))
    _reject(ctx, c, refused, item)


def _reject(ctx: RunContext, c: Connection, refused: dict[str, DataverseError], item: str) -> None:
    """Of these the item says so."""
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


async def _write_rows(dv: Dataverse, account_id: str, batch: list[Suppression]) -> dict[str, DataverseError]:
    results = await upsert_rows(
        dv,
        solution.SUPPRESSION,
        [
            {
                KEY: row_key(account_id, each.address),
                "dyntui_address": each.address,
                "dyntui_reason": each.reason,
                "dyntui_status": each.status,
                "dyntui_suppressedon": each.suppressed_on or None,
                "dyntui_origin": ORIGIN,
                "dyntui_EmailAccountId@odata.bind": f"/{solution.EMAIL_ACCOUNT.entity_set}({account_id})",
            }
            for each in batch
        ],
    )
    return {each.address: result.error for each, result in zip(batch, results, strict=True) if result.error is not None}


class _Row(msgspec.Struct, frozen=True, rename={"id": "dyntui_suppressionid", "key": KEY}):
    id: str
    key: str | None = None


async def _tell_lifts(ctx: RunContext, dv: Dataverse, account_id: str, item: str) -> None:
    """Suppressions that ended: the account's own row goes, and the flags that dyntui had set for them unless another
    account suppresses the address still."""
    untold = await ctx.read(lambda c: lifts.untold(c, account_id))
    if not untold:
        return
    addresses = sorted({each.address for each in untold})
    ended = await ctx.read(lambda c: suppression_store.not_known(c, account_id, addresses))
    refused = await flags_taken_back.take_back(ctx, dv, ended)
    refused |= await _delete_rows(dv, account_id, ended)
    told = [each.id for each in untold if each.address not in refused]
    for address, error in refused.items():
        log.warning("Dynamics was not told that %s is suppressed no more: %s", shown(address), error)

    def keep(c: Connection) -> None:
        lifts.told(c, told)
        _reject(ctx, c, refused, item)

    await ctx.save(ctx.cursor, stage=_STAGE, work=keep)


async def _delete_rows(dv: Dataverse, account_id: str, addresses: Sequence[str]) -> dict[str, DataverseError]:
    """Of which addresses the row could not be deleted, and why."""
    table = bulk.Table(
        solution.SUPPRESSION.entity_set, solution.SUPPRESSION.logical_name, f"{solution.SUPPRESSION.logical_name}id"
    )
    by_key = {row_key(account_id, each): each for each in addresses}
    there: dict[str, str] = {}
    async for page in dv_rows.pages_where_any(dv, table.entity_set, _Row, KEY, list(by_key), orderby=(table.key,)):
        there.update((row.id, by_key[row.key]) for row in page.rows if row.key in by_key)
    results = await bulk.delete_many(dv, table, list(there))
    return {
        address: result.error
        for address, result in zip(there.values(), results, strict=True)
        if result.error is not None
    }
