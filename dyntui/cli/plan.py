"""`dyntui plan`: what a synchronisation would change, without changing anything."""

from __future__ import annotations

import shlex
from collections.abc import Collection

import click

from dyntui.cli.following import exit_for, print_run, print_tally, say_detached, until_ended
from dyntui.cli.lazy import Command, choices
from dyntui.cli.naming import list_id
from dyntui.cli.out_file import out_option, overwrite_option, writing
from dyntui.cli.output import number, print_facts, print_json, print_table, say
from dyntui.cli.pages import every_page
from dyntui.cli.plan_file import write_plan
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.model.counted import people_of
from dyntui.model.errors import Exit
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.plans import JOIN, REMOVE, PlannedCalls, PlannedChange
from dyntui.model.sync_types import MEMBERS, SYNC_TYPES
from dyntui.service.client import ServiceClient
from dyntui.service.contract.plans import (
    PLAN_CHANGES,
    PLAN_GET,
    PLAN_MAKE,
    ChangesQuery,
    MakePlan,
    PlanDetail,
    PlanRef,
    change_text,
    forecast_and_fact,
    shown_effects,
)
from dyntui.service.contract.runs import RunRow, calls_text
from dyntui.service.new_files import NewFile

_TYPES = tuple(SYNC_TYPES)


@click.command("plan", cls=Command)
@click.argument("what", metavar="TYPE", type=click.Choice(_TYPES))
@click.option("--account", default="", help="Email account; the default one where not given.")
@click.option("--list", "lists", multiple=True, metavar="LIST", help="Only this one; may be given again.")
@click.option("--show", default=20, show_default=True, type=click.IntRange(min=0), help="How many changes to show.")
@out_option("--out", help="Write the plan with all changes here.")
@overwrite_option
@click.pass_context
def command(
    context: click.Context, what: str, account: str, lists: tuple[str, ...], show: int, out: NewFile | None
) -> int:
    """Say what a synchronisation would change, and change nothing.

    TYPE is lists or address-books; of the others the answer is why they have no plan, and what shows beforehand what
    they would do. Both systems are read as by a synchronisation. With changes the exit code is 3; `dyntui apply`
    carries them out.
    """
    chosen = choices(context)
    under_way: list[RunRow] = []

    async def make(client: ServiceClient) -> tuple[RunRow, PlanDetail | None, list[PlannedChange]]:
        ids = tuple([await list_id(client, each) for each in lists])
        run = await client.call(PLAN_MAKE, MakePlan(sync_type=what, account=account, lists=ids))
        under_way[:] = [run]
        run = await until_ended(client, run, display())
        if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            return run, None, []
        made = await client.call(PLAN_GET, PlanRef(run.id))
        return run, made, await read_changes(client, run.id, None if out else show)

    try:
        run, made, changes = with_service(chosen, make)
    except KeyboardInterrupt:
        say_detached(under_way)
        raise
    if made is None:
        print_json(run) if chosen.json else print_run(run)
        return exit_for(run)
    if out is not None:
        with writing(out) as file:
            write_plan(file, made, changes)
    if chosen.json:
        print_json(made)
    else:
        print_plan(made, changes[:show])
        apply = shlex.quote(str(out.path)) if out else run.id
        say_end(made, f"`dyntui apply {apply}` carries it out." if changes else "", "There is nothing to be done.")
    return exit_for_plan(made, changes)


def say_end(made: PlanDetail, how: str, nothing: str) -> None:
    """How a plan is carried out, or that there is `nothing` in it: of one of which parts could not be planned nobody
    knows that, and whose removals would be held wait for a person."""
    if made.run.error_code and not how:
        return
    if held := made.run.tally.of(Outcome.HELD):
        nothing = f"{people_of(held)} would be held for a decision; nothing else is to be done."
    say(how or nothing)


def exit_for_plan(made: PlanDetail, found: Collection[object]) -> int:
    """The exit code that a plan earns in which something was `found`, or nothing: then that of its run."""
    return int(Exit.CHANGES) if found else exit_for(made.run)


async def read_changes(client: ServiceClient, run_id: str, most: int | None) -> list[PlannedChange]:
    """The first changes, or all of them."""
    if most is not None:
        return list((await client.call(PLAN_CHANGES, ChangesQuery(run=run_id, limit=max(1, most)))).rows)
    return [row async for rows in every_page(client, PLAN_CHANGES, ChangesQuery(run=run_id)) for row in rows]


def print_plan(made: PlanDetail, changes: list[PlannedChange]) -> None:
    """A plan in text: what it takes, what becomes of everybody, list by list, and these changes."""
    calls = made.plan.calls
    print_facts(
        [
            ("Plan", f"{made.run.title} ({made.run.id})"),
            ("Dynamics calls", calls_text(calls.dataverse_reads, calls.dataverse_writes)),
            ("dotdigital calls", calls_text(calls.dotdigital_reads, calls.dotdigital_writes)),
            ("Takes about", f"{number(made.plan.seconds)} s"),
            ("Error", f"{made.run.error_code}: {made.run.error}" if made.run.error_code else ""),
            ("Remedy", made.run.remedy),
        ]
    )
    print_tally(made.run.tally, made.run.kind)
    click.echo()
    effects = (JOIN, REMOVE) if made.run.kind == MEMBERS.id else shown_effects(made)
    print_table(
        ["part", *effects],
        ((each.name, *(number(getattr(each.effects, effect)) for effect in effects)) for each in made.lists),
        right=list(effects),
    )
    if changes:
        click.echo()
        print_table(
            ["effect", "name", "address", "what"],
            ((each.effect, each.name, each.address, change_text(each)) for each in changes),
        )


def print_fact(made: PlanDetail) -> None:
    """What was planned beside what it became, once a plan was carried out."""
    fact = made.fact
    if fact is None:
        return
    calls = made.plan.calls
    rows = [(name, effect, number(planned), number(done)) for name, effect, planned, done in forecast_and_fact(made)]
    for title, before, after in (
        ("Dynamics calls", _of_dynamics(calls), _of_dynamics(fact.calls)),
        ("dotdigital calls", _of_dotdigital(calls), _of_dotdigital(fact.calls)),
        ("Seconds", number(made.plan.seconds), number(fact.seconds)),
    ):
        rows.append((title, "", before, after))
    click.echo()
    print_table(["part", "effect", "planned", "done"], rows, right=["planned", "done"])
    if fact.refused:
        say(f"{number(fact.refused)} had changed since the plan, and nothing was done with them: STALE in the audit.")


def _of_dynamics(calls: PlannedCalls) -> str:
    return calls_text(calls.dataverse_reads, calls.dataverse_writes)


def _of_dotdigital(calls: PlannedCalls) -> str:
    return calls_text(calls.dotdigital_reads, calls.dotdigital_writes)
