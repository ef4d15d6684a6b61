"""`make sim N=1000`: plays random histories in simulated worlds, and names the seeds that went wrong.

    python -m tests.simulation.main --count 1000 --first 0 --kinds sends,restless,decisions,crowded --workers 1

A seed that went wrong is played again, alone, by `--kinds KIND --first SEED --count 1`. Two runs of the same seeds
print the same digest. The answer is 1 when a history went wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from tests.faults.kinds import KINDS, make_worlds
from tests.shared_statements import share_compiled_statements


class Played(msgspec.Struct, frozen=True):
    """A history: its digest, or what was wrong with it."""

    kind: str
    seed: int
    digest: str = ""
    sends: int = 0
    virtual_seconds: float = 0.0
    cpu_seconds: float = 0.0
    wrong: str = ""


def main() -> int:
    asked = _parser().parse_args()
    kinds = [each.strip() for each in asked.kinds.split(",")]
    with tempfile.TemporaryDirectory(prefix="dyntui-sim-") as name:
        make_worlds(Path(name), kinds)
        every: list[Played] = []
        for played in _all(asked, kinds, Path(name)):
            every.append(played)
            if played.wrong:
                _say(f"\n{played.kind}, seed {played.seed} went wrong\n{played.wrong}")
            elif len(every) % 25 == 0:
                _say(f"{len(every)} of {asked.count * len(kinds)}")
        for kind in kinds:
            _sum_up(kind, [each for each in every if each.kind == kind])
    return int(any(each.wrong for each in every))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Random histories in simulated worlds.")
    parser.add_argument("--count", type=int, default=100, help="how many histories of each kind")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kinds", default="sends", help=f"of {', '.join(KINDS)}, between commas")
    parser.add_argument("--steps", type=int, default=0, help="how long each history is (0: as its kind says)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    return parser


def _all(asked: argparse.Namespace, kinds: list[str], kept: Path) -> Iterator[Played]:
    wanted = [(kind, seed) for seed in range(asked.first, asked.first + asked.count) for kind in kinds]
    one = partial(_play, kept=kept, steps=asked.steps)
    if asked.workers == 1:
        yield from map(one, wanted)
        return
    with ProcessPoolExecutor(asked.workers) as processes:
        yield from processes.map(one, wanted)


def _play(wanted: tuple[str, int], kept: Path, steps: int) -> Played:
    logging.disable(logging.CRITICAL)
    share_compiled_statements()
    (kind, seed), of = wanted, KINDS[wanted[0]]
    began = time.process_time()
    try:
        with tempfile.TemporaryDirectory(prefix=f"dyntui-sim-{seed}-") as folder:
            ended = of.play(seed, kept / of.world, Path(folder), steps or of.steps)
    except Exception:  # noqa: BLE001 - told with its seed; the other histories go on
        return Played(kind, seed, wrong=traceback.format_exc(), cpu_seconds=time.process_time() - began)
    return Played(kind, seed, ended.digest, ended.sends, ended.seconds, time.process_time() - began)


def _sum_up(kind: str, every: list[Played]) -> None:
    wrong = [each.seed for each in every if each.wrong]
    digest = hashlib.sha256("".join(each.digest for each in every).encode()).hexdigest()
    virtual = sum(each.virtual_seconds for each in every) / 3600
    busy = sum(each.cpu_seconds for each in every) / len(every)
    _say(
        f"{kind}: {len(every)} histories, {busy:.1f} s of a processor each, {3600 / busy:.0f} an hour of one;"
        f" {sum(each.sends for each in every)} sends, {virtual:.0f} simulated hours\n"
        f"digest {digest}\n"
        f"seeds that went wrong: {', '.join(map(str, wrong)) or 'none'}"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
