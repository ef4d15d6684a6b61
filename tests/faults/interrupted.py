"""An office whose runs are let go wherever they would wait, at random, and taken up again from what the store knows."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import random
from collections.abc import Callable

from tests.faults.job import FrozenOffice


class Interrupted(FrozenOffice):
    """`interruptions` counts them; `meanwhile` is called at every wait before."""

    interruptions = 0
    meanwhile: Callable[[], None]

    def interrupt(self, seed: int, often: float = 0.8) -> None:
        """From now on, at so many of the waits."""
        chance = random.Random(seed)
        drain = self.engine.drain
        self.meanwhile = lambda: None

        def let_go() -> None:
            self.meanwhile()
            if chance.random() < often:
                self.interruptions += 1
                raise asyncio.CancelledError

        def drained() -> list[str]:
            self.during_sleep = let_go
            try:
                while True:
                    with contextlib.suppress(concurrent.futures.CancelledError):
                        return drain()
            finally:
                self.during_sleep = lambda: None

        self.engine.drain = drained  # type: ignore[method-assign]
