"""Email campaigns in Dynamics: a row each, written where it differs from what was written before."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Iterable

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.model import solution
from dyntui.store import campaigns
from dyntui.store.campaigns import Campaign
from dyntui.sync.connector_rows import upsert_rows
from dyntui.sync.refused_rows import name_refused
from dyntui.sync.run_context import RunContext

_AT_ONCE = 500

log = logging.getLogger(__name__)


async def tell(ctx: RunContext, dv: Dataverse, account_id: str) -> None:
    """Campaign rows that differ from what was written before, in bulk; then their row ids, for lookups."""
    known = await ctx.read(lambda c: campaigns.all_of(c, account_id))
    rows = {each.id: _columns(account_id, each) for each in known}
    prints = {campaign_id: _fingerprint(row) for campaign_id, row in rows.items()}
    changed = [each.id for each in known if prints[each.id] != each.fingerprint]
    names = {each.id: each.name for each in known}
    refused: list[tuple[str, DataverseError]] = []
    for start in range(0, len(changed), _AT_ONCE):
        some = changed[start : start + _AT_ONCE]
        results = await upsert_rows(dv, solution.EMAIL_CAMPAIGN, [rows[each] for each in some])
        for campaign_id, result in zip(some, results, strict=True):
            if result.error is not None:
                log.warning("Dynamics refused campaign %s: %s %s", campaign_id, result.error, result.error.detail)
                refused.append((f"{names[campaign_id]} ({campaign_id})", result.error))
        there = [each for each, result in zip(some, results, strict=True) if result.error is None]
        ids = await _row_ids(dv, [row_key(account_id, each) for each in there])
        # One that does not show yet, or whose key cannot be read, is written and looked for again by the next run.
        found = [(each, ids.get(row_key(account_id, each), "")) for each in there]
        written = [(each, prints[each], row_id) for each, row_id in found if row_id]
        await ctx.save(
            ctx.cursor,
            stage="Writing campaigns to Dynamics",
            done=start + len(some),
            of=len(changed),
            work=functools.partial(campaigns.written, account_id=account_id, rows=written),
        )
    await name_refused(ctx, "rows of campaigns", "campaign", "Rows of campaigns in Dynamics", refused)


async def made_anew(ctx: RunContext, dv: Dataverse, account_id: str, campaign_id: int) -> bool:
    """Whether somebody had deleted the campaign's row in Dynamics: what recipients did cannot be written without."""
    key = row_key(account_id, campaign_id)
    if key in await _row_ids(dv, [key]):
        return False
    await ctx.write(functools.partial(campaigns.written, account_id=account_id, rows=[(campaign_id, "", "")]))
    await tell(ctx, dv, account_id)
    return True


_TOTALS = {
    "dyntui_sent": "numTotalSent",
    "dyntui_delivered": "numTotalDelivered",
    "dyntui_uniqueopens": "numTotalUniqueOpens",
    "dyntui_opens": "numTotalOpens",
    "dyntui_uniqueclicks": "numRecipientsClicked",
    "dyntui_clicks": "numTotalClicks",
    "dyntui_hardbounces": "numTotalHardBounces",
    "dyntui_softbounces": "numTotalSoftBounces",
    "dyntui_unsubscribes": "numTotalUnsubscribes",
}


def _columns(account_id: str, known: Campaign) -> dict[str, object]:
    return {
        "dyntui_key": row_key(account_id, known.id),
        "dyntui_name": known.name,
        "dyntui_campaignnumber": known.id,
        "dyntui_subject": known.subject,
        "dyntui_fromname": known.from_name,
        "dyntui_fromaddress": known.from_address,
        "dyntui_status": known.status,
        "dyntui_campaigntype": known.type,
        "dyntui_issplittest": known.split_test,
        "dyntui_senton": known.sent_on or None,
        "dyntui_EmailAccountId@odata.bind": f"/{solution.EMAIL_ACCOUNT.entity_set}({account_id})",
        # Totals that were not read yet take nothing away that was there before.
        **{column: known.summary[total] for column, total in _TOTALS.items() if total in known.summary},
    }


def _fingerprint(row: dict[str, object]) -> str:
    return hashlib.blake2b(msgspec.json.encode(row, order="sorted"), digest_size=12).hexdigest()


def row_key(account_id: str, campaign_id: int) -> str:
    """The alternate key of a campaign's row."""
    return f"{account_id}-{campaign_id}"


class _RowId(msgspec.Struct, frozen=True, rename={"row": "dyntui_emailcampaignid", "key": "dyntui_key"}):
    row: str
    key: str = ""


async def _row_ids(dv: Dataverse, keys: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    async for page in dv_rows.pages_where_any(
        dv,
        solution.EMAIL_CAMPAIGN.entity_set,
        _RowId,
        "dyntui_key",
        list(keys),
        orderby=("dyntui_emailcampaignid",),
    ):
        found.update((row.key, row.row) for row in page.rows)
    return found
