"""Email campaigns in: headers, totals, and at sync level DETAILED what every recipient did.

Which campaigns have news is asked with one call; only those are read. What is written to Dynamics is compared by
fingerprint with what was written before, so a run without news writes nothing.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec.structs import replace

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import GONE, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import activities
from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.dotdigital.reading import OddRow
from dyntui.model import solution
from dyntui.model.cursors import CampaignsCursor
from dyntui.model.devices import device_of
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.model.people import normalise
from dyntui.store import campaigns as campaign_store
from dyntui.store.campaigns import Activity, Campaign, Engagement, Header, Recipient
from dyntui.sync import feeds, parts
from dyntui.sync.connector_rows import upsert_rows
from dyntui.sync.refused_rows import name_refused
from dyntui.sync.run_context import RunContext

_FEED = "campaign-activity"
_WRITE_ROWS = 500
_NAME, _SUBJECT, _WORD = 255, 1000, 50
_MOST_TAGS = 100
_LONGEST_URL = 2000
_LONGEST_NAME = 200

log = logging.getLogger(__name__)


async def synchronise(
    ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str, level: str, only: Collection[int] = ()
) -> None:
    """Every campaign of an account, and the results of those with news. `level`: `NONE`, `SUMMARY` or `DETAILED`.
    `only`: the results of these, whether they have news or not, and of no others."""
    if ctx.at(CampaignsCursor).news is None:
        since = await feeds.since(ctx, account_id, _FEED)
        until = await feeds.server_time(dd)
        listed = await _headers(ctx, dv, dd, account_id)
        if level == "NONE":
            wanted: list[int] = []
        elif only:
            wanted = sorted(listed.intersection(only))
        else:
            wanted = await _with_news(ctx, dd, account_id, since, listed)
        start = CampaignsCursor(news=tuple(wanted), since=text_of(since), until=text_of(until))
        await ctx.save(start, stage="Reading results", of=len(wanted))
    at = ctx.at(CampaignsCursor)
    news, since = at.news or (), moment_of(at.since) or EPOCH
    for place in range(at.place, len(news)):
        try:
            await _results(ctx, dv, dd, account_id, news[place], place, since, level)
        except DyntuiError as error:
            if await parts.is_of_the_run(error, dv, dd):
                raise
            await _failed(ctx, account_id, news[place], place, error)
        after = replace(ctx.at(CampaignsCursor), place=place + 1)
        await ctx.save(after, stage="Reading results", done=place + 1, of=len(news))
    if only:
        # The news of the others are still to be read.
        return
    until = moment_of(at.until) or EPOCH
    await feeds.advance(ctx, account_id, _FEED, until)


async def _failed(ctx: RunContext, account_id: str, campaign_id: int, place: int, error: DyntuiError) -> None:
    """One campaign could not be read: the others go on, and the next run reads it from the beginning."""
    known = await ctx.read(lambda c: campaign_store.get(c, account_id, campaign_id))
    item = str(campaign_id)
    await ctx.begin_item(item, kind="campaign", name=known.name if known else item, place=place)
    await ctx.fail_item(item, error)
    await ctx.write(lambda c: campaign_store.record_results_read(c, account_id, campaign_id, ""))


async def _headers(ctx: RunContext, dv: Dataverse, dd: Dotdigital, account_id: str) -> set[int]:
    """Every campaign there is, into the store and to Dynamics; their ids."""
    seen: set[int] = set()
    async for page in dd_campaigns.campaign_pages(dd):
        for each in page.odd:
            await _odd(ctx, each)
        headers = [header_of(each) for each in page.rows]
        seen.update(each.id for each in headers)
        await ctx.save(
            ctx.cursor,
            stage="Reading campaigns",
            done=len(seen),
            work=functools.partial(campaign_store.record_headers, account_id=account_id, rows=headers, now=ctx.now()),
        )
    await tell_dynamics(ctx, dv, account_id)
    return seen


async def _odd(ctx: RunContext, row: OddRow) -> None:
    """A campaign that cannot be read is named, and the others go on."""
    item = f"odd {row.place}"
    await ctx.begin_item(item, kind="campaign", name="a campaign that cannot be read", place=0)
    await ctx.fail_item(
        item,
        DyntuiError(
            "DOTDIGITAL_ROW_UNREADABLE",
            f"A campaign in dotdigital's list cannot be read ({row.reason}); received: {row.received}",
            not_done="It was left out; all other campaigns were read.",
            remedy="Look at the campaign in dotdigital; ask dotdigital's support when it looks right there.",
        ),
    )


def header_of(row: dd_campaigns.Campaign) -> Header:
    """A campaign as dotdigital lists it, as the store keeps it: its texts as long as their columns in Dynamics take
    (`dyntui.model.solution`)."""
    return Header(
        id=row.id,
        name=(row.name or f"Campaign {row.id}")[:_NAME],
        subject=(row.subject or "")[:_SUBJECT],
        from_name=(row.from_name or "")[:_NAME],
        from_address=(row.from_address.email if row.from_address else "")[:_NAME],
        reply_to=(row.reply_to_address or "")[:_NAME],
        status=row.status[:_WORD],
        type=(row.type or "")[:_WORD],
        split_test=row.is_split_test,
        tags=tuple(tag[:_NAME] for tag in row.tag_names[:_MOST_TAGS]),
        sent_on=text_of(row.sent_at),
    )


async def _with_news(ctx: RunContext, dd: Dotdigital, account_id: str, since: datetime, listed: set[int]) -> list[int]:
    """Sent campaigns with activity since the last run, and those whose results were never read to the end; not those
    that were deleted in dotdigital since."""
    unread = await ctx.read(lambda c: campaign_store.without_results(c, account_id))
    active = {each.id for each in await dd_campaigns.campaigns_with_activity_since(dd, since)}
    return sorted((active | set(unread)) & listed)


async def _results(
    ctx: RunContext,
    dv: Dataverse,
    dd: Dotdigital,
    account_id: str,
    campaign_id: int,
    place: int,
    since: datetime,
    level: str,
) -> None:
    """One campaign's totals and, where asked for, its recipients: one run item, every recipient an outcome."""
    campaign = await ctx.read(lambda c: campaign_store.get(c, account_id, campaign_id))
    if campaign is None:
        return
    stage = f"Reading results of {campaign.name}"
    summary = msgspec.to_builtins(await dd_campaigns.summary(dd, campaign_id))
    detailed = level == "DETAILED"
    # Who was mailed and did nothing shows in a reading from the beginning alone: the first, one that was broken off,
    # and the first after the campaign was sent to more people.
    recipients = await ctx.read(lambda c: campaign_store.count_recipients(c, account_id, campaign_id))
    more = int(summary["numTotalSent"]) > int(campaign.summary.get("numTotalSent") or 0)
    whole = detailed and (not campaign.results_on or not recipients or more)
    await ctx.save(
        ctx.cursor,
        stage=stage,
        work=functools.partial(
            campaign_store.record_summary,
            account_id=account_id,
            campaign_id=campaign_id,
            summary=summary,
            now="" if whole else ctx.now(),
        ),
    )
    await tell_dynamics(ctx, dv, account_id)
    if not detailed:
        return
    item = str(campaign_id)
    await ctx.begin_item(item, kind="campaign", name=campaign.name, place=place)
    async for page in activities.activity_pages(dd, campaign_id, since=None if whole else since):
        found = [_recipient(each) for each in page.rows]
        await ctx.save(
            ctx.cursor,
            stage=stage,
            work=functools.partial(
                campaign_store.record_recipients,
                account_id=account_id,
                campaign_id=campaign_id,
                rows=found,
                run_id=ctx.run_id,
                item=item,
            ),
        )
    async for opens in activities.open_pages(dd, campaign_id, since=EPOCH if whole else since):
        await _keep(ctx, account_id, campaign_id, stage, [_opened(each) for each in opens.rows])
    async for clicks in activities.click_pages(dd, campaign_id, since=EPOCH if whole else since):
        await _keep(ctx, account_id, campaign_id, stage, [_clicked(each) for each in clicks.rows])
    try:
        async for roi in activities.roi_pages(dd, campaign_id, EPOCH if whole else since):
            await _keep(ctx, account_id, campaign_id, stage, [_worth(each) for each in roi.rows])
    except DotdigitalError as error:
        # Not every account has ROI tracking; the rest of the results does not wait for it.
        if error.status not in (401, 403, 404):
            raise
        log.info("the ROI of campaign %d could not be read: %s (%s)", campaign_id, error, error.detail)
    await _tell_engagements(ctx, dv, account_id, campaign_id, stage)
    await ctx.write(lambda c: campaign_store.record_results_read(c, account_id, campaign_id, ctx.now()))
    await ctx.end_item(item)


async def learn_who_was_mailed(ctx: RunContext, dd: Dotdigital, account_id: str, campaign_id: int) -> None:
    """Everybody of whom dotdigital says that they were mailed the campaign, whatever is read of results otherwise."""
    async for page in activities.activity_pages(dd, campaign_id, since=None):
        kept = functools.partial(
            campaign_store.record_recipients,
            account_id=account_id,
            campaign_id=campaign_id,
            rows=[_recipient(each) for each in page.rows],
        )
        await ctx.save(ctx.cursor, stage="Reading who was mailed", work=kept)


def _utc(text: str | None) -> str:
    return text_of(moment(text))


def _recipient(row: activities.Activity) -> Recipient:
    return Recipient(
        contact_id=row.contact_id,
        address=normalise(row.email),
        sent_on=_utc(row.date_sent),
        opens=row.num_opens,
        clicks=row.num_clicks,
        forwards=row.num_forwards,
        replies=row.num_replies,
        page_views=row.num_page_views,
        first_opened=_utc(row.date_first_opened),
        last_opened=_utc(row.date_last_opened),
        unsubscribed=row.unsubscribed,
        soft_bounced=row.soft_bounced,
        hard_bounced=row.hard_bounced,
    )


def _key(*parts: object) -> str:
    """An identity for what the platform gives none: equal events have equal keys, so reading twice keeps one."""
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()[:40]


def _opened(row: activities.Open) -> Activity:
    key = _key("open", row.key)
    return Activity(
        key=key,
        kind="open",
        contact_id=row.contact_id,
        happened_on=_utc(row.date_opened),
        client=(row.mail_client or "")[:_LONGEST_NAME],
        device=device_of(row.user_agent),
    )


def _clicked(row: activities.Click) -> Activity:
    key = _key("click", row.key)
    return Activity(
        key=key,
        kind="click",
        contact_id=row.contact_id,
        happened_on=_utc(row.date_clicked),
        url=row.url[:_LONGEST_URL],
        device=device_of(row.user_agent),
    )


def _worth(row: activities.Roi) -> Activity:
    return Activity(
        key=_key("roi", row.key),
        kind="roi",
        contact_id=row.contact_id,
        happened_on=_utc(row.date_entered),
        url=row.marker_name[:_LONGEST_NAME],
        value="" if row.value is None else str(row.value)[:_LONGEST_NAME],
    )


async def _keep(ctx: RunContext, account_id: str, campaign_id: int, stage: str, rows: list[Activity]) -> None:
    await ctx.save(
        ctx.cursor,
        stage=stage,
        work=functools.partial(
            campaign_store.record_activity, account_id=account_id, campaign_id=campaign_id, rows=rows
        ),
    )


async def tell_dynamics(ctx: RunContext, dv: Dataverse, account_id: str) -> None:
    """Campaign rows that differ from what was written before, in bulk; then their row ids, for lookups."""
    known = await ctx.read(lambda c: campaign_store.all_of(c, account_id))
    rows = {each.id: _columns(account_id, each) for each in known}
    prints = {campaign_id: _fingerprint(row) for campaign_id, row in rows.items()}
    changed = [each.id for each in known if prints[each.id] != each.fingerprint]
    names = {each.id: each.name for each in known}
    refused: list[tuple[str, DataverseError]] = []
    for start in range(0, len(changed), _WRITE_ROWS):
        some = changed[start : start + _WRITE_ROWS]
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
            work=functools.partial(campaign_store.written, account_id=account_id, rows=written),
        )
    await name_refused(ctx, "rows of campaigns", "campaign", "Rows of campaigns in Dynamics", refused)


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
        **{column: known.summary.get(total) for column, total in _TOTALS.items()},
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


async def _tell_engagements(ctx: RunContext, dv: Dataverse, account_id: str, campaign_id: int, stage: str) -> None:
    """What recipients whom Dynamics knows did, one row per person, campaign and kind, where it changed.

    A person whom Dynamics refuses delays no other: it is named, and tried again by the next run. Where the record has
    been deleted since there is nothing to be mended: the log alone says so.
    """
    campaign = await ctx.read(lambda c: campaign_store.get(c, account_id, campaign_id))
    if campaign is None or not campaign.row_id:
        # Dynamics refused the campaign's own row, and was named for it; or somebody has forgotten the campaign since.
        return
    after = -1
    named: dict[str, DataverseError] = {}
    while some := await ctx.read(
        lambda c: campaign_store.unwritten_engagements(
            c,
            account_id,
            campaign_id,
            _WRITE_ROWS,
            after,  # noqa: B023 - awaited here
        )
    ):
        rows = [(person, row) for person in some for row in _engagements(campaign, person)]
        results = await upsert_rows(dv, solution.ENGAGEMENT, [row for _, row in rows])
        refused: set[int] = set()
        for (person, _), result in zip(rows, results, strict=True):
            if result.error is not None:
                refused.add(person.contact_id)
                log.warning("Dynamics refused what %s did: %s %s", person.person_id, result.error, result.error.detail)
                if result.error.platform_code not in GONE:
                    named[person.person_id] = result.error
        after = some[-1].contact_id
        told = [each for each in some if each.contact_id not in refused]
        await ctx.save(
            ctx.cursor,
            stage=stage,
            work=functools.partial(
                campaign_store.engagements_written, account_id=account_id, campaign_id=campaign_id, rows=told
            ),
        )
    title = f"What recipients of {campaign.name} did, in Dynamics"
    await name_refused(ctx, f"rows of {campaign_id}", "campaign", title, list(named.items()))


_KINDS = {label: value for value, label in solution.ENGAGEMENT_KINDS.items()}
_LOOKUPS = {"contact": ("dyntui_ContactId", "contacts"), "lead": ("dyntui_LeadId", "leads")}


def _engagements(campaign: Campaign, person: Engagement) -> Iterator[dict[str, object]]:
    yield _engagement(campaign, person, "Sent", person.sent_on, 1)
    if person.hard_bounced or person.soft_bounced:
        yield _engagement(campaign, person, "Bounced", person.sent_on, 1)
    if person.opens:
        yield _engagement(campaign, person, "Opened", person.first_opened, person.opens)
    if person.clicks:
        yield _engagement(campaign, person, "Clicked", person.last_opened, person.clicks)


def _engagement(campaign: Campaign, person: Engagement, kind: str, when: str, times: int) -> dict[str, object]:
    row: dict[str, object] = {
        "dyntui_key": _key(campaign.account_id, campaign.id, person.person_id, kind),
        "dyntui_name": f"{kind}: {campaign.name}"[:255],
        "dyntui_kind": _KINDS[kind],
        "dyntui_happenedon": when or None,
        "dyntui_address": person.address,
        "dyntui_times": times,
        "dyntui_EmailCampaignId@odata.bind": f"/{solution.EMAIL_CAMPAIGN.entity_set}({campaign.row_id})",
    }
    if person.entity in _LOOKUPS:
        column, entity_set = _LOOKUPS[person.entity]
        row[f"{column}@odata.bind"] = f"/{entity_set}({person.person_id})"
    return row
