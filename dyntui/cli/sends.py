"""`dyntui sends`: the sends of all campaigns, and those that wait for their hour.

`dyntui campaigns sends` and `settle`: those of a campaign, and what became of one nobody is sure of.
"""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, Group, choices
from dyntui.cli.naming import campaign_id
from dyntui.cli.output import local_moment, moment, number, print_facts, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import ask, with_service
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CAMPAIGN_GET, CampaignRef
from dyntui.service.contract.sends import (
    SEND_CANCEL,
    SEND_RELEASE,
    SEND_SETTLE,
    SENDS,
    SENDS_PAGE,
    SendRef,
    SendRow,
    SendsQuery,
    SettleSend,
)


@click.group(cls=Group)
def command() -> None:
    """Sends of all campaigns, and those that wait for their hour. SEND is an id, or the beginning of one."""


def _goes_out(row: SendRow) -> str:
    """When it, or its next wave, is to begin."""
    return row.next_on if row.wave and not row.waves_of else row.send_at if row.held else ""


def _mailed(row: SendRow) -> int | None:
    if row.waves is not None and not row.waves_of:
        return row.mailed
    return row.sendable if row.state == "Sent" else None


_COLUMNS: Columns[SendRow] = (
    Column("id", lambda row: row.id[:8], whole=True),
    Column("campaign", lambda row: row.campaign_name),
    Column("state", lambda row: row.standing, whole=True),
    Column("goes out", lambda row: moment(_goes_out(row)), whole=True),
    Column("local time", lambda row: local_moment(_goes_out(row)), whole=True),
    Column("people", lambda row: number(row.sendable), right=True),
    Column("mailed", lambda row: number(_mailed(row)), right=True),
    Column("lists", lambda row: ", ".join(row.lists)),
    Column("created by", lambda row: row.created_by),
    Column("sent on", lambda row: moment(row.sent_on), whole=True),
)


@command.command("list")
@click.option("--view", type=click.Choice(SENDS), default="all", show_default=True, help="held: those that wait.")
@click.option("--account", default="", help="Only this email account's.")
@page_of(SENDS_PAGE, _COLUMNS)
async def list_(_client: ServiceClient, rows: Rows, view: str, account: str) -> SendsQuery:
    """The sends, newest first; those that are held, the next one first."""
    return SendsQuery(view=view, account=account, **rows)


@command.command("cancel", cls=Command)
@click.argument("send", metavar="SEND")
@click.pass_context
def cancel(context: click.Context, send: str) -> None:
    """Cancel a send that waits for its hour, or one that dotdigital does not have yet; stop one in waves."""
    _print(context, ask(choices(context), SEND_CANCEL, SendRef(send)))


@command.command("release", cls=Command)
@click.argument("send", metavar="SEND")
@click.pass_context
def release(context: click.Context, send: str) -> None:
    """Send now what has missed its hour, or its next wave: everybody is decided anew, as for any send."""
    _print(context, ask(choices(context), SEND_RELEASE, SendRef(send)))


def _print(context: click.Context, row: SendRow) -> None:
    if choices(context).json:
        print_json(row)
        return
    print_facts(
        [
            ("Send", row.id),
            ("Campaign", row.campaign_name),
            ("State", row.standing),
            *([("Goes out", f"{moment(row.send_at)}, {local_moment(row.send_at)} local time")] if row.held else []),
            ("Note", row.error),
        ]
    )


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
