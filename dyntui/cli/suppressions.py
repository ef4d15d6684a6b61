"""`dyntui suppressions`: addresses that are never mailed."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import moment, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import ask
from dyntui.model.consent_sources import SOURCES
from dyntui.model.counted import counted
from dyntui.service.client import ServiceClient
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.suppressions import (
    ANSWER_CONSENT_SOURCES,
    CONSENT_SOURCES,
    SUPPRESSION_ADD,
    SUPPRESSION_ASK,
    SUPPRESSION_LIFT,
    SUPPRESSION_ODD,
    SUPPRESSIONS_PAGE,
    AddSuppression,
    AnswerConsentSources,
    AskToSubscribe,
    LiftSuppression,
    SuppressionRow,
    SuppressionsQuery,
)


@click.group(cls=Group)
def command() -> None:
    """Addresses that are never mailed, as dyntui knows them."""


_COLUMNS: Columns[SuppressionRow] = (
    Column("address", lambda row: row.address),
    Column("status", lambda row: row.status),
    Column("reason", lambda row: row.reason),
    Column("suppressed", lambda row: moment(row.suppressed_on)),
    Column("learned", lambda row: moment(row.learned_on)),
    Column("account", lambda row: row.account),
)


@command.command("list")
@click.option("--account", default="", help="Only this email account's.")
@page_of(SUPPRESSIONS_PAGE, _COLUMNS)
async def list_(_client: ServiceClient, rows: Rows, account: str) -> SuppressionsQuery:
    """The suppressed addresses, why, and since when."""
    return SuppressionsQuery(account=account, **rows)


@command.command()
@click.argument("address")
@click.option("--reason", required=True, help="Why the address is not to be mailed; kept with your name.")
@click.pass_context
def add(context: click.Context, address: str, reason: str) -> None:
    """Suppress ADDRESS: no email account mails it any more.

    A row in Dynamics says so, dotdigital is told in every email account, and records with the address are marked. Only
    the person can take that back, by subscribing again in dotdigital.
    """
    chosen = choices(context)
    confirm(chosen, f"Suppress {address} in all email accounts?", not_done="Nobody was suppressed.")
    answer = ask(chosen, SUPPRESSION_ADD, AddSuppression(address=address, reason=reason))
    if chosen.json:
        print_json(answer)
        return
    tell = counted(len(answer.runs), "run tells", "runs tell")
    say(f"{answer.address} is suppressed: Dynamics says so, and {tell} dotdigital.")
    if answer.already:
        say(f"It was already by {', '.join(answer.already)}.")


@command.command("ask")
@click.argument("address")
@click.option("--evidence", required=True, help="How it is known that they want to; kept with your name.")
@click.option("--account", default="", help="The email account that suppresses them; else the default one.")
@click.pass_context
def ask_(context: click.Context, address: str, evidence: str, account: str) -> None:
    """Have dotdigital ask who has ADDRESS whether they want to be mailed again.

    dotdigital mails them for that. Nothing changes until they confirm, and a complaint is never taken back.
    """
    chosen = choices(context)
    question = f"Have dotdigital mail {address}, who is suppressed, to ask them?"
    confirm(chosen, question, not_done="Nobody was asked.")
    answer = ask(chosen, SUPPRESSION_ASK, AskToSubscribe(address=address, evidence=evidence, account=account))
    if chosen.json:
        print_json(answer)
        return
    say(f"{answer.address}, {answer.account}: {answer.said}.")


@command.command()
@click.argument("address")
@click.option("--reason", required=True, help="Why the address may be mailed again; kept with your name.")
@click.pass_context
def lift(context: click.Context, address: str, reason: str) -> None:
    """End what only dyntui still knows against ADDRESS, such as the opt-out of a record that was deleted.

    What dotdigital or Dynamics says itself stays, and is named with what would end it.
    """
    answer = ask(choices(context), SUPPRESSION_LIFT, LiftSuppression(address=address, reason=reason))
    if choices(context).json:
        print_json(answer)
        return
    print_table(
        ["", answer.address],
        [*(("lifted", each) for each in answer.lifted), *(("stays", each) for each in answer.stays)],
    )


@command.command()
@click.pass_context
def odd(context: click.Context) -> None:
    """Rows that ask for somebody not to be mailed, from which no address can be got."""
    answer = ask(choices(context), SUPPRESSION_ODD, Nothing())
    if choices(context).json:
        print_json(answer)
        return
    print_table(
        ["where", "received", "learned"], ((row.source, row.received, moment(row.learned_on)) for row in answer.rows)
    )


@command.command()
@click.option("--count", multiple=True, type=click.Choice(SOURCES), help="This one counts; may be given again.")
@click.option("--none", is_flag=True, help="Neither counts.")
@click.pass_context
def sources(context: click.Context, count: tuple[str, ...], none: bool) -> None:
    """Where people opt out in Dynamics besides donotemail and donotbulkemail.

    Without an option it shows what the organisation has. Until an Email Marketing Manager has answered, all of it
    counts.
    """
    if count and none:
        raise click.UsageError("--none says that neither counts.")
    if count or none:
        answer = ask(choices(context), ANSWER_CONSENT_SOURCES, AnswerConsentSources(count=count))
    else:
        answer = ask(choices(context), CONSENT_SOURCES, Nothing())
    if choices(context).json:
        print_json(answer)
        return
    said = "yes" if answer.answered else "yes, until somebody has answered"
    print_table(
        ["column or table", "counts"], ((each, said if each in answer.counting else "no") for each in answer.found)
    )
