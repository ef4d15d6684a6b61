"""What runs cost and did lately, summed up by their kind.

Public: `calls_lately(c, account_id="") -> {kind: Lately}`, `work_since(c, moment, account_id="") -> [Work]`.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, case, func, select

from dyntui.model.moments import moment_of
from dyntui.model.outcomes import RunStatus
from dyntui.store.schema import run

_r = run.c
# Of how many of a kind's last runs the mean is taken.
_LAST = 10
_DYNAMICS = _r.dataverse_reads + _r.dataverse_writes
_DOTDIGITAL = _r.dotdigital_reads + _r.dotdigital_writes


class Lately(msgspec.Struct, frozen=True):
    """How many calls a run made, and how many people it read, in the mean of the last ones."""

    dynamics: int
    dotdigital: int
    people: int


def calls_lately(c: Connection, account_id: str) -> dict[str, Lately]:
    """By kind, of an email account's runs that came to an end, those that a person narrowed down included."""
    newest = func.row_number().over(partition_by=_r.kind, order_by=(_r.queued_on.desc(), _r.id.desc()))
    ended = (
        select(
            _r.kind,
            _DYNAMICS.label("dynamics"),
            _DOTDIGITAL.label("dotdigital"),
            _r.people_read,
            newest.label("place"),
        )
        .where(
            _r.account_id == account_id,
            _r.status.in_((RunStatus.COMPLETED.value, RunStatus.COMPLETED_WITH_ERRORS.value, RunStatus.HELD.value)),
        )
        .subquery("ended")
    )
    e = ended.c
    rows = c.execute(
        select(
            e.kind,
            func.avg(e.dynamics).label("dynamics"),
            func.avg(e.dotdigital).label("dotdigital"),
            func.avg(e.people_read).label("people"),
        )
        .where(e.place <= _LAST)
        .group_by(e.kind)
    )
    return {row.kind: Lately(round(row.dynamics), round(row.dotdigital), round(row.people)) for row in rows}


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of a kind: those that wait, those under way, and of those that ended how many there were, the people they
    read, their calls and how long they took together."""

    kind: str
    waiting: int
    running: int
    runs: int
    people: int
    calls: int
    seconds: int


def work_since(c: Connection, moment: str, account_id: str = "") -> list[Work]:
    """By kind; `runs` that ended at or after `moment` (ISO 8601 UTC). Of an email account, where one is named."""
    of_account = [_r.account_id == account_id] if account_id else []
    ended = _r.ended_on >= moment
    queued, running = _r.status == RunStatus.QUEUED.value, _r.status == RunStatus.IN_PROCESS.value
    rows = c.execute(
        select(
            _r.kind,
            func.count(case((queued, 1))).label("waiting"),
            func.count(case((running, 1))).label("running"),
            func.count(case((ended, 1))).label("runs"),
            func.coalesce(func.sum(case((ended, _r.people_read), else_=0)), 0).label("people"),
            func.coalesce(func.sum(case((ended, _DYNAMICS + _DOTDIGITAL), else_=0)), 0).label("calls"),
        )
        .where(ended | queued | running, *of_account)
        .group_by(_r.kind)
        .order_by(_r.kind)
    ).all()
    took: dict[str, float] = {}
    for kind, began, over in c.execute(select(_r.kind, _r.started_on, _r.ended_on).where(ended, *of_account)):
        first, last = moment_of(began), moment_of(over)
        if first is not None and last is not None:
            took[kind] = took.get(kind, 0.0) + (last - first).total_seconds()
    return [Work(**row._mapping, seconds=round(took.get(row.kind, 0.0))) for row in rows]
