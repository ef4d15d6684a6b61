"""What the service was to begin by itself and could not: a failed run in the audit, where Home and hooks tell of it.

It is tried again in a minute; as long as that fails for the same reason, the audit says so once an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.service.contract.runs import RUN_CHANGED, RunChanged
from dyntui.service.resources import Resources
from dyntui.store import run_window, runs
from dyntui.store.runs import NewRun, Problem

_KEY = "not begun"
_SAID_AGAIN = timedelta(hours=1)

T = TypeVar("T")

log = logging.getLogger(__name__)


async def unless_it_fails(resources: Resources, new: NewRun, begin: Awaitable[T], otherwise: T) -> T:
    """What beginning `new` comes to; `otherwise` where it fails, by an error or a defect, which delays no other run."""
    what = f"{new.kind} of {new.title!r} could not be begun"
    try:
        begun = await begin
    except Exception as error:  # the boundary of one run of several
        log.warning("%s", what, exc_info=error)
        try:
            await _tell(resources, new, _problem(error))
        except Exception as trouble:  # the service's status tells what the audit cannot
            log.warning("%s, and the audit could not be told", what, exc_info=trouble)
            resources.troubles[what] = str(error) if isinstance(error, DyntuiError) else "a defect, see the log"
        return otherwise
    resources.troubles.pop(what, None)
    return begun


async def _tell(resources: Resources, new: NewRun, problem: Problem) -> None:
    def keep(c: Connection) -> bool:
        # A key of its own: the run of the same that is under way, where there is one, is not the one that failed.
        key = f"{new.sync_key}/{_KEY}"
        if runs.failed_since(c, key, problem.code, text_of(resources.clock() - _SAID_AGAIN)):
            return False
        runs.create(c, replace(new, sync_key=key))
        return runs.fail(c, new.id, resources.now(), problem)

    told = await resources.write(keep)
    row = await resources.read(lambda c: run_window.row(c, new.id)) if told else None
    if row is not None:
        resources.publish(RUN_CHANGED.name, RunChanged(run=row), key=new.id)


def _problem(error: Exception) -> Problem:
    if isinstance(error, DyntuiError):
        return Problem(code=error.code, message=error.message, not_done=error.not_done, remedy=error.remedy)
    return Problem(
        code="INTERNAL_ERROR",
        message="It could not be begun, because of a defect of dyntui; the log has the details.",
        not_done="The run was not begun. It is tried again in a minute.",
        remedy="If the next one does not begin either, report it with the log: `dyntui doctor --bundle`.",
    )
