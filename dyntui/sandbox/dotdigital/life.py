"""Time passes: whatever became due since the last call happens now, in the order of its due times."""

import logging
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

_log = logging.getLogger(__name__)

_Job = Callable[[State, str, int], None]
_JOBS: Mapping[str, tuple[_Job, Callable[[State, str], None]]] = {
    "import": (imports.finish, imports.fail),
    "removal": (address_books.finish_removal, address_books.fail_removal),
    "delete": (bulk_delete.finish_delete, bulk_delete.fail_delete),
    "refresh": (segments.finish_refresh, segments.fail_refresh),
    "enrolment": (programs.finish, programs.fail),
    "send": (sends.begin, sends.fail),
    "sent": (sends.finish, sends.fail),
    "rest": (sends.go_on, sends.fail),
}
"""What a kind of job does when it is due, and how it ends when that breaks off."""


def tick(state: State) -> None:
    """Brings the simulated dotdigital up to the sandbox clock.

    Jobs run in the order of their due times, each at its own moment, and the audience's events before a job are applied
    before it: who unsubscribed an hour before a scheduled send is not mailed by it, however far the clock jumped.
    A job that breaks off ends as failed, told to the log, and what else is due happens all the same.
    """
    now = storage.now(state)
    if not jobs.anything_due(state, now):
        return
    with state.transaction():
        while job := jobs.take(state, now):
            kind, ref, due = job
            _settle(state, due)
            finish, fail = _JOBS[kind]
            if not _happens(state, f"the {kind} {ref}", finish, ref, due):
                fail(state, ref)
        _settle(state, now)
        imports.forget(state, now)
        contact_store.purge(state, now - state.config.dotdigital.recycle_bin_days * dates.DAY)


def _settle(state: State, moment: int) -> None:
    """What the audience did by then takes effect; sessions and scores follow from events while they are still new."""
    for part in (insight.record_sessions, scoring.rise, audience.settle):
        _happens(state, part.__name__, part, moment)


def _happens(state: State, what: str, happening: Callable[..., None], *arguments: str | int) -> bool:
    """Whether something due happened. What breaks off leaves nothing behind but its trace in the log."""
    try:
        with state.transaction():
            happening(state, *arguments)
    except Exception:  # noqa: BLE001 - a defect of one job, told to the log, must not stop the world
        _log.exception("%s broke off", what)
        return False
    return True
