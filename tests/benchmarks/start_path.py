"""How long it takes to get started: commands, and the console on a service that runs.

    python -m tests.benchmarks.start_path [--rounds N]

The console's first paint is Home with its facts and runs on the terminal, from the start of the process.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence

from dyntui.cli.main_job import peak_memory_mb
from dyntui.cli.output import say
from dyntui.service.client import attach
from dyntui.service.contract.lists import LISTS_REFRESH
from dyntui.service.contract.session import Nothing
from tests.benchmarks.typist import Spread, Typist
from tests.benchmarks.world import World, world

_DYNTUI = (sys.executable, "-m", "dyntui.cli.main")


def timed(command: Sequence[str], rounds: int) -> Spread:
    """How long a command takes to its end."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return Spread.of(taken)


def first_paint(there: World, rounds: int) -> tuple[Spread, list[float], list[int]]:
    """The console from its start to Home; its memory in MB and the bytes written by then."""
    taken: list[float] = []
    memory: list[float] = []
    written: list[int] = []
    for _ in range(rounds):
        began = time.perf_counter()
        with Typist(there.profile, columns=80, lines=24) as console:
            console.until(lambda: b"Latest runs" in console.raw and b"Mira Sandahl" in console.raw)
            taken.append(time.perf_counter() - began)
            console.settle(0.5)
            memory.append(peak_memory_mb(console.process.pid))
            written.append(len(console.raw))
    return Spread.of(taken), memory, written


async def wake(there: World) -> None:
    """The lists are read, so that no console has to wait for that."""
    async with await attach(there.profile) as client:
        await client.call(LISTS_REFRESH, Nothing())


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    say(f"  {'python -c pass':24} {timed((sys.executable, '-c', 'pass'), asked.rounds)}")
    for arguments in (["--help"], ["lists", "--help"]):
        say(f"  {'dyntui ' + ' '.join(arguments):24} {timed((*_DYNTUI, *arguments), asked.rounds)}")
    with world(200) as there:
        asyncio.run(wake(there))
        for arguments in (["status"], ["lists", "list", "--json"]):
            command = (*_DYNTUI, "--profile", there.profile.name, *arguments)
            say(f"  {'dyntui ' + ' '.join(arguments):24} {timed(command, asked.rounds)}")
        spread, memory, written = first_paint(there, asked.rounds)
        say(f"  {'console, first paint':24} {spread}")
        say(f"  the console's memory at most {max(memory):.0f} MB, {max(written):,} bytes to the settled first screen")
    return 0


if __name__ == "__main__":
    sys.exit(main())
