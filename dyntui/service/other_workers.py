"""What workers on other machines do with runs, told to the clients of this service as if it were its own work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection

from dyntui.model.counted import counted
from dyntui.service.contract.session import Check
from dyntui.service.repeating import Repeating
from dyntui.service.resources import Resources
from dyntui.store import runs, workers

_LOOK_SECONDS = 2.0


class OtherWorkers:
    """`start` and `stop` with a service whose store is on a server. `name`: of this process among the workers;
    `changed` is told of each run that another one has carried on."""

    def __init__(self, resources: Resources, name: Callable[[], str], changed: Callable[[str], None]) -> None:
        self._resources = resources
        self._name = name
        self._changed = changed
        self._seen: dict[str, object] = {}
        self._repeating = Repeating(
            self.look,
            lambda: asyncio.sleep(_LOOK_SECONDS),
            "runs of other workers could not be read",
            resources.troubles,
        )

    def start(self) -> None:
        """Begins."""
        self._repeating.start()

    async def stop(self) -> None:
        """Ends after the reading in hand."""
        await self._repeating.stop()

    async def look(self) -> None:
        """Tells of every run that is elsewhere than when it was last looked at. Raises DyntuiError STORE_..."""
        now = await self._resources.read(self._elsewhere)
        for run_id in {**self._seen, **now}:
            if self._seen.get(run_id) != now.get(run_id):
                self._changed(run_id)
        self._seen = now

    async def check(self) -> Check:
        """One line of the service's status."""
        there = await self._resources.read(workers.all_of)
        mine = self._name()
        others = ", ".join(
            f"{each.host} {each.process} ({counted(each.runs, 'run')})" for each in there if each.name != mine
        )
        return Check(name="Workers", state="ok", text=f"this service, and {others}" if others else "this service alone")

    def _elsewhere(self, c: Connection) -> dict[str, object]:
        return runs.in_hand_of_others(c, self._name())
