"""People opt out on either side at random moments while the service watches: how soon it is known, and at what cost.

python -m tests.scenarios.opt_outs_at_random 1000         # as many of them, in a world of their own
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from dyntui.model.outcomes import Outcome
from dyntui.store import opt_outs, suppressions
from tests.scenarios.office import Office
from tests.scenarios.watching import Watched
from tests.scenarios.worlds import world

# On the average so many seconds pass between two of them.
_APART = 400.0


class Figures(msgspec.Struct, frozen=True):
    """`delays`: seconds until each was known; `spent`: the watch's share of every limit at the end."""

    delays: list[float]
    spent: dict[str, float]
    addresses: set[str]
    entries: int
    looks: int


def known(office: Office, address: str) -> bool:
    """Whether the store knows that the address opted out, from whichever side."""
    with office.db.read() as c:
        return bool(suppressions.of_address(c, address) or opt_outs.of_address(c, address))


def free(office: Office, list_id: str) -> list[Any]:
    """The members who are in the book and have not opted out."""
    return [each for each in office.members(list_id) if each.outcome is Outcome.ADDED]


def opts_out(office: Office, member: Any, side: str) -> None:
    """By a link in a mail, or because somebody says so in Dynamics."""
    if side == "dotdigital":
        office.unsubscribe(member.address)
    else:
        office.change_in_dynamics("contact", member.person, donotbulkemail=1)


def play(office: Office, watcher: Watched, opt_outs: int, seed: int) -> Figures:
    """Everybody of a synchronised list, one after the other."""
    newsletter = office.activated("Newsletter")
    office.run("suppressions")
    office.run("lists")
    office.let_pass(hours=30)  # what was used before is over
    watcher.due = office.sandbox.now()
    watcher.minutes(3)
    people = free(office, newsletter.id)[:opt_outs]
    chance, began = random.Random(seed), office.sandbox.now()
    when = sorted(began + timedelta(seconds=chance.uniform(0, _APART * len(people))) for _ in people)
    delays, waiting = list[float](), dict[str, datetime]()

    def learn() -> None:
        for address in [each for each in waiting if known(office, each)]:
            delays.append((office.sandbox.now() - waiting.pop(address)).total_seconds())

    for member, moment in zip(people, when, strict=True):
        while watcher.due <= moment:
            watcher.until(watcher.due)
            learn()
        watcher.until(moment)
        opts_out(office, member, chance.choice(("dotdigital", "Dynamics")))
        waiting[member.address] = moment
    while waiting and office.sandbox.now() < when[-1] + timedelta(minutes=10):
        watcher.until(watcher.due)
        learn()
    spent = {
        f"{each.account}: {each.limit}": sum(share.used for share in each.shares if share.kind == "watch") / each.most
        for each in office.wait(office.resources.connections.budgets.meters())
    }
    return Figures(delays, spent, {each.address for each in people}, len(watcher.learned), watcher.looks)


def main(opt_outs: int, seed: int = 7) -> int:
    """Prints the figures; 1 where an opt-out was not known within a minute."""
    folder = Path(tempfile.mkdtemp(prefix="dyntui-opt-outs-"))
    with (
        world(folder, people=opt_outs * 6, audience=True) as sandbox,
        closing(Office.open(sandbox, folder)) as office,
        closing(Watched(office)) as watcher,
    ):
        figures = play(office, watcher, opt_outs, seed)
    late = sorted(figures.delays)
    most = late[int(len(late) * 0.99)]
    lines = [
        f"{len(late):,} opt-outs of {len(figures.addresses):,}, seed {seed}, were known after"
        f" {statistics.median(late):.1f} s (median), {most:.1f} s (99 %), {late[-1]:.1f} s (worst)",
        *(f"  {limit}: {share:.2%} spent by the watch" for limit, share in figures.spent.items()),
        f"  asked {figures.looks:,} times, {figures.entries:,} entries in the audit",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(len(late) < len(figures.addresses) or late[-1] > 61)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
