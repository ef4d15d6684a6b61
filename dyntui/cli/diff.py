"""`dyntui diff`: a marketing list against its address book, members and fields, with the plan that mends it."""

from __future__ import annotations

import click

from dyntui.cli.following import exit_for, print_run, say_detached, until_ended
from dyntui.cli.lazy import Command, choices
from dyntui.cli.naming import list_id
from dyntui.cli.output import number, print_json, print_table, say
from dyntui.cli.plan import exit_for_plan, print_plan, read_changes, say_end
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.model.outcomes import RunStatus
from dyntui.model.plans import DIFFERENCE, PlannedChange
from dyntui.service.client import ServiceClient
from dyntui.service.contract.plans import PLAN_DIFF, PLAN_GET, DiffList, PlanDetail, PlanRef
from dyntui.service.contract.runs import RUN_GET, RunItem, RunRef, RunRow


@click.command("diff", cls=Command)
@click.argument("named", metavar="LIST")
@click.option("--show", default=20, show_default=True, type=click.IntRange(min=0), help="How many changes to show.")
@click.pass_context
def command(context: click.Context, named: str, show: int) -> int:
    """Compare the marketing list LIST with its address book, and change nothing.

    Everything is read on both sides, whatever is known already: who is missing in the book, who is in it without being
    on the list, fields that differ with both values, opt-outs of which only one side knows. Where something differs the
    exit code is 3; `dyntui apply` mends it.
    """
    chosen = choices(context)
    under_way: list[RunRow] = []

    async def compare(
        client: ServiceClient,
    ) -> tuple[RunRow, PlanDetail | None, list[PlannedChange], list[RunItem]]:
        run = await client.call(PLAN_DIFF, DiffList(await list_id(client, named)))
        under_way[:] = [run]
        run = await until_ended(client, run, display())
        if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            return run, None, [], []
        made = await client.call(PLAN_GET, PlanRef(run.id))
        items = (await client.call(RUN_GET, RunRef(run.id))).items
        others = [each for each in items if each.kind == DIFFERENCE and each.tally.named]
        return run, made, await read_changes(client, run.id, max(1, show)), others

    try:
        run, made, changes, others = with_service(chosen, compare)
    except KeyboardInterrupt:
        say_detached(under_way)
        raise
    if made is None:
        print_json(run) if chosen.json else print_run(run)
        return exit_for(run)
    if chosen.json:
        print_json(made)
    else:
        _print(made, changes[:show], others)
        say_end(made, f"`dyntui apply {run.id}` mends it." if changes else "", "There is nothing to be mended.")
    return exit_for_plan(made, [*changes, *others])


def _print(made: PlanDetail, changes: list[PlannedChange], others: list[RunItem]) -> None:
    print_plan(made, changes)
    if others:
        click.echo()
        print_table(["besides", "people"], ((each.name, number(each.tally.named)) for each in others), right=["people"])
        say(f"`dyntui audit show {made.run.id} --people` names them.")
