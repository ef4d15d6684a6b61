"""Who changed what about email campaigns: target lists, the sync level, the archive."""

from __future__ import annotations

from dyntui.model.admin_changes import AdminChange
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action
from dyntui.service.contract.bounds import Number, Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import ON_CAMPAIGN, ON_CAMPAIGNS
from dyntui.service.contract.paging import Page, Window


class CampaignChangesQuery(Window, frozen=True, kw_only=True):
    """A window on who changed what about email campaigns, newest first. `campaign`: about this one alone; `account`: of
    the campaigns of this email account."""

    campaign: Number = 0
    account: Text = ""


CAMPAIGNS_CHANGES = Call("campaigns.changes", CampaignChangesQuery, Page[AdminChange], Ability.SEE)

ACTIONS = (
    Action(
        id="campaigns.changes",
        title="Who changed what",
        scopes=(ON_CAMPAIGNS, ON_CAMPAIGN),
        keys=("D",),
        call=CAMPAIGNS_CHANGES,
        command="dyntui campaigns history",
        tooltip="Target lists, sync levels and the archive: who, when, before and after",
    ),
)
