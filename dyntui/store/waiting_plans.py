"""Plans that somebody can still carry out: made, not carried out, with something in them, and not overtaken by a later
run of the same.

Public: `waiting(c, account_id="") -> [WaitingPlan]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, exists, func, select

from dyntui.model.outcomes import RunStatus
from dyntui.model.sync_types import MEMBERS, UNDO
from dyntui.store.schema import email_account, plan, planned_change, run

_r, _p = run.c, planned_change.c
_MADE = tuple(each.value for each in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD))
# What ended so has overtaken nothing.
_CAME_TO_NOTHING = (RunStatus.FAILED.value, RunStatus.CANCELLED.value)
_PREFIX = "Plan: "
# What these change is said by what they were asked for: two that change other things may have one title.
_NAMED_BY_REQUEST = (UNDO.id, MEMBERS.id)


class WaitingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The run that made it, what it is called, how many people it would change, and who made it when (ISO 8601 UTC)."""

    run: str
    name: str
    people: int
    by: str
    on: str


def waiting(c: Connection, account_id: str = "") -> list[WaitingPlan]:
    """The newest first. Of an email account, where one is named; of one that is not connected any more none can be
    carried out."""
    something = exists().where(_p.run_id == _r.id)
    made = (
        select(_r.id, _r.kind, _r.title, _r.account_id, _r.request, _r.queued_on, _r.started_by, plan.c.decided_on)
        .join(plan, plan.c.run_id == _r.id)
        .join(email_account, email_account.c.id == _r.account_id)
        .where(plan.c.digest != "", plan.c.applied_by == "", _r.status.in_(_MADE), something)
        .order_by(_r.queued_on.desc(), _r.id.desc())
    )
    if account_id:
        made = made.where(_r.account_id == account_id)
    return [
        WaitingPlan(
            run=row.id,
            name=row.title.removeprefix(_PREFIX),
            people=_people(c, row.id),
            by=row.started_by,
            on=row.decided_on,
        )
        for row in c.execute(made).all()
        if not _overtaken(c, row._mapping)
    ]


def _people(c: Connection, run_id: str) -> int:
    return int(c.execute(select(func.count(_p.person_id.distinct())).where(_p.run_id == run_id)).scalar_one())


def _overtaken(c: Connection, made: RowMapping) -> bool:
    """Whether a later run has looked at the same: its plan is newer, or it has done what was to be done."""
    later = select(_r.title, _r.request).where(
        _r.kind == made["kind"],
        _r.account_id == made["account_id"],
        _r.queued_on > made["queued_on"],
        _r.status.not_in(_CAME_TO_NOTHING),
    )
    about = _about(made["request"])
    lists = set(made["request"].get("lists", ()))
    for each in c.execute(later.order_by(_r.queued_on.desc())):
        if made["kind"] in _NAMED_BY_REQUEST:
            if _about(each.request) == about:
                return True
            continue
        if each.request.get("only"):
            # It has looked at one person alone.
            continue
        looked_at = set(each.request.get("lists", ()))
        if each.title.removeprefix(_PREFIX) == made["title"].removeprefix(_PREFIX) or (
            lists and (not looked_at or lists <= looked_at)
        ):
            return True
    return False


def _about(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name not in ("plan", "apply", "caller")}
