"""The stage of a benchmark: a sandbox, the real service process connected to it, a marketing list of a given size."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dyntui.cli.demo import connect
from dyntui.cli.sandbox_process import Sandbox
from dyntui.cli.throw_away import ending_in_order, service_ended_after, throw_away_profile
from dyntui.sandbox.world.people import CONTACT_SHARE
from dyntui.service.config import Config, ReadingSettings, StoreSettings, write_config
from dyntui.service.profile import Profile
from dyntui.store import workers as workers_store
from dyntui.store.database import open_store
from tests.benchmarks.plain_script import PlainScript

LIST = "Newsletter"
# Of the sandbox's contacts (sandbox/world/lists.py), give or take chance.
_SHARE_IN_LIST = 0.75
_START_SECONDS = 60.0


@dataclass(frozen=True)
class World:
    """A connected profile and its sandbox; `members` are the contacts of the list, exactly as many as asked for."""

    profile: Profile
    sandbox: Sandbox
    list_id: str
    members: tuple[str, ...]

    def calls(self) -> list[dict[str, Any]]:
        """Calls by route since the last reset."""
        counted: list[dict[str, Any]] = self.sandbox.control("GET", "/calls")
        return counted

    def let_pass(self, *, hours: float) -> None:
        """The clock of both systems moves on."""
        self.sandbox.control("POST", "/clock", {"advance_seconds": hours * 3600})

    def reset_calls(self) -> None:
        """Counters start at nothing."""
        self.sandbox.control("POST", "/calls/reset", {})


@contextmanager
def world(size: int, *, seed: int = 1, store_url: str = "", workers: int = 1) -> Iterator[World]:
    """A world whose Newsletter has `size` members; gone at the end of the block. With a `store_url`, the store is on a
    server and the service has so many `workers`, itself included."""
    # Enough people that four standard deviations do not make the list too small; who is too many is taken out of it.
    people = math.ceil((size + 4 * math.sqrt(size)) / (_SHARE_IN_LIST * CONTACT_SHARE))
    with (
        ending_in_order(),
        throw_away_profile(keep=False) as profile,
        Sandbox(people, seed, profile.state / "sandbox.log", stay=False) as sandbox,
        service_ended_after(profile, keep=False),
    ):
        with PlainScript(sandbox.line) as hands:
            list_id = hands.list_id(LIST)
            members = hands.member_ids(list_id)
            assert len(members) >= size, f"{LIST} has {len(members)} members only"
            hands.remove_members(list_id, members[size:])
        settings = Config(reading=ReadingSettings(prove_days=0), store=StoreSettings(url=store_url))
        write_config(profile, settings)
        asyncio.run(connect(profile, sandbox, "manager", long_lived=False))
        with _beside_the_service(profile, store_url, workers - 1):
            yield World(profile, sandbox, list_id, tuple(members[:size]))


@contextmanager
def _beside_the_service(profile: Profile, store_url: str, workers: int) -> Iterator[None]:
    """So many worker processes more, once each has its lease."""
    dyntui = Path(sys.executable).with_name("dyntui")
    command = [dyntui, "--profile", profile.name, "worker", "--name"]
    started = [subprocess.Popen([*command, f"{number}"], stderr=subprocess.DEVNULL) for number in range(workers)]
    try:
        if started:
            _await_leases(store_url, workers + 1)
        yield
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait(30)


def _await_leases(store_url: str, count: int) -> None:
    until = time.monotonic() + _START_SECONDS
    with closing(open_store(store_url)) as db:
        while True:
            with db.read() as c:
                there = workers_store.all_of(c)
            if len(there) >= count:
                return
            assert time.monotonic() < until, f"only {[each.name for each in there]} came"
            time.sleep(0.1)
