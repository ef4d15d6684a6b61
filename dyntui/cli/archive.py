"""`dyntui campaigns archive` and `unarchive`: email campaigns are put away, and taken out again."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.naming import campaign_ref
from dyntui.cli.output import moment, print_json, print_table, say, show_error
from dyntui.cli.service_call import with_service
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.client import ServiceClient
from dyntui.service.contract.archive import CAMPAIGNS_ARCHIVE, CAMPAIGNS_UNARCHIVE, ArchiveCampaigns, Archived
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CampaignRow


def archived(row: CampaignRow) -> str:
    """Since when, and by whom, a campaign is archived; `""` where it is not."""
    if not row.archived_on:
        return ""
    return moment(row.archived_on) + (f" by {row.archived_by}" if row.archived_by else "")


@click.command("archive", cls=Command)
@click.argument("named", metavar="CAMPAIGN...", nargs=-1, required=True)
@click.pass_context
def archive(context: click.Context, named: tuple[str, ...]) -> int:
    """Put campaigns away: out of the listings, into `--view archived`. Neither dotdigital nor Dynamics is told.

    One with a send that is under way, held or in doubt is left out. Results are read as before.
    """
    return _ask(choices(context), CAMPAIGNS_ARCHIVE, named)


@click.command("unarchive", cls=Command)
@click.argument("named", metavar="CAMPAIGN...", nargs=-1, required=True)
@click.pass_context
def unarchive(context: click.Context, named: tuple[str, ...]) -> int:
    """Take archived campaigns out again, so that they are listed and can be sent."""
    return _ask(choices(context), CAMPAIGNS_UNARCHIVE, named)


def _ask(chosen: Choices, call: Call[ArchiveCampaigns, Archived], named: tuple[str, ...]) -> int:
    async def ask(client: ServiceClient) -> Archived:
        refs = [await campaign_ref(client, each) for each in named]
        return await client.call(call, ArchiveCampaigns(tuple(refs)))

    found = with_service(chosen, ask)
    if chosen.json:
        print_json(found)
    elif found.rows:
        print_table(
            ["id", "name", "account", "archived"],
            ((str(row.id), row.name, row.account, archived(row) or "no") for row in found.rows),
            whole=["id"],
        )
    else:
        say("Nothing was archived.")
    for each in found.left_out:
        error = DyntuiError(each.code, each.why, not_done="It was not archived.", remedy=each.remedy)
        show_error(error, as_json=chosen.json)
    return int(Exit.LOCKED if found.left_out else Exit.DONE)
