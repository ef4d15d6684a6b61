"""`dyntui audit`: runs, their items and people."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dyntui.cli.following import print_run
from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import moment, number, print_json, print_table, short_ids
from dyntui.cli.pages import OUTCOMES, Column, Columns, ReasonCode, Rows, page_of, print_page, window_options
from dyntui.cli.service_call import ask
from dyntui.cli.target_counts import people
from dyntui.model.outcomes import RunStatus
from dyntui.model.sync_types import RUN_KINDS
from dyntui.service.client import ServiceClient
from dyntui.service.contract.runs import (
    RUN_GET,
    RUN_PEOPLE,
    RUNS_PAGE,
    OutcomesQuery,
    RunRef,
    RunRow,
    RunsQuery,
    run_status,
)


@click.group(cls=Group)
def command() -> None:
    """Every run: who started it, what it did, and what became of everybody."""


def _columns(rows: Sequence[RunRow]) -> Columns[RunRow]:
    ids = [row.id for row in rows]
    short = dict(zip(ids, short_ids(ids), strict=True))
    return (
        Column("started", lambda row: moment(row.started_on or row.queued_on), whole=True),
        Column("title", lambda row: row.title),
        Column("status", lambda row: run_status(row.status, row.tally), whole=True),
        Column("people", lambda row: number(row.tally.read), right=True),
        Column("by", lambda row: row.started_by),
        Column("run", lambda row: short[row.id], whole=True),
    )


@command.command("list")
@click.option("--type", "kind", type=click.Choice(list(RUN_KINDS)), default=None, help="Only this sync type, or sends.")
@click.option("--status", type=click.Choice([str(status) for status in RunStatus]), default=None)
@click.option("--account", default="", help="Only this email account's.")
@page_of(RUNS_PAGE, _columns)
async def list_(_client: ServiceClient, rows: Rows, kind: str | None, status: str | None, account: str) -> RunsQuery:
    """The runs, newest first."""
    return RunsQuery(kind=kind or "", status=status or "", account=account, **rows)


@command.command("show")
@click.argument("run", metavar="RUN")
@click.option("--people", "by_person", is_flag=True, help="What became of each person.")
@click.option("--item", default="", help="With --people: only those of this item.")
@click.option("--outcome", type=OUTCOMES, default=None, help="With --people: only this outcome.")
@click.option("--reason", type=ReasonCode(), default="", help="With --people: only this reason code.")
@window_options
@click.pass_context
def show(
    context: click.Context,
    run: str,
    by_person: bool,
    item: str,
    outcome: str | None,
    reason: str,
    rows: Rows,
) -> None:
    """One run with its items, or the people in it."""
    if by_person:
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
            ["item", "name", "status", "people", "note"],
            (
                (one.kind, one.name, run_status(one.status, one.tally), number(one.tally.read), one.note)
                for one in detail.items
            ),
            right=["people"],
        )
