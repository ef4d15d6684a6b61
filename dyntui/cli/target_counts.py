"""`dyntui campaigns count`: Email Campaign Targets Counts, and the people behind every number."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.naming import campaign_ref, list_id
from dyntui.cli.output import moment, number, print_facts, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, ReasonCode, Rows, print_page, window_options
from dyntui.cli.service_call import with_service
from dyntui.cli.together import only_with
from dyntui.model.bounce_forecast import in_words
from dyntui.model.campaigns import through_another
from dyntui.model.outcomes import PersonOutcome
from dyntui.model.sync_types import COUNT, outcome_word
from dyntui.model.what_if import MENDABLE, opened
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.paging import Page
from dyntui.service.contract.target_counts import (
    CAMPAIGN_COUNT,
    CAMPAIGN_COUNT_PEOPLE,
    CountPeopleQuery,
    CountTargets,
    TargetCount,
)


@click.command("count", cls=Command)
@click.argument("named", metavar="CAMPAIGN")
@click.option("--list", "lists", multiple=True, metavar="LIST", help="Only this target list; may be given again.")
@click.option("--by-person", is_flag=True, help="The people instead of the numbers.")
@click.option("--reason", type=ReasonCode(), default="", help="With --by-person: those with this reason code.")
@click.option("--sendable", is_flag=True, help="With --by-person: those who would be mailed.")
@click.option(
    "--what-if",
    multiple=True,
    type=click.Choice(sorted(MENDABLE)),
    metavar="REASON",
    help="How many more would be mailed if this were mended; may be given again.",
)
@window_options
@click.pass_context
def count(
    context: click.Context,
    named: str,
    lists: tuple[str, ...],
    by_person: bool,
    reason: str,
    sendable: bool,
    what_if: tuple[str, ...],
    rows: Rows,
) -> None:
    """Count a campaign's targets: who would be mailed, who not, and why."""
    only_with("--by-person", by_person, reason=reason, sendable=sendable, search=rows["search"], sort=rows["sort"])

    async def ask(client: ServiceClient) -> tuple[TargetCount, Page[PersonOutcome] | None]:
        counted = await count_targets(client, await campaign_ref(client, named), lists)
        if not by_person:
            return counted, None
        query = CountPeopleQuery(count=counted.id, reason=reason, sendable=sendable, **rows)
        return counted, await client.call(CAMPAIGN_COUNT_PEOPLE, query)

    counted, page = with_service(choices(context), ask)
    if what_if:
        say_what_if(counted, what_if)
    if page is not None:
        print_page(choices(context), page, people(COUNT))
    elif choices(context).json:
        print_json(counted)
    else:
        print_count(counted)


def say_what_if(counted: TargetCount, mended: tuple[str, ...]) -> None:
    """How many would be mailed if something were mended."""
    more = opened(counted.closed_by, mended)
    say(f"If {', '.join(mended)} were mended: {number(counted.sendable + more)} sendable, {number(more)} more.")


async def count_targets(
    client: ServiceClient, campaign: CampaignRef, lists: tuple[str, ...], *, to_send: bool = False
) -> TargetCount:
    """A new count of the campaign's targets, of all of them where no list is named."""
    request = CountTargets(
        id=campaign.id,
        account=campaign.account,
        lists=tuple([await list_id(client, name) for name in lists]),
        to_send=to_send,
    )
    return await client.call(CAMPAIGN_COUNT, request)


def print_count(counted: TargetCount) -> None:
    """The count in text: lists, exclusions by reason, and the sum."""
    print_facts(
        [
            ("Campaign", f"{counted.campaign_name} ({counted.campaign})"),
            ("Counted", moment(counted.counted_on)),
            ("Suppressions as of", moment(counted.suppressions_as_of)),
        ]
    )
    click.echo()
    print_table(
        ["target list", "members", "ready", ""],
        (
            (ready.name, number(ready.members), "yes" if ready.ready else ready.reason, ready.explanation)
            for ready in counted.lists
        ),
        right=["members"],
    )
    click.echo()
    rows = [("potential", "", number(counted.potential))]
    rows += [(one.outcome.value, one.reason, number(one.people)) for one in counted.excluded]
    rows.append(("sendable", "", number(counted.sendable)))
    print_table(["", "reason", "people"], rows, right=["people"])
    if counted.through_another_list:
        say(through_another(counted.through_another_list))
    if said := in_words(counted.bounces, counted.sendable):
        say(said)
    if counted.bounces.warning:
        say(counted.bounces.warning)
    if counted.potential != counted.sendable + sum(one.people for one in counted.excluded):
        say("These numbers do not add up. Do not send; report this.")


def people(kind: str) -> Columns[PersonOutcome]:
    """The columns of people with what became of them, in the words of a kind of run."""
    return (
        Column("name", lambda row: row.name),
        Column("address", lambda row: row.address),
        Column("type", lambda row: row.entity),
        Column("outcome", lambda row: outcome_word(row.outcome, kind)),
        Column("reason", lambda row: row.reason),
        Column("detail", lambda row: row.detail),
        Column("also", lambda row: ", ".join(row.also)),
    )
