"""How much it takes to carry a plan out, from what the plan took and what it is to change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from dyntui.dotdigital.address_books import CHUNK
from dyntui.dotdigital.imports import MOST_CONTACTS
from dyntui.model.moments import moment_of, text_of
from dyntui.model.plans import Plan, PlannedCalls
from dyntui.store import planned_changes, runs
from dyntui.store.failures import vanished

# An import or a removal is started, asked for until it has ended, and its report is read.
_READS_EACH = 3
# What dotdigital takes for one at least, in its own samples (dotdigital_api.md 5.2).
_SECONDS_EACH = 10


def close(c: Connection, run_id: str, now: datetime) -> Plan:
    """The plan of a run that has decided everything: reading takes what it took, and everything is read once more."""
    run = runs.get(c, run_id)
    if run is None:
        raise vanished("a run")
    found = planned_changes.effects(c, run_id)
    writes = sum(-(-(each.add + each.update) // MOST_CONTACTS) + -(-each.remove // CHUNK) for each in found)
    began = moment_of(run.started_on)
    taken = int((now - began).total_seconds()) if began is not None else 0
    calls = PlannedCalls(
        dataverse_reads=run.dataverse_reads,
        dotdigital_reads=run.dotdigital_reads + writes * _READS_EACH,
        dotdigital_writes=writes,
    )
    return planned_changes.close(c, run_id, text_of(now), calls, taken + writes * _SECONDS_EACH)
