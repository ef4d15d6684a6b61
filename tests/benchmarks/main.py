"""`make bench SIZE=N`: the synchronisation of a list of N members, by the real service process over real protocols.

    first synchronisation -> unchanged, with its proofs -> unchanged, trusted -> 1,000 members changed in Dynamics
    -> a tenth of the members changed

Trust in answers that say only what changed is earned by one proof here, not by 14 days of them: `unchanged_proved` is
what each synchronisation costs before, `unchanged` and the rest what it costs once the answers rule. The first one
after the first synchronisation begins to ask what changes, which reads the table of contacts once (`asked_first`).

At last every sync type is asked for at once, after a tenth of the members was changed back (`everything`). With
`STORE=postgresql` the store is on a server; with `PROCESSES=2` one `dyntui worker` carries out runs beside the service.

Two hours pass before each of them. Calls are the sandbox's own count. The last line of standard output is one JSON
object (commands.md, "Shapes"); everything else goes to standard error. Sandbox and service share the machine, so that
seconds are those of both together: compare figures of one machine only, and of several runs on it.

`ratio_per_person_script` is people per second of dyntui's first synchronisation divided by those of a plain script that
makes one call per person to each system, measured in the same run on a sample, over loopback. A call costs least there:
over a real network the script falls further behind.

`ratio_dlt` is the same against a `dlt` pipeline of the whole list (`dlt_pipeline.py` says what it leaves out), and null
where `--dlt PYTHON` names no Python that has dlt: `make bench` makes an environment for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from dyntui.cli.following import summary, until_ended
from dyntui.cli.main_job import peak_memory_mb
from dyntui.cli.output import say
from dyntui.cli.progress import display
from dyntui.model.outcomes import Outcome
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.client import ServiceClient, attach
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_REFRESH, Activate
from dyntui.service.contract.runs import RUN_START, RunRow, StartRun
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.suppressions import SUPPRESSIONS_PAGE, SuppressionsQuery
from tests import postgresql
from tests.benchmarks import by_dlt, lower_bound
from tests.benchmarks.plain_script import PlainScript
from tests.benchmarks.world import World, world

# People whom the plain script synchronises.
_SAMPLE = 500


class Systems(msgspec.Struct, frozen=True):
    """Calls to both systems."""

    dataverse: int
    dotdigital: int


class Again(msgspec.Struct, frozen=True):
    """A later synchronisation: all calls, those of them that write, seconds, and the most memory of the service
    meanwhile."""

    calls: int
    writes: int
    seconds: float
    peak_memory_mb: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the benchmark found; `calls`, `seconds`, `people_per_second` and `first_memory_mb` are those of the first
    synchronisation; `idle_memory_mb` is what the service takes before it."""

    size: int
    calls: Systems
    lower_bound: Systems
    seconds: float
    people_per_second: float
    idle_memory_mb: float
    first_memory_mb: float
    peak_memory_mb: float
    asked_first: Again
    unchanged_proved: Again
    unchanged: Again
    changed_1000: Again
    changed_10: Again
    ratio_per_person_script: float
    ratio_dlt: float | None
    store: str
    workers: int
    everything: float


class Measured(msgspec.Struct, frozen=True):
    """One synchronisation: the run as it ended, the calls that the sandbox counted, how long it took."""

    run: RunRow
    calls: list[dict[str, Any]]
    seconds: float
    memory_mb: float

    def to(self, system: str) -> int:
        """Calls to a system."""
        return sum(each["count"] for each in self.calls if each["system"] == system)

    @property
    def again(self) -> Again:
        """As a later synchronisation."""
        ours = [each for each in self.calls if each["system"] in ("dataverse", "dotdigital")]
        return Again(
            sum(each["count"] for each in ours),
            sum(each["writes"] for each in ours),
            round(self.seconds, 2),
            self.memory_mb,
        )


async def measure(there: World, size: int, store: str, workers: int, dlt: str) -> Figures:
    """The synchronisations, the plain script, and with `dlt`, a Python that has it, the pipeline."""
    async with await attach(there.profile) as client:
        await client.call(LISTS_REFRESH, Nothing())
        await client.call(LIST_ACTIVATE, Activate(id=there.list_id))
        idle = peak_memory_mb(client.greeting.process)
        with PlainScript(there.sandbox.line) as hands:
            opted_out = await asyncio.to_thread(hands.opted_out)
        first = await synchronise(client, there)
        print_counters(first)
        before = await synchronise(client, there, scheduled=True)
        proved = await synchronise(client, there, scheduled=True)
        print_counters(proved)
        unchanged = await synchronise(client, there, scheduled=True)
        print_counters(unchanged)
        thousand, tenth = there.members[:1000], there.members[::10]
        await rename(there, thousand, "Othername")
        changed_1000 = await synchronise(client, there, scheduled=True)
        print_counters(changed_1000)
        await rename(there, tenth, "Newname")
        changed = await synchronise(client, there, scheduled=True)
        await rename(there, tenth, "Oldname")
        everything = await synchronise_everything(client, there)
        suppressed = (await client.call(SUPPRESSIONS_PAGE, SuppressionsQuery(limit=1))).total
    speed = size / first.seconds
    bound = Systems(
        lower_bound.dataverse(size, suppressed, opted_out),
        lower_bound.dotdigital(people_to_import(first.run), suppressed),
    )
    return Figures(
        size=size,
        calls=Systems(first.to("dataverse"), first.to("dotdigital")),
        lower_bound=bound,
        seconds=round(first.seconds, 2),
        people_per_second=round(speed, 1),
        idle_memory_mb=idle,
        first_memory_mb=first.memory_mb,
        peak_memory_mb=max(each.memory_mb for each in (first, before, proved, unchanged, changed_1000, changed)),
        asked_first=before.again,
        unchanged_proved=proved.again,
        unchanged=unchanged.again,
        changed_1000=changed_1000.again,
        changed_10=changed.again,
        ratio_per_person_script=round(speed / plain_speed(there), 1),
        ratio_dlt=round(speed / by_dlt.speed(there, dlt), 2) if dlt else None,
        store=store,
        workers=workers,
        everything=round(everything, 2),
    )


async def rename(there: World, members: Sequence[str], name: str) -> None:
    """Somebody gives these members another name in Dynamics."""
    with PlainScript(there.sandbox.line) as hands:
        await asyncio.to_thread(hands.rename, members, name)
    say(f"{len(members):,} members were changed in Dynamics.")


async def synchronise(client: ServiceClient, there: World, *, scheduled: bool = False) -> Measured:
    """The list, from the call that starts the run to the news of its end. `scheduled`: two hours after the one before,
    and what was refused then is not offered again."""
    if scheduled:
        there.let_pass(hours=2)
    there.reset_calls()
    forget_peak_memory(client.greeting.process)
    began = time.perf_counter()
    asked = StartRun(sync_type="lists", lists=(there.list_id,), scheduled=scheduled)
    run = await client.call(RUN_START, asked)
    run = await until_ended(client, run, display())
    seconds = time.perf_counter() - began
    memory = peak_memory_mb(client.greeting.process)
    say(f"{summary(run)} in {seconds:.2f} s, with {memory} MB at most")
    assert run.status.ended and run.tally.adds_up and not run.error_code, run
    return Measured(run, there.calls(), seconds, memory)


async def synchronise_everything(client: ServiceClient, there: World) -> float:
    """Every sync type, asked for at once: seconds until the last has ended."""
    there.let_pass(hours=2)
    began = time.perf_counter()
    started = [await client.call(RUN_START, StartRun(sync_type=each, scheduled=True)) for each in SYNC_TYPES]
    for each in started:
        run = await until_ended(client, each, display())
        assert run.status.ended and run.tally.adds_up and not run.error_code, run
    seconds = time.perf_counter() - began
    say(f"{len(started)} sync types at once in {seconds:.2f} s")
    return seconds


def forget_peak_memory(process: int) -> None:
    """The largest resident size of a process is counted anew from what it has now (proc(5), clear_refs)."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def people_to_import(run: RunRow) -> int:
    """Whom no rule of dyntui excluded: they had to reach dotdigital, whatever it made of them."""
    return sum(run.tally.of(each) for each in (Outcome.ADDED, Outcome.UPDATED, Outcome.REJECTED))


def plain_speed(there: World) -> float:
    """People per second of the plain script."""
    people = there.members[: min(_SAMPLE, len(there.members))]
    with PlainScript(there.sandbox.line) as script:
        book = script.new_address_book("By a plain script")
        script.synchronise(people[:10], book)  # connections are open and warm by then
        began = time.perf_counter()
        added = script.synchronise(people, book)
        seconds = time.perf_counter() - began
    say(f"The plain script: {len(people):,} people, {added:,} of them added, in {seconds:.2f} s")
    return len(people) / seconds


def print_counters(measured: Measured) -> None:
    """The calls of a synchronisation by route."""
    for each in measured.calls:
        kind = "writes" if each["writes"] else "reads"
        say(f"  {each['count']:6,} {kind:6} {each['system']:10} {each['method']} {each['route']}")


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="make bench", description="Synchronisation of one list, measured.")
    parser.add_argument("--size", type=int, default=20_000, help="members of the list")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=("file", "postgresql"), default="file")
    parser.add_argument("--workers", type=int, default=1, help="processes that carry out runs of a store on a server")
    parser.add_argument("--dlt", default="", help="a Python in whose environment dlt is installed")
    asked = parser.parse_args()
    if asked.workers > 1 and asked.store == "file":
        parser.error("a store in a file has one worker, the service: --store postgresql")
    with ExitStack() as around:
        url = around.enter_context(postgresql.database()) if asked.store == "postgresql" else ""
        there = around.enter_context(world(asked.size, seed=asked.seed, store_url=url, workers=asked.workers))
        figures = asyncio.run(measure(there, asked.size, asked.store, asked.workers, asked.dlt))
    sys.stdout.write(json.dumps(msgspec.to_builtins(figures)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
