"""`python -m tests.benchmarks.growth --size N --runs 200`: what unchanged synchronisations of a list of N members add
to the store, and what retention leaves of it.

Use cases, worker, clients and sandbox in one process on a clock that moves by itself, as in the scenarios; half an hour
passes before each run. Prints bytes of the store's file in use, without pages that are free for what comes next.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from dyntui.cli.output import say
from dyntui.model.trust import Rule
from dyntui.service.housekeeping import forget
from tests.scenarios.office import Office
from tests.scenarios.test_growth import used_bytes
from tests.scenarios.worlds import world

_LIST = "Newsletter"
# Of the sandbox's people so many are members of the list, about.
_SHARE = 0.69


def measure(office: Office, runs: int) -> None:
    """The runs, then what is left when they are old."""
    chosen = office.activated(_LIST)

    def run(what: str) -> None:
        began = time.process_time()
        done = office.run("lists", lists=(chosen.id,)).run
        assert done.tally.adds_up and not done.error_code, done
        seconds = time.process_time() - began
        say(f"{what}: {done.tally.read:,} people, {seconds:.1f} s of a processor, {used_bytes(office):,} bytes")

    for what in ("first", "with its proofs", "with its proofs", "trusted"):
        run(what)
        office.let_pass(hours=2)
    before = used_bytes(office)
    began = time.process_time()
    for number in range(runs):
        office.let_pass(minutes=30)
        office.run("lists", lists=(chosen.id,))
        if number % 20 == 19:
            say(f"after {number + 1} runs {used_bytes(office) - before:,} bytes more")
    added = used_bytes(office) - before
    each = (time.process_time() - began) / runs
    office.let_pass(days=31)
    last = used_bytes(office)
    forgotten = office.wait(forget(office.resources, timedelta(days=30)))
    sys.stdout.write(
        f"{runs} unchanged runs added {added:,} bytes, {each:.2f} s each; retention forgot {forgotten} runs and "
        f"{last - used_bytes(office):,} bytes\n"
    )


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with (
            world(home, people=round(asked.size / _SHARE)) as sandbox,
            closing(Office(sandbox, home, trust=Rule(first_days=0))) as office,
        ):
            office.set_up()
            measure(office, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
