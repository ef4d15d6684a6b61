"""`make sim N=1000`: plays random histories in simulated worlds, on every core, and names the seeds that went wrong.

    python -m tests.simulation.main --count 1000 --first 0 --steps 30

A seed that went wrong is played again, alone, by `--first SEED --count 1`. Two runs of the same seeds print the same
digest. The answer is 1 when a history went wrong.
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

from tests.faults.history import STEPS, play
from tests.faults.job import make_ready_to_send, new_office


class Played(msgspec.Struct, frozen=True):
    """A history: its digest, or what was wrong with it."""

    seed: int
    digest: str = ""
    sends: int = 0
    virtual_seconds: float = 0.0
    cpu_seconds: float = 0.0
    wrong: str = ""


def main() -> int:
    asked = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="dyntui-sim-") as name:
        kept = _ready(Path(name))
        began = time.monotonic()
        every: list[Played] = []
        for played in _all(asked, kept):
            every.append(played)
            if played.wrong:
                _say(f"\nseed {played.seed} went wrong\n{played.wrong}")
            elif len(every) % 25 == 0:
                _say(f"{len(every)} of {asked.count}")
        _sum_up(every, time.monotonic() - began)
    return int(any(each.wrong for each in every))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Random histories in simulated worlds.")
    parser.add_argument("--count", type=int, default=100, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--steps", type=int, default=STEPS, help="how long each history is")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    return parser


def _ready(folder: Path) -> Path:
    """The world that every history begins in."""
    connected, ready = folder / "connected", folder / "ready"
    connected.mkdir()
    with new_office(connected):
        pass
    make_ready_to_send(connected, ready)
    return ready


def _all(asked: argparse.Namespace, kept: Path) -> Iterator[Played]:
    seeds = range(asked.first, asked.first + asked.count)
    one = partial(_play, kept=kept, steps=asked.steps)
    with ProcessPoolExecutor(asked.workers) as processes:
        yield from processes.map(one, seeds)


def _play(seed: int, kept: Path, steps: int) -> Played:
    logging.disable(logging.CRITICAL)
    began = time.process_time()
    try:
        with tempfile.TemporaryDirectory(prefix=f"dyntui-sim-{seed}-") as folder:
            ended = play(seed, kept, Path(folder), steps)
    except Exception:  # noqa: BLE001 - told with its seed; the other histories go on
        return Played(seed, wrong=traceback.format_exc())
    return Played(seed, ended.digest, ended.sends, ended.seconds, time.process_time() - began)


def _sum_up(every: list[Played], seconds: float) -> None:
    wrong = [each.seed for each in every if each.wrong]
    digest = hashlib.sha256("".join(each.digest for each in every).encode()).hexdigest()
    virtual = sum(each.virtual_seconds for each in every) / 3600
    busy = sum(each.cpu_seconds for each in every) / len(every)
    _say(
        f"{len(every)} histories in {seconds:.0f} s, {3600 * len(every) / seconds:.0f} an hour,"
        f" {busy:.1f} s of a processor each;"
        f" {sum(each.sends for each in every)} sends, {virtual:.0f} simulated hours\n"
        f"digest {digest}\n"
        f"seeds that went wrong: {', '.join(map(str, wrong)) or 'none'}"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
