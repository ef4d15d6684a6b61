"""A call of the contract before whose n-th step something happens: another person's call, or the end of the service.

Its steps are what it stores and what it changes in one of the two systems.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.service.resources import Resources
from tests.scenarios.office import Office
from tests.simulation.wire import AsyncWire

# More turns of the event loop than any call needs.
_MANY = 5_000
Call = Callable[[], Coroutine[Any, Any, Any]]


class ServiceEnded(BaseException):
    """It was killed; whatever is tidied up on the way out does nothing any more."""


class CutShort:
    """`steps`: how many the last call had until it was over; `last_was_killed`: that of the last `killed` was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = 0
        self.last_was_killed = False
        self._due = 0
        self._other: Call | None = None
        self._under_way: asyncio.Task[Any] | None = None
        self._call: asyncio.Task[Any] | None = None
        monkeypatch.setattr(Resources, "write", self._watched(Resources.write))
        monkeypatch.setattr(AsyncWire, "handle_async_request", self._watched(AsyncWire.handle_async_request))

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def step(self_: Any, *given: Any, **more: Any) -> Any:
            reads = bool(given) and isinstance(given[0], httpx.Request) and given[0].method == "GET"
            if asyncio.current_task() is self._call and not reads:
                await self._step()
            return await real(self_, *given, **more)

        return step

    async def _step(self) -> None:
        self.steps += 1
        if self._other is None and 0 < self._due <= self.steps:
            raise ServiceEnded
        if self._other is None or self.steps != self._due:
            return
        self._under_way = asyncio.ensure_future(_told(self._other))
        # The other call goes on until it is over, or waits for this one.
        for _ in range(_MANY):
            if self._under_way.done():
                break
            await asyncio.sleep(0)

    def both(self, office: Office, call: Call, other: Call, step: int) -> tuple[object, object]:
        """What a call answers, and another one that is made before this step (from 1) of it; of one that was refused
        the code. Made afterwards, where the first has no such step."""
        self._due, self._other, self._under_way = step, other, None
        first = self._carry_out(office, call)
        return first, office.wait(self._under_way or _told(other))

    def killed(self, office: Office, call: Call, step: int) -> bool:
        """A call is made, and the service ends before this step (from 1) of it; False: it has no such step, and has
        succeeded. The service begins again with what the store knows."""
        self._due, self._other = step, None
        self.last_was_killed = False
        try:
            self._carry_out(office, call)
        except ServiceEnded:
            self.last_was_killed = True
        office.engine.stop()
        office.engine.start()
        return self.last_was_killed

    def _carry_out(self, office: Office, call: Call) -> object:
        async def watched() -> object:
            self._call = asyncio.current_task()
            try:
                return await _told(call)
            finally:
                self._call = None

        self.steps = 0
        return office.wait(watched())


async def _told(call: Call) -> object:
    with contextlib.suppress(asyncio.CancelledError):
        try:
            return await call()
        except DyntuiError as refused:
            return refused.code
    return None
