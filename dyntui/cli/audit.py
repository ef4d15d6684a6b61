"""`dyntui audit`: runs, their items and people."""

from __future__ import annotations

import click

from dyntui.cli.following import print_run
from dyntui.cli.lazy import Group, choices
from dyntui.cli.lists import OUTCOMES
from dyntui.cli.output import moment, number, print_json, print_table, say_how_many, short_ids
from dyntui.cli.service_call import ask
from dyntui.cli.target_counts import print_people
from dyntui.cli.windows import ReasonCode, window_options
from dyntui.model.outcomes import RunStatus
from dyntui.model.sync_types import RUN_KINDS
from dyntui.service.contract.runs import RUN_GET, RUN_PEOPLE, RUNS_PAGE, OutcomesQuery, RunRef, RunsQuery, run_status


@click.group(cls=Group)
def command() -> None:
    """Every run: who started it, what it did, and what became of everybody."""


@command.command("list")
@click.option("--type", "kind", type=click.Choice(list(RUN_KINDS)), default=None, help="Only this sync type, or sends.")
@click.option("--status", type=click.Choice([str(status) for status in RunStatus]), default=None)
@click.option("--account", default="", help="Only this email account's.")
@window_options
@click.pass_context
def list_(
    context: click.Context,
    kind: str | None,
    status: str | None,
    account: str,
    offset: int,
    limit: int,
    search: str,
    sort: str,
) -> None:
    """The runs, newest first."""
    query = RunsQuery(
        kind=kind or "",
        status=status or "",
        account=account,
        offset=offset,
        limit=limit,
        search=search,
        sort=sort,
    )
    page = ask(choices(context), RUNS_PAGE, query)
    if choices(context).json:
        print_json(page)
        return
    print_table(
        ["started", "title", "status", "people", "by", "run"],
        (
            (
                moment(row.started_on or row.queued_on),
                row.title,
                run_status(row.status, row.tally),
                number(row.tally.read),
                row.started_by,
                short,
            )
            for row, short in zip(page.rows, short_ids([row.id for row in page.rows]), strict=True)
        ),
        right=["people"],
        whole=["started", "status", "run"],
    )
    say_how_many(len(page.rows), page.matching, page.total)


@command.command("show")
@click.argument("run", metavar="RUN")
@click.option("--people", is_flag=True, help="What became of each person.")
@click.option("--item", default="", help="With --people: only those of this item.")
@click.option("--outcome", type=click.Choice(OUTCOMES), default=None, help="With --people: only this outcome.")
@click.option("--reason", type=ReasonCode(), default="", help="With --people: only this reason code.")
@window_options
@click.pass_context
def show(
    context: click.Context,
    run: str,
    people: bool,
    item: str,
    outcome: str | None,
    reason: str,
    offset: int,
    limit: int,
    search: str,
    sort: str,
) -> None:
    """One run with its items, or the people in it."""
    if people:
        query = OutcomesQuery(
            run=run,
            item=item,
            outcome=outcome or "",
            reason=reason,
            offset=offset,
            limit=limit,
            search=search,
            sort=sort,
        )
        page = ask(choices(context), RUN_PEOPLE, query)
        if choices(context).json:
            print_json(page)
        else:
            print_people(page, ask(choices(context), RUN_GET, RunRef(run)).run.kind)
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
