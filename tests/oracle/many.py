"""Goes through many histories on every core and tells what it found, by kind.

    python -m tests.oracle.many FIRST WORLDS [--consent] [--go-on] [--shrink] [--trust [--gaps]]

Stories go to `oracle-stories` in the folder for temporary files, one file a seed. `--consent`: histories in which more
people say no. `--go-on` does not stop a history at its first disagreement; `--shrink` leaves edits out as long as a
disagreement of the same kind remains. With `--trust` answers that say only what changed rule as soon as one proof of
each has found nothing else; with `--gaps` they do not tell of every second change in Dynamics, and what is looked at is
that nobody is mailed wrongly.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dyntui.model.trust import Rule
from tests.oracle.edits import Edit
from tests.oracle.histories import History, history
from tests.oracle.trial import Trial
from tests.scenarios.office import PROVE_EACH, Office
from tests.scenarios.worlds import copied, world
from tests.shared_statements import share_compiled_statements


@dataclass(frozen=True)
class Manner:
    """How histories are gone through: `trust` as of the office, `gaps` as of `tests.oracle.edits.Hands`, and which:
    `about_consent` as of `tests.oracle.histories.history`."""

    trust: Rule = PROVE_EACH
    gaps: bool = False
    about_consent: bool = False


def empty_world(folder: Path) -> Path:
    """A world in which dyntui is installed, and nobody lives."""
    with world(folder, people=0) as sandbox:
        Office.open(sandbox, folder).close()
    return folder


def played(kept: Path, wanted: History, *, go_on: bool = False, manner: Manner = Manner()) -> Trial:
    """A history that was gone through; its office is closed."""
    with tempfile.TemporaryDirectory(prefix="oracle-") as name:
        folder = Path(name)
        with (
            copied(kept, folder, Path("dyntui.db")) as sandbox,
            closing(Office(sandbox, folder, trust=manner.trust)) as office,
        ):
            office.take_over()
            trial = Trial(office, wanted, go_on, manner.gaps)
            trial.play()
            return trial


def shrunk(kept: Path, wanted: History, kind: str, manner: Manner) -> History:
    """The history with as few edits as still lead to a disagreement of a kind: pieces are left out, smaller and smaller
    ones."""
    for place in range(len(wanted.rounds), -1, -1):
        edits = _edits(wanted, place)
        size = max(1, len(edits) // 2)
        while size and edits:
            for start in range(len(edits) - size, -1, -size):
                fewer = edits[:start] + edits[start + size :]
                tried = _with_edits(wanted, place, fewer)
                if any(each.kind == kind for each in played(kept, tried, manner=manner).found):
                    edits, wanted = fewer, tried
            size //= 2
    return wanted


def _edits(wanted: History, place: int) -> tuple[Edit, ...]:
    return wanted.rounds[place - 1].before if place else wanted.world


def _with_edits(wanted: History, place: int, edits: tuple[Edit, ...]) -> History:
    if not place:
        return replace(wanted, world=edits)
    rounds = list(wanted.rounds)
    rounds[place - 1] = replace(rounds[place - 1], before=edits)
    return replace(wanted, rounds=tuple(rounds))


def _one(kept: Path, go_on: bool, shrink: bool, manner: Manner, seed: int) -> tuple[int, list[str], str, Counter[str]]:
    share_compiled_statements()
    trial = played(kept, history(seed, about_consent=manner.about_consent), go_on=go_on, manner=manner)
    story = trial.story()
    if trial.found and shrink:
        fewer = shrunk(kept, trial.history, trial.found[0].kind, manner)
        story = played(kept, fewer, manner=manner).story()
    return seed, [each.kind for each in trial.found], story, trial.figures


def report(first: int, worlds: int, *, go_on: bool, shrink: bool, manner: Manner, workers: int | None) -> Iterator[str]:
    """Lines to be read; the last one sums up."""
    began, figures, kinds = time.monotonic(), Counter[str](), dict[str, set[int]]()
    stories = Path(tempfile.gettempdir()) / "oracle-stories"
    stories.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="oracle-empty-") as name, ProcessPoolExecutor(workers) as pool:
        task = partial(_one, empty_world(Path(name)), go_on, shrink, manner)
        for seed, found, story, counted in pool.map(task, range(first, first + worlds)):
            figures += counted
            (stories / f"{seed}.txt").write_text(story, "utf-8")
            for kind in found:
                kinds.setdefault(kind, set()).add(seed)
    for kind, seeds in sorted(kinds.items(), key=lambda each: -len(each[1])):
        yield f"{len(seeds):4} {kind}: {sorted(seeds)[:12]}"
    wrong = set().union(*kinds.values()) if kinds else set()
    yield f"{len(wrong)} worlds disagree; {dict(figures)}; {time.monotonic() - began:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("worlds", type=int)
    parser.add_argument("--consent", action="store_true")
    parser.add_argument("--go-on", action="store_true")
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--trust", action="store_true")
    parser.add_argument("--gaps", action="store_true")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    manner = Manner(Rule(first_days=0) if asked.trust else PROVE_EACH, asked.gaps, asked.consent)
    how = {"go_on": asked.go_on, "shrink": asked.shrink, "manner": manner, "workers": asked.workers}
    for line in report(asked.first, asked.worlds, **how):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
