"""What became of a campaign's mails: the report, and each recipient."""

from __future__ import annotations

import functools

import msgspec
from sqlalchemy import Connection

from dyntui.model.campaign_results import reading_text
from dyntui.model.rates import Counts, rates
from dyntui.service import counted_only
from dyntui.service.answering import answers
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.results import (
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CAMPAIGNS_COMPARE,
    CampaignReport,
    CompareCampaigns,
    Comparison,
    RecipientRow,
    RecipientsQuery,
)
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import campaign_window, results, send_window
from dyntui.store.campaigns import Campaign, reading, split_metric, total, versions

# So many campaigns are compared where none is named.
LAST = 10


class Results:
    """The calls `campaigns.report`, `campaigns.compare` and `campaigns.recipients`."""

    def __init__(self, resources: Resources, campaigns: Campaigns) -> None:
        self._resources = resources
        self._campaigns = campaigns

    @answers(CAMPAIGN_REPORT)
    async def report(self, context: CallContext, request: CampaignRef) -> CampaignReport:
        """Results: totals as the platform gives them, people where they are known one by one."""
        campaign = await self._campaigns.known(request)
        return await self._resources.read(lambda c: _report(c, campaign))

    @answers(CAMPAIGNS_COMPARE)
    async def compare(self, context: CallContext, request: CompareCampaigns) -> Comparison:
        """Results of several campaigns. Raises CAMPAIGN_UNKNOWN, CAMPAIGN_AMBIGUOUS."""
        refs = [*(CampaignRef(each, request.account) for each in request.ids), *request.of]
        if not refs:
            newest = Window(limit=LAST, sort="-sent_on")
            account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
            page = await self._resources.read(
                lambda c: campaign_window.window(c, newest, view="sent", account_id=account_id)
            )
            refs = [CampaignRef(row.id, row.account) for row in page.rows]
        chosen = [await self._campaigns.known(each) for each in dict.fromkeys(refs)]
        reports = [await self._resources.read(functools.partial(_figures, campaign=each)) for each in chosen]
        reports.sort(key=lambda each: each.row.sent_on, reverse=True)
        return Comparison(reports=tuple(reports))

    @answers(CAMPAIGN_RECIPIENTS)
    async def recipients(self, context: CallContext, request: RecipientsQuery) -> Page[RecipientRow]:
        """A window on what each recipient did."""
        campaign = await self._campaigns.known(CampaignRef(request.id, request.account))
        found = await self._resources.read(
            lambda c: results.window(
                c, request, account_id=campaign.account_id, campaign_id=campaign.id, kept=request.filter
            )
        )
        return msgspec.structs.replace(found, as_of=campaign.results_on)


def use_cases(parts: Parts) -> Results:
    """What answers these calls."""
    return Results(parts.resources, Campaigns(parts.resources, parts.identities))


def _report(c: Connection, campaign: Campaign) -> CampaignReport:
    key = (campaign.account_id, campaign.id)
    return msgspec.structs.replace(
        _figures(c, campaign),
        hours=tuple(results.hours(c, *key)),
        links=tuple(results.links(c, *key)),
        sends=send_window.of_campaign(c, *key),
        clients=tuple(results.read_with(c, *key, "client")),
        devices=tuple(results.read_with(c, *key, "device")),
        counted_only=counted_only.of(c, campaign),
    )


def _figures(c: Connection, campaign: Campaign) -> CampaignReport:
    """What can be counted of a campaign, as the platform gives it."""
    known = functools.partial(total, campaign.summary)
    sent, delivered, unsubscribed = known("numTotalSent"), known("numTotalDelivered"), known("numTotalUnsubscribes")
    opened, clicked = known("numTotalUniqueOpens"), known("numRecipientsClicked")
    hard, soft = known("numTotalHardBounces"), known("numTotalSoftBounces")
    shares = rates(
        Counts(
            sent=sent,
            delivered=delivered,
            opened=opened,
            clicked=clicked,
            bounced=hard + soft,
            unsubscribed=unsubscribed,
        )
    )
    return CampaignReport(
        row=campaign_window.row(c, campaign.account_id, campaign.id),
        as_of=campaign.results_on,
        sent=sent,
        delivered=delivered,
        unique_opens=opened,
        opens=known("numTotalOpens"),
        unique_clicks=clicked,
        clicks=known("numTotalClicks"),
        hard_bounces=hard,
        soft_bounces=soft,
        unsubscribes=unsubscribed,
        mail_blocks=known("numTotalMailBlocks"),
        complaints=known("numTotalIspComplaints"),
        forwards=known("numForwards"),
        replies=known("numTotalReplies"),
        delivery_rate=shares.delivery,
        open_rate=shares.open,
        click_rate=shares.click,
        click_to_open_rate=shares.click_to_open,
        bounce_rate=shares.bounce,
        unsubscribe_rate=shares.unsubscribe,
        hours=(),
        links=(),
        sends=(),
        roi=tuple(results.roi(c, campaign.account_id, campaign.id)),
        versions=versions(campaign.summary),
        split_metric=split_metric(campaign.summary),
        reads=reading_text(reading(c, campaign)),
    )
