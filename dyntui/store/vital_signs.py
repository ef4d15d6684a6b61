"""Numbers about a store's runs, for whoever watches over the service.

Public: `runs_by_status(c) -> {(kind, status): count}`, `last_completed(c) -> {(account_id, kind): moment}`.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from dyntui.model.outcomes import RunStatus
from dyntui.store.schema import run

_WENT_THROUGH = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD)


def runs_by_status(c: Connection) -> dict[tuple[str, str], int]:
    """How many of the runs that are kept are of which kind and status."""
    rows = c.execute(select(run.c.kind, run.c.status, func.count().label("runs")).group_by(run.c.kind, run.c.status))
    return {(row.kind, row.status): row.runs for row in rows}


def last_completed(c: Connection) -> dict[tuple[str, str], str]:
    """When runs of each kind last went through, by email account (ISO 8601 UTC); held removals do not count against
    it."""
    rows = c.execute(
        select(run.c.account_id, run.c.kind, func.max(run.c.ended_on).label("ended_on"))
        .where(run.c.status.in_(_WENT_THROUGH))
        .group_by(run.c.account_id, run.c.kind)
    )
    return {(row.account_id, row.kind): row.ended_on for row in rows}
