"""What became of a campaign's mails: the report, and each recipient."""

from __future__ import annotations

from dyntui.service.answering import answers
from dyntui.service.campaign_rows import row_of, send_row, total
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.campaigns import (
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CampaignRef,
    CampaignReport,
    Hour,
    Link,
    RecipientRow,
    RecipientsQuery,
)
from dyntui.service.contract.paging import Page
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import results, sends
from dyntui.store.results import RecipientsWindow


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
        sent, delivered = total(campaign, "numTotalSent"), total(campaign, "numTotalDelivered")
        opened, clicked = total(campaign, "numTotalUniqueOpens"), total(campaign, "numRecipientsClicked")
        hard, soft = total(campaign, "numTotalHardBounces"), total(campaign, "numTotalSoftBounces")
        unsubscribed = total(campaign, "numTotalUnsubscribes")
        return CampaignReport(
            row=row_of(campaign, await self._resources.account_names()),
            as_of=campaign.results_on,
            sent=sent,
            delivered=delivered,
            unique_opens=opened,
            opens=total(campaign, "numTotalOpens"),
            unique_clicks=clicked,
            clicks=total(campaign, "numTotalClicks"),
            hard_bounces=hard,
            soft_bounces=soft,
            unsubscribes=unsubscribed,
            mail_blocks=total(campaign, "numTotalMailBlocks"),
            complaints=total(campaign, "numTotalIspComplaints"),
            forwards=total(campaign, "numForwards"),
            replies=total(campaign, "numTotalReplies"),
            delivery_rate=_rate(delivered, sent),
            open_rate=_rate(opened, delivered),
            click_rate=_rate(clicked, delivered),
            click_to_open_rate=_rate(clicked, opened),
            bounce_rate=_rate(hard + soft, sent),
            unsubscribe_rate=_rate(unsubscribed, delivered),
            hours=tuple(Hour(hour=each.hour, opens=each.opens, clicks=each.clicks) for each in hours),
            links=tuple(Link(url=each.url, clicks=each.clicks, people=each.people) for each in links),
            sends=tuple(send_row(each) for each in made),
        )

    @answers(CAMPAIGN_RECIPIENTS)
    async def recipients(self, context: CallContext, request: RecipientsQuery) -> Page[RecipientRow]:
        """A window on what each recipient did."""
        campaign = await self._campaigns.known(CampaignRef(request.id))
        asked = RecipientsWindow(
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            filter=request.filter,
            offset=request.offset,
            limit=request.limit,
            search=request.search,
            sort=request.sort,
        )
        found = await self._resources.read(lambda c: results.window(c, asked))
        rows = tuple(
            RecipientRow(
                address=each.address,
                contact_id=each.contact_id,
                sent_on=each.sent_on,
                opens=each.opens,
                clicks=each.clicks,
                first_opened=each.first_opened,
                last_opened=each.last_opened,
                unsubscribed=each.unsubscribed,
                soft_bounced=each.soft_bounced,
                hard_bounced=each.hard_bounced,
                name=each.name,
            )
            for each in found.rows
        )
        return Page(
            rows=rows,
            matching=found.matching,
            total=found.total,
            offset=request.offset,
            as_of=campaign.results_on,
        )


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
