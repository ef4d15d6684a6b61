"""Another run that is under way at the same time: it begins before a step of a run, stands still before a step of its
own where that is asked for, and goes on before a later step of the first one, or when that is over.

A step is what a run stores.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from typing import Any

import pytest

from dyntui.model.cursors import Cursor
from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office

# Whether something happens before a step: by its number, from 1, and where the run is then.
Step = Callable[[int, Any], bool]


def never(number: int, at: Cursor) -> bool:
    """Before no step."""
    return False


def step(number: int) -> Step:
    """Before that one."""
    return lambda here, at: here == number


class AnotherRun:
    """`steps`, `others_steps`: where each was before each of its steps, as its cursor. `other`: the other run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[Cursor] = []
        self.others_steps: list[Cursor] = []
        self._office: Office | None = None
        for name in ("save", "write", "finish"):
            monkeypatch.setattr(RunContext, name, self._watched(getattr(RunContext, name)))

    def carry_out(
        self,
        office: Office,
        kind: str,
        begins: Callable[[], str],
        *,
        before: Step,
        stands_still: Step = never,
        goes_on: Step = never,
    ) -> None:
        """What is queued is carried out, the first run of a kind watched: `before` a step of it the run that `begins`
        queues (its id) is carried out, to its end, or until it `stands_still` before one of its own; from there it goes
        on before the step `goes_on` of the first, or when that is over."""
        self.steps, self.others_steps = [], []
        self._office, self._kind, self._begins, self._before = office, kind, begins, before
        self._stands_still, self._goes_on = stands_still, goes_on
        self._first, self.other, self._task = "", "", None
        self._stood, self._may_go_on = asyncio.Event(), asyncio.Event()
        try:
            office.engine.drain()
        finally:
            self._office = None

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def stored(ctx: RunContext, *given: Any, **more: Any) -> Any:
            if self._office is None:
                return await real(ctx, *given, **more)
            await self._step(self._office, ctx)
            answer = await real(ctx, *given, **more)
            if real.__name__ == "finish" and ctx.run_id == self._first:
                await self._until_its_end()
            return answer

        return stored

    async def _step(self, office: Office, ctx: RunContext) -> None:
        if ctx.run_id == self.other:
            self.others_steps.append(ctx.cursor)
            if not self._stood.is_set() and self._stands_still(len(self.others_steps), ctx.cursor):
                self._stood.set()
                await self._may_go_on.wait()
            return
        if ctx.kind != self._kind or self._first not in ("", ctx.run_id):
            return
        self._first = ctx.run_id
        self.steps.append(ctx.cursor)
        if not self.other and self._before(len(self.steps), ctx.cursor):
            await self._begin(office)
        if self._task is not None and self._goes_on(len(self.steps), ctx.cursor):
            await self._until_its_end()

    async def _begin(self, office: Office) -> None:
        with concurrent.futures.ThreadPoolExecutor(1) as somebody:
            self.other = somebody.submit(self._begins).result()
        self._task = asyncio.ensure_future(office.worker._attempt(self.other))
        stood = asyncio.ensure_future(self._stood.wait())
        await asyncio.wait([self._task, stood], return_when=asyncio.FIRST_COMPLETED)
        stood.cancel()

    async def _until_its_end(self) -> None:
        self._may_go_on.set()
        if self._task is not None:
            await self._task
