"""The service ends and begins again anywhere in a run, many times: the job ends as if it had never stopped.

Answers are lost at random after they were carried out; instead of waiting for the next attempt the run is let go, and
taken up again from what the store knows. `DYNTUI_FAULT_SEEDS` says how many histories there are.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import random
from pathlib import Path

import pytest

from tests.faults.job import Ending, FrozenOffice, Job, office_from

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "6")))
SYSTEMS = ("dataverse", "dotdigital")


class Interrupted(FrozenOffice):
    """An office whose runs are let go wherever they would wait, at random, and taken up at once."""

    def interrupt(self, seed: int) -> None:
        """From now on."""
        chance = random.Random(seed)
        drain = self.engine.drain
        self.interruptions = 0

        def let_go() -> None:
            if chance.random() < 0.8:
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


@pytest.mark.parametrize("seed", SEEDS)
def test_a_job_that_is_interrupted_again_and_again_ends_the_same(
    seed: int, connected: Path, tmp_path: Path, undisturbed: Ending
):
    with office_from(connected, tmp_path, Interrupted) as office:
        office.sandbox.order(
            *({"system": each, "kind": "drop_after", "probability": 0.2, "after": seed} for each in SYSTEMS)
        )
        office.interrupt(seed)
        ending = Job(office).whole()
        assert office.interruptions > 1
    assert ending == undisturbed
