"""How long a key waits for its answer, alone and while a list of 20,000 members synchronises in the service.

    python -m tests.benchmarks.key_latency [--size N] [--rounds N]

A key is answered when the new position of the cursor has been written to the terminal. Sandbox, service, console and
this typist share the machine's cores. The goal is 50 ms at p95 during the synchronisation.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence

from dyntui.cli.following import summary, until_ended
from dyntui.cli.output import say
from dyntui.model.outcomes import RunStatus
from dyntui.service.client import attach
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_PAGE, LISTS_REFRESH, Activate, ListsQuery
from dyntui.service.contract.runs import RUN_START, RunRow, StartRun
from dyntui.service.contract.session import Nothing
from tests.benchmarks.plain_script import PlainScript
from tests.benchmarks.typist import Spread, Typist
from tests.benchmarks.world import World, world

# Seconds between an answer and the next key: somebody who holds a key down.
_PAUSES = (0.01, 0.05)


class Silent:
    """Shows nothing: the terminal belongs to the console."""

    def show(self, run: RunRow) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Synchronisation:
    """A run of the list, followed on a thread of its own."""

    def __init__(self, there: World) -> None:
        self._there = there
        self._thread = threading.Thread(target=lambda: asyncio.run(self._carry_out()))
        self.text = ""
        self._thread.start()

    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    async def _carry_out(self) -> None:
        async with await attach(self._there.profile) as client:
            asked = StartRun(sync_type="lists", lists=(self._there.list_id,))
            run = await until_ended(client, await client.call(RUN_START, asked), Silent())
            assert run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS), run
            self.text = summary(run)


async def activate(there: World) -> list[str]:
    """The list activated; what the rows of the console's lists look like under the cursor."""
    async with await attach(there.profile) as client:
        await client.call(LISTS_REFRESH, Nothing())
        await client.call(LIST_ACTIVATE, Activate(id=there.list_id))
        page = await client.call(LISTS_PAGE, ListsQuery())
        return [f"▌ {row.name[:8]}" for row in page.rows]


def type_while(console: Typist, rows: Sequence[str], going_on: Callable[[], bool]) -> str:
    """Up and down the lists; how long the keys took, in words."""
    chance = random.Random(1)
    taken: list[float] = []
    row = 0
    before = console.used()
    while going_on():
        step = chance.choice([each for each in (1, -1) if 0 <= row + each < len(rows)])
        row += step
        taken.append(console.press("j" if step > 0 else "k", rows[row]))
        time.sleep(chance.uniform(*_PAUSES))
    used = console.used().since(before)
    if row:
        console.press("g", rows[0])
    share = (
        f"a key: {1000 * used.on_core / len(taken):.1f} ms on a core, {1000 * used.waiting / len(taken):.1f} waiting"
    )
    return f"{Spread.of(taken)}, {share}"


def for_seconds(seconds: float) -> Callable[[], bool]:
    """True until so many seconds have passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def main() -> int:
    """Prints the figures of every round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with world(asked.size) as there:
        rows = asyncio.run(activate(there))
        with Typist(there.profile) as console:
            console.until("Latest runs")
            console.press("2", rows[0])
            console.settle()
            for number in range(asked.rounds):
                if number:
                    with PlainScript(there.sandbox.line) as hands:
                        hands.rename(there.members, f"Round {number}")
                alone = type_while(console, rows, for_seconds(10))
                run = Synchronisation(there)
                busy = type_while(console, rows, run.under_way)
                say(f"alone          {alone}")
                say(f"synchronising  {busy}   {run.text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
