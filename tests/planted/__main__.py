"""`make planted`: plants bugs one at a time in a copy of the tree, and shows that simulated histories notice each.

    python -m tests.planted [--only NAME] [--histories N] [--first SEED] [--workers N]

A line for each bug: after how many histories it was noticed, by which of them, in how many seconds of a processor, and
with which words. What noticed a bug is then played on the tree as it is, where it must notice nothing. The answer is 1
when a bug was not noticed, does not fit the code any more, or the tree as it is was complained of.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

import msgspec

from tests.copies import environment, put_together
from tests.planted.bugs import BUGS, Bug
from tests.planted.detectors import Noticed, make_worlds


class Outcome(msgspec.Struct, frozen=True):
    """What became of a bug: noticed by a detector at the end of `played` histories, or not (`detector` is empty);
    `wrong`: it could not be planted."""

    bug: Bug
    played: int = 0
    seconds: float = 0.0
    detector: str = ""
    seed: int = 0
    words: str = ""
    wrong: str = ""


def main() -> int:
    asked = _parser().parse_args()
    parts = [each.strip().casefold() for each in asked.only.split(",")]
    chosen = [bug for bug in BUGS if any(each in bug.name.casefold() for each in parts)]
    with tempfile.TemporaryDirectory(prefix="dyntui-planted-") as name:
        folder = Path(name)
        kept = folder / "kept"
        kept.mkdir()
        make_worlds(kept, {each for bug in chosen for each in bug.detectors})
        seek = partial(_seek, folder=folder, kept=kept, first=asked.first, histories=asked.histories)
        found: list[Outcome] = []
        with ThreadPoolExecutor(asked.workers) as threads:
            for done in as_completed([threads.submit(seek, each) for each in chosen]):
                found.append(done.result())
                _say(_line(found[-1]))
            complaints = list(threads.map(partial(_control, folder, kept), sorted(_played(found))))
    bad = [each.bug.name for each in found if not each.detector]
    false = [each for each in complaints if each]
    _say(f"{len(found) - len(bad)} of {len(found)} bugs noticed; {len(complaints)} histories on the tree as it is")
    for line in (*(f"NOT FOUND: {each}" for each in bad), *false):
        _say(line)
    return int(bool(bad or false))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Plants bugs, and lets histories find them.")
    parser.add_argument("--only", default="", help="bugs with one of these, between commas, in their name")
    parser.add_argument("--histories", type=int, default=60, help="how many a detector plays at most for each bug")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    return parser


def _seek(bug: Bug, folder: Path, kept: Path, first: int, histories: int) -> Outcome:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        copy = put_together(Path(name) / "tree")
        if wrong := plant(bug, copy):
            return Outcome(bug, wrong=wrong)
        played, seconds = 0, 0.0
        for detector in bug.detectors:
            for noticed in _play(copy, kept, detector, first, histories):
                played, seconds = played + 1, seconds + noticed.seconds
                if noticed.words:
                    return Outcome(bug, played, seconds, detector, noticed.seed, noticed.words)
        return Outcome(bug, played, seconds)


def plant(bug: Bug, copy: Path) -> str:
    """Why the bug does not fit the code any more; `""`: it is planted."""
    path = copy / bug.path
    text = path.read_text(encoding="utf-8")
    if (often := text.count(bug.old)) != 1:
        return f"its text stands {often} times in {bug.path}"
    path.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    return ""


def _play(copy: Path, kept: Path, detector: str, first: int, count: int) -> Iterator[Noticed]:
    command = (sys.executable, "-m", "tests.planted.detectors", str(kept), detector, str(first), str(count))
    with subprocess.Popen(
        command, cwd=copy, env=environment(copy), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            yield msgspec.json.decode(line, type=Noticed)
        said = process.stderr.read()
    if process.returncode:
        raise RuntimeError(f"{detector} did not run in the copy: {said}")


def _played(found: list[Outcome]) -> set[tuple[str, int]]:
    return {(each.detector, each.seed) for each in found if each.detector}


def _control(folder: Path, kept: Path, history: tuple[str, int]) -> str:
    detector, seed = history
    with tempfile.TemporaryDirectory(dir=folder) as name:
        copy = put_together(Path(name) / "tree")
        words = next(_play(copy, kept, detector, seed, 1)).words
    return f"the tree as it is, {detector}, seed {seed}: {words}" if words else ""


def _line(outcome: Outcome) -> str:
    name = f"{outcome.bug.name:52}"
    if outcome.wrong:
        return f"{name} DOES NOT FIT: {outcome.wrong}"
    if not outcome.detector:
        return f"{name} NOT FOUND in {outcome.played} histories, {outcome.seconds:.0f} s"
    by = f"{outcome.detector}, seed {outcome.seed}"
    return f"{name} {outcome.played:3} histories, {outcome.seconds:4.0f} s, {by}: {outcome.words[:160]}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
