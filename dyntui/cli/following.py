"""Waiting for a run, and what its end means for the exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import click

from dyntui.cli.output import moment, number, print_facts, print_table, say
from dyntui.cli.progress import Display
from dyntui.model.errors import Exit
from dyntui.model.outcomes import RunStatus, Tally
from dyntui.model.sync_types import outcome_word
from dyntui.service.client import ServiceClient
from dyntui.service.contract.runs import RUN_CHANGED, RUN_GET, RunRef, RunRow, calls_text, outcomes_text, run_text

# Seconds after which the run is asked for itself, in case the event of its end was lost.
_ASK_AGAIN = 5.0


async def until_ended(client: ServiceClient, run: RunRow, display: Display) -> RunRow:
    """The run as it ended, its progress shown meanwhile. Raises DyntuiError SERVICE_GONE."""
    with_events = client.subscribe(RUN_CHANGED.name, RUN_CHANGED.value)
    try:
        # Whatever happened before the subscription is in this answer.
        run = (await client.call(RUN_GET, RunRef(run.id))).run
        display.show(run)
        while not run.status.ended:
            try:
                changed = await asyncio.wait_for(anext(with_events), _ASK_AGAIN)
            except (TimeoutError, StopAsyncIteration):
                run = (await client.call(RUN_GET, RunRef(run.id))).run
            else:
                if changed.run.id != run.id:
                    continue
                run = changed.run
            display.show(run)
    finally:
        with_events.close()
        display.close()
    return run


def exit_for(run: RunRow) -> int:
    """The exit code that a run's end earns. A run carries its error's code, not the exit code that goes with it: the
    endings of the codes say which it is."""
    if run.status is RunStatus.FAILED and run.error_code.endswith(("_UNREACHABLE", "_UNAVAILABLE")):
        return int(Exit.UNREACHABLE)
    if run.status is RunStatus.FAILED and run.error_code.endswith("NOT_PERMITTED"):
        return int(Exit.NOT_PERMITTED)
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        return int(Exit.FAILED)
    if run.status in (RunStatus.HELD, RunStatus.COMPLETED_WITH_ERRORS):
        return int(Exit.HELD)
    return int(Exit.DONE)


def say_detached(runs: list[RunRow]) -> None:
    """For a person who stopped waiting."""
    for run in runs:
        say(
            f"{run.title} goes on in the service. `dyntui audit show {run.id}` tells how it stands, "
            f"`dyntui sync cancel {run.id}` cancels it."
        )


@contextmanager
def told_when_left() -> Iterator[list[RunRow]]:
    """Within, whoever stops waiting is told what goes on: the runs that are put into what it yields."""
    under_way: list[RunRow] = []
    try:
        yield under_way
    except KeyboardInterrupt:
        say_detached(under_way)
        raise


def print_run(run: RunRow) -> None:
    """A run in text: when, who, status, calls, what became of everybody, and what went wrong."""
    print_facts(
        [
            ("Run", f"{run.title} ({run.id})"),
            ("Status", f"{run_text(run)}{', being cancelled' if run.cancelling else ''}"),
            ("Account", run.account),
            ("Started by", run.started_by),
            ("Started", moment(run.started_on)),
            ("Ended", moment(run.ended_on)),
            ("Dynamics calls", calls_text(run.dataverse_reads, run.dataverse_writes)),
            ("dotdigital calls", calls_text(run.dotdigital_reads, run.dotdigital_writes)),
            ("Error", f"{run.error_code}: {run.error}" if run.error_code else ""),
            ("Not done", run.not_done),
            ("Remedy", run.remedy),
        ]
    )
    print_tally(run.tally, run.kind)


def print_tally(tally: Tally, kind: str = "") -> None:
    """What became of everybody, in the words of a kind of run: the named outcomes, and that they add up."""
    if not tally.read and not tally.counts:
        return
    click.echo()
    rows = [(outcome_word(count.outcome, kind), count.reason, number(count.people)) for count in tally.counts]
    rows.append(("read", "" if tally.adds_up else "does not add up", number(tally.read)))
    print_table(["outcome", "reason", "people"], rows, right=["people"])


def summary(run: RunRow) -> str:
    """A run's end in one line."""
    counts = outcomes_text(run)
    return f"{run.title}: {run_text(run)}{f' ({counts})' if counts else ''}"
