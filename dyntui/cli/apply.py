"""`dyntui apply`: a plan carried out, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from dyntui.cli.following import exit_for, print_run, told_when_left, until_ended
from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.output import print_json
from dyntui.cli.plan import print_fact
from dyntui.cli.plan_file import read_plan, unusable
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.service.client import ServiceClient
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_GET, PlanDetail, PlanRef
from dyntui.service.contract.runs import RunRow


@click.command("apply", cls=Command)
@click.argument("named", metavar="FILE|RUN")
@click.pass_context
def command(context: click.Context, named: str) -> int:
    """Carry out a plan, and nothing else: the file that `dyntui plan --out` wrote, or the id of its run.

    Whoever has changed since is refused by name (STALE); the others are done. What was planned is shown beside what it
    became.
    """
    chosen = choices(context)
    wanted, digest = read_plan(Path(named)) if Path(named).is_file() else (named, "")

    async def carry_out(client: ServiceClient) -> tuple[RunRow, PlanDetail]:
        made = await client.call(PLAN_GET, PlanRef(wanted))
        if digest and digest != made.plan.digest:
            raise unusable(named, "it is not what the service has stored under that id")
        run = await client.call(PLAN_APPLY, PlanRef(made.run.id))
        under_way[:] = [run]
        run = await until_ended(client, run, display())
        return run, await client.call(PLAN_GET, PlanRef(made.run.id))

    with told_when_left() as under_way:
        run, made = with_service(chosen, carry_out)
    _print_end(chosen, run, made)
    return exit_for(run)


def _print_end(chosen: Choices, run: RunRow, made: PlanDetail) -> None:
    if chosen.json:
        print_json(run)
    else:
        print_run(run)
        print_fact(made)
