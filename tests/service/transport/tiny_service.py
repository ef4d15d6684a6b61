"""A service that is as small as a service can be, for tests of what lies between client and service.

Run as a program it is a real service process; its handlers never touch a remote system.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability
from dyntui.service.connection import Handlers
from dyntui.service.contract.lists import LISTS_PAGE, ListDetail, ListRef, ListRow, ListsQuery
from dyntui.service.contract.paging import Page
from dyntui.service.contract.session import HELLO, Hello, Nothing
from dyntui.service.handing_over import take_over
from dyntui.service.permission import CallContext
from dyntui.service.process import Life, Publish, run_service
from dyntui.service.profile import Profile, open_profile

NEWSLETTER = ListRow(
    id="11111111-1111-1111-1111-111111111111",
    name="Newsletter",
    member_type="contact",
    dynamic=False,
    members=3,
    active=True,
    locked=False,
    activated=False,
    account="",
    sync_status="",
    last_synced="",
    sync_order=1000,
    manual_only=False,
)


class TinyAssembly:
    """Knows one list. `abilities` is what everybody may do, None meaning that nobody has signed in."""

    def __init__(self, abilities: frozenset[Ability] | None = frozenset(Ability)) -> None:
        self.abilities = abilities
        self.runs = 0
        self.handlers: Handlers = {HELLO.name: self.hello, LISTS_PAGE.name: self.lists}

    async def hello(self, context: CallContext, request: Nothing) -> Hello:
        return Hello(version="0", profile="tiny", configured=True)

    async def lists(self, context: CallContext, request: ListsQuery) -> Page[ListRow]:
        return Page(rows=(NEWSLETTER,), matching=1, total=1)

    async def detail(self, context: CallContext, request: ListRef) -> ListDetail:
        return ListDetail(
            row=NEWSLETTER, description="", address_book="", address_book_id=0, counts=(), last_run="", active_run=""
        )

    async def abilities_of(self, uid: int, *, soon: bool) -> frozenset[Ability] | None:
        return self.abilities

    async def start(self, publish: Publish) -> None:
        if os.environ.get("TINY_REFUSES"):
            raise DyntuiError("STORE_BROKEN", "The store is broken.", not_done="Nothing.", remedy="Restore it.")
        if os.environ.get("TINY_CRASHES"):
            raise RuntimeError("a bug with the password=hunter2secret")
        if os.environ.get("TINY_BLOCKED"):
            # As a sign-in is by a silent system.
            self.blocked = asyncio.get_running_loop().run_in_executor(None, time.sleep, 60.0)
        await asyncio.sleep(0)

    async def stop(self) -> None:
        if place := os.environ.get("TINY_STOPPED"):
            Path(place).write_text("stopped")  # noqa: ASYNC240 - the process has nothing else to do

    def keeps_secrets(self) -> bool:
        return "DYNTUI_TINY_FORGETS" not in os.environ

    async def active_runs(self) -> int:
        return self.runs


def build(profile: Profile, long_lived: bool) -> TinyAssembly:
    return TinyAssembly()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--secrets-fd", type=int)
    chosen = parser.parse_args()
    if chosen.secrets_fd is not None:
        take_over(chosen.secrets_fd)
    life = Life(long_lived=not chosen.private, ready=chosen.ready_fd)
    sys.exit(run_service(open_profile(chosen.profile), build, life))
