"""What the use cases work with: the store, the keyring, open connections, the runs, the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from dyntui.model.moments import text_of
from dyntui.service.profile import Profile
from dyntui.service.standing_still import PAGE, StillListings
from dyntui.store import accounts
from dyntui.store.database import Breaker, Database
from dyntui.sync.connections import Connections, Secrets

T = TypeVar("T")
Clock = Callable[[], datetime]
# Sends an event to every client; of those with one name and key a slow client gets the newest.
Publish = Callable[..., None]


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """Made once, when the service starts. `ids` gives fresh GUIDs. `readers` and `writers`: threads that ask the store,
    and that change it (None: the event loop's own). Writers wait for each other and for runs: in the same threads they
    would keep readers waiting too."""

    profile: Profile
    db: Database
    secrets: Secrets
    connections: Connections
    clock: Clock
    ids: Callable[[], str]
    publish: Publish
    # What the service does by itself and could not do the last time: what that is in words, and why.
    troubles: dict[str, str] = msgspec.field(default_factory=dict)
    readers: Executor | None = None
    writers: Executor | None = None
    # A reading of all lists must not undo what somebody sets meanwhile, and a book is linked by one at a time.
    lists_lock: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)
    # An account and its password are kept, or forgotten, together.
    accounts_lock: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)
    still: StillListings = msgspec.field(default_factory=StillListings)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """`work` on a reading connection, in a thread. Cancelled, it is broken off: whoever types a filter asks anew
        with every letter, and the searches given up must not hold up the last one."""
        breaker = Breaker()
        page = PAGE.get()
        if page is not None:
            try:
                return await self.still.read(page, work, db=self.db, readers=self.readers, breaker=breaker)
            except asyncio.CancelledError:
                breaker.break_off()
                raise

        def run() -> T:
            with self.db.read(breaker) as c:
                return work(c)

        try:
            return await asyncio.get_running_loop().run_in_executor(self.readers, run)
        except asyncio.CancelledError:
            breaker.break_off()
            raise

    async def write(self, work: Callable[[Connection], T]) -> T:
        """`work` in a writing transaction, in a thread."""

        def run() -> T:
            with self.db.write() as c:
                return work(c)

        done = await asyncio.get_running_loop().run_in_executor(self.writers, run)
        page = PAGE.get()
        if page is not None and page.first:
            # What is read before it is shown the first time is part of it.
            await self.still.end(page.name)
        return done

    async def account_names(self) -> dict[str, str]:
        """The email accounts' names by id."""
        return await self.read(accounts.names)

    def now(self) -> str:
        """The time as the store writes it."""
        return text_of(self.clock())
