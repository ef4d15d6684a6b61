"""`dyntui campaigns sends` and `settle`: the sends of a campaign, and what became of one nobody is sure of."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.naming import campaign_id
from dyntui.cli.output import moment, number, print_facts, print_json, print_table, say
from dyntui.cli.service_call import with_service
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CAMPAIGN_GET, CampaignRef
from dyntui.service.contract.sends import SEND_SETTLE, SendRow, SettleSend


@click.command("sends", cls=Command)
@click.argument("named", metavar="CAMPAIGN")
@click.pass_context
def sends(context: click.Context, named: str) -> None:
    """A campaign's sends, newest first, and what is not known of them."""
    chosen = choices(context)

    async def ask(client: ServiceClient) -> tuple[SendRow, ...]:
        number_of = await campaign_id(client, named)
        return (await client.call(CAMPAIGN_GET, CampaignRef(number_of))).sends

    rows = with_service(chosen, ask)
    if chosen.json:
        print_json(rows)
        return
    print_table(
        ["id", "state", "people", "excluded", "lists", "created by", "created on", "sent on"],
        (
            (
                row.id,
                row.standing,
                number(row.sendable),
                number(row.potential - row.sendable),
                ", ".join(row.lists),
                row.created_by,
                moment(row.created_on),
                moment(row.sent_on),
            )
            for row in rows
        ),
        right=["people", "excluded"],
        whole=["id", "state"],
    )
    for row in rows:
        if row.error and row.undecided:
            say(f"{row.id}: {row.error}")


@click.command("settle", cls=Command)
@click.argument("send", metavar="SEND")
@click.option("--was-mailed/--was-not-mailed", default=None, required=True, help="What dotdigital's outbox says of it.")
@click.pass_context
def settle(context: click.Context, send: str, was_mailed: bool) -> None:
    """Say what became of a send that was cancelled or stopped in dotdigital, or that nobody has seen.

    Look under Campaigns > Email > Outbox in dotdigital first. Until somebody says so, all people of the send count as
    mailed. It is kept who said it, and when.
    """
    chosen = choices(context)
    row = with_service(chosen, lambda client: client.call(SEND_SETTLE, SettleSend(send, was_mailed)))
    if chosen.json:
        print_json(row)
        return
    print_facts(
        [
            ("Send", row.id),
            ("State", row.standing),
            ("Decided by", row.decided_by),
            ("Decided on", moment(row.decided_on)),
        ]
    )
