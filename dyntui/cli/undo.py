"""`dyntui undo`: what a run changed, put back; its plan first."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.following import exit_for, print_run, say_detached, until_ended
from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.output import number, print_json, say
from dyntui.cli.plan import print_plan, read_changes
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.model.errors import Exit
from dyntui.model.outcomes import RunStatus
from dyntui.model.plans import PlannedChange
from dyntui.service.client import ServiceClient
from dyntui.service.contract.changes import CHANGES_UNDO, UndoRun
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_GET, PlanDetail, PlanRef
from dyntui.service.contract.runs import RunRow


@click.command("undo", cls=Command)
@click.argument("run", metavar="RUN")
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be put back, and change nothing.")
@click.option("--show", default=20, show_default=True, type=click.IntRange(min=0), help="How many changes to show.")
@click.pass_context
def command(context: click.Context, run: str, only_plan: bool, show: int) -> int:
    """Put back what RUN changed, field by field; its plan is shown first.

    Withdrawals of consent are never undone, and nobody is put back who has opted out since: the plan counts them by
    reason. What has changed since is refused by name (STALE). With --plan the exit code is 3 where there is something
    to put back; `dyntui apply` carries the plan out.
    """
    chosen = choices(context)
    under_way: list[RunRow] = []
    try:
        planned, made, changes = with_service(chosen, lambda client: _plan(client, run, show, under_way))
        if made is None or only_plan or not changes:
            return _print_planned(chosen, planned, made, changes, show)
        if not chosen.json:
            print_plan(made, changes[:show])
        effects = [each.effects for each in made.lists]
        count = sum(each.add + each.update + each.remove for each in effects)
        confirm(chosen, f"Put {number(count)} changes of {made.run.title!r} back?", not_done="Nothing was undone.")
        ended = with_service(chosen, lambda client: _carry_out(client, made, under_way))
    except KeyboardInterrupt:
        say_detached(under_way)
        raise
    print_json(ended) if chosen.json else print_run(ended)
    return exit_for(ended)


async def _plan(
    client: ServiceClient, run: str, show: int, under_way: list[RunRow]
) -> tuple[RunRow, PlanDetail | None, list[PlannedChange]]:
    planned = await client.call(CHANGES_UNDO, UndoRun(run))
    under_way[:] = [planned]
    planned = await until_ended(client, planned, display())
    if planned.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        return planned, None, []
    made = await client.call(PLAN_GET, PlanRef(planned.id))
    return planned, made, await read_changes(client, planned.id, max(1, show))


async def _carry_out(client: ServiceClient, made: PlanDetail, under_way: list[RunRow]) -> RunRow:
    run = await client.call(PLAN_APPLY, PlanRef(made.run.id))
    under_way[:] = [run]
    return await until_ended(client, run, display())


def _print_planned(
    chosen: Choices, planned: RunRow, made: PlanDetail | None, changes: list[PlannedChange], show: int
) -> int:
    if made is None:
        print_json(planned) if chosen.json else print_run(planned)
        return exit_for(planned)
    if chosen.json:
        print_json(made)
    else:
        print_plan(made, changes[:show])
        say(f"`dyntui apply {planned.id}` carries it out." if changes else "There is nothing that can be put back.")
    return int(Exit.CHANGES if changes else Exit.DONE)
