"""A sandbox in the test's own process, on a clock that stands still unless somebody waits.

    sandbox = InProcessSandbox.built(people=200, seed=7, clock=NOW)
    sandbox.surroundings(...)             # for dyntui's clients: its network, its time, its chance
    sandbox.http                          # an httpx client of whoever else speaks to the systems
    kept = sandbox.kept()                 # all of its world, and the moment
    InProcessSandbox.reopened(kept)

Everything else is in `SandboxControls`. The environment variable DYNTUI_SANDBOX_RECORD names a folder in which every
sandbox records its calls, as `dyntui sandbox --record` does.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from dyntui.sandbox.assembly import HANDLERS, inhabit
from dyntui.sandbox.clock import Clock
from dyntui.sandbox.entra.directory import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from dyntui.sandbox.gateway import new_gateway
from dyntui.sandbox.recording import Recorder
from dyntui.sandbox.state import State, open_state, state_of, stored
from dyntui.sync.surroundings import Surroundings
from tests.sandbox_controls import SandboxControls
from tests.simulation.time import VirtualTime, one_thread_loop
from tests.simulation.wire import CALL_SECONDS, AsyncWire, BlockingWire, Wire

RECORD = "DYNTUI_SANDBOX_RECORD"


class Kept(msgspec.Struct, frozen=True):
    """A world as it was left, and when by its own clock."""

    world: bytes
    left: datetime


class InProcessSandbox(SandboxControls):
    """See the module. It is used up by `stop`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.time = VirtualTime(state.clock)
        self.gateway = new_gateway(state, HANDLERS, recorder=_recorder())
        # Read twice a call: each is charged the same.
        self.gateway.timer = itertools.count(step=CALL_SECONDS).__next__
        self._wire = Wire(self.gateway, self.time)
        self.http = httpx.Client(transport=BlockingWire(self._wire), trust_env=False)
        control = httpx.Client(
            base_url=state.urls.control, transport=BlockingWire(self._wire), trust_env=False, timeout=None
        )
        super().__init__(_info(state), control)

    @classmethod
    def built(cls, people: int, seed: int, clock: datetime) -> InProcessSandbox:
        """A new world, as it is whenever it is built with these."""
        return cls.reopened(_built(people, seed, clock))

    @classmethod
    def reopened(cls, kept: Kept) -> InProcessSandbox:
        """A world that goes on where it was left."""
        return cls(inhabit(state_of(kept.world, Clock.standing_at(kept.left)), 0))

    def beside(self, account_id: int, people: int, seed: int, path: Path | None = None) -> InProcessSandbox:
        """Another dotdigital account on the same network and the same clock, in memory or in a new file `path`; its
        Dynamics is nobody's."""
        state = open_state(path, seed, self.state.clock)
        urls = state.urls
        first = 10 * (len(self._wire.others) + 1)
        urls.dataverse, urls.entra, urls.control = (f"https://localhost:{first + number}" for number in (1, 2, 6))
        urls.dotdigital = {f"r{number}": f"https://localhost:{first + number + 2}" for number in (1, 2, 3)}
        settings = state.config.dotdigital
        settings.account_id, settings.account_name = account_id, f"Account {account_id}"
        settings.api_user = f"apiuser-{account_id}@apiconnector.com"
        other = InProcessSandbox(inhabit(state, people))
        self._wire.others.append(other._wire)
        return other

    def moved(self, url: str) -> None:
        """From now on the organisation answers at `https://host:port`, and nobody at its address of before."""
        self._wire.move(self.state.urls.dataverse, url)
        self.state.urls.dataverse = url

    def kept(self) -> Kept:
        """All of its world."""
        return Kept(stored(self.state), self.now())

    def now(self) -> datetime:
        """What its clock shows."""
        return self.time.now()

    def surroundings(
        self, *, sleep: Callable[[float], Awaitable[None]], seed: int = 0, timeout: float | None = None
    ) -> Surroundings:
        """Of dyntui, with this sandbox as its network. `seed`: of the chance that spreads repetitions."""
        return Surroundings(
            transport=lambda: AsyncWire(self._wire),
            sign_in_transport=lambda: BlockingWire(self._wire),
            sleep=sleep,
            monotonic=self.time.seconds,
            wall=lambda: self.now().timestamp(),
            chance=random.Random(seed).random,
            timeout=timeout,
            new_loop=one_thread_loop,
        )

    def doctor(self, answers: Callable[[httpx.Request, httpx.Response], httpx.Response]) -> None:
        """From now on dyntui's clients receive what this makes of every answer."""
        self._wire.doctor = answers

    def unplug(self) -> None:
        """There is no network, until `plug_in`; what has arrived is answered."""
        self._wire.cut = True

    def plug_in(self) -> None:
        """The network is there."""
        self._wire.cut = False

    def stop(self) -> None:
        """Nobody reaches it any more."""
        self.unplug()
        self.control.close()
        self.http.close()
        self.state.db.close()
        if self.gateway.recorder is not None:
            self.gateway.recorder.close()


def _recorder() -> Recorder | None:
    folder = os.environ.get(RECORD)
    return Recorder(Path(folder) / f"{uuid.uuid4()}.jsonl") if folder else None


@functools.lru_cache
def _built(people: int, seed: int, clock: datetime) -> Kept:
    state = inhabit(open_state(None, seed, Clock.standing_at(clock)), people)
    try:
        return Kept(stored(state), clock)
    finally:
        state.db.close()


def _info(state: State) -> dict[str, Any]:
    urls, account = state.urls, state.config.dotdigital
    return {
        "dataverse_url": urls.dataverse,
        "authority": f"{urls.entra}/{TENANT_ID}",
        "tenant": TENANT_ID,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "dotdigital_url": urls.dotdigital["r1"],
        "api_user": account.api_user,
        "api_password": account.api_password,
        "ca_file": "",
        "control_url": urls.control,
    }
