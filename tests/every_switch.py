"""`make switches`: runs scenarios and faults once with each switch of the sandbox thrown, and says what failed.

    python -m tests.every_switch                        # all switches, tests/scenarios and tests/faults
    python -m tests.every_switch --only since,lag -- tests/scenarios/test_sending.py -k guarded

What fails without any switch is named first and not counted again. The answer is 1 when a switch made a test fail.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tests.sandbox_controls import SWITCHES
from tests.simulation.switches import every

# Processes that are killed and terminals tell nothing about a switch that these do not.
_TESTS = (
    "tests/scenarios",
    "tests/faults",
    "--ignore=tests/faults/test_kills.py",
    "--ignore=tests/faults/test_bad_input.py",
)
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - |$)", re.MULTILINE)
_SECONDS = 3600

Switch = tuple[str, str, Any]


def main() -> int:
    asked, tests = _asked()
    chosen = [each for each in every() if any(part in each[1] for part in asked.only.split(","))]
    tests = tests or list(_TESTS)
    always = _failures({}, tests)
    _say(f"without any switch: {', '.join(sorted(always)) or 'nothing fails'}")
    harmful = 0
    for (system, name, value), failed in _each(chosen, tests, asked.workers):
        fresh = sorted(failed - always)
        harmful += bool(fresh)
        _say(f"{len(fresh):3} {system} {name} = {json.dumps(value)}")
        for test in fresh:
            _say(f"        {test}")
    _say(f"{harmful} of {len(chosen)} values make a test fail")
    return int(bool(harmful))


def _asked() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description="Scenarios and faults with one switch thrown at a time.")
    parser.add_argument("--only", default="", help="parts of names of switches, with commas between them")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="switches at once")
    parser.add_argument("tests", nargs="*", help="what pytest is told, after --")
    asked = parser.parse_args()
    return asked, asked.tests


def _each(chosen: list[Switch], tests: list[str], workers: int) -> Iterator[tuple[Switch, set[str]]]:
    thrown = [{system: {name: value}} for system, name, value in chosen]
    with ThreadPoolExecutor(workers) as at_once:
        yield from zip(chosen, at_once.map(partial(_failures, tests=tests), thrown), strict=True)


def _failures(switches: dict[str, Any], tests: list[str]) -> set[str]:
    """The tests that fail with these. RuntimeError when pytest did not come to run any."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", *tests]
    environment = {**os.environ, SWITCHES: json.dumps(switches)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{switches}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return set(_FAILED.findall(done.stdout))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
