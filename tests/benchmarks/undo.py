"""Undoing a run of 20,000 changes: both sides' digests before it and after its undo, and consent that stays.

    python -m tests.benchmarks.undo [--changes 20000]

One process with the sandbox, on a clock that moves when somebody waits; seconds are those of this machine. Prints one
JSON line.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from dyntui.model.outcomes import Outcome
from tests.scenarios.office import Office
from tests.scenarios.worlds import world

# Of the sandbox's people on the list who are added to its address book.
_ADDED = 0.5
# Shares of the changes: who leaves the list, and who comes back to it; the others are renamed.
_LEAVE, _COME_BACK = 0.06, 0.08
_OPT_OUTS = 300


def main() -> None:
    """Runs it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--changes", type=int, default=20_000)
    changes = asked.parse_args().changes
    folder = Path(tempfile.mkdtemp(prefix="dyntui-undo-"))
    with (
        world(folder, people=round(changes * 1.05 / _ADDED)) as sandbox,
        closing(Office.open(sandbox, folder)) as office,
    ):
        sys.stdout.write(f"{json.dumps(measured(office, changes))}\n")


def measured(office: Office, changes: int) -> dict[str, Any]:
    """The figures."""
    newsletter = office.activated("Newsletter")
    office.run("lists")
    people = [each.person for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    leave, back = round(changes * _LEAVE), round(changes * _COME_BACK)
    renamed = changes - leave - back
    assert len(people) >= changes, f"{len(people)} people are in the book only"
    office.leave(newsletter.id, people[:back])
    office.run("lists")
    office.join(newsletter.id, people[:back])
    office.leave(newsletter.id, people[back : back + leave])
    for place, each in enumerate(people[back + leave : changes]):
        office.change_in_dynamics("contact", each, firstname=f"Renamed {place}")
    before = office.digest()
    run = office.run("lists").run
    wrote = Counter({each.outcome.value: each.people for each in run.tally.counts if each.outcome in _CHANGED})
    after = office.digest()
    began = time.perf_counter()
    plan, plan_calls = office.calls_between(lambda: office.plan_undo(run.id))
    planned = time.perf_counter()
    done, calls = office.calls_between(lambda: office.apply(plan))
    ended = time.perf_counter()
    undone = office.digest()
    redone = office.undo(done.run.id)
    again = office.digest()

    opted_out = people[-_OPT_OUTS:]
    for each in opted_out:
        office.change_in_dynamics("contact", each, donotemail=1)
    consent = office.undo(office.run("lists").run.id)
    kept = {each.person for each in office.people(consent.run.id) if each.outcome is Outcome.EXCLUDED}
    return {
        "changes": sum(wrote.values()),
        "wrote": {"renamed": renamed, "leave": leave, "come_back": back, **wrote},
        "digests_differ_after_the_run": before != after,
        "digests_as_before_after_the_undo": undone == before,
        "digests_as_after_the_run_after_the_redo": again == after,
        "undone": {str(each.outcome): each.people for each in done.run.tally.counts},
        "redone": {str(each.outcome): each.people for each in redone.run.tally.counts},
        "plan_calls": sum(each["count"] for each in plan_calls),
        "plan_writes": sum(each["writes"] for each in plan_calls),
        "undo_calls": sum(each["count"] for each in calls),
        "plan_seconds": round(planned - began, 1),
        "undo_seconds": round(ended - planned, 1),
        "opt_outs": len(opted_out),
        "opt_outs_named_and_kept": len(kept & set(opted_out)),
        "peak_memory_mb_of_everything": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


_CHANGED = (Outcome.ADDED, Outcome.UPDATED, Outcome.REMOVED)


if __name__ == "__main__":
    main()
