"""Up to when an answer of Dynamics is complete: by its own clock at the moment of the question, or by this machine's
where that shows less.

Either clock may be ahead by hours, and a mark that was still to come looks right once that time has passed: it would
pass over whatever changes until then. Before the first answer of a connection nobody knows by how much they differ, so
it is reckoned once there is one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dyntui.dataverse.http import Dataverse
from dyntui.model.moments import text_of
from dyntui.store import watermarks
from dyntui.sync.run_context import RunContext

# Where there is no answer at all: by no more than that a clock is mostly wrong, such as one in another zone.
_AHEAD = timedelta(days=1)


class Asked:
    """A question that is about to be put when this machine's clock shows `now`."""

    def __init__(self, dv: Dataverse, now: datetime) -> None:
        self._dv, self._known, self._mine = dv, dv.server_time, now

    @property
    def on(self) -> datetime:
        """When it was put, or would have been; to be asked for once it has been answered."""
        if self._dv.server_time is None:
            return self._mine - _AHEAD
        return min(self._mine, self._known or self._dv.connection.clock_of(self._mine))


async def begin(ctx: RunContext, dv: Dataverse, account_id: str, feed: str) -> None:
    """Notes from where on changes are asked for, before anybody is told for the first time: that takes hours, and who
    changes meanwhile behind what was told already is asked for afterwards."""
    if not await ctx.read(lambda c: watermarks.get(c, account_id, feed)):
        now = text_of(Asked(dv, ctx.moment()).on)
        await ctx.write(lambda c: watermarks.put(c, account_id, feed, now))
