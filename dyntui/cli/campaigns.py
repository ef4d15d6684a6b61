"""`dyntui campaigns`: email campaigns, their targets, sends and results."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dyntui.cli.archive import archive, archived, unarchive
from dyntui.cli.campaign_history import history
from dyntui.cli.campaign_report import (
    RECIPIENTS,
    in_words,
    print_comparison,
    print_report,
)
from dyntui.cli.lazy import Choices, Group, choices
from dyntui.cli.naming import campaign_ref, list_id
from dyntui.cli.out_file import ROWS, out_option, overwrite_option, rows_into
from dyntui.cli.output import are, moment, number, print_facts, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, Rows, every_page, page_of, print_page, window_options
from dyntui.cli.sending import send
from dyntui.cli.sends import sends, settle
from dyntui.cli.service_call import with_service
from dyntui.cli.target_counts import count
from dyntui.cli.together import only_with
from dyntui.model.campaign_results import LEVELS
from dyntui.model.plain import plain
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_EDIT,
    CAMPAIGN_GET,
    CAMPAIGN_PREVIEW,
    CAMPAIGN_TARGETS,
    CAMPAIGN_TEST,
    CAMPAIGNS_PAGE,
    VIEWS,
    CampaignDetail,
    CampaignRow,
    CampaignsQuery,
    ChangeTargets,
    EditCampaign,
    MailPreview,
    Targets,
    TrialSend,
    TrialSent,
)
from dyntui.service.contract.lists import sync_words
from dyntui.service.contract.paging import Page
from dyntui.service.contract.results import (
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CAMPAIGNS_COMPARE,
    RECIPIENT_FILTERS,
    CampaignReport,
    CompareCampaigns,
    Comparison,
    RecipientRow,
    RecipientsQuery,
)
from dyntui.service.new_files import NewFile
from dyntui.service.row_cells import COMPARED_CELLS, RECIPIENT_CELLS


@click.group(cls=Group)
def command() -> None:
    """Email campaigns. CAMPAIGN and LIST are ids or unique names."""


command.add_command(archive)
command.add_command(count)
command.add_command(history)
command.add_command(send)
command.add_command(sends)
command.add_command(settle)
command.add_command(unarchive)


def _known(row: CampaignRow, people: int) -> str:
    """Of one that was sent to nobody, as it seems, nothing was read yet."""
    return "–" if row.sent_on and not row.sent else number(people)


_COLUMNS: Columns[CampaignRow] = (
    Column("id", lambda row: str(row.id), whole=True),
    Column("name", lambda row: row.name),
    Column("subject", lambda row: row.subject),
    Column("status", lambda row: row.status),
    Column("targets", lambda row: number(row.targets), right=True),
    Column("sent on", lambda row: moment(row.sent_on), whole=True),
    Column("sent", lambda row: _known(row, row.sent), right=True),
    Column("opened by", lambda row: _known(row, row.unique_opens), right=True),
    Column("clicked by", lambda row: _known(row, row.unique_clicks), right=True),
)
_ARCHIVED: Column[CampaignRow] = Column("archived", archived)


def _columns(rows: Sequence[CampaignRow]) -> Columns[CampaignRow]:
    """Since when what is archived is, where something is."""
    return [*_COLUMNS, _ARCHIVED] if any(row.archived_on for row in rows) else _COLUMNS


@command.command("list")
@click.option(
    "--view",
    type=click.Choice(VIEWS),
    help="Unsent and sent ones are among the current ones, which are not archived.  "
    "[default: current; all with --search]",
)
@click.option("--account", default="", help="Only this email account's.")
@page_of(CAMPAIGNS_PAGE, _columns)
async def list_(_client: ServiceClient, rows: Rows, view: str | None, account: str) -> CampaignsQuery:
    """The email campaigns. A search looks at the archived ones too."""
    return CampaignsQuery(view=view or ("all" if rows["search"] else "current"), account=account, **rows)


@command.command("show")
@click.argument("named", metavar="CAMPAIGN")
@click.pass_context
def show(context: click.Context, named: str) -> None:
    """One campaign with its targets and sends."""

    async def ask(client: ServiceClient) -> CampaignDetail:
        return await client.call(CAMPAIGN_GET, await campaign_ref(client, named))

    detail = with_service(choices(context), ask)
    if choices(context).json:
        print_json(detail)
        return
    row = detail.row
    print_facts(
        [
            ("Campaign", f"{row.name} ({row.id})"),
            ("Subject", row.subject),
            ("From", f"{detail.from_name} <{detail.from_address}>"),
            ("Reply to", detail.reply_to),
            ("Status", row.status),
            ("Archived", archived(row)),
            ("Account", row.account),
            ("Tags", ", ".join(detail.tags)),
            ("Results read", detail.reads),
            ("Counted only", in_words(detail.counted_only)),
            ("Targets", ", ".join(target.name for target in detail.targets) or "none"),
            ("Active run", detail.active_run),
            ("As read", moment(detail.as_of) if detail.as_of else ""),
        ]
    )
    for one in detail.sends:
        click.echo()
        print_facts(
            [
                ("Send", f"{one.id}, {one.state}"),
                ("By", one.created_by),
                ("On", moment(one.sent_on or one.created_on)),
                ("People", f"{number(one.sendable)} of {number(one.potential)}"),
                ("Error", one.error),
            ]
        )


@command.command("edit")
@click.argument("named", metavar="CAMPAIGN")
@click.option(
    "--sync-level",
    required=True,
    type=click.Choice(["ACCOUNT", *LEVELS]),
    help="Of its results: nothing, totals, what every recipient did besides; ACCOUNT: as its email account says.",
)
@click.pass_context
def edit(context: click.Context, named: str, sync_level: str) -> None:
    """Change how much of a campaign's results is read. What is read already stays."""

    async def ask(client: ServiceClient) -> CampaignDetail:
        campaign = await campaign_ref(client, named)
        level = "" if sync_level == "ACCOUNT" else sync_level
        await client.call(CAMPAIGN_EDIT, EditCampaign(id=campaign.id, account=campaign.account, sync_level=level))
        return await client.call(CAMPAIGN_GET, campaign)

    detail = with_service(choices(context), ask)
    if choices(context).json:
        print_json(detail)
        return
    print_facts([("Campaign", f"{detail.row.name} ({detail.row.id})"), ("Results read", detail.reads)])


@command.command("preview")
@click.argument("named", metavar="CAMPAIGN")
@click.pass_context
def preview(context: click.Context, named: str) -> None:
    """A campaign's text, its HTML as text, and its links with what is odd about them. No link is followed."""

    async def ask(client: ServiceClient) -> MailPreview:
        return await client.call(CAMPAIGN_PREVIEW, await campaign_ref(client, named))

    seen = with_service(choices(context), ask)
    if choices(context).json:
        print_json(seen)
        return
    print_facts([("Campaign", f"{seen.name} ({seen.campaign})"), ("Subject", seen.subject)])
    for heading, text in (("Text", seen.text), ("HTML as text", seen.html)):
        click.echo(f"\n{heading}\n")
        for line in (text or "none").splitlines():
            click.echo(plain(line))
    click.echo()
    print_table(
        ["no", "link", "words", "odd"],
        ((str(each.number), each.url, each.text, each.problem) for each in seen.links),
        right=["no"],
    )
    if not seen.unsubscribes:
        say("There is no link to unsubscribe by (http://$UNSUB$).")


@command.command("test")
@click.argument("named", metavar="CAMPAIGN")
@click.argument("address")
@click.pass_context
def test(context: click.Context, named: str, address: str) -> None:
    """Send a copy of the campaign to ADDRESS, whose contact dotdigital has. The campaign itself stays unsent.

    Whoever must not be mailed gets no test either. The copy is removed again once it was sent.
    """

    async def ask(client: ServiceClient) -> TrialSent:
        campaign = await campaign_ref(client, named)
        request = TrialSend(id=campaign.id, account=campaign.account, address=address)
        return await client.call(CAMPAIGN_TEST, request)

    sent = with_service(choices(context), ask)
    if choices(context).json:
        print_json(sent)
        return
    print_facts([("Test sent to", sent.address)])
    if sent.copy:
        say(f"{sent.copy!r} is still in dotdigital: it is removed once it was sent.")


@command.command("report")
@click.argument("named", metavar="CAMPAIGN")
@click.option("--recipients", is_flag=True, help="The people it was sent to, and what each of them did.")
@click.option(
    "--filter", "kept", type=click.Choice(RECIPIENT_FILTERS), default="all", help="With --recipients: only these."
)
@window_options
@click.pass_context
def report(
    context: click.Context,
    named: str,
    recipients: bool,
    kept: str,
    rows: Rows,
) -> None:
    """Results of a campaign: what was delivered, opened, clicked, bounced."""
    kept_some = kept if kept != "all" else ""
    only_with("--recipients", recipients, filter=kept_some, search=rows["search"], sort=rows["sort"])

    async def ask_recipients(client: ServiceClient) -> Page[RecipientRow]:
        campaign = await campaign_ref(client, named)
        query = RecipientsQuery(id=campaign.id, account=campaign.account, filter=kept, **rows)
        return await client.call(CAMPAIGN_RECIPIENTS, query)

    async def ask_report(client: ServiceClient) -> CampaignReport:
        return await client.call(CAMPAIGN_REPORT, await campaign_ref(client, named))

    if recipients:
        print_page(choices(context), with_service(choices(context), ask_recipients), RECIPIENTS)
    else:
        results = with_service(choices(context), ask_report)
        print_json(results) if choices(context).json else print_report(results)


@command.command("compare")
@click.argument("named", metavar="CAMPAIGN...", nargs=-1)
@out_option("--out", help="Into a .csv, .json or .xlsx file.", rows=True)
@overwrite_option
@click.pass_context
def compare(context: click.Context, named: tuple[str, ...], out: NewFile | None) -> None:
    """Results of campaigns side by side, counts with rates; of none named, the last ten that were sent."""

    async def ask(client: ServiceClient) -> Comparison:
        of = tuple([await campaign_ref(client, each) for each in named])
        return await client.call(CAMPAIGNS_COMPARE, CompareCampaigns(of=of))

    found = with_service(choices(context), ask)
    if out is not None:
        with rows_into(out, COMPARED_CELLS, "Campaigns") as write:
            write(found.reports)
        say(f"{are(len(found.reports), 'campaign', 'campaigns')} in {out.path}.")
    if choices(context).json:
        print_json(found)
    elif out is None:
        print_comparison(found)


@command.command("export")
@click.argument("named", metavar="CAMPAIGN")
@click.option("--filter", "kept", type=click.Choice(RECIPIENT_FILTERS), default="all", help="Only those who did this.")
@out_option("--out", required=True, help=ROWS, rows=True)
@overwrite_option
@click.pass_context
def export(context: click.Context, named: str, kept: str, out: NewFile) -> None:
    """Write the recipients of a campaign and what each did into a file.

    A spreadsheet takes none of it for a formula.
    """

    async def read(client: ServiceClient) -> int:
        campaign, done = await campaign_ref(client, named), 0
        query = RecipientsQuery(id=campaign.id, account=campaign.account, filter=kept)
        with rows_into(out, RECIPIENT_CELLS, "Recipients") as write:
            async for rows in every_page(client, CAMPAIGN_RECIPIENTS, query):
                write(rows)
                done += len(rows)
        return done

    say(f"{are(with_service(choices(context), read), 'recipient', 'recipients')} in {out.path}.")


@command.group("targets")
def targets() -> None:
    """A campaign's target marketing lists."""


@targets.command("list")
@click.argument("named", metavar="CAMPAIGN")
@click.pass_context
def targets_list(context: click.Context, named: str) -> None:
    """The target marketing lists."""

    async def ask(client: ServiceClient) -> Targets:
        return await client.call(CAMPAIGN_TARGETS, await campaign_ref(client, named))

    _print_targets(choices(context), with_service(choices(context), ask))


@targets.command("add")
@click.argument("named", metavar="CAMPAIGN")
@click.argument("lists", metavar="LIST...", nargs=-1, required=True)
@click.pass_context
def targets_add(context: click.Context, named: str, lists: tuple[str, ...]) -> None:
    """Add activated marketing lists."""
    _change(choices(context), named, add=lists)


@targets.command("remove")
@click.argument("named", metavar="CAMPAIGN")
@click.argument("lists", metavar="LIST...", nargs=-1, required=True)
@click.pass_context
def targets_remove(context: click.Context, named: str, lists: tuple[str, ...]) -> None:
    """Remove marketing lists."""
    _change(choices(context), named, remove=lists)


def _change(chosen: Choices, named: str, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
    async def ask(client: ServiceClient) -> Targets:
        campaign = await campaign_ref(client, named)
        request = ChangeTargets(
            id=campaign.id,
            account=campaign.account,
            add=tuple([await list_id(client, name) for name in add]),
            remove=tuple([await list_id(client, name) for name in remove]),
        )
        return await client.call(CAMPAIGN_CHANGE_TARGETS, request)

    _print_targets(chosen, with_service(chosen, ask))


def _print_targets(chosen: Choices, found: Targets) -> None:
    if chosen.json:
        print_json(found)
    elif not found.rows:
        say("The campaign has no target marketing lists.")
    else:
        print_table(
            ["name", "type", "members", "sync status"],
            ((row.name, row.member_type, number(row.members), sync_words(row)) for row in found.rows),
            right=["members"],
        )
