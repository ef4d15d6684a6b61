"""A store that was put back from a backup: nothing in it may begin or go on by itself.

What was queued, under way or held when the backup was made has happened since, or was called off: nobody is to be
mailed a second time for it. Public: `put_to_rest(c, now) -> AtRest`.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select, update

from dyntui.model.sends import LIVE
from dyntui.store import runs, sends
from dyntui.store.runs import ACTIVE, Problem
from dyntui.store.schema import run, send

_WHY = "The store was put back from a backup"
# Sends that a run has in hand, and of which dotdigital has not been seen to know.
_BEGUN = ("Queued", "Preparing")


class AtRest(msgspec.Struct, frozen=True):
    """How many runs and sends were ended."""

    runs: int
    sends: int


def put_to_rest(c: Connection, now: str) -> AtRest:
    """Ends every run, and calls off every send that is held. `now`: ISO 8601 UTC.

    A send that had begun is one of which nobody knows whether it was made: it is looked for in dotdigital before the
    campaign is sent again, and who was mailed it is learnt there.
    """
    problem = Problem(
        code="STORE_PUT_BACK",
        message=f"{_WHY} that was made while this was under way.",
        not_done="What the run had left to do was not done.",
        remedy="Start it again where it is still wanted.",
    )
    ids = c.execute(select(run.c.id).where(run.c.status.in_(ACTIVE))).scalars().all()
    ended = sum(runs.fail(c, each, now, problem) for each in ids)
    why = f"{_WHY} on {now}"
    begun = c.execute(select(send.c.id).where(send.c.state.in_(_BEGUN))).scalars().all()
    for each in begun:
        sends.put_doubt(c, each, "unproved", why)
        sends.set_state(c, each, "Failed", why)
    held = update(send).where(send.c.state.in_(LIVE)).values(state="Cancelled", error=why)
    return AtRest(ended, len(begun) + c.execute(held).rowcount)
