"""`make month PEOPLE=50000 LISTS=40 DAYS=30 SEED=1`: dyntui left alone with two systems; the answer is 1 where a
promise was broken.

    python -m tests.month.main --people 300 --lists 3 --days 3 --seed 1

A line for every day goes to standard error; the last line of standard output is one JSON object.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import msgspec

from dyntui.cli.output import say
from tests.month.month import Asked, play


def main() -> int:
    given = _parser().parse_args()
    asked = Asked(**{name: value for name, value in vars(given).items() if name in Asked.__struct_fields__})
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="dyntui-month-") as folder:
        ended, told = play(asked, Path(folder), say)
    if ended.broken:
        say("\n".join(("The last that happened:", *told, "Broken:", *ended.broken)))
    for name, (most, limit) in ended.peaks.items():
        say(f"{name}: at most {most:g} of {limit:g}")
    for name, times in ended.ended.items():
        say(f"  {times:6,} {name}")
    say(
        f"{asked.people:,} people, {asked.lists} lists, {asked.days:g} days, seed {asked.seed}:"
        f" {sum(ended.runs.values()):,} runs, {ended.moves:,} moves, {ended.faults} faults, {ended.sends} sends to"
        f" {ended.mailed:,}, {ended.looks:,} looks, {ended.compared:,} members compared at the end;"
        f" {ended.seconds:,.0f} s, {ended.cpu:,.0f} s of a processor;"
        f" store {ended.store / 1e6:.1f} MB, forgotten {ended.shrunk / 1e6:.1f} MB; {len(ended.broken)} promises broken"
    )
    sys.stdout.write(msgspec.json.encode(ended).decode() + "\n")
    return int(bool(ended.broken))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make month", description="A simulated month.")
    defaults = Asked()
    for name in Asked.__struct_fields__:
        value = getattr(defaults, name)
        if isinstance(value, int | float | str):
            parser.add_argument(f"--{name}", type=type(value), default=value)
    return parser


if __name__ == "__main__":
    sys.exit(main())
