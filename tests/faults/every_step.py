"""Runs that are killed before each of their stored steps, once: what was done in the two systems since the step before
is not known to the run that goes on.

A step is told by what it stores: its cursor and stage, or the code that writes. One that was killed is let through when
it comes again, so that each attempt gets one step further, and all steps are killed within one history. Whoever is
killed stores nothing any more, whatever is tidied up on the way out.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import re
import weakref
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office

_CHANCE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# More than any run has: one whose steps are never the same would be killed for ever.
_MOST = 200


class EveryStep:
    """`kills` counts them by the kind of run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kills: dict[str, int] = {}
        self._seen: set[tuple[object, ...]] = set()
        self._dead: weakref.WeakSet[RunContext] = weakref.WeakSet()
        self._at_work = False
        monkeypatch.setattr(RunContext, "save", self._killing(RunContext.save, _saved))
        monkeypatch.setattr(RunContext, "write", self._killing(RunContext.write, _written))

    def _killing(self, real: Callable[..., Any], named: Callable[..., tuple[object, ...]]) -> Callable[..., Any]:
        async def stored(ctx: RunContext, *given: Any, **more: Any) -> Any:
            step = (ctx.run_id, *named(ctx, *given, **more))
            if self._at_work and (ctx in self._dead or step not in self._seen):
                if ctx not in self._dead:
                    self._seen.add(step)
                    self._dead.add(ctx)
                    self.kills[ctx.kind] = self.kills.get(ctx.kind, 0) + 1
                    assert self.kills[ctx.kind] < _MOST, step
                raise asyncio.CancelledError
            return await real(ctx, *given, **more)

        return stored

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


def _place(cursor: msgspec.Struct) -> str:
    """A cursor without what every attempt has anew: moments, and the remote systems' own ids."""
    return _CHANCE.sub("", msgspec.json.encode(cursor).decode())


def _code(what: Any) -> object:
    """Where a function that stores something stands in the code."""
    while isinstance(what, functools.partial):
        what = what.func
    code = getattr(what, "__code__", None)
    return None if code is None else (code.co_filename, code.co_firstlineno)
