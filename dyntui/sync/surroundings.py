"""What the clients of both systems stand on: the network, time and chance. A simulation brings its own."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import httpx
import msgspec

from dyntui.remote.threads import new_loop


def _real() -> None:
    """Whoever brings no transport of their own speaks TLS over TCP."""
    return


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The real ones by default.

    `transport` and `sign_in_transport` make what carries one client's calls, and those of one sign-in, which blocks
    (None: TCP and TLS). `sleep` waits, `monotonic` tells how long that took, in seconds; `wall` is the time of day
    (epoch seconds), which all who share a store must agree on; `chance`, from 0 to 1, spreads repetitions. `timeout`:
    seconds of silence after which a call is given up (None: each system's own, which is a little longer than it takes
    to give up itself). `new_loop` makes the event loop on which runs are carried out.
    """

    transport: Callable[[], httpx.AsyncBaseTransport | None] = _real
    sign_in_transport: Callable[[], httpx.BaseTransport | None] = _real
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    timeout: float | None = None
    new_loop: Callable[[], asyncio.AbstractEventLoop] = new_loop


REAL = Surroundings()
