"""Brings the index by which people are found up to date, some at a time, beside whatever else the service does."""

from __future__ import annotations

import asyncio

from dyntui.service.repeating import Repeating
from dyntui.service.resources import Resources
from dyntui.store import person_search

# Others get their turn to write between two of these.
_AT_ONCE = 2_000
_PAUSE_SECONDS = 0.05
_EVERY_SECONDS = 20.0


class PersonIndex:
    """`start` and `stop` with the service."""

    def __init__(self, resources: Resources) -> None:
        self._again = Repeating(
            lambda: catch_up(resources, _PAUSE_SECONDS),
            lambda: asyncio.sleep(_EVERY_SECONDS),
            "the index of people is not up to date",
            resources.troubles,
        )

    def start(self) -> None:
        """Begins."""
        self._again.start()

    async def stop(self) -> None:
        """Ends after the transaction in hand."""
        await self._again.stop()


async def catch_up(resources: Resources, pause: float = 0.0) -> int:
    """Brings it up to date; how many people that were. Raises DyntuiError STORE_..."""
    done = 0
    while await resources.read(person_search.is_due):
        done += await resources.write(lambda c: person_search.catch_up(c, _AT_ONCE))
        await asyncio.sleep(pause)
    return done
