"""Stored campaigns and sends as the contract shows them."""

from __future__ import annotations

from collections.abc import Mapping

from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.sends import SendRow
from dyntui.store.campaigns import Campaign
from dyntui.store.sends import Send


def total(campaign: Campaign, name: str) -> int:
    """A total of the campaign's summary (dotdigital_api.md 6), 0 where dotdigital gave none."""
    return int(campaign.summary.get(name) or 0)


def row_of(campaign: Campaign, account_names: Mapping[str, str]) -> CampaignRow:
    """A stored campaign as the contract shows it."""
    return CampaignRow(
        id=campaign.id,
        name=campaign.name,
        subject=campaign.subject,
        status=campaign.status,
        type=campaign.type,
        account=account_names.get(campaign.account_id, ""),
        split_test=campaign.split_test,
        targets=campaign.targets,
        sent_on=campaign.sent_on,
        sent=total(campaign, "numTotalSent"),
        delivered=total(campaign, "numTotalDelivered"),
        unique_opens=total(campaign, "numTotalUniqueOpens"),
        unique_clicks=total(campaign, "numRecipientsClicked"),
    )


def send_row(this: Send) -> SendRow:
    """A stored send as the contract shows it."""
    return SendRow(
        id=this.id,
        campaign=this.campaign_id,
        campaign_name=this.campaign_name,
        run=this.run_id,
        state=this.state,
        created_by=this.created_by,
        created_on=this.created_on,
        sent_on=this.sent_on,
        potential=this.potential,
        sendable=this.sendable,
        excluded=this.excluded,
        lists=this.lists,
        error=this.error,
        doubt=this.doubt,
        decision=this.decision,
        decided_by=this.decided_by,
        decided_on=this.decided_on,
    )
