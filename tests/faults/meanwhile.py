"""Something that happens before the n-th step of a run: somebody decides, and the run is killed there or goes on.

A step is what a run stores, and where they are asked for (`calls`) each call that it makes to one of the two systems.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from dyntui.model.cursors import Cursor
from dyntui.sync.connections import RUN_METER
from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office
from tests.simulation.wire import AsyncWire


class Meanwhile:
    """`steps`: where the run was before each, as its cursor."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[Cursor] = []
        self._due: int | None = None
        self._what: Callable[[], object] = lambda: None
        self._kills = False
        self._calls = False
        self._kind = ""
        for name in ("save", "write", "finish"):
            monkeypatch.setattr(RunContext, name, self._watched(getattr(RunContext, name)))
        monkeypatch.setattr(AsyncWire, "handle_async_request", self._calling(AsyncWire.handle_async_request))

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def stored(ctx: RunContext, *given: Any, **more: Any) -> Any:
            if self._due is not None and ctx.kind == self._kind:
                self._step(ctx)
            return await real(ctx, *given, **more)

        return stored

    def _calling(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def called(wire: AsyncWire, request: httpx.Request) -> Any:
            # Whoever acts meanwhile calls too, on a thread that no run is metered on.
            ctx = getattr(RUN_METER.get(), "__self__", None)
            if self._calls and self._due is not None and isinstance(ctx, RunContext) and ctx.kind == self._kind:
                self._step(ctx)
            return await real(wire, request)

        return called

    def _step(self, ctx: RunContext) -> None:
        self.steps.append(ctx.cursor)
        if len(self.steps) != self._due:
            return
        _elsewhere(self._what)
        if self._kills:
            raise asyncio.CancelledError

    @contextlib.contextmanager
    def before(
        self,
        step: int,
        of_kind: str,
        office: Office,
        what: Callable[[], object],
        *,
        killed: bool = False,
        calls: bool = False,
    ) -> Iterator[None]:
        """Before this step (from 1; 0: never) of a run of a kind that the engine of the office carries out within the
        block."""
        drain = office.engine.drain

        def drained() -> list[str]:
            while True:
                with contextlib.suppress(concurrent.futures.CancelledError):
                    return drain()

        office.engine.drain = drained  # type: ignore[method-assign]
        self.steps, self._due, self._kind = [], step, of_kind
        self._what, self._kills, self._calls = what, killed, calls
        try:
            yield
        finally:
            self._due = None
            office.engine.drain = drain  # type: ignore[method-assign]


def _elsewhere(what: Callable[[], object]) -> None:
    """On a thread of its own, as the run's has an event loop at work; its error is the run's."""
    with concurrent.futures.ThreadPoolExecutor(1) as somebody:
        somebody.submit(what).result()
