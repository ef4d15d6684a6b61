"""What became of a campaign's mails: the report, and each recipient."""

from __future__ import annotations

import msgspec

from dyntui.service.answering import answers
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.campaigns import (
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CampaignRef,
    CampaignReport,
    RecipientRow,
    RecipientsQuery,
)
from dyntui.service.contract.paging import Page
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import campaign_window, results, sends
from dyntui.store.campaigns import total


class Results:
    """The calls `campaigns.report` and `campaigns.recipients`."""

    def __init__(self, resources: Resources, campaigns: Campaigns) -> None:
        self._resources = resources
        self._campaigns = campaigns

    @answers(CAMPAIGN_REPORT)
    async def report(self, context: CallContext, request: CampaignRef) -> CampaignReport:
        """Results: totals as the platform gives them, people where they are known one by one."""
        campaign = await self._campaigns.known(request)
        key = (campaign.account_id, campaign.id)
        hours = await self._resources.read(lambda c: results.hours(c, *key))
        links = await self._resources.read(lambda c: results.links(c, *key))
        made = await self._resources.read(lambda c: sends.of_campaign(c, *key))
        sent, delivered = total(campaign.summary, "numTotalSent"), total(campaign.summary, "numTotalDelivered")
        opened, clicked = (
            total(campaign.summary, "numTotalUniqueOpens"),
            total(campaign.summary, "numRecipientsClicked"),
        )
        hard, soft = total(campaign.summary, "numTotalHardBounces"), total(campaign.summary, "numTotalSoftBounces")
        unsubscribed = total(campaign.summary, "numTotalUnsubscribes")
        return CampaignReport(
            row=await self._resources.read(lambda c: campaign_window.row(c, *key)),
            as_of=campaign.results_on,
            sent=sent,
            delivered=delivered,
            unique_opens=opened,
            opens=total(campaign.summary, "numTotalOpens"),
            unique_clicks=clicked,
            clicks=total(campaign.summary, "numTotalClicks"),
            hard_bounces=hard,
            soft_bounces=soft,
            unsubscribes=unsubscribed,
            mail_blocks=total(campaign.summary, "numTotalMailBlocks"),
            complaints=total(campaign.summary, "numTotalIspComplaints"),
            forwards=total(campaign.summary, "numForwards"),
            replies=total(campaign.summary, "numTotalReplies"),
            delivery_rate=_rate(delivered, sent),
            open_rate=_rate(opened, delivered),
            click_rate=_rate(clicked, delivered),
            click_to_open_rate=_rate(clicked, opened),
            bounce_rate=_rate(hard + soft, sent),
            unsubscribe_rate=_rate(unsubscribed, delivered),
            hours=tuple(hours),
            links=tuple(links),
            sends=made,
        )

    @answers(CAMPAIGN_RECIPIENTS)
    async def recipients(self, context: CallContext, request: RecipientsQuery) -> Page[RecipientRow]:
        """A window on what each recipient did."""
        campaign = await self._campaigns.known(CampaignRef(request.id))
        found = await self._resources.read(
            lambda c: results.window(
                c, request, account_id=campaign.account_id, campaign_id=campaign.id, kept=request.filter
            )
        )
        return msgspec.structs.replace(found, as_of=campaign.results_on)


def use_cases(parts: Parts) -> Results:
    """What answers these calls."""
    return Results(parts.resources, Campaigns(parts.resources, parts.identities))


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
