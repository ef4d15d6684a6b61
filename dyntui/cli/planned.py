"""What is planned first, shown, asked about, and then carried out: undoing a run, changing a list's members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dyntui.cli.confirming import confirm
from dyntui.cli.following import exit_for, print_run, say_detached, until_ended
from dyntui.cli.lazy import Choices
from dyntui.cli.output import print_json
from dyntui.cli.plan import exit_for_plan, print_plan, read_changes, say_end
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.model.outcomes import RunStatus
from dyntui.model.plans import PlannedChange
from dyntui.service.client import ServiceClient
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_GET, PlanDetail, PlanRef
from dyntui.service.contract.runs import RunRow

Begin = Callable[[ServiceClient], Awaitable[RunRow]]


def plan_first(
    chosen: Choices,
    begin: Begin,
    *,
    question: Callable[[PlanDetail], str],
    not_done: str,
    nothing: str,
    only_plan: bool,
    show: int,
) -> int:
    """Waits for the plan that `begin` starts, prints it with its first changes, asks the `question`, and carries it
    out; the exit code. `only_plan`: it stops before the question, with 3 where there is something to be done."""
    under_way: list[RunRow] = []
    try:
        planned, made, changes = with_service(chosen, lambda client: _plan(client, begin, show, under_way))
        if made is None or only_plan or not changes:
            return _print_planned(chosen, planned, made, changes, show, nothing)
        if not chosen.json:
            print_plan(made, changes[:show])
        confirm(chosen, question(made), not_done=not_done)
        ended = with_service(chosen, lambda client: _carry_out(client, made, under_way))
    except KeyboardInterrupt:
        say_detached(under_way)
        raise
    print_json(ended) if chosen.json else print_run(ended)
    return exit_for(ended)


async def _plan(
    client: ServiceClient, begin: Begin, show: int, under_way: list[RunRow]
) -> tuple[RunRow, PlanDetail | None, list[PlannedChange]]:
    planned = await begin(client)
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
    chosen: Choices, planned: RunRow, made: PlanDetail | None, changes: list[PlannedChange], show: int, nothing: str
) -> int:
    if made is None:
        print_json(planned) if chosen.json else print_run(planned)
        return exit_for(planned)
    if chosen.json:
        print_json(made)
    else:
        print_plan(made, changes[:show])
        say_end(made, f"`dyntui apply {planned.id}` carries it out." if changes else "", nothing)
    return exit_for_plan(made, changes)
