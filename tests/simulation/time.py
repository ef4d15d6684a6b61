"""Time that passes only because somebody waits for it: nothing sleeps, and every order of events can be repeated."""

from __future__ import annotations

import asyncio
import itertools
import selectors
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from dyntui.sandbox.clock import Clock


class VirtualTime:
    """Moves a sandbox's clock. Whoever waits for the earliest moment goes on first, on whatever event loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.began = clock.now()
        self._turns = itertools.count()
        self._waiting: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.clock.now()

    def seconds(self) -> float:
        """Seconds since this began."""
        return (self.now() - self.began).total_seconds()

    async def until(self, moment: datetime) -> None:
        """Returns at the moment, after everybody who waits for an earlier one, and moves the clock there."""
        with self._in_line(moment) as turn:
            await asyncio.sleep(0)
            while not self._first(turn):  # noqa: ASYNC110 - an event of which loop? it may be any other one
                await asyncio.sleep(0)
            self.skip_to(moment)

    def skip_to(self, moment: datetime) -> None:
        """Moves the clock there at once, unless it is later already."""
        with self._lock:
            if (ahead := moment - self.clock.now()) > timedelta():
                self.clock.advance(ahead)

    @contextmanager
    def _in_line(self, moment: datetime) -> Iterator[int]:
        turn = next(self._turns)
        with self._lock:
            self._waiting[turn] = moment
        try:
            yield turn
        finally:
            with self._lock:
                del self._waiting[turn]

    def _first(self, turn: int) -> bool:
        with self._lock:
            return min(self._waiting, key=lambda each: (self._waiting[each], each)) == turn


class AtOnce(ThreadPoolExecutor):
    """Carries work out on the caller's thread: what is handed to threads elsewhere happens here in one order."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments, **named))
        except BaseException as error:  # noqa: BLE001 - as an executor does: it belongs to whoever waits
            done.set_exception(error)
        return done


class _AskedOnlyToWait(selectors.DefaultSelector):
    """Between two things that are ready the system is not asked for news of sockets: in a simulation there are none."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return [] if timeout == 0 else super().select(timeout)


class _OneThreadLoop(asyncio.SelectorEventLoop):
    """What is handed to threads elsewhere happens here at once; whoever waits for it goes on a turn later."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        waiting = self.create_future()
        try:
            self.call_soon(_keep, waiting, func(*args), None)
        except Exception as error:  # noqa: BLE001 - as an executor does: it belongs to whoever waits
            self.call_soon(_keep, waiting, None, error)
        return waiting


def _keep(waiting: asyncio.Future[Any], made: Any, error: Exception | None) -> None:
    if waiting.cancelled():
        return
    if error is None:
        waiting.set_result(made)
    else:
        waiting.set_exception(error)


def one_thread_loop() -> asyncio.AbstractEventLoop:
    """An event loop on which `asyncio.to_thread` uses no thread."""
    return _OneThreadLoop(_AskedOnlyToWait())
