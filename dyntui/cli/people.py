"""`dyntui people`: people by name or address, and everything that was seen of them."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import moment, number, print_facts, print_json, say
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import ask
from dyntui.cli.why import print_verdict
from dyntui.service.client import ServiceClient
from dyntui.service.contract.people import (
    KINDS,
    PEOPLE_SEARCH,
    PEOPLE_SHOW,
    PEOPLE_TIMELINE,
    KnownPerson,
    PeopleQuery,
    PersonRef,
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
