"""Results of email campaigns: reports, recipients, and campaigns side by side."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.campaign_results import CountedOnly
from dyntui.model.campaigns import CampaignRow
from dyntui.model.campaigns import Hour as Hour
from dyntui.model.campaigns import Link as Link
from dyntui.model.campaigns import ReadWith as ReadWith
from dyntui.model.campaigns import RecipientRow as RecipientRow
from dyntui.model.campaigns import RoiRow as RoiRow
from dyntui.model.campaigns import SplitVersion as SplitVersion
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Number, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import ON_CAMPAIGN, ON_CAMPAIGNS, ON_REPORT, CampaignRef, one_campaign
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.situations import Situation

# Which recipients of a campaign, by what they did.
RECIPIENT_FILTERS = ("all", "opened", "clicked", "bounced", "unsubscribed", "unopened")


class CampaignReport(msgspec.Struct, frozen=True, kw_only=True):
    """Results of a campaign, as last read.

    `delivery_rate` and `bounce_rate` are fractions (0.0-1.0) of `sent`, `click_to_open_rate` of `unique_opens`, the
    other rates of `delivered` (`dyntui.model.rates`), None where there is nothing to be a share of; `opens` and
    `clicks` count events, everything else people. `versions`: of a split test, by what `split_metric` measures;
    `reads`: what is read of its results, in words; `counted_only`: what is in the totals and in no list of people, None
    where nothing is.
    """

    row: CampaignRow
    as_of: str
    sent: int
    delivered: int
    unique_opens: int
    opens: int
    unique_clicks: int
    clicks: int
    hard_bounces: int
    soft_bounces: int
    unsubscribes: int
    mail_blocks: int = 0
    complaints: int
    forwards: int
    replies: int
    delivery_rate: float | None = None
    open_rate: float | None = None
    click_rate: float | None = None
    click_to_open_rate: float | None = None
    bounce_rate: float | None = None
    unsubscribe_rate: float | None = None
    hours: tuple[Hour, ...]
    links: tuple[Link, ...]
    sends: tuple[SendRow, ...]
    clients: tuple[ReadWith, ...] = ()
    devices: tuple[ReadWith, ...] = ()
    roi: tuple[RoiRow, ...] = ()
    versions: tuple[SplitVersion, ...] = ()
    split_metric: str = ""
    reads: str = ""
    counted_only: CountedOnly | None = None

    @property
    def unread(self) -> bool:
        """Whether nothing of its results was read: what is 0 then is not known."""
        return not self.as_of and not self.sent

    @property
    def reads_nothing(self) -> bool:
        """Whether its sync level is NONE: no synchronisation reads its results."""
        return self.reads.startswith("NONE")


class RecipientsQuery(Window, frozen=True, kw_only=True):
    """A window on the recipients of a campaign; `filter`: `all`, `opened`, `clicked`, `bounced`,
    `unsubscribed`, `unopened`."""

    id: Number
    filter: Annotated[str, one_of(*RECIPIENT_FILTERS)] = "all"
    account: Text = ""


class CompareCampaigns(msgspec.Struct, frozen=True, kw_only=True):
    """Compare the results of these campaigns: of `account`, or of one that each of `of` names; of none the last ten
    that were sent."""

    ids: tuple[Number, ...] = ()
    account: Text = ""
    of: tuple[CampaignRef, ...] = ()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Campaigns with their results, the one that was sent last first; without hours, links and sends."""

    reports: tuple[CampaignReport, ...]


ON_COMPARISON = Scope("Comparison of email campaigns")

CAMPAIGN_REPORT = Call("campaigns.report", CampaignRef, CampaignReport, Ability.SEE)
CAMPAIGNS_COMPARE = Call("campaigns.compare", CompareCampaigns, Comparison, Ability.SEE)
CAMPAIGN_RECIPIENTS = Call("campaigns.recipients", RecipientsQuery, Page[RecipientRow], Ability.SEE)


def report(situation: Situation) -> str:
    """A campaign that was sent."""
    row = situation.one(CampaignRow)
    if (why := one_campaign(situation)) or row is None:
        return why
    return "" if row.sent or row.sent_on else f"{row.name} has not been sent yet, so there is nothing to report."


ACTIONS = (
    Action(
        id="campaigns.report",
        title="Report",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN, ON_COMPARISON),
        keys=("v",),
        hint="Report",
        call=CAMPAIGN_REPORT,
        command="dyntui campaigns report CAMPAIGN",
        tooltip="Opens, clicks, bounces, links and recipients",
        row=True,
        rule=report,
    ),
    Action(
        id="campaigns.compare",
        title="Compare results",
        scopes=(ON_CAMPAIGNS,),
        keys=("V",),
        aside="Compare",
        call=CAMPAIGNS_COMPARE,
        command="dyntui campaigns compare CAMPAIGN CAMPAIGN",
        tooltip="The marked campaigns side by side, or the last ten that were sent: counts and rates",
    ),
    Action(
        id="report.panes",
        title="Overview, charts or recipients",
        scopes=(ON_REPORT,),
        keys=("m",),
        hint="Recipients",
        call=CAMPAIGN_RECIPIENTS,
        command="dyntui campaigns report CAMPAIGN --recipients",
        tooltip="Changes between the overview (on a narrow screen its charts) and the recipients",
    ),
)
