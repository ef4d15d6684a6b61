"""How long the console takes to give the terminal back while 20,000 members synchronise, and that they go on.

python -m tests.benchmarks.endings [--size N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time

from dyntui.cli.output import say
from tests.benchmarks.key_latency import Synchronisation, activate
from tests.benchmarks.typist import Spread, Typist
from tests.benchmarks.world import World, world

# A synchronisation is well under way by then; seconds.
_INTO = 0.6
_CLOSED = "terminal closed"
WAYS: dict[str, signal.Signals | None] = {"SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP, _CLOSED: None}


def end(there: World, first_row: str, number: signal.Signals | None) -> float:
    """Seconds from the signal, or from the terminal's end, to the console's."""
    with Typist(there.profile) as console:
        console.until("Latest runs")
        console.press("2", first_row)
        console.settle()
        run = Synchronisation(there)
        time.sleep(_INTO)
        assert run.under_way()
        began = time.monotonic()
        if number is None:
            console.close()
        else:
            console.signal(number)
        code = console.ended()
        taken = time.monotonic() - began
        assert run.under_way(), "it ended with the console"
        assert code == 128 + (number or signal.SIGHUP), code
        if number is not None:
            assert not console.left_on and not console.cursor_hidden and console.after == console.before
        while run.under_way():
            time.sleep(0.05)
        return taken


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with world(asked.size) as there:
        first_row = asyncio.run(activate(there))[0]
        for way, number in WAYS.items():
            taken = [end(there, first_row, number) for _ in range(asked.rounds)]
            say(f"  {way:16} {Spread.of(taken)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
