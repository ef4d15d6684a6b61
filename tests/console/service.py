"""The service as the console meets it, in the test's own process: the real use cases over a seeded world.

Client and service speak over a pipe in memory. Runs do not get on by themselves: `step` lets them get on to what they
save next, `finish` to their end. What a test takes away - the service itself, its answers, its silence - is taken
away at the port between the console and the client (`Service`).
"""

from __future__ import annotations

import asyncio
import os
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from dyntui.model.errors import DyntuiError
from dyntui.service.answering import handlers_of
from dyntui.service.assembly import use_cases
from dyntui.service.client import ServiceClient, Subscription
from dyntui.service.connection import Connection
from dyntui.service.contract.calls import Call
from dyntui.service.identity import Identities
from dyntui.service.lines import Lines, Unfinished
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.profile import open_profile
from dyntui.service.protocol import Greeting, notification_line
from dyntui.service.resources import Resources
from dyntui.service.run_events import RunEvents
from dyntui.service.send_timer import SendTimer
from dyntui.service.send_waves import SendWaves
from dyntui.service.session import Session
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.store.database import open_store, sqlite_url
from dyntui.sync.connections import DATAVERSE_SECRET, OF_PEOPLE, Connections, account_secret
from dyntui.sync.engine import InlineEngine
from dyntui.sync.worker import Worker
from tests.scenarios.office import Pocket, setup_request
from tests.simulation.sandbox import InProcessSandbox
from tests.simulation.time import AtOnce

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
E = TypeVar("E", bound=msgspec.Struct)


class Service:
    """The console's port to the service. `failing` maps a call's name to the error it is answered with; `asked` records
    every call; while there is a `gate` that is closed nothing is answered, or nothing that is `held`."""

    def __init__(self, sandbox: InProcessSandbox, home: Path, *, stays: bool) -> None:
        self.sandbox = sandbox
        self.failing: dict[str, DyntuiError] = {}
        self.asked: list[tuple[str, msgspec.Struct]] = []
        self.gate: asyncio.Event | None = None
        self.held: set[str] = set()
        self.db = open_store(sqlite_url(home / "dyntui.db"))
        self._loop = asyncio.get_running_loop()
        self._secrets = Pocket()
        # While it is cleared, time does not pass by somebody's waiting for a person: a sign-in stays as it is.
        self.time_passes = asyncio.Event()
        self.time_passes.set()
        at_once = AtOnce(1)
        self.resources = Resources(
            profile=open_profile("test", {"DYNTUI_HOME": str(home)}),
            db=self.db,
            secrets=self._secrets,
            connections=Connections(
                self.db, self._secrets, sandbox.surroundings(sleep=self._wait_for_a_person), OF_PEOPLE
            ),
            clock=sandbox.now,
            ids=lambda: str(uuid.uuid4()),
            publish=self._publish,
            readers=at_once,
            writers=at_once,
        )
        self._events = RunEvents(self.db, self._publish)
        self._pace = _Pace(self._events.changed)
        self._worker = Worker(
            self.db,
            self._secrets,
            clock=sandbox.now,
            changed=self._pace.saved,
            surroundings=sandbox.surroundings(sleep=self._pass_time),
        )
        self._engine = InlineEngine(self.db, self._worker.chunk)
        self._runs = ThreadPoolExecutor(1, thread_name_prefix="runs")
        self._draining: Future[list[str]] | None = None
        self._identities = Identities(self.resources)
        self._parts = Parts(
            resources=self.resources,
            identities=self._identities,
            enqueue=self._engine.enqueue,
            reconnect=self._worker.reconnect,
            keyring="memory",
            demo=True,
            long_lived=stays,
        )
        self._use_cases = use_cases(self._parts)
        self._connection: Connection | None = None
        self._client: ServiceClient | None = None
        self._serving: asyncio.Task[None] | None = None

    # What the console needs of a client

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Asks the service, unless a test keeps that from happening."""
        self.asked.append((method.name, request))
        if self.gate is not None and (not self.held or method.name in self.held):
            await self.gate.wait()
        if method.name in self.failing:
            raise self.failing[method.name]
        return await self.client.call(method, request)

    def subscribe(self, name: str, kind: type[E]) -> Subscription[E]:
        """The events of a name."""
        return self.client.subscribe(name, kind)

    async def closed(self) -> None:
        """Waits until the connection has ended."""
        await self.client.closed()

    async def close(self) -> None:
        """Ends the connection; the service goes on."""
        await self.client.close()

    # What a test does

    @property
    def client(self) -> ServiceClient:
        assert self._client is not None
        return self._client

    def connect(self) -> None:
        """A client, as each console has one of its own."""
        to_service, to_client = asyncio.StreamReader(limit=2**28), asyncio.StreamReader(limit=2**28)
        self._connection = Connection(
            Lines(to_service, Unfinished()),
            _writer(to_client),
            uid=os.getuid(),
            handlers=handlers_of(*self._use_cases),
            abilities_of=self._identities.abilities_of,
            changed=self._publish,
        )
        self._serving = asyncio.create_task(self._connection.serve(b""))
        self._client = ServiceClient(to_client, _writer(to_service), Greeting("", os.getpid()))

    def lose(self) -> None:
        """The service goes away."""
        assert self._connection is not None
        self._connection.hang_up()

    async def let_time_pass(self) -> None:
        """Whoever waits for a person looks again, until nobody does."""
        self.time_passes.set()
        waiting = [each.task for each in self._identities._waiting.values()]
        await asyncio.wait(waiting)

    async def set_up(self) -> None:
        """Somebody connects the systems with `dyntui setup`."""
        setup = next(each for each in self._use_cases if isinstance(each, Setup))
        await setup.apply(CallContext(os.getuid(), self._identities.abilities_of), setup_request(self.sandbox))

    def stays(self) -> None:
        """It is a service that outlives its clients; before anybody connects."""
        self._use_cases = use_cases(msgspec.structs.replace(self._parts, long_lived=True))

    async def look_at_sends(self) -> None:
        """The service looks at the sends that it holds, as it does every minute."""
        waves = SendWaves(self.resources, self._engine.enqueue)
        await SendTimer(self.resources, self._engine.enqueue, waves, begins=True).look()

    async def step(self) -> None:
        """Lets the runs get on to what they save next."""
        await self._drain(step=True)

    async def finish(self) -> None:
        """Lets every run come to its end."""
        await self._drain(step=False)

    async def _drain(self, *, step: bool) -> None:
        if self._draining is None or self._draining.done():
            self._draining = self._runs.submit(self._engine.drain)
        came = asyncio.Event()
        self._draining.add_done_callback(lambda _: self._loop.call_soon_threadsafe(came.set))
        self._pace.let_go(came if step else None)
        await came.wait()
        if self._draining.done():
            self._draining.result()
        await self._events.close()

    async def start(self) -> None:
        """Takes over the secrets of the store, and what it has to do."""
        info = self.sandbox.info
        await self._secrets.set(DATAVERSE_SECRET, info["client_secret"])
        for each in await self.resources.read(accounts.accounts):
            await self._secrets.set(account_secret(each.id), info["api_password"])
        self._worker.start()
        self._engine.start()

    async def stop(self) -> None:
        """Lets go of runs where they are, and closes everything."""
        self._engine.stop()
        self._pace.let_go(None)
        if self._serving is not None:
            self._serving.cancel()
        if self._client is not None:
            await self._client.close()
        for each in self._use_cases:
            if isinstance(each, Session):
                await each.close()
        await self._identities.close()
        await self.resources.connections.close()
        self._worker.stop()
        self._runs.shutdown()
        self.db.close()

    def _publish(self, name: str, params: msgspec.Struct, key: str = "") -> None:
        line = notification_line(name, params)
        self._loop.call_soon_threadsafe(self._spread, name, line, key)

    def _spread(self, name: str, line: bytes, key: str) -> None:
        if self._connection is not None:
            self._connection.publish(name, line, key)

    async def _wait_for_a_person(self, seconds: float) -> None:
        await self.time_passes.wait()
        await self._pass_time(seconds)

    async def _pass_time(self, seconds: float) -> None:
        """Instead of sleeping the whole world moves on, and at least by a second."""
        await self.sandbox.time.until(self.sandbox.now() + timedelta(seconds=max(seconds, 1.0)))


class _Pace:
    """Between a run's saves: with somebody `let_go` a run only gets on to its next one, and waits there."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._turn = threading.Semaphore(0)
        self._waits = False
        self._came: asyncio.Event | None = None

    def saved(self, run_id: str) -> None:
        """A run has saved something; called on the thread of the runs, and blocks it."""
        self._changed(run_id)
        came = self._came
        if came is not None:
            self._waits = True
            self._loop.call_soon_threadsafe(came.set)
            self._turn.acquire()

    def let_go(self, came: asyncio.Event | None) -> None:
        """Runs get on to their next save, of which `came` is told; None: to their end."""
        self._came = came
        if self._waits:
            self._waits = False
            self._turn.release()


class _Writer:
    """The end of a pipe in memory, as far as client and service use a stream's."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._closed = False

    def write(self, data: bytes) -> None:
        if not self._closed:
            self._reader.feed_data(data)

    async def drain(self) -> None:
        if self._closed:
            raise ConnectionResetError

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._reader.feed_eof()

    async def wait_closed(self) -> None:
        """Closed at once."""


def _writer(reader: asyncio.StreamReader) -> asyncio.StreamWriter:
    return cast(asyncio.StreamWriter, _Writer(reader))


@asynccontextmanager
async def serving(sandbox: InProcessSandbox, home: Path, *, stays: bool = False) -> AsyncIterator[Service]:
    """The service of a store in `home`, on the running loop; one that `stays` outlives its clients."""
    asyncio.get_running_loop().set_default_executor(AtOnce(1))
    service = Service(sandbox, home, stays=stays)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()
