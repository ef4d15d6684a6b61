"""What people change about email campaigns is kept, and listed: who, when, before and after."""

from __future__ import annotations

from dyntui.model.admin_changes import AdminChange
from dyntui.service.answering import answers
from dyntui.service.campaigns import SUBJECT, Campaigns
from dyntui.service.contract.campaign_changes import CAMPAIGNS_CHANGES, CampaignChangesQuery
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.paging import Page
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import admin_changes


class CampaignChanges:
    """The call `campaigns.changes`."""

    def __init__(self, resources: Resources, known: Campaigns) -> None:
        self._resources = resources
        self._campaigns = known

    @answers(CAMPAIGNS_CHANGES)
    async def changes(self, context: CallContext, request: CampaignChangesQuery) -> Page[AdminChange]:
        """Who changed what, newest first. Raises CAMPAIGN_UNKNOWN, CAMPAIGN_AMBIGUOUS."""
        account_id, about = None, ""
        if request.campaign:
            known = await self._campaigns.known(CampaignRef(request.campaign, request.account))
            account_id, about = known.account_id, str(known.id)
        elif request.account:
            account_id = (await chosen_account(self._resources, request.account)).id
        return await self._resources.read(
            lambda c: admin_changes.window(c, request, subject=SUBJECT, account_id=account_id, about=about)
        )


def use_cases(parts: Parts) -> CampaignChanges:
    """What answers these calls."""
    return CampaignChanges(parts.resources, Campaigns(parts.resources, parts.identities))
