"""Which runs are old enough to be forgotten, and what goes with them.

Public: `any_ended_before(c, moment) -> bool`, `forget_ended_before(c, moment, most) -> int`.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from dyntui.model.sync_types import SENDING
from dyntui.store import applied_changes, conflicts, intervals, stay_undone
from dyntui.store.runs import ACTIVE
from dyntui.store.schema import outcome, run, send


def any_ended_before(c: Connection, moment: str) -> bool:
    """Whether `forget_ended_before` would forget a run."""
    return c.execute(select(run.c.id).where(*_over(moment)).limit(1)).first() is not None


def forget_ended_before(c: Connection, moment: str, most: int) -> int:
    """Forget up to `most` runs that ended before `moment` (ISO 8601 UTC), the oldest first, with their items and their
    people; how many it were. That of a send stays, for who was mailed is never forgotten; those that have looked after
    it since do not. So does one of which something was undone that would be written again otherwise."""
    oldest = select(run.c.id).where(*_over(moment)).order_by(run.c.ended_on, run.c.id).limit(most)
    stay_undone.forget_overtaken(c, moment)
    old = c.execute(oldest).scalars().all()
    applied_changes.forget_before(c, moment)
    conflicts.forget_before(c, moment)
    if not old:
        return 0
    c.execute(delete(outcome).where(outcome.c.run_id.in_(old)))
    c.execute(delete(run).where(run.c.id.in_(old)))
    intervals.forget_unreferenced(c)
    return len(old)


def _over(moment: str) -> tuple[ColumnElement[bool], ...]:
    of_a_send = and_(run.c.kind.in_(SENDING), run.c.id.in_(select(send.c.run_id)))
    return run.c.status.not_in(ACTIVE), run.c.ended_on < moment, ~of_a_send, ~stay_undone.still_counts()
