"""`dyntui budgets`: what is left of the calls, and what the next 24 hours will need."""

from __future__ import annotations

from datetime import datetime

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import moment, number, print_json, print_table, say
from dyntui.cli.service_call import ask
from dyntui.service.contract.budgets import BUDGETS_SHOW, Budgets, BudgetsOf, Forecast

_SHADES = " ▁▂▃▄▅▆▇█"


@click.command("budgets", cls=Command)
@click.option("--account", default="", help="Only this email account's, and the organisation's.")
@click.pass_context
def command(context: click.Context, account: str) -> None:
    """What is left of the calls that both systems allow, what the next 24 hours will need, when that is more than there
    is, and which sync type slows first; and what each kind of run has done in the last 24 hours.

    The need is reckoned from the schedules, from the sends and waves that wait for their hour, and from the calls that
    the last runs made; of a send to more people than the last ones in proportion.
    """
    chosen = choices(context)
    answer = ask(chosen, BUDGETS_SHOW, BudgetsOf(account=account))
    if chosen.json:
        print_json(answer)
        return
    _print(answer)


def _print(answer: Budgets) -> None:
    print_table(
        ["of", "limit", "used", "left", "next 24 h", "hour by hour", "runs out", "slows first"],
        (
            (
                each.account,
                f"{number(each.allowed)} {each.unit}",
                number(each.used),
                number(each.left),
                number(each.need),
                hour_by_hour(each),
                moment(each.runs_out_on),
                each.slows[0] if each.slows else "–",
            )
            for each in answer.forecasts
        ),
        right=["used", "left", "next 24 h"],
        whole=["runs out", "hour by hour"],
    )
    if answer.forecasts:
        start = datetime.fromisoformat(answer.forecasts[0].start)
        say(f"Hours begin at {start:%H:%M} UTC; a full block is what an hour may have, ! is more than that.")
    print_table(
        ["type", "waits", "runs", "people", "a minute", "calls"],
        (
            (
                each.title,
                number(each.backlog) if each.backlog else "–",
                number(each.runs),
                number(each.people),
                number(each.per_minute),
                number(each.calls),
            )
            for each in answer.work
        ),
        right=["waits", "runs", "people", "a minute", "calls"],
    )
    for note in answer.notes:
        say(note)


def hour_by_hour(of: Forecast) -> str:
    """A character for each hour: how much of what an hour may have it needs."""
    most = max(1, of.hourly)
    return "".join("!" if each > most else _SHADES[-(-each * 8 // most)] for each in of.hours)
