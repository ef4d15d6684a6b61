"""The stage of a benchmark: a sandbox, the real service process connected to it, a marketing list of a given size."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dyntui.cli.demo import connect
from dyntui.cli.sandbox_process import Sandbox
from dyntui.cli.throw_away import ending_in_order, service_ended_after, throw_away_profile
from dyntui.sandbox.world.people import CONTACT_SHARE
from dyntui.service.config import Config, ReadingSettings, write_config
from dyntui.service.profile import Profile
from tests.benchmarks.plain_script import PlainScript

LIST = "Newsletter"
# Of the sandbox's contacts (sandbox/world/lists.py), give or take chance.
_SHARE_IN_LIST = 0.75


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
def world(size: int, *, seed: int = 1) -> Iterator[World]:
    """A world whose Newsletter has `size` members; gone at the end of the block."""
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
        write_config(profile, Config(reading=ReadingSettings(prove_days=0)))
        asyncio.run(connect(profile, sandbox, "manager", long_lived=False))
        yield World(profile, sandbox, list_id, tuple(members[:size]))
