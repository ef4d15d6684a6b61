"""Threads for calls that block, and that nothing can interrupt: a sign-in by MSAL, the look-up of a name.

    loop.set_default_executor(Unwaited())      # what asyncio.to_thread and asyncio's own look-ups use

A silent system holds such a thread until its time-out. Nobody else waits in line for it, and a process that has closed
everything else ends without it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Unwaited(ThreadPoolExecutor):
    """A daemon thread for each call: never too few of them, and none is waited for at the end."""

    def submit(self, work: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()

        def carry_out() -> None:
            try:
                done.set_result(work(*arguments, **named))
            except BaseException as error:  # noqa: BLE001 - as an executor does: it belongs to whoever waits
                done.set_exception(error)

        threading.Thread(target=carry_out, name="dyntui-blocking", daemon=True).start()
        return done

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """There is nothing to be closed, and nobody to wait for."""


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop whose blocking calls are made in such threads."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(Unwaited())
    return loop
