"""A send in waves whose service is ended at random, again and again: nobody is mailed twice, and everybody is named.

`DYNTUI_FAULT_SEEDS` says how many histories there are.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from dyntui.model.outcomes import Outcome
from dyntui.model.waves import Limits, Waves
from tests.faults.job import FrozenOffice, Job, office_from, properly_mailed

SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))
_OFTEN = 0.04


class Ended(FrozenOffice):
    """An office whose service ends before or after writes, at random; its clock goes on."""

    chance: random.Random | None = None
    ends = 0

    def _now(self) -> datetime:
        return self.sandbox.now()

    def end_at_random(self, seed: int) -> None:
        self.chance = random.Random(seed)
        keep = self.db.write

        @contextlib.contextmanager
        def write() -> Iterator[Connection]:
            with keep() as c:
                yield c
                self._perhaps()
            self._perhaps()

        self.db.write = write  # type: ignore[method-assign]

    def _perhaps(self) -> None:
        if self.chance is not None and self.chance.random() < _OFTEN / 2:
            self.ends += 1
            raise asyncio.CancelledError

    def goes_on(self) -> None:
        """A service that was ended begins again with what the store knows."""
        while True:
            with contextlib.suppress(asyncio.CancelledError, concurrent.futures.CancelledError):
                self.wait(self.send_timer.look())
                self.engine.sweep()
                self.engine.drain()
                return


@pytest.mark.parametrize("seed", SEEDS)
def test_waves_whose_service_ends_at_random_mail_nobody_twice(seed: int, targeted: Path, tmp_path: Path) -> None:
    with office_from(targeted, tmp_path, Ended) as office:
        job = Job(office)
        count = job.count()
        unlimited = Limits(bounces=100, complaints=100, unsubscribes=100)
        whole = office.send_in_waves(count, Waves(shares=(10, 40), pause=20, limits=unlimited))
        office.end_at_random(seed)
        for _ in range(20):
            office.goes_on()
            office.let_pass(minutes=10)
        office.chance = None
        assert office.ends > 3
        ended = office.send_row(whole.id)
        assert ended.state in ("Sent", "Stopped"), ended
        people = office.people(ended.run)
        assert len(people) == len({each.person for each in people}) == ended.potential == count.potential
        mailed = {mail["address"] for mail in properly_mailed(office.sandbox)}
        counted = {each.address for each in people if each.outcome is Outcome.ADDED}
        if ended.state == "Sent":
            assert mailed == counted and len(mailed) == count.sendable
        else:
            # Ended in the moment in which a request leaves: its people count as mailed until somebody has looked.
            assert mailed <= counted and "not known whom" in ended.error
        assert not mailed & {each.address for each in people if each.reason == "WAVE_STOPPED"}
