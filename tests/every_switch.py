"""`make switches`: runs the tests that speak to the two systems with switches of the sandbox thrown; what failed.

    python -m tests.every_switch                              # each switch by itself
    python -m tests.every_switch --only since,lag -- tests/scenarios/test_sending.py -k guarded
    python -m tests.every_switch --together --but double_opt_in   # as many as do not exclude each other at once

`--only` and `--but` take parts of `name=value`. What fails with a group of switches is run again with either half of
it, and so on, so that every failing test is named under the switches that make it fail. What fails without any switch
does not count. Tests that are not about a switch are left out with it: `tests/not_about.py` says which, and why. The
answer is 1 when a switch made a test fail.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.not_about import left_out
from tests.sandbox_controls import SWITCHES
from tests.simulation.switches import every

# What opens a sandbox by `SandboxControls`: no other test can tell whether a switch is thrown. Killed processes
# tell nothing about a switch that these do not.
_TESTS = (
    "tests/scenarios",
    "tests/faults",
    "tests/dataverse",
    "tests/dotdigital",
    "--ignore=tests/faults/test_kills.py",
    "--ignore=tests/faults/test_bad_input.py",
)
# A test that runs beside others with `--dist loadgroup` carries the name of its group.
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S[^[\n]*?(?:\[.*?\])?)(?:@[\w -]+?)?(?: - .*)?$", re.MULTILINE)
# A busy machine takes hours over them.
_SECONDS = 4 * 3600

Switch = tuple[str, str, Any]


def main() -> int:
    asked = _asked()
    chosen = [each for each in every() if _wanted(each, asked.only, asked.but)]
    tests = asked.tests or list(_TESTS)
    groups = together(chosen) if asked.together else [[each] for each in chosen]
    harmful: set[str] = set()
    for group in groups:
        _say(", ".join(map(named, group)))
        found = _failures(group, tests, asked.workers)
        found -= _failures([], sorted(found), 1)
        for test, switches in sorted(_guilty(group, found, asked.workers).items()):
            _say(f"    {test}" + (f": {', '.join(sorted(switches)) or 'only together'}" if len(group) > 1 else ""))
            harmful |= switches or {", ".join(map(named, group))}
        _say(f"    {len(found)} failed")
    _say(
        f"{len(harmful)} of {len(chosen)} values make a test fail"
        + "".join(f"\n    {each}" for each in sorted(harmful))
    )
    return int(bool(harmful))


def named(switch: Switch) -> str:
    """`system name=value`."""
    system, name, value = switch
    return f"{system} {name}={json.dumps(value)}"


def together(chosen: Iterable[Switch]) -> list[list[Switch]]:
    """As few groups as possible, in each of which no switch has two values."""
    groups: list[dict[tuple[str, str], Switch]] = []
    for each in chosen:
        place = next((group for group in groups if each[:2] not in group), None)
        if place is None:
            groups.append(place := {})
        place[each[:2]] = each
    return [list(group.values()) for group in groups]


def _guilty(group: Sequence[Switch], failing: set[str], workers: int) -> dict[str, set[str]]:
    """Which switches of a group, with which these tests fail, each of them fails with: none where it does not fail with
    fewer of them."""
    guilty = {test: {named(each) for each in group if len(group) == 1} for test in failing}
    if len(group) == 1 and failing:
        # Said at once: the search may be stopped before its end.
        _say(f"    {named(group[0])}: {', '.join(sorted(failing))}")
    halves = (group[: len(group) // 2], group[len(group) // 2 :]) if len(group) > 1 and failing else ()
    for half in halves:
        found = _failures(half, sorted(failing), workers)
        for test, switches in _guilty(half, found, workers).items():
            guilty[test] |= switches or {", ".join(map(named, half))}
    return guilty


def _wanted(switch: Switch, only: str, but: str) -> bool:
    name = named(switch)
    return any(part in name for part in only.split(",")) and not any(part in name for part in but.split(",") if part)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The tests that speak to the two systems, with switches thrown.")
    parser.add_argument("--only", default="", help="parts of names of switches, with commas between them")
    parser.add_argument("--but", default="", help="parts of names of switches that are left out")
    parser.add_argument("--together", action="store_true", help="as many switches at once as do not exclude each other")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="tests at once")
    parser.add_argument("tests", nargs="*", help="what pytest is told, after --")
    asked = parser.parse_args()
    # With several workers pytest says of such a path only that it found no test.
    missing = [each for each in asked.tests if each.startswith("tests") and not Path(each.partition("::")[0]).exists()]
    if missing:
        parser.error(f"not there: {', '.join(missing)}")
    return asked


def _failures(thrown: Sequence[Switch], tests: Sequence[str], workers: int) -> set[str]:
    """The tests that fail with these. RuntimeError when pytest did not come to run them."""
    if not tests:
        return set()
    switches: dict[str, dict[str, Any]] = {}
    for system, name, value in thrown:
        switches.setdefault(system, {})[name] = value
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-n", str(workers)]
    environment = {**os.environ, SWITCHES: json.dumps(switches)}
    done = subprocess.run(
        [*command, "--dist", "loadgroup", *tests],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    by_name = {each for each in tests if "::" in each}
    # One name that is not there, and pytest runs none of them.
    none = done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED and by_name - left_out(by_name, switches)
    if done.returncode not in (0, 1, pytest.ExitCode.NO_TESTS_COLLECTED) or none:
        raise RuntimeError(f"{switches}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return set(_FAILED.findall(done.stdout))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
