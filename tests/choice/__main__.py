"""`make choose`: measures every test, chooses those that `make test` runs, and writes down the others.

    python -m tests.choice [--share 0.975] [--seconds 0.1] [--records FOLDER]

Takes an hour or two of both cores, but for `--records`, which reads what was measured before. What is measured stays in
`.venv/choice`: where tests fail, nothing is chosen, and once that is understood it can be chosen by these records.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from tests.choice import left_out
from tests.choice.cover import Measured, chosen
from tests.choice.recorder import RECORDS, ROOT, Record, read

# Traced tests take longer, and nobody waits for them.
_PARALLEL = ("-n", str(2 * (os.cpu_count() or 1)), "--dist", "loadgroup", "--timeout", "3600")
_MEASURED = ROOT / ".venv" / "choice"
_PROMISE = "tests/faults/test_last_look.py::"


def main() -> None:
    options = _options().parse_args()
    if not options.records:
        _measure(_MEASURED)
    found = list(read(Path(options.records or _MEASURED)))
    tests = measured(found)
    stay = chosen(tests, share=options.share, always=always(found, options.seconds))
    left_out.write(each.name for each in tests if each.name not in stay)
    sys.stdout.write(f"{len(stay)} of {len(tests)} tests stay: {_seconds(tests, stay)} of {_seconds(tests)} s\n")


def _seconds(tests: Iterable[Measured], of: Collection[str] | None = None) -> int:
    return round(sum(each.seconds for each in tests if of is None or each.name in of))


def measured(records: Iterable[Record]) -> list[Measured]:
    """The records with one bit for each branch that any test runs."""
    bits: dict[tuple[str, int], int] = {}
    next_bit = itertools.count()
    found = []
    for each in records:
        run = 0
        for file, branches in each.branches.items():
            for branch in branches:
                bit = bits.get((file, branch))
                if bit is None:
                    bit = bits[file, branch] = next(next_bit)
                run |= 1 << bit
        found.append(Measured(each.name, each.seconds + each.seconds_of_processes, run))
    return found


def always(records: Iterable[Record], seconds: float) -> set[str]:
    """Tests that stay whatever they run: they start processes, whose branches are not seen, or cost next to nothing, or
    are about the last look before a send: that nobody is mailed who has opted out."""
    return {
        each.name
        for each in records
        if each.seconds_of_processes or each.seconds < seconds or each.name.startswith(_PROMISE)
    }


def _measure(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(
        [sys.executable, "-m", "pytest", *_PARALLEL, "-p", "tests.choice.recorder", "-m", "not thorough"],
        env={**os.environ, RECORDS: str(folder)},
        cwd=ROOT,
        check=True,
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.choice")
    parser.add_argument("--share", type=float, default=0.975, help="of the branches: so many are run at least")
    parser.add_argument("--seconds", type=float, default=0.1, help="tests that take less stay in any case")
    parser.add_argument("--records", help="a folder in which every test was measured before")
    return parser


if __name__ == "__main__":
    main()
