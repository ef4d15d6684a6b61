"""`dyntui undo`: what a run changed, put back; its plan first."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.planned import plan_first
from dyntui.model.counted import counted
from dyntui.service.contract.changes import CHANGES_UNDO, UndoRun
from dyntui.service.contract.plans import PlanDetail


@click.command("undo", cls=Command)
@click.argument("run", metavar="RUN")
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be put back, and change nothing.")
@click.option("--show", default=20, show_default=True, type=click.IntRange(min=0), help="How many changes to show.")
@click.pass_context
def command(context: click.Context, run: str, only_plan: bool, show: int) -> int:
    """Put back what RUN changed, field by field; its plan is shown first.

    Withdrawals of consent are never undone, and nobody is put back who has opted out: the plan counts them by reason.
    What has changed since is refused by name (STALE). With --plan the exit code is 3 where there is something to put
    back; `dyntui apply` carries the plan out.
    """
    return plan_first(
        choices(context),
        lambda client: client.call(CHANGES_UNDO, UndoRun(run)),
        question=_question,
        not_done="Nothing was undone.",
        nothing="There is nothing that can be put back.",
        only_plan=only_plan,
        show=show,
    )


def _question(made: PlanDetail) -> str:
    run = made.run.title.removeprefix("Plan: ").removeprefix("Undo: ")
    return f"Put {counted(sum(each.effects.changes for each in made.lists), 'change')} of the run {run!r} back?"
