"""Listings that stand still while somebody reads them page by page: what is exported is what there was at one moment,
whatever runs write meanwhile, so that no row is lost and none is there twice.

A client names its pages (`Window.still`); all of one name are read in one transaction of the store, which ends with the
last page, or a minute after the client has asked for none. A long one would keep the store's file growing.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from dyntui.model.errors import DyntuiError
from dyntui.model.paging import Page, Window
from dyntui.store.database import Breaker, Database

T = TypeVar("T")

# Between two pages; a page takes seconds at most.
IDLE_SECONDS: Final = 60.0
# Each has a connection to the store for itself.
MOST: Final = 8

log = logging.getLogger(__name__)


class Reading:
    """A page that is asked for: of which client's listing, and whether it is the first one."""

    def __init__(self, uid: int, window: Window) -> None:
        self.name = (uid, window.still)
        self.first = window.offset == 0
        self.of: StillListings | None = None


PAGE: Final[ContextVar[Reading | None]] = ContextVar("page", default=None)
"""What the request under way asks for, where it is a page of a listing that stands still."""


def reading_of(uid: int, request: object) -> Reading | None:
    """What a request asks for; None where it does not name its pages."""
    return Reading(uid, request) if isinstance(request, Window) and request.still else None


async def answered(reading: Reading | None, answer: object) -> None:
    """After the last page, and after what is no listing, nothing stands still any more."""
    if reading is None or reading.of is None:
        return
    there = answer if isinstance(answer, Page) else None
    if there is None or not there.rows or there.offset + len(there.rows) >= there.matching:
        await reading.of.end(reading.name)


class _Still:
    """A reading of the store that stays open. One thing at a time is read in it, also by the thread of a request that
    was given up a moment ago."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.idle: asyncio.TimerHandle | None = None
        self._in_use = threading.Lock()
        self._open = ExitStack()
        self._store: Connection | None = None

    def read(self, db: Database, work: Callable[[Connection], T], breaker: Breaker) -> T:
        """In a thread: `work`, at the moment of the first one."""
        with self._in_use:
            if self._store is None:
                self._store = self._open.enter_context(db.read())
            with breaker.within(self._store):
                return work(self._store)

    def close(self) -> None:
        """In a thread: the transaction ends."""
        with self._in_use:
            self._open.close()


class StillListings:
    """All that stand still in a service."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], _Still] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def read(
        self,
        reading: Reading,
        work: Callable[[Connection], T],
        *,
        db: Database,
        readers: Executor | None,
        breaker: Breaker,
    ) -> T:
        """`work` at the moment at which the first page was read. Raises LISTING_MOVED_ON where nobody knows that any
        more, TOO_MANY_LISTINGS."""
        still = self._known.get(reading.name)
        if still is None:
            if not reading.first:
                raise _moved_on()
            if len(self._known) >= MOST:
                raise _too_many()
            still = self._known[reading.name] = _Still()
        reading.of = self

        try:
            async with still.turn:
                self._wait(reading.name, still)
                try:
                    return await asyncio.get_running_loop().run_in_executor(readers, still.read, db, work, breaker)
                finally:
                    self._wait(reading.name, still)
        except DyntuiError:
            # Nobody asks for the second page of what was refused.
            if reading.first:
                await self.end(reading.name)
            raise

    def _wait(self, name: tuple[int, str], still: _Still) -> None:
        if still.idle is not None:
            still.idle.cancel()
        still.idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_later, name)

    def _end_later(self, name: tuple[int, str]) -> None:
        ending = asyncio.ensure_future(self.end(name))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def end(self, name: tuple[int, str]) -> None:
        """The listing moves on."""
        still = self._known.pop(name, None)
        if still is None:
            return
        if still.idle is not None:
            still.idle.cancel()
        async with still.turn:
            try:
                await asyncio.to_thread(still.close)
            except (DyntuiError, SQLAlchemyError) as error:
                # The server has ended it already: what was read of it was read.
                log.warning("a listing that stood still could not be ended: %s", error)

    @property
    def open(self) -> int:
        """How many stand still."""
        return len(self._known)

    async def close(self) -> None:
        """All of them."""
        for name in list(self._known):
            await self.end(name)


def _moved_on() -> DyntuiError:
    return DyntuiError(
        "LISTING_MOVED_ON",
        "The listing that was being read page by page does not stand still any more: more than a minute has passed "
        "since its last page, or the service was started anew.",
        not_done="Nothing more of it was read.",
        remedy="Read it once more from its first page.",
    )


def _too_many() -> DyntuiError:
    return DyntuiError(
        "TOO_MANY_LISTINGS",
        f"{MOST} listings are being exported, as many as at a time can be.",
        not_done="Nothing was read.",
        remedy="Try again in a minute.",
    )
