"""Open files of the service's process: as many as it may have, shared out, and said once when they run out."""

from __future__ import annotations

import asyncio
import logging
import resource
import time
from typing import Any, Final

from dyntui.service.server import MOST_CLIENTS

# The store, the engine and both systems need some hundred at most; more than this helps nobody.
_WANTED: Final = 4096
# Clients get a quarter: what the service works with must not be used up by who looks on.
_SHARE: Final = 4
_FEWEST_CLIENTS: Final = 8
_AGAIN_SECONDS: Final = 600.0
# asyncio's own words, which it says once for every connection that waits.
_RUN_OUT: Final = "socket.accept() out of system resource"

log = logging.getLogger(__name__)


def clients_at_most() -> int:
    """Raises the process's limit of open files as far as it may, and says how many clients that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _WANTED:
        soft = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MOST_CLIENTS
    return max(_FEWEST_CLIENTS, min(MOST_CLIENTS, soft // _SHARE))


def say_once_when_they_run_out(loop: asyncio.AbstractEventLoop) -> None:
    """Where no file can be opened for a connection, asyncio tries again a second later; the log says so at most every
    ten minutes. Whatever else a loop has to report goes to the log as ever."""
    said = -_AGAIN_SECONDS

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal said
        if context.get("message") != _RUN_OUT:
            loop.default_exception_handler(context)
            return
        if time.monotonic() - said >= _AGAIN_SECONDS:
            said = time.monotonic()
            log.error("no file can be opened for another client (%s): they wait", context.get("exception"))

    loop.set_exception_handler(handle)
