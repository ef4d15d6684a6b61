"""The results of a campaign in text."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dyntui.cli.archive import archived
from dyntui.cli.output import moment, number, percent, print_facts, print_table, say, yes_no
from dyntui.cli.pages import Column, Columns
from dyntui.model.campaign_results import CountedOnly
from dyntui.model.counted import amount
from dyntui.model.rates import OF, Name, of_each
from dyntui.service.contract.results import CampaignReport, Comparison, RecipientRow
from dyntui.service.row_files import Cell

_LINKS_SHOWN = 10


def in_words(counted: CountedOnly | None) -> str:
    """What dotdigital counts and tells of nobody, and where to look; `""` where that is nothing."""
    if counted is None:
        return ""
    looked_for = (
        f"it is looked for again after {moment(counted.looked_for)}"
        if counted.looked_for
        else "no reading has found it: see the campaign's own report in dotdigital"
    )
    return (
        f"{counted.what}: in the totals, and in no list of people here, as dotdigital does not tell who it was; "
        f"{looked_for}. The runs that say so: `dyntui audit list --type campaigns`."
    )


def print_report(report: CampaignReport) -> None:
    """Counts with rates beside them, top links, sends."""
    print_facts(
        [
            ("Campaign", f"{report.row.name} ({report.row.id})"),
            ("Status", report.row.status),
            ("Archived", archived(report.row)),
            ("As of", moment(report.as_of)),
            ("Results read", report.reads),
            ("Counted only", in_words(report.counted_only)),
        ]
    )
    if not report.as_of:
        say(_why_none(report))
        return
    click.echo()
    print_table(
        ["", "people", "rate", "", "in all"],
        [
            ("sent", number(report.sent), "", "", ""),
            ("delivered", number(report.delivered), *share("delivery", report.delivery_rate), ""),
            ("opened", number(report.unique_opens), *share("open", report.open_rate), number(report.opens)),
            ("clicked", number(report.unique_clicks), *share("click", report.click_rate), number(report.clicks)),
            ("clicked", "", *share("click_to_open", report.click_to_open_rate), ""),
            ("bounced", number(report.hard_bounces + report.soft_bounces), *share("bounce", report.bounce_rate), ""),
            ("  of them hard", number(report.hard_bounces), "", "", ""),
            ("  of them soft", number(report.soft_bounces), "", "", ""),
            ("blocked", number(report.mail_blocks), "", "", ""),
            ("unsubscribed", number(report.unsubscribes), *share("unsubscribe", report.unsubscribe_rate), ""),
            ("complained", number(report.complaints), "", "", ""),
            ("forwarded", number(report.forwards), "", "", ""),
            ("replied", number(report.replies), "", "", ""),
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
    for heading, rows in (("read with", report.clients), ("on a", report.devices)):
        if rows:
            click.echo()
            print_table(
                [heading, "people", "opens"],
                ((each.name or "not known", number(each.people), number(each.opens)) for each in rows),
                right=["people", "opens"],
            )
    if report.versions:
        click.echo()
        measured = report.split_metric.casefold() or "results"
        print_table(
            ["version", measured, "of those who got it", ""],
            (
                (each.name, amount(each.results), percent(each.share), "won" if each.won else "")
                for each in report.versions
            ),
            right=[measured, "of those who got it"],
        )
    if report.roi:
        click.echo()
        print_table(
            ["ROI marker", "people", "times", "sum"],
            ((each.marker, number(each.people), number(each.times), each.total) for each in report.roi),
            right=["people", "times", "sum"],
        )


def _why_none(report: CampaignReport) -> str:
    if report.reads_nothing:
        reads = f"`dyntui campaigns edit {report.row.id} --sync-level DETAILED` has them read"
        return f"Nothing is read of its results: {reads}."
    return "No results have been read yet: `dyntui sync campaigns` reads them, once the campaign was sent."


def share(name: Name, fraction: float | None) -> tuple[str, str]:
    """A rate, and what it is a share of."""
    return percent(fraction), f"of {OF[name]}"


def print_comparison(comparison: Comparison) -> None:
    """A line for each campaign: counts with the rates beside them, and what those are shares of."""
    if not comparison.reports:
        say("No email campaign was sent yet.")
        return
    print_table(
        ["campaign", "sent on", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "id"],
        ([text(each) for _, text in _COMPARED] for each in comparison.reports),
        right=["sent", "delivered", "opened", "clicked", "bounced", "unsubscribed"],
        whole=["sent on", "id"],
    )
    say(f"Rates: {of_each('delivery', 'open', 'click', 'bounce', 'unsubscribe')}.")


def _sent(each: CampaignReport) -> str:
    if each.unread:
        return "not read" if each.row.sent_on else "–"
    return number(each.sent)


def _with_rate(of: CampaignReport, count: int, rate: float | None) -> str:
    return "–" if of.unread else f"{number(count)} {percent(rate)}"


_COMPARED: Sequence[Cell[CampaignReport]] = (
    ("campaign", lambda each: each.row.name),
    ("sent on", lambda each: moment(each.row.sent_on)),
    ("sent", _sent),
    ("delivered", lambda each: _with_rate(each, each.delivered, each.delivery_rate)),
    ("opened", lambda each: _with_rate(each, each.unique_opens, each.open_rate)),
    ("clicked", lambda each: _with_rate(each, each.unique_clicks, each.click_rate)),
    ("bounced", lambda each: _with_rate(each, each.hard_bounces + each.soft_bounces, each.bounce_rate)),
    ("unsubscribed", lambda each: _with_rate(each, each.unsubscribes, each.unsubscribe_rate)),
    ("id", lambda each: str(each.row.id)),
)


def _read(count: int, read: bool) -> str:
    """None of what is not read is no 0."""
    return number(count) if count or read else "–"


# The people a campaign was sent to.
RECIPIENTS: Columns[RecipientRow] = (
    Column("address", lambda row: row.address),
    Column("name", lambda row: row.name),
    Column("sent", lambda row: moment(row.sent_on)),
    Column("opens", lambda row: _read(row.opens, row.opens_read), right=True),
    Column("clicks", lambda row: _read(row.clicks, row.clicks_read), right=True),
    Column("first opened", lambda row: moment(row.first_opened)),
    Column("bounced", lambda row: "hard" if row.hard_bounced else "soft" if row.soft_bounced else "no"),
    Column("unsubscribed", lambda row: yes_no(row.unsubscribed)),
)
