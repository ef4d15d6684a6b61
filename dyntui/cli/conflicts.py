"""`dyntui conflicts`: values that were changed in Dynamics and in dotdigital."""

from __future__ import annotations

import click

from dyntui.cli.following import exit_for, print_run, told_when_left, until_ended
from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import are, moment, print_json, say
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.progress import display
from dyntui.cli.service_call import ask, with_service
from dyntui.model.conflicts import Conflict
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.client import ServiceClient
from dyntui.service.contract.conflicts import (
    CONFLICTS_PAGE,
    CONFLICTS_SETTLE,
    CONFLICTS_TAKE,
    ConflictOf,
    ConflictsQuery,
    SettleConflicts,
    TakeOther,
)
from dyntui.service.contract.runs import RunRow

_COLUMNS: Columns[Conflict] = (
    Column("name", lambda row: row.name),
    Column("address", lambda row: row.address),
    Column("label", lambda row: row.label, whole=True),
    Column("in Dynamics", lambda row: row.dynamics),
    Column("in dotdigital", lambda row: row.dotdigital),
    Column("winner", lambda row: row.winner, whole=True),
    Column("met", lambda row: moment(row.met_on), whole=True),
    Column("record", lambda row: row.person, whole=True),
)


@click.group(cls=Group)
def command() -> None:
    """Values that were changed in Dynamics and in dotdigital differently, and whose the mapping's rule took."""


@command.command("list")
@click.option("--account", default="", help="Only this email account's.")
@click.option("--settled", is_flag=True, help="Those that somebody has looked at, instead.")
@page_of(CONFLICTS_PAGE, _COLUMNS)
async def list_(client: ServiceClient, rows: Rows, account: str, settled: bool) -> ConflictsQuery:
    """The conflicts that wait, the newest first, with both values."""
    return ConflictsQuery(account=account, settled=settled, **rows)


@command.command()
@click.option("--account", default="", help="Email account; the default one where not given.")
@click.option("--person", "people", multiple=True, metavar="ID", help="Of this record; may be given again.")
@click.option("--label", "labels", multiple=True, help="Of this data label; may be given again.")
@click.option("--all", "every", is_flag=True, help="All of the account's.")
@click.pass_context
def settle(context: click.Context, account: str, people: tuple[str, ...], labels: tuple[str, ...], every: bool) -> None:
    """Agree with the winner of conflicts: they wait for nobody any more. Nothing is written."""
    chosen = choices(context)
    if (people or labels) if every else not (people and labels):
        raise DyntuiError(
            "CONFLICTS_UNNAMED",
            "It is not said which conflicts are meant.",
            not_done="Nothing was settled.",
            remedy="Name the records with --person and the data labels with --label, or give --all alone.",
            exit=Exit.USAGE,
        )
    of = () if every else tuple(ConflictOf(person=person, label=label) for person in people for label in labels)
    done = ask(chosen, CONFLICTS_SETTLE, SettleConflicts(account=account, of=of))
    if chosen.json:
        print_json(done)
        return
    say(f"{are(done.conflicts, 'conflict', 'conflicts')} settled.")


@command.command()
@click.option("--account", default="", help="Email account; the default one where not given.")
@click.option(
    "--person", "people", multiple=True, required=True, metavar="ID", help="Of this record; may be given again."
)
@click.option("--label", "labels", multiple=True, required=True, help="Of this data label; may be given again.")
@click.pass_context
def take(context: click.Context, account: str, people: tuple[str, ...], labels: tuple[str, ...]) -> int:
    """Take the other value: what had lost is written back to its side.

    From there it travels with the next synchronisation. A field that was changed since is refused by name (STALE); what
    was written is undone by `dyntui undo RUN`.
    """
    chosen = choices(context)
    of = tuple(ConflictOf(person=person, label=label) for person in people for label in labels)

    async def carry_out(client: ServiceClient) -> RunRow:
        run = await client.call(CONFLICTS_TAKE, TakeOther(account=account, of=of))
        under_way[:] = [run]
        return await until_ended(client, run, display())

    with told_when_left() as under_way:
        run = with_service(chosen, carry_out)
    print_json(run) if chosen.json else print_run(run)
    return exit_for(run)
