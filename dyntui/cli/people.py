"""`dyntui people`: people by name or address, and everything that was seen of them."""

from __future__ import annotations

import click
import msgspec

from dyntui.cli.lazy import Command, Group, choices
from dyntui.cli.out_file import out_option, overwrite_option
from dyntui.cli.output import are, moment, number, print_facts, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, Rows, looking_for, page_of
from dyntui.cli.person_export import write_export
from dyntui.cli.service_call import ask
from dyntui.cli.why import print_verdict
from dyntui.model.timeline_picture import MOST, PERIODS, axis, drawn
from dyntui.service.client import ServiceClient
from dyntui.service.contract.people import (
    KINDS,
    PEOPLE_EXPORT,
    PEOPLE_PICTURE,
    PEOPLE_REQUESTS,
    PEOPLE_SEARCH,
    PEOPLE_SHOW,
    PEOPLE_TIMELINE,
    AdminChange,
    KnownPerson,
    PeopleQuery,
    PersonRef,
    PictureQuery,
    RequestsQuery,
    TimelineEvent,
    TimelineQuery,
)
from dyntui.service.new_files import NewFile


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
    return PeopleQuery(**looking_for(rows, text))


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
            ("preferences", answer.preferences),
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
    """Mails, opens, clicks, page visits, ROI, form responses, scores, opt-outs and lists of PERSON, newest first.

    `dyntui people picture` shows how often each was seen by day, week or month.
    """
    return TimelineQuery(person=person, kinds=kinds, **rows)


@command.command("picture", cls=Command)
@click.argument("person")
@click.option("--by", type=click.Choice(PERIODS), default="week", show_default=True, help="What a column stands for.")
@click.option("--periods", type=click.IntRange(1, MOST), default=None, help="So many of them.")
@click.option("--until", metavar="DATE", default="", help="Up to this day, such as 2026-11-30; today.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Only this; may be given again.")
@click.pass_context
def picture(
    context: click.Context, person: str, by: str, periods: int | None, until: str, kinds: tuple[str, ...]
) -> None:
    """The Engagement Timeline of PERSON as a picture: how often each kind of event was seen by day, week or month."""
    chosen = choices(context)
    query = PictureQuery(person=person, by=by, periods=periods or 0, until=until)
    answer = ask(chosen, PEOPLE_PICTURE, query)
    shown = [row for row in answer.rows if not kinds or row.kind in kinds]
    if chosen.json:
        print_json(msgspec.structs.replace(answer, rows=tuple(shown)))
        return
    if not shown:
        say("Nothing was seen of this person.")
        return
    if chosen.plain:
        for row in shown:
            seen = [
                f"{number(count)} from {start}" for start, count in zip(answer.starts, row.counts, strict=True) if count
            ]
            click.echo(f"{KINDS[row.kind]}: {', '.join(seen) or 'none here'}; {number(row.total)} in all")
    else:
        most = max(max(row.counts) for row in shown)
        print_table(
            ["", f"by {by}", "in all"],
            [*((KINDS[row.kind], drawn(row.counts, most), number(row.total)) for row in shown), ("", axis(answer), "")],
            right=["in all"],
            whole=[f"by {by}"],
        )
    say(f"{are(answer.earlier, 'event', 'events')} earlier." if answer.earlier else "Nothing is earlier.")


@command.command("export", cls=Command)
@click.argument("person")
@click.option("--text", "as_text", is_flag=True, help="As text that people read; it is so unless --json is given.")
@out_option("--out", "--output", help="Into this file, which you alone may read.")
@overwrite_option
@click.pass_context
def export(context: click.Context, person: str, as_text: bool, out: NewFile | None) -> None:
    """Everything known of PERSON, for a subject request: their records in Dynamics and the connector's rows about them,
    their contacts in dotdigital, all that is stored here, and what was seen of them. Who asked is kept.

    Nothing is cut; what a system did not tell is named, and the command then ends with code 1.
    """
    chosen = choices(context)
    if as_text and chosen.json:
        raise click.UsageError("Give --json or --text, not both.")
    answer = ask(chosen, PEOPLE_EXPORT, PersonRef(person=person))
    write_export(answer, out, as_json=chosen.json)
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
