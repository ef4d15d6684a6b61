"""Runs that come after another one of their key: what they are to do was decided while that one was under way, which
may be past it.

As long as a run waits it has a key of its own; it takes the other one's when that has ended, so that there is still one
run of a key at a time. It is queued in the meantime: a restart forgets nothing, and it can be cancelled.

Public: `create(c, NewRun, about) -> Run`, `comes_next(c, run_id) -> bool`.
"""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from dyntui.store import runs
from dyntui.store.runs import NewRun, Run
from dyntui.store.schema import run

# Between the key and what the run is about.
_AFTER = "/after/"


def create(c: Connection, new: NewRun, about: str) -> Run:
    """Queue a run that is carried out once the active one of its key has ended. `about`: what it does; of several that
    would do the same the first that still waits is the answer."""
    return runs.create(c, replace(new, sync_key=f"{new.sync_key}{_AFTER}{about}"))


def comes_next(c: Connection, run_id: str) -> bool:
    """Whether a run can be carried out; one that came after others has their key from here on. False: a run of that key
    is queued or under way."""
    key = str(c.execute(select(run.c.sync_key).where(run.c.id == run_id)).scalar() or "")
    others, waits, _ = key.partition(_AFTER)
    if not waits:
        return True
    try:
        with c.begin_nested():
            c.execute(update(run).where(run.c.id == run_id, run.c.status.in_(runs.ACTIVE)).values(sync_key=others))
    except IntegrityError:
        return False
    return True
