"""The results of a campaign in text."""

from __future__ import annotations

import click

from dyntui.cli.output import moment, number, percent, print_facts, print_table, say, yes_no
from dyntui.cli.pages import Column, Columns
from dyntui.service.contract.campaigns import CampaignReport, RecipientRow

_LINKS_SHOWN = 10


def print_report(report: CampaignReport) -> None:
    """Counts with rates beside them, top links, sends."""
    print_facts(
        [
            ("Campaign", f"{report.row.name} ({report.row.id})"),
            ("Status", report.row.status),
            ("As of", moment(report.as_of)),
        ]
    )
    if not report.as_of:
        say("No results have been read yet: `dyntui sync campaigns` reads them, once the campaign was sent.")
        return
    click.echo()
    print_table(
        ["", "people", "rate", "in all"],
        [
            ("sent", number(report.sent), "", ""),
            ("delivered", number(report.delivered), percent(report.delivery_rate), ""),
            ("opened", number(report.unique_opens), percent(report.open_rate), number(report.opens)),
            ("clicked", number(report.unique_clicks), percent(report.click_rate), number(report.clicks)),
            ("bounced", number(report.hard_bounces + report.soft_bounces), percent(report.bounce_rate), ""),
            ("  of them hard", number(report.hard_bounces), "", ""),
            ("  of them soft", number(report.soft_bounces), "", ""),
            ("blocked", number(report.mail_blocks), "", ""),
            ("unsubscribed", number(report.unsubscribes), percent(report.unsubscribe_rate), ""),
            ("complained", number(report.complaints), "", ""),
            ("forwarded", number(report.forwards), "", ""),
            ("replied", number(report.replies), "", ""),
        ],
        right=["people", "rate", "in all"],
    )
    if report.links:
        click.echo()
        print_table(
            ["link", "people", "clicks"],
            ((link.url, number(link.people), number(link.clicks)) for link in report.links[:_LINKS_SHOWN]),
            right=["people", "clicks"],
        )


# The people a campaign was sent to.
RECIPIENTS: Columns[RecipientRow] = (
    Column("address", lambda row: row.address),
    Column("name", lambda row: row.name),
    Column("sent", lambda row: moment(row.sent_on)),
    Column("opens", lambda row: number(row.opens), right=True),
    Column("clicks", lambda row: number(row.clicks), right=True),
    Column("first opened", lambda row: moment(row.first_opened)),
    Column("bounced", lambda row: "hard" if row.hard_bounced else "soft" if row.soft_bounced else "no"),
    Column("unsubscribed", lambda row: yes_no(row.unsubscribed)),
)
