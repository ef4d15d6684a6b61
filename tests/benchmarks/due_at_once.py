"""`python -m tests.benchmarks.due_at_once --lists 1000`: so many marketing lists of three email accounts are due in one
minute: how long until all have run, who waits for whom, and how near the calls come to the limits.

Use cases, worker, clients and sandboxes in one process on a clock that moves when somebody waits (a call takes 0.05 s):
seconds are simulated ones, but for those of a processor. The runs are carried out side by side, as an engine does it;
suppressions fall due when a part of the lists has run.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from dyntui.cli.output import say
from dyntui.model.moments import moment_of
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.schedules import SaveSchedules, ScheduleEdit
from dyntui.store.schema import marketing_list
from dyntui.sync.engine import LATER, MORE
from tests.month.world import World, connect, new_world
from tests.scenarios.office import Office
from tests.shared_statements import share_compiled_statements

# Of what failed in a run.
_NAMED = 5


def measure(office: Office, world: World) -> None:
    """Prints the figures."""
    for name in world.accounts:
        edits = tuple(ScheduleEdit(sync_type=each, interval="manual") for each in SYNC_TYPES if each != "lists")
        edits += (ScheduleEdit(sync_type="lists", interval="1h"),)
        office.wait(office._schedules.save(office.context, SaveSchedules(account=name, edits=edits)))
    office.let_pass(hours=1)
    began, cpu = world.now(), time.process_time()
    due = office.look_at_schedules()
    suppressions: list[str] = []
    quick = dict[str, float]()
    with ThreadPoolExecutor(8) as threads:

        def carry_out(run_id: str) -> None:
            while office.worker.chunk(run_id) in (MORE, LATER):
                pass

        def also_suppressions() -> None:
            """In the middle of the work of all: what must not wait behind lists."""
            for name in world.accounts:
                run_id = office.start("suppressions", account=name)
                at = world.now()
                carry_out(run_id)
                quick[name] = (world.now() - at).total_seconds()
                suppressions.append(run_id)

        at_work = [threads.submit(carry_out, run_id) for run_id in due]
        third = len(world.account_of) / 3
        while not any(each.done() for each in at_work) and len(synchronised(office, began)) < third:
            time.sleep(0.2)
        middle = threads.submit(also_suppressions)
        for each in (*at_work, middle):
            each.result()
    ended = synchronised(office, began)
    spent = time.process_time() - cpu
    say(f"{len(due)} runs of {len(ended):,} of {len(world.account_of):,} lists, {spent:.0f} s of a processor")
    for detail in map(office.detail, due):
        run = detail.run
        seconds = (moment(run.ended_on) - began).total_seconds()
        calls = run.dataverse_reads + run.dataverse_writes + run.dotdigital_reads + run.dotdigital_writes
        said = f"{run.status} {run.error_code}".strip()
        say(f"  {said} after {seconds:,.0f} s, {calls:,} calls, {run.tally.read:,} people")
        for count in run.tally.counts:
            if count.outcome is Outcome.REJECTED:
                say(f"    {count.people:,} people rejected: {count.reason}")
        failed = [each for each in detail.items if each.status is RunStatus.FAILED]
        for each in failed[:_NAMED]:
            say(f"    {each.name}: {each.note}")
        if len(failed) > _NAMED:
            say(f"    and {len(failed) - _NAMED:,} more")
    median, last = statistics.median(ended.values()), max(ended.values())
    say(f"a list had run after {median:,.0f} s (median), the last after {last:,.0f} s")
    half = max(ended.values()) / 2
    for name in world.accounts:
        own = [ended[key] for key in ended if world_account(world, key) == name]
        early = sum(each <= half for each in own)
        say(f"  {name}: {early} of {len(own)} by half of the time, the last after {max(own):,.0f} s")
    for name, seconds in quick.items():
        say(f"  suppressions of {name} asked for meanwhile: {seconds:,.0f} s")
    for name, most in world.peaks.most.items():
        say(f"  {name}: at most {most:g} of {world.peaks.limits[name]:g}")
    sys.stdout.write(f"{world.refused()} calls refused by a limit\n")


def world_account(world: World, list_id: str) -> str:
    """The email account of a list."""
    symbols = {value: key for key, value in world.hands["Main"].lists.items()}
    return world.account_of[symbols[list_id]]


def synchronised(office: Office, began: datetime) -> dict[str, float]:
    """Lists that have been synchronised since then, after how many seconds each."""
    with office.db.read() as c:
        rows = c.execute(select(marketing_list.c.id, marketing_list.c.last_synced)).all()
    return {row.id: (at - began).total_seconds() for row in rows if (at := moment_of(row.last_synced)) and at >= began}


def moment(text: str) -> datetime:
    """A stored moment that is there."""
    found = moment_of(text)
    assert found is not None
    return found


def main() -> int:
    """Prints the figures; 1 where a limit refused a call."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=1000)
    parser.add_argument("--people", type=int, default=2000)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    share_compiled_statements()
    with tempfile.TemporaryDirectory(prefix="dyntui-due-") as name:
        folder = Path(name)
        with (
            closing(new_world(folder, asked.people, asked.lists, 1)) as world,
            closing(Office(world.dynamics, folder)) as office,
        ):
            connect(office, world)
            say(f"{asked.lists:,} lists are activated")
            measure(office, world)
            return int(bool(world.refused()))


if __name__ == "__main__":
    sys.exit(main())
