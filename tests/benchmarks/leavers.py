"""People who leave a list by accident, far too many at once: additions go on, removals wait, one approval lets all of
them go, one refusal leaves all of them in the address book.

    python -m tests.benchmarks.leavers [--leavers 120000]

One process with the sandbox, on a clock that moves when somebody waits; seconds are those of a processor, of both
together. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import select

from dyntui.cli.output import say
from dyntui.model.outcomes import Outcome
from dyntui.store.schema import list_member
from tests.scenarios.office import Office
from tests.scenarios.test_members_and_books import in_dotdigital
from tests.scenarios.worlds import world

T = TypeVar("T")
# Of the sandbox's people on the list who are added to its address book.
_ADDED = 0.5
# Who join the list when the others leave it: so few that nothing waits when they leave it themselves before.
_JOIN = 0.004


class Measured:
    """What each step cost: calls, those of them that write, seconds of a processor."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.steps: dict[str, dict[str, Any]] = {}

    def of(self, name: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        done, calls = self._office.calls_between(work)
        self.steps[name] = {
            "calls": sum(each["count"] for each in calls),
            "writes": sum(each["writes"] for each in calls),
            "seconds": round(time.process_time() - began, 1),
        }
        say(f"{name}: {self.steps[name]}")
        return done


def in_book(office: Office, book: int) -> int:
    """How many contacts the book holds."""
    office.until_told()
    return int(msgspec.json.decode(in_dotdigital(office, "GET", f"/v2/address-books/{book}"))["contacts"])


def measured(office: Office, leavers: int) -> dict[str, Any]:
    """The figures; what does not hold ends it."""
    newsletter = office.activated("Newsletter")
    office.run("lists")
    m = list_member.c
    added = select(m.person_id).where(m.list_id == newsletter.id, m.outcome == Outcome.ADDED).order_by(m.seq)
    with office.db.read() as c:
        people = list(c.execute(added).scalars())
    joins = max(1, round(leavers * _JOIN))
    joining, leaving = people[:joins], people[joins : joins + leavers]
    assert len(leaving) == leavers, f"{len(people)} people are in the book only"
    book, steps = office.book_of(newsletter.id), Measured(office)
    office.leave(newsletter.id, joining)
    office.run("lists")
    before = in_book(office, book)

    def accident() -> int:
        office.leave(newsletter.id, leaving)
        run = steps.of("run", lambda: office.run("lists")).run
        assert run.tally.adds_up
        return run.tally.of(Outcome.HELD)

    office.join(newsletter.id, joining)
    held = accident()
    (waits,) = office.held()
    assert waits.people == held
    went_on = in_book(office, book) - before
    refused = steps.of("refused", lambda: office.decide_held(newsletter.id, remove=False))
    steps.of("run after it", lambda: office.run("lists"))
    stay = in_book(office, book) - before - went_on
    office.join(newsletter.id, leaving)
    office.run("lists")
    again = accident()
    approved = steps.of("approved", lambda: office.decide_held(newsletter.id, remove=True))
    done = office.detail(approved.run.id).run if approved.run is not None else None
    gone = before + went_on - in_book(office, book)
    return {
        "leavers": leavers,
        "held": [held, again],
        "why": waits.why,
        "joined": {"people": len(joining), "in_the_book": went_on},
        "refused": {"people": refused.people, "left_the_book": -stay},
        "approved": {"people": approved.people, "left_the_book": gone},
        "removed": done.tally.of(Outcome.REMOVED) if done is not None else None,
        "steps": steps.steps,
        "peak_memory_mb_of_everything": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Runs it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--leavers", type=int, default=120_000)
    leavers = asked.parse_args().leavers
    folder = Path(tempfile.mkdtemp(prefix="dyntui-leavers-"))
    with (
        world(folder, people=round(leavers * (1 + _JOIN) * 1.05 / _ADDED)) as sandbox,
        closing(Office.open(sandbox, folder)) as office,
    ):
        sys.stdout.write(f"{json.dumps(measured(office, leavers))}\n")


if __name__ == "__main__":
    main()
