"""Whether a remote system answers, told within seconds: who does not answer in time is told of as last known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.service.contract.session import Check

# `dyntui status` answers within three seconds, all checks side by side.
CHECK_SECONDS = 1.5


class _Known(msgspec.Struct, frozen=True):
    check: Check
    on: datetime


class _Question(msgspec.Struct, frozen=True):
    task: asyncio.Task[None]
    until: float


class Checks:
    """Asks each system at most once at a time, and waits for each question once: an answer that comes late is what is
    known the next time."""

    def __init__(self, clock: Callable[[], datetime], limit: float = CHECK_SECONDS) -> None:
        """`limit`: seconds that an answer may take."""
        self._clock = clock
        self._limit = limit
        self._known: dict[str, _Known] = {}
        self._under_way: dict[str, _Question] = {}

    async def look(self, name: str, where: str, ask: Callable[[], Awaitable[str]]) -> Check:
        """The check `name` of the system at `where`: what `ask` answers, the error that it raises, or that there was no
        answer in time, with what was known before and when."""
        now = asyncio.get_running_loop().time
        question = self._under_way.get(name)
        if question is None:
            question = _Question(asyncio.create_task(self._ask(name, where, ask)), now() + self._limit)
            self._under_way[name] = question
            question.task.add_done_callback(lambda _: self._under_way.pop(name))
        task = question.task
        await asyncio.wait({task}, timeout=max(0.0, question.until - now()))
        if task.done():
            task.result()
            return self._known[name].check
        return self._late(name, where)

    async def close(self) -> None:
        """Waits for nobody any more."""
        tasks = [each.task for each in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, name: str, where: str, ask: Callable[[], Awaitable[str]]) -> None:
        try:
            check = Check(name=name, state="ok", text=await ask())
        except DyntuiError as error:
            check = Check(name=name, state="error", text=f"{where}: {error.code}: {error.message} {error.remedy}")
        now = self._clock()
        self._known[name] = _Known(msgspec.structs.replace(check, as_of=text_of(now)), now)

    def _late(self, name: str, where: str) -> Check:
        said = f"{where}: no answer within {self._limit:g} s"
        known = self._known.get(name)
        if known is None:
            return Check(name=name, state="warning", text=f"{said}, and none since the service started")
        age = _age((self._clock() - known.on).total_seconds())
        text = f"{said}; last known, {age} ago: {known.check.state}, {known.check.text}"
        return Check(name=name, state="warning", text=text, as_of=known.check.as_of)


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
