"""One client of the service: its requests, each a task of its own, and the events on their way to it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability
from dyntui.service.contract.calls import Call
from dyntui.service.contract.subjects import CALLS, EVENTS
from dyntui.service.events import EventQueue
from dyntui.service.lines import Lines
from dyntui.service.permission import AbilitiesOf, CallContext, RolesUnknown
from dyntui.service.protocol import (
    APPLICATION_ERROR,
    CANCEL,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    UNREADABLE,
    Cancel,
    answer_line,
    error_line,
    read_request,
    unreadable,
)
from dyntui.service.standing_still import PAGE, answered, reading_of
from dyntui.sync.open_connections import in_hand

Handler = Callable[[CallContext, Any], Awaitable[Any]]
Handlers = dict[str, Handler]

# Requests of one client under way at the same time; further ones wait in the socket.
CONCURRENT_REQUESTS = 64

log = logging.getLogger(__name__)


class Connection:
    """Serves one client until it goes away."""

    def __init__(
        self,
        lines: Lines,
        writer: asyncio.StreamWriter,
        *,
        uid: int,
        handlers: Handlers,
        abilities_of: AbilitiesOf,
        changed: Callable[[str, msgspec.Struct], None],
    ) -> None:
        """`changed` sends an event to every client: a call that has succeeded changed what it stands for."""
        self._lines = lines
        self._writer = writer
        self._handlers = handlers
        self._uid = uid
        self._abilities_of = abilities_of
        self._changed = changed
        self._events = EventQueue()
        self._writing = asyncio.Lock()
        self._free = asyncio.Semaphore(CONCURRENT_REQUESTS)
        self._reads: dict[int | str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, first: bytes) -> None:
        """Says `first`, then answers until the client goes away. Reads that nobody waits for any more are cancelled;
        what changes something is carried through."""
        pump = asyncio.create_task(self._pump())
        try:
            await self.write(first)
            while True:
                try:
                    line = await self._lines.next()
                except DyntuiError as error:
                    await self.write(error_line(None, error, INVALID_REQUEST))
                    return
                if line is None:
                    return
                await self._accept(line)
        except ConnectionError:
            return
        finally:
            pump.cancel()
            self._lines.close()
            for task in list(self._reads.values()):
                task.cancel()
            self._writer.close()

    def publish(self, name: str, line: bytes, key: str) -> None:
        """Queues an event for the client; never waits."""
        self._events.put(name, line, key)

    async def write(self, line: bytes) -> None:
        """Raises ConnectionError when the client is gone."""
        async with self._writing:
            self._writer.write(line)
            await self._writer.drain()

    def hang_up(self) -> None:
        """Ends the connection from this side."""
        self._writer.close()

    @property
    def carrying_out(self) -> set[asyncio.Task[None]]:
        """Requests under way."""
        return set(self._tasks)

    async def _pump(self) -> None:
        try:
            while True:
                name, line = await self._events.take()
                if await self._may_hear(name):
                    await self.write(line)
        except ConnectionError:
            return

    async def _may_hear(self, name: str) -> bool:
        """Whether the client has the ability that an event asks for; the roles that were read last count."""
        event = EVENTS.get(name)
        if event is None or event.ability is None:
            return True
        try:
            held = await self._abilities_of(self._uid, soon=True)
        except RolesUnknown as unknown:
            held = unknown.last
        except DyntuiError as error:
            log.warning("an event was not told: %s (%s)", error, error.detail)
            return False
        return held is not None and event.ability in held

    async def _accept(self, line: bytes) -> None:
        try:
            request = read_request(line)
        except msgspec.ValidationError as error:
            await self.write(error_line(None, _malformed(str(error)), INVALID_REQUEST))
            return
        except UNREADABLE as error:
            await self.write(error_line(None, _malformed(unreadable(error)), PARSE_ERROR))
            return
        params = b"{}" if request.params is msgspec.UNSET else bytes(request.params)
        if request.id is msgspec.UNSET:
            if request.method == CANCEL:
                self._cancel(params)
            return
        method = CALLS.get(request.method)
        if method is None or request.method not in self._handlers:
            await self.write(error_line(request.id, _unknown(request.method), METHOD_NOT_FOUND))
            return
        await self._free.acquire()
        task = asyncio.create_task(self._answer(request.id, method, params))
        self._tasks.add(task)
        if method.ability is Ability.SEE and request.id is not None:
            self._reads[request.id] = task
        task.add_done_callback(lambda done, id=request.id: self._done(done, id))  # type: ignore[misc]

    def _done(self, task: asyncio.Task[None], id: int | str | None) -> None:
        self._free.release()
        self._tasks.discard(task)
        if id is not None and self._reads.get(id) is task:
            del self._reads[id]

    def _cancel(self, params: bytes) -> None:
        try:
            wanted = msgspec.json.decode(params, type=Cancel)
        except UNREADABLE:
            return
        if task := self._reads.get(wanted.id):
            task.cancel()

    async def _answer(self, id: int | str | None, method: Call[msgspec.Struct, msgspec.Struct], params: bytes) -> None:
        try:
            line = answer_line(id, await self._carry_out(method, params))
        except DyntuiError as error:
            if error.detail:
                log.warning("%s: %s (%s)", method.name, error, error.detail)
            code = INVALID_PARAMS if error.code == "REQUEST_INVALID" else APPLICATION_ERROR
            line = error_line(id, error, code)
        except Exception:  # the boundary to the client: reported there by reference, here in full
            reference = secrets.token_hex(4)
            log.exception("%s failed unexpectedly [%s]", method.name, reference)
            line = error_line(id, _internal(method.name, reference))
        try:
            await self.write(line)
        except ConnectionError:
            log.info("%s: its client went away before the answer", method.name)

    async def _carry_out(self, method: Call[msgspec.Struct, msgspec.Struct], params: bytes) -> object:
        context = CallContext(self._uid, self._abilities_of)
        if method.ability is not None:
            await context.require(method.ability)
        try:
            request = msgspec.json.decode(params, type=method.request)
        except UNREADABLE as error:
            raise DyntuiError(
                "REQUEST_INVALID",
                f"{method.name}: {unreadable(error)}.",
                not_done="Nothing was read or changed.",
                remedy="Correct the request; docs hold the contract's schema.",
                exit=Exit.USAGE,
            ) from error
        page = reading_of(self._uid, request)
        # The task is that of this request alone.
        PAGE.set(page)
        async with in_hand():
            answer = await self._handlers[method.name](context, request)
        await answered(page, answer)
        for event in dict.fromkeys((*method.changes, *context.also_changed)):
            self._changed(event.name, event.value())
        return answer


def _malformed(why: str) -> DyntuiError:
    return DyntuiError(
        "REQUEST_MALFORMED",
        f"The line is not a JSON-RPC 2.0 request: {why}.",
        not_done="Nothing was read or changed.",
        remedy="Send one JSON object a line.",
    )


def _unknown(method: str) -> DyntuiError:
    return DyntuiError(
        "METHOD_UNKNOWN",
        f"This service has no call {method[:80]!r}.",
        not_done="Nothing was read or changed.",
        remedy="Use a client of the same version as the service.",
    )


def _internal(method: str, reference: str) -> DyntuiError:
    return DyntuiError(
        "INTERNAL_ERROR",
        f"{method} failed in a way that was not foreseen.",
        not_done="It may have been carried out in part; runs resume where they stopped.",
        remedy=f"Look for [{reference}] in the service's log (`dyntui paths` names it) and report it.",
    )
