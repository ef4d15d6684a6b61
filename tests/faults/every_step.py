"""Runs that are killed before each of their steps, once: what was done in the two systems since the step before is not
known to the run that goes on.

A step is what a run stores, told by its cursor and stage or by the code that writes, and its end; and each call that
changes something in one of the two systems, told by its address. One that was killed is let through when it comes
again, so that each attempt gets one step further, and all steps are killed within one history: or, where that is too
long, `one_in` so many of them. Whoever is killed stores nothing any more and calls nobody, whatever is tidied up on the
way out.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import re
import weakref
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from dyntui.sync.connections import RUN_METER
from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office
from tests.simulation.wire import AsyncWire

_CHANCE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# More than any run has: one whose steps are never the same would be killed for ever.
_MOST = 200


class EveryStep:
    """`kills` counts them by the kind of run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, one_in: int = 1) -> None:
        self.kills: dict[str, int] = {}
        self._one_in = one_in
        self._of_run: Counter[str] = Counter()
        self._seen: set[tuple[object, ...]] = set()
        self._dead: weakref.WeakSet[RunContext] = weakref.WeakSet()
        self._at_work = False
        monkeypatch.setattr(RunContext, "save", self._killing(RunContext.save, _saved))
        monkeypatch.setattr(RunContext, "write", self._killing(RunContext.write, _written))
        monkeypatch.setattr(RunContext, "finish", self._killing(RunContext.finish, _finished))
        monkeypatch.setattr(AsyncWire, "handle_async_request", self._calling(AsyncWire.handle_async_request))

    def _killing(self, real: Callable[..., Any], named: Callable[..., tuple[object, ...]]) -> Callable[..., Any]:
        async def stored(ctx: RunContext, *given: Any, **more: Any) -> Any:
            self._step(ctx, named(ctx, *given, **more))
            return await real(ctx, *given, **more)

        return stored

    def _calling(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def called(wire: AsyncWire, request: httpx.Request) -> Any:
            meter = RUN_METER.get()
            ctx = getattr(meter, "__self__", None)
            if isinstance(ctx, RunContext) and request.method != "GET":
                self._step(ctx, ("call", _place(ctx.cursor), request.method, _CHANCE.sub("", request.url.path)))
            return await real(wire, request)

        return called

    def _step(self, ctx: RunContext, named: tuple[object, ...]) -> None:
        """Raises asyncio.CancelledError the first time, and at everything that whoever was killed does after that."""
        step = (ctx.run_id, *named)
        if self._at_work and (ctx in self._dead or step not in self._seen):
            if ctx not in self._dead:
                self._seen.add(step)
                if zlib.crc32(repr(step).encode()) % self._one_in:
                    return
                self._dead.add(ctx)
                self.kills[ctx.kind] = self.kills.get(ctx.kind, 0) + 1
                self._of_run[ctx.run_id] += 1
                assert self._of_run[ctx.run_id] < _MOST, step
            raise asyncio.CancelledError

    @contextlib.contextmanager
    def of(self, office: Office) -> Any:
        """The runs that the engine of the office carries out within the block."""
        drain = office.engine.drain

        def drained() -> list[str]:
            while True:
                with contextlib.suppress(concurrent.futures.CancelledError):
                    return drain()

        office.engine.drain = drained  # type: ignore[method-assign]
        self._at_work = True
        try:
            yield
        finally:
            self._at_work = False
            office.engine.drain = drain  # type: ignore[method-assign]


def _saved(ctx: RunContext, cursor: msgspec.Struct, **more: Any) -> tuple[object, ...]:
    return ("save", _place(cursor), more.get("stage"), more.get("done"), _code(more.get("work")))


def _written(ctx: RunContext, what: Callable[..., Any]) -> tuple[object, ...]:
    return ("write", _place(ctx.cursor), _code(what))


def _finished(ctx: RunContext, *given: Any, **more: Any) -> tuple[object, ...]:
    return ("finish", _place(ctx.cursor))


def _place(cursor: msgspec.Struct) -> str:
    """A cursor without what every attempt has anew: moments, and the remote systems' own ids."""
    return _CHANCE.sub("", msgspec.json.encode(cursor).decode())


def _code(what: Any) -> object:
    """Where a function that stores something stands in the code."""
    while isinstance(what, functools.partial):
        what = what.func
    code = getattr(what, "__code__", None)
    return None if code is None else (Path(code.co_filename).name, code.co_firstlineno)
