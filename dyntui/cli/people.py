"""`dyntui people`: people by name or address, and everything that was seen of them."""

from __future__ import annotations

from pathlib import Path

import click

from dyntui.cli.lazy import Command, Group, choices
from dyntui.cli.output import moment, number, print_facts, print_json, say
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.person_export import write_export
from dyntui.cli.service_call import ask
from dyntui.cli.why import print_verdict
from dyntui.service.client import ServiceClient
from dyntui.service.contract.people import (
    KINDS,
    PEOPLE_EXPORT,
    PEOPLE_REQUESTS,
    PEOPLE_SEARCH,
    PEOPLE_SHOW,
    PEOPLE_TIMELINE,
    AdminChange,
    KnownPerson,
    PeopleQuery,
    PersonRef,
    RequestsQuery,
    TimelineEvent,
    TimelineQuery,
)


@click.group(cls=Group)
def command() -> None:
    """People on marketing lists, and addresses that opted out. PERSON is a record's id or an address."""


_FOUND: Columns[KnownPerson] = (
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("type", lambda row: row.entity or "address alone"),
    Column("lists", lambda row: number(row.lists), right=True),
    Column("reason", lambda row: row.reason),
    Column("record", lambda row: row.person, whole=True),
)


@command.command()
@click.argument("text")
@page_of(PEOPLE_SEARCH, _FOUND)
async def search(_client: ServiceClient, rows: Rows, text: str) -> PeopleQuery:
    """Whoever has TEXT in their name or address."""
    rows["search"] = text
    return PeopleQuery(**rows)


@command.command()
@click.argument("person")
@click.pass_context
def show(context: click.Context, person: str) -> None:
    """A record, and where it stands on each activated list that it is on."""
    answer = ask(choices(context), PEOPLE_SHOW, PersonRef(person=person))
    if choices(context).json:
        print_json(answer)
        return
    who = answer.person
    print_facts(
        [
            ("name", who.name),
            ("address", who.address),
            ("record", f"{who.entity} {who.person}"),
            ("lists", number(who.lists)),
            *(("same address", f"{each.entity} {each.person} {each.name}") for each in answer.others),
        ]
    )
    for verdict in answer.verdicts:
        click.echo()
        print_verdict(verdict)
    if not answer.verdicts:
        say("On no activated marketing list: no send reaches them.")


_EVENTS: Columns[TimelineEvent] = (
    Column("when", lambda row: moment(row.happened_on), whole=True),
    Column("what", lambda row: KINDS.get(row.kind, row.kind)),
    Column("where", lambda row: row.where),
    Column("detail", lambda row: row.detail),
    Column("run", lambda row: row.run[:8]),
)


@command.command()
@click.argument("person")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Only this; may be given again.")
@page_of(PEOPLE_TIMELINE, _EVENTS)
async def timeline(_client: ServiceClient, rows: Rows, person: str, kinds: tuple[str, ...]) -> TimelineQuery:
    """Mails, opens, clicks, opt-outs and lists of PERSON, newest first."""
    return TimelineQuery(person=person, kinds=kinds, **rows)


@command.command("export", cls=Command)
@click.argument("person")
@click.option("--text", "as_text", is_flag=True, help="As text that people read; it is so unless --json is given.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Into this new file.")
@click.pass_context
def export(context: click.Context, person: str, as_text: bool, output: Path | None) -> None:
    """Everything known of PERSON, for a subject request: their records in Dynamics and the connector's rows about them,
    their contacts in dotdigital, all that is stored here, and what was seen of them. Who asked is kept.

    Nothing is cut; what a system did not tell is named, and the command then ends with code 1.
    """
    chosen = choices(context)
    if as_text and chosen.json:
        raise click.UsageError("Give --json or --text, not both.")
    answer = ask(chosen, PEOPLE_EXPORT, PersonRef(person=person))
    write_export(answer, output, as_json=chosen.json)
    if answer.not_read:
        context.exit(1)


_REQUESTS: Columns[AdminChange] = (
    Column("when", lambda row: moment(row.changed_on), whole=True),
    Column("who asked", lambda row: row.changed_by),
    Column("about whom", lambda row: row.after),
)


@command.command("requests")
@page_of(PEOPLE_REQUESTS, _REQUESTS)
async def requests(_client: ServiceClient, rows: Rows) -> RequestsQuery:
    """Who exported everything known of whom, newest first."""
    return RequestsQuery(**rows)
