"""`dyntui audit`: runs, their items and people."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dyntui.cli.administration import administration
from dyntui.cli.changes import print_changes
from dyntui.cli.following import print_run
from dyntui.cli.lazy import Group, choices
from dyntui.cli.naming import list_id
from dyntui.cli.open import item_named, run_named
from dyntui.cli.out_file import ROWS, out_option, overwrite_option, rows_into
from dyntui.cli.output import moment, number, print_json, print_table, say, short_ids
from dyntui.cli.pages import (
    OUTCOMES,
    Column,
    Columns,
    ReasonCode,
    Rows,
    every_page,
    looking_for,
    page_of,
    print_page,
    window_options,
)
from dyntui.cli.service_call import ask, with_service
from dyntui.cli.target_counts import people
from dyntui.cli.together import only_with
from dyntui.model.counted import people_of
from dyntui.model.guids import guid_of
from dyntui.model.outcomes import RunStatus
from dyntui.model.sync_types import RUN_KINDS, outcome_word
from dyntui.model.traces import Trace
from dyntui.service.client import ServiceClient
from dyntui.service.contract.changes import WrittenQuery
from dyntui.service.contract.runs import (
    RUN_GET,
    RUN_PEOPLE,
    RUN_SEARCH,
    RUNS_PAGE,
    OutcomesQuery,
    RunRef,
    RunRow,
    RunsQuery,
    SearchQuery,
    named_by,
    permalink,
    run_status,
    run_text,
)
from dyntui.service.new_files import NewFile
from dyntui.service.row_cells import PEOPLE


@click.group(cls=Group)
def command() -> None:
    """Every run: who started it, what it did, and what became of everybody."""


command.add_command(administration)


def _columns(rows: Sequence[RunRow]) -> Columns[RunRow]:
    ids = [row.id for row in rows]
    short = dict(zip(ids, short_ids(ids), strict=True))
    return (
        Column("started", lambda row: moment(row.started_on or row.queued_on), whole=True),
        Column("title", lambda row: row.title),
        Column("status", run_text, whole=True),
        Column("people", lambda row: number(row.tally.read), right=True),
        Column("by", lambda row: row.started_by),
        Column("run", lambda row: short[row.id], whole=True),
    )


@command.command("list")
@click.option(
    "--list", "of_list", default="", metavar="LIST", help="Only those with this marketing list, by id or name."
)
@click.option("--type", "kind", type=click.Choice(list(RUN_KINDS)), default=None, help="Only this sync type, or sends.")
@click.option("--status", type=click.Choice([str(status) for status in RunStatus]), default=None)
@click.option("--account", default="", help="Only this email account's.")
@page_of(RUNS_PAGE, _columns)
async def list_(
    client: ServiceClient, rows: Rows, of_list: str, kind: str | None, status: str | None, account: str
) -> RunsQuery:
    """The runs, newest first."""
    item = await list_id(client, of_list) if of_list else ""
    return RunsQuery(kind=kind or "", status=status or "", account=account, item=item, **rows)


_TRACES: Columns[Trace] = (
    Column("when", lambda row: moment(row.started_on), whole=True),
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("where", lambda row: row.item or row.title),
    Column("outcome", lambda row: outcome_word(row.outcome, row.kind)),
    Column("reason", lambda row: row.reason),
    Column("detail", lambda row: row.detail),
    Column("run", lambda row: row.run[:8], whole=True),
)


@command.command("search")
@click.argument("text")
@click.option("--account", default="", help="Only this email account's.")
@window_options
@click.pass_context
def search(context: click.Context, text: str, account: str, rows: Rows) -> None:
    """What became of people in all runs, the newest first: TEXT is looked for in name, address, record and detail.

    Of a list's people the run is the one from which on they had the outcome.
    """
    query = SearchQuery(account=account, **looking_for(rows, text))
    print_page(choices(context), ask(choices(context), RUN_SEARCH, query), _TRACES)


@command.command("show")
@click.argument("run", metavar="RUN[/ITEM]")
@click.option("--people", "by_person", is_flag=True, help="What became of each person.")
@click.option("--changes", "written", is_flag=True, help="What it wrote, with the fields before and after.")
@click.option(
    "--person", default="", metavar="ID|ADDRESS", help="What it wrote of one person, and what became of them."
)
@click.option("--item", default="", help="With --people or --changes: only those of this item.")
@click.option("--outcome", type=OUTCOMES, default=None, help="With --people: only this outcome.")
@click.option("--reason", type=ReasonCode(), default="", help="With --people: only this reason code.")
@window_options
@click.pass_context
def show(
    context: click.Context,
    run: str,
    by_person: bool,
    written: bool,
    person: str,
    item: str,
    outcome: str | None,
    reason: str,
    rows: Rows,
) -> None:
    """One run with its items, the people in it, or what it wrote of them; of RUN/ITEM the people of the item."""
    run, of_link = named_by(run)
    item, by_person = item or of_link, by_person or bool(of_link)
    only_with("--people or --changes", by_person or written or person, item=item)
    only_with("--people", by_person and not (written or person), outcome=outcome, reason=reason)
    if written or person:
        print_changes(context, WrittenQuery(run=run, item=item, person=_named(person), **rows))
        return
    if by_person:
        if item:
            item = item_named(ask(choices(context), RUN_GET, RunRef(run)), item).id
        query = OutcomesQuery(run=run, item=item, outcome=outcome or "", reason=reason, **rows)
        page = ask(choices(context), RUN_PEOPLE, query)
        kind = "" if choices(context).json else ask(choices(context), RUN_GET, RunRef(run)).run.kind
        print_page(choices(context), page, people(kind))
        return
    detail = ask(choices(context), RUN_GET, RunRef(run))
    if choices(context).json:
        print_json(detail)
        return
    print_run(detail.run)
    if detail.items:
        click.echo()
        print_table(
            ["item", "name", "status", "people", "note", "permalink"],
            (
                (
                    one.kind,
                    one.name,
                    run_status(one.status, one.tally),
                    number(one.tally.read),
                    one.note,
                    permalink(detail.run.id, one.id),
                )
                for one in detail.items
            ),
            right=["people"],
        )


def _named(person: str) -> str:
    """A person as the contract takes one: an id, or an address as a whole."""
    known = guid_of(person.strip())
    if person and not known and "@" not in person:
        raise click.UsageError("--person takes an id or a whole address; --changes --search finds parts of them.")
    return known or person


@command.command("open")
@click.argument("link", metavar="RUN[/ITEM]")
@click.pass_context
def open_(context: click.Context, link: str) -> int:
    """Open the console on a run, or on the people of an item of it."""
    from dyntui.cli.console import open_console

    return open_console(choices(context).profile, run_named(choices(context), link))


@command.command("export")
@click.argument("run", metavar="RUN[/ITEM]")
@click.option("--item", default="", help="Only the people of this item.")
@out_option("--out", required=True, help=ROWS, rows=True)
@overwrite_option
@click.pass_context
def export(context: click.Context, run: str, item: str, out: NewFile) -> None:
    """Write everybody in a run with their outcome into a file. A spreadsheet takes none of it for a formula."""
    run, of_link = named_by(run)
    item = item or of_link

    async def read(client: ServiceClient) -> int:
        of = item_named(await client.call(RUN_GET, RunRef(run)), item).id if item else ""
        with rows_into(out, PEOPLE, "People") as write:
            done = 0
            async for rows in every_page(client, RUN_PEOPLE, OutcomesQuery(run=run, item=of)):
                write(rows)
                done += len(rows)
        return done

    say(f"{people_of(with_service(choices(context), read))} in {out.path}.")
