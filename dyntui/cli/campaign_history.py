"""`dyntui campaigns history`: who changed what about email campaigns."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command
from dyntui.cli.naming import campaign_ref
from dyntui.cli.output import moment
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.model.admin_changes import AdminChange
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaign_changes import CAMPAIGNS_CHANGES, CampaignChangesQuery
from dyntui.service.contract.campaigns import CampaignRef

COLUMNS: Columns[AdminChange] = (
    Column("when", lambda row: moment(row.changed_on), whole=True),
    Column("who", lambda row: row.changed_by),
    Column("account", lambda row: row.account),
    Column("what", lambda row: row.thing),
    Column("before", lambda row: row.before),
    Column("after", lambda row: row.after),
)


@click.command("history", cls=Command)
@click.argument("named", metavar="[CAMPAIGN]", required=False, default="")
@page_of(CAMPAIGNS_CHANGES, COLUMNS)
async def history(client: ServiceClient, rows: Rows, named: str) -> CampaignChangesQuery:
    """Who gave campaigns target lists or took them, changed a sync level, archived: of CAMPAIGN, or of all."""
    campaign = await campaign_ref(client, named) if named else CampaignRef(0)
    return CampaignChangesQuery(campaign=campaign.id, account=campaign.account, **rows)
