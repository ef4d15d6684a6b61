"""Questions that the service takes long to answer: whom it waits for, or that it says nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.session import Check, Status

from .wording import hour

R = TypeVar("R")

# Seconds after which somebody who waits is told what for; `session.status` answers within three, whatever is away.
PATIENCE = 2.0
SILENCE = 4.0


def _told(check: Check) -> str:
    since = f", last heard of at {hour(check.as_of)}" if check.as_of else ""
    return f"{check.name} ({check.state}{since})"


class Waiting:
    """Watches over questions. Whoever waits longer than `patience` seconds learns which system is away, or that the
    service itself says nothing; `changed` is called when what can be said about it changes."""

    def __init__(
        self,
        status: Callable[[], Awaitable[Status]],
        now: Callable[[], str],
        changed: Callable[[], None],
        *,
        patience: float = PATIENCE,
        silence: float = SILENCE,
    ) -> None:
        self._status = status
        self._now = now
        self._changed = changed
        self._patience, self._silence = patience, silence
        self._asked = 0
        self._watch: asyncio.Task[None] | None = None
        self._since = ""
        self.process = 0
        # `silent_since`: the service has not said anything since then; `away`: what it waits for, in words.
        self.silent_since = ""
        self.away = ""

    async def over(self, question: Awaitable[R]) -> R:
        """The answer to a question, under watch."""
        self._asked += 1
        if self._watch is None:
            self._since = self._now()
            self._watch = asyncio.create_task(self._look())
        try:
            return await question
        finally:
            self._asked -= 1
            if not self._asked:
                self.stop()

    def stop(self) -> None:
        """Nobody waits any more."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._tell("", "")

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._patience)
            try:
                async with asyncio.timeout(self._silence):
                    status = await self._status()
            except TimeoutError:
                self._tell(self._since, "")
            except DyntuiError:
                # The connection has ended: that is said elsewhere.
                return
            else:
                self.process = status.process
                late = [_told(check) for check in status.checks if check.state != "ok"]
                self._tell("", ", ".join(late) or "the service is at work")

    def _tell(self, silent_since: str, away: str) -> None:
        if (silent_since, away) != (self.silent_since, self.away):
            self.silent_since, self.away = silent_since, away
            self._changed()
