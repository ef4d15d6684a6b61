"""How a marketing list has grown, as far back as its runs are kept.

Public: `points(c, list_id, days=90) -> tuple[GrowthPoint, ...]`, the last day first.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from dyntui.model.list_growth import GrowthPoint, point, with_changes
from dyntui.model.outcomes import RunStatus
from dyntui.store.schema import plan, run, run_item

_i, _r = run_item.c, run.c
_DONE = (RunStatus.COMPLETED.value, RunStatus.COMPLETED_WITH_ERRORS.value)


def points(c: Connection, list_id: str, days: int = 90) -> tuple[GrowthPoint, ...]:
    """What the last synchronisation of each day made of the list's people; plans made nothing of anybody."""
    rows = c.execute(
        select(_r.id, _r.ended_on, _i.counts)
        .join(run, _r.id == _i.run_id)
        .where(_i.item_id == list_id, _i.kind == "list", _i.status.in_(_DONE), _r.ended_on != "")
        .where(_r.id.not_in(select(plan.c.run_id)))
        .order_by(_r.ended_on.desc(), _r.id.desc())
    )
    found: dict[str, GrowthPoint] = {}
    for run_id, ended_on, counts in rows:
        day = ended_on[:10]
        if day not in found:
            # One more, for what changed on the first day that is shown.
            if len(found) > days:
                break
            found[day] = point(day, run_id, counts)
    return with_changes(list(found.values()))[:days]
