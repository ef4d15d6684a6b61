"""`dyntui sends`: the sends of all campaigns, and those that wait for their hour.

`dyntui campaigns sends` and `settle`: those of a campaign, and what became of one nobody is sure of.
"""

from __future__ import annotations

import click

from dyntui.cli.campaign_report import share
from dyntui.cli.lazy import Command, Group, choices
from dyntui.cli.naming import campaign_ref, list_id
from dyntui.cli.output import local_moment, moment, number, print_facts, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, ReasonCode, Rows, page_of
from dyntui.cli.service_call import ask, with_service
from dyntui.model.counted import people_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.sync_types import COUNT, outcome_word
from dyntui.model.sync_types import SEND as SEND_KIND
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CAMPAIGN_GET
from dyntui.service.contract.sends import (
    SEND_CANCEL,
    SEND_CHANGES,
    SEND_RELEASE,
    SEND_SETTLE,
    SEND_SHOW,
    SENDS,
    SENDS_PAGE,
    ChangesQuery,
    PersonChanged,
    SendDetail,
    SendRef,
    SendResults,
    SendRow,
    SendsQuery,
    SettleSend,
)
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT_PEOPLE, CountPeopleQuery


@click.group(cls=Group)
def command() -> None:
    """Sends of all campaigns, and those that wait for their hour. SEND is an id, or the beginning of one."""


def _goes_out(row: SendRow) -> str:
    """When it, or its next wave, is to begin."""
    return row.goes_out


_COLUMNS: Columns[SendRow] = (
    Column("id", lambda row: row.id[:8], whole=True),
    Column("campaign", lambda row: row.campaign_name),
    Column("state", lambda row: row.standing, whole=True),
    Column("goes out", lambda row: moment(_goes_out(row)), whole=True),
    Column("local time", lambda row: local_moment(_goes_out(row)), whole=True),
    Column("people", lambda row: number(row.sendable), right=True),
    Column("mailed", lambda row: number(row.people_mailed), right=True),
    Column("lists", lambda row: ", ".join(row.lists)),
    Column("created by", lambda row: row.created_by),
    Column("sent on", lambda row: moment(row.sent_on), whole=True),
)


@command.command("list")
@click.option(
    "--view",
    type=click.Choice(SENDS),
    default="all",
    show_default=True,
    help="held: those that wait; of these: undecided, missed.",
)
@click.option("--account", default="", help="Only this email account's.")
@click.option("--list", "to_list", default="", help="Only those to this marketing list: its name or id.")
@page_of(SENDS_PAGE, _COLUMNS)
async def list_(client: ServiceClient, rows: Rows, view: str, account: str, to_list: str) -> SendsQuery:
    """The sends, newest first; those that are held, the next one first."""
    chosen = await list_id(client, to_list) if to_list else ""
    return SendsQuery(view=view, account=account, list=chosen, **rows)


@command.command("show", cls=Command)
@click.argument("send", metavar="SEND")
@click.pass_context
def show(context: click.Context, send: str) -> None:
    """A send with its waves, who is mailed and who is not and why, and what came back. SEND may be its run, too."""
    detail = ask(choices(context), SEND_SHOW, SendRef(send))
    if choices(context).json:
        print_json(detail)
        return
    row = detail.send
    print_facts(
        [
            ("Send", row.id),
            ("Campaign", row.campaign_name),
            ("State", row.standing),
            (
                "Goes out",
                f"{moment(_goes_out(row))}, {local_moment(_goes_out(row))} local time" if _goes_out(row) else "",
            ),
            ("Sent on", moment(row.sent_on) if row.sent_on else ""),
            ("Mailed", f"{number(row.people_mailed)} of {people_of(row.meant)}"),
            ("Lists", ", ".join(row.lists)),
            ("Created by", f"{row.created_by}, {moment(row.created_on)}"),
            ("Wave of", detail.whole.id if detail.whole is not None else ""),
            ("Waves", f"{row.waves.words}, {row.waves.pause} minutes apart" if row.waves is not None else ""),
            ("Handed over", f"dotdigital mails it at {moment(row.handed_for)}" if row.handed_for else ""),
            ("Split test", row.split.words if row.split is not None else ""),
            ("Stopped", detail.stop),
            ("Note", row.error if row.error != detail.stop else ""),
            ("Run", row.run),
        ]
    )
    _print_people(detail)
    if detail.waves:
        click.echo()
        print_table(
            ["wave", "state", "people", "sent on", "id"],
            (
                (str(each.wave), each.standing, number(each.sendable), moment(each.sent_on), each.id)
                for each in detail.waves
            ),
            right=["people"],
            whole=["id", "sent on"],
        )
    if detail.results is not None and detail.results_on:
        _print_results(detail.results)
        say(f"Results as of {moment(detail.results_on)}.")
    elif detail.results is not None:
        say(_why_none(detail))


def _why_none(detail: SendDetail) -> str:
    if not detail.unread:
        return "No results were read yet: `dyntui sync campaigns` reads them."
    reads = f"`dyntui campaigns edit {detail.send.campaign} --sync-level DETAILED` has it read"
    return f"{detail.unread} {reads}, as far as the switches of the email account say."


def _print_people(detail: SendDetail) -> None:
    """Everybody by outcome and reason, beside what was counted when the send was confirmed."""
    counted = {(each.outcome, each.reason): each.people for each in detail.counted}
    now = {(each.outcome, each.reason): each.people for each in detail.people}
    kind = SEND_KIND.id if detail.send.was_mailed or detail.send.state == "Stopped" else COUNT
    click.echo()
    print_table(
        ["outcome", "reason", "people", *(["counted"] if counted else [])],
        (
            (
                outcome_word(key[0], kind),
                key[1] or "–",
                number(now.get(key, 0)),
                *([number(counted.get(key, 0))] if counted else []),
            )
            for key in sorted({*now, *counted})
        ),
        right=["people", "counted"],
    )


def _print_results(results: SendResults) -> None:
    """As the report of the campaign says it."""
    bounced = results.hard_bounced + results.soft_bounced
    click.echo()
    print_table(
        ["", "people", "rate", "", "in all"],
        (
            ("sent", number(results.known), "", "", ""),
            ("delivered", number(results.delivered), *share("delivery", results.delivery_rate), ""),
            ("opened", number(results.opened), *share("open", results.open_rate), number(results.opens))
            if results.opens_read
            else ("opened", "not read", "", "", ""),
            ("clicked", number(results.clicked), *share("click", results.click_rate), number(results.clicks))
            if results.clicks_read
            else ("clicked", "not read", "", "", ""),
            ("bounced", number(bounced), *share("bounce", results.bounce_rate), ""),
            ("  of them hard", number(results.hard_bounced), "", "", ""),
            ("  of them soft", number(results.soft_bounced), "", "", ""),
            ("unsubscribed", number(results.unsubscribed), *share("unsubscribe", results.unsubscribe_rate), ""),
        ),
        right=["people", "rate", "in all"],
    )


_PEOPLE: Columns[PersonOutcome] = (
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("outcome", lambda row: str(row.outcome), whole=True),
    Column("reason", lambda row: row.reason or "–", whole=True),
    Column("detail", lambda row: row.detail),
)


@command.command("people")
@click.argument("send", metavar="SEND")
@click.option("--mailed", is_flag=True, help="Only whom it mails.")
@click.option("--reason", type=ReasonCode(), default="", help="Only who is left out for this reason.")
@page_of(CAMPAIGN_COUNT_PEOPLE, _PEOPLE)
async def people(client: ServiceClient, rows: Rows, send: str, mailed: bool, reason: str) -> CountPeopleQuery:
    """Everybody of a send: who is mailed (added), and who is not and why."""
    detail = await client.call(SEND_SHOW, SendRef(send))
    return CountPeopleQuery(count=detail.count, sendable=mailed, reason=reason, **rows)


_CHANGED: Columns[PersonChanged] = (
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("was", lambda row: _stood(row.was), whole=True),
    Column("is", lambda row: _stood(f"{row.outcome} {row.reason}"), whole=True),
    Column("cause", lambda row: row.cause),
    Column("since", lambda row: f"{'noticed ' if row.noticed else ''}{moment(row.on)}", whole=True),
)


def _stood(standing: str) -> str:
    outcome, _, reason = standing.strip().partition(" ")
    return reason or (outcome_word(Outcome(outcome), COUNT) if outcome else "not counted")


@command.command("changes")
@click.argument("send", metavar="SEND")
@page_of(SEND_CHANGES, _CHANGED)
async def changes(_client: ServiceClient, rows: Rows, send: str) -> ChangesQuery:
    """Who is mailed or left out other than somebody confirmed, each with the cause and its date."""
    return ChangesQuery(id=send, **rows)


@command.command("cancel", cls=Command)
@click.argument("send", metavar="SEND")
@click.pass_context
def cancel(context: click.Context, send: str) -> None:
    """Cancel a send that waits for its hour, or one that dotdigital does not have yet; stop one in waves, all of
    it, whichever of its waves is named.

    One that dotdigital has until its date, or until a split test is over, cannot be taken back: its address book is
    emptied, so that it reaches nobody more. Cancel it in dotdigital as well, then say what became of it: `dyntui
    campaigns settle`.
    """
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
        return (await client.call(CAMPAIGN_GET, await campaign_ref(client, named))).sends

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
@click.option("--was-mailed/--was-not-mailed", required=True, help="What dotdigital's outbox says of it.")
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
