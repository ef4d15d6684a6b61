"""How much it takes to carry a plan out, from what the plan took and what it is to change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from dyntui.dataverse import bulk, membership
from dyntui.dotdigital import suppressions
from dyntui.dotdigital.address_books import CHUNK
from dyntui.dotdigital.imports import MOST_CONTACTS
from dyntui.model.moments import moment_of, text_of
from dyntui.model.plans import OPT_OUTS, Effects, Plan, PlannedCalls
from dyntui.store import outcomes, planned_changes, runs
from dyntui.store.failures import vanished
from dyntui.sync import brought_values
from dyntui.sync.run_context import RunContext

# An import or a removal is started, asked for until it has ended, and its report is read.
_READS_EACH = 3
# What dotdigital takes for one at least, in its own samples (dotdigital_api.md 5.2).
_SECONDS_EACH = 10


def close(c: Connection, run_id: str, now: datetime, *, suppressed: int = 0) -> Plan:
    """The plan of a run that has decided everything: reading takes what it took, and everything is read once more.
    `suppressed`: how many addresses dotdigital is to be asked to suppress."""
    run = runs.get(c, run_id)
    if run is None:
        raise vanished("a run")
    found = planned_changes.effects(c, run_id)
    writes = sum(_to_dotdigital(each) for each in found) + _calls(suppressed, suppressions.CHUNK)
    began = moment_of(run.started_on)
    taken = int((now - began).total_seconds()) if began is not None else 0
    calls = PlannedCalls(
        dataverse_reads=run.dataverse_reads,
        dataverse_writes=sum(_to_dynamics(each) for each in found),
        dotdigital_reads=run.dotdigital_reads + writes * _READS_EACH,
        dotdigital_writes=writes,
    )
    return planned_changes.close(c, run_id, text_of(now), calls, taken + writes * _SECONDS_EACH)


async def brings(ctx: RunContext, plan_id: str) -> bool:
    """Whether a plan has decided what is brought to Dynamics: those of earlier versions have not."""
    return any(each.id == brought_values.ITEM for each in await ctx.read(lambda c: outcomes.items(c, plan_id)))


def _to_dotdigital(each: Effects) -> int:
    return _calls(each.add + each.update, MOST_CONTACTS) + _calls(each.remove, CHUNK)


def _to_dynamics(each: Effects) -> int:
    """Of a list that changes its own row is told, too."""
    list_row = int(each.item_id not in (brought_values.ITEM, OPT_OUTS) and each.add + each.update + each.remove > 0)
    return (
        list_row
        + _calls(each.bring, bulk.BATCH)
        + _calls(each.create, bulk.CHUNK)
        + _calls(each.join + each.create, membership.CHUNK)
        + _calls(each.suppress, bulk.CHUNK)
        + _calls(each.flag + each.unflag, bulk.CHUNK)
    )


def _calls(people: int, most: int) -> int:
    return -(-people // most)
