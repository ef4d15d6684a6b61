"""The connection to the service: reached, lost, and reached again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from textual.app import App
from textual.message import Message

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.calls import Call
from dyntui.service.contract.session import HELLO, STATUS, Hello, Nothing, Status
from dyntui.service.contract.subjects import EVENTS

from .service import Connect, Events, Service
from .waiting import PATIENCE, SILENCE, Waiting
from .widgets.cells import single_line
from .wording import hour
from .working import start

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

# Seconds before each attempt to reach a lost service again; the last one repeats.
RETRY_AFTER = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Connection:
    """Holds the service while there is one. What happens is posted to the app as one of the messages below; it becomes
    true when the app takes it in. `changed` is called when `banner` or `waiting` say something else."""

    @dataclass
    class Reached(Message):
        """A service has answered who is there."""

        service: Service
        hello: Hello

    @dataclass
    class NotReached(Message):
        """No service could be reached."""

        error: DyntuiError

    @dataclass
    class Lost(Message):
        """A service has gone away."""

        service: Service

    @dataclass
    class Heard(Message):
        """An event of the service."""

        name: str
        value: msgspec.Struct

    def __init__(
        self,
        app: App[None],
        connect: Connect,
        now: Callable[[], str],
        changed: Callable[[], None],
        *,
        retry_after: Sequence[float] = RETRY_AFTER,
        patience: float = PATIENCE,
        silence: float = SILENCE,
    ) -> None:
        self._app = app
        self._connect = connect
        self._now = now
        self._changed = changed
        self._retry_after = tuple(retry_after)
        self._attempt = 0
        self._service: Service | None = None
        self._subscriptions: list[Events[msgspec.Struct]] = []
        self._lost_since = ""
        self._why_lost: DyntuiError | None = None
        self.waiting = Waiting(self._ask_status, now, changed, patience=patience, silence=silence)

    # Asking

    @property
    def answers(self) -> bool:
        """Whether there is a service, and it says something."""
        return self._service is not None and not self.waiting.silent_since

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Asks the service. Raises DyntuiError."""
        if self._service is None:
            raise _gone()
        return await self.waiting.over(self._service.call(method, request))

    async def _ask_status(self) -> Status:
        if self._service is None:
            raise _gone()
        return await self._service.call(STATUS, Nothing())

    # Reaching

    def attach(self, wait: float = 0.0) -> None:
        """Reaches for the service, after `wait` seconds."""
        start(self._app, "attach", self._reach, wait, exclusive=True)

    async def _reach(self, wait: float) -> None:
        if wait:
            await asyncio.sleep(wait)
        try:
            service = await self._connect()
            hello = await service.call(HELLO, Nothing())
        except DyntuiError as error:
            self._app.post_message(self.NotReached(error))
        else:
            self._app.post_message(self.Reached(service, hello))

    def take(self, service: Service) -> bool:
        """Takes a service that was reached, and listens to it. Whether it is the one after a loss."""
        again = self._service is None and self._attempt > 0
        self._service = service
        self._attempt = 0
        self._lost_since = ""
        self._why_lost = None
        self._subscriptions = [service.subscribe(event.name, event.value) for event in EVENTS.values()]
        for name, subscription in zip(EVENTS, self._subscriptions, strict=True):
            start(self._app, "events", self._listen, name, subscription)
        start(self._app, "events", self._wait_for_end, service)
        return again

    async def _listen(self, name: str, events: Events[msgspec.Struct]) -> None:
        async for value in events:
            self._app.post_message(self.Heard(name, value))

    async def _wait_for_end(self, service: Service) -> None:
        await service.closed()
        self._app.post_message(self.Lost(service))

    # Losing

    def lose(self, service: Service) -> None:
        """A service has gone away: it is reached for again and again."""
        if service is not self._service:
            return
        self._service = None
        self._subscriptions.clear()
        self._try_again_later()

    def still_away(self, error: DyntuiError) -> None:
        """It was not reached again this time."""
        self._why_lost = error
        self._try_again_later()

    def _try_again_later(self) -> None:
        wait = self._retry_after[min(self._attempt, len(self._retry_after) - 1)]
        self._attempt += 1
        self._lost_since = self._lost_since or self._now()
        self._changed()
        self.attach(wait)

    async def close(self) -> None:
        """Lets the service know that nobody listens any more."""
        self.waiting.stop()
        if self._service is not None:
            await self._service.close()

    @property
    def banner(self) -> str:
        """What stands over every page while there is no service, or none that says anything; else `""`."""
        if self._lost_since:
            why = self._why_lost
            said = f" {why.code}: {single_line(why.message)} {single_line(why.remedy)}" if why is not None else ""
            return (
                f"The service went away at {hour(self._lost_since)}: what you see is as of then; runs go on without "
                f"the console.{said} Attempt {self._attempt} to reach it…"
            )
        if self.waiting.silent_since:
            process = f" (process {self.waiting.process})" if self.waiting.process else ""
            return (
                f"The service{process} has said nothing since {hour(self.waiting.silent_since)}: it is stopped, or the "
                "machine is too busy. What you see is as of then; `dyntui status` in another terminal tells what to do."
            )
        return ""


def _gone() -> DyntuiError:
    return DyntuiError(
        "SERVICE_GONE",
        "The service does not answer just now.",
        not_done="Nothing was asked.",
        remedy="The console keeps trying to reach it; runs go on in the service meanwhile.",
        exit=Exit.UNREACHABLE,
    )
