"""Time passes: whatever became due since the last call happens now, in the order of its due times."""

from collections.abc import Callable, Mapping

from dyntui.sandbox.dotdigital import (
    address_books,
    audience,
    bulk_delete,
    contact_store,
    dates,
    imports,
    insight,
    jobs,
    programs,
    scoring,
    segments,
    sends,
    storage,
)
from dyntui.sandbox.state import State

_JOBS: Mapping[str, Callable[[State, str, int], None]] = {
    "import": imports.finish,
    "removal": address_books.finish_removal,
    "delete": bulk_delete.finish_delete,
    "refresh": segments.finish_refresh,
    "enrolment": programs.finish,
    "send": sends.begin,
    "sent": sends.finish,
}


def tick(state: State) -> None:
    """Brings the simulated dotdigital up to the sandbox clock.

    Jobs run in the order of their due times, each at its own moment, and the audience's events before a job are applied
    before it: who unsubscribed an hour before a scheduled send is not mailed by it, however far the clock jumped.
    """
    now = storage.now(state)
    if not jobs.anything_due(state, now):
        return
    with state.transaction():
        while job := jobs.take(state, now):
            kind, ref, due = job
            _settle(state, due)
            _JOBS[kind](state, ref, due)
        _settle(state, now)
        imports.forget(state, now)
        contact_store.purge(state, now - state.config.dotdigital.recycle_bin_days * dates.DAY)


def _settle(state: State, moment: int) -> None:
    """What the audience did by then takes effect; sessions and scores follow from events while they are still new."""
    insight.record_sessions(state, moment)
    scoring.rise(state, moment)
    audience.settle(state, moment)
