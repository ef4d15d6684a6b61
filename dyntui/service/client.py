"""The client of the service: what the console and the commands share.

Imports the standard library, msgspec and the contract alone, so that a command starts fast.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

import msgspec

from dyntui import __version__
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability
from dyntui.service.contract.calls import Call
from dyntui.service.contract.chosen_account import of_account
from dyntui.service.contract.session import EVENTS_LOST, Lost
from dyntui.service.lock import holder, socket_of_holder
from dyntui.service.peer import peer_of
from dyntui.service.profile import Profile
from dyntui.service.protocol import (
    ANSWER_LIMIT,
    CANCEL,
    GREETING,
    Answer,
    Cancel,
    Greeting,
    as_error,
    notification_line,
    read_answer,
    request_line,
)

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
E = TypeVar("E", bound=msgspec.Struct)

# Seconds until a service that runs has greeted whoever attaches: it has nothing else to do.
GREETING_SECONDS = 2.5
# Seconds after which whoever waits for an answer is told so.
LATE_SECONDS = 2.0
# Events that wait for a subscriber in this process; beyond that the oldest go.
_WAITING_EVENTS = 1024


class Subscription(Generic[E]):
    """The events of one name from now on, in order: `async for event in subscription`. Ends when the service goes away.

    Close it, or use it as `async with`, when it is no longer wanted.
    """

    def __init__(self, client: ServiceClient, name: str, kind: type[E]) -> None:
        self._client = client
        self.name = name
        self._decoder = msgspec.json.Decoder(kind)
        self._waiting: deque[E] = deque(maxlen=_WAITING_EVENTS)
        self._filled = asyncio.Event()
        self._ended = False

    def close(self) -> None:
        """Takes no further events; an iteration under way ends after those that are waiting."""
        self._client.forget(self)
        self.end()

    def put(self, params: msgspec.Raw) -> bool:
        """For the client: an event arrived. False when the oldest one that nobody took had to make room."""
        fits = len(self._waiting) < _WAITING_EVENTS
        self._waiting.append(self._decoder.decode(params))
        self._filled.set()
        return fits

    def end(self) -> None:
        """For the client: no event will arrive any more."""
        self._ended = True
        self._filled.set()

    def __aiter__(self) -> Subscription[E]:
        return self

    async def __anext__(self) -> E:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()

    async def __aenter__(self) -> Subscription[E]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ServiceClient:
    """One connection to a service. Calls may be made concurrently; a cancelled call tells the service so. `late` is
    called once for each call that is not answered within two seconds. `account`: the email account that is meant by
    calls that name none."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, greeting: Greeting) -> None:
        self._reader = reader
        self._writer = writer
        self.greeting = greeting
        self._last_id = 0
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._subscriptions: list[Subscription[msgspec.Struct]] = []
        self._gone = False
        self.late: Callable[[], None] | None = None
        # Whether a call was given up that the service carries through, heard or not.
        self.left_a_change = False
        self.account = ""
        self._listening = asyncio.create_task(self._listen())

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Asks and awaits the answer.

        Raises DyntuiError: the service's own, SERVICE_GONE when the connection ends before the answer, ANSWER_INVALID.
        """
        if self._gone:
            raise _gone(method.name)
        self._last_id += 1
        id = self._last_id
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[msgspec.Raw] = loop.create_future()
        self._waiting[id] = answer
        telling = loop.call_later(LATE_SECONDS, self.late) if self.late is not None else None
        try:
            self._writer.write(request_line(id, method.name, of_account(request, self.account)))
            await self._writer.drain()
            raw = await answer
        except ConnectionError as error:
            raise _gone(method.name) from error
        except asyncio.CancelledError:
            self.left_a_change |= method.ability not in (None, Ability.SEE)
            if not self._gone:
                self._writer.write(notification_line(CANCEL, Cancel(id)))
            raise
        finally:
            self._waiting.pop(id, None)
            if telling is not None:
                telling.cancel()
        try:
            return msgspec.json.decode(raw, type=method.answer)
        except msgspec.DecodeError as error:
            raise DyntuiError(
                "ANSWER_INVALID",
                f"{method.name} was answered with something else than its contract says: {error}.",
                not_done="The answer was not used.",
                remedy="Stop the service (`dyntui stop`) and try again.",
            ) from error

    def subscribe(self, name: str, kind: type[E]) -> Subscription[E]:
        """The events of this name from now on, decoded as `kind`."""
        subscription = Subscription(self, name, kind)
        self._subscriptions.append(subscription)  # type: ignore[arg-type]
        return subscription

    def forget(self, subscription: Subscription[E]) -> None:
        """Hands no further events to a subscription."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)  # type: ignore[arg-type]

    @property
    def connected(self) -> bool:
        """Whether the service is still there, as far as is known."""
        return not self._gone

    async def closed(self) -> None:
        """Waits until the connection has ended, from whichever side."""
        await asyncio.wait([self._listening])

    async def close(self) -> None:
        """Ends the connection. The service goes on with what it is doing."""
        self._writer.close()
        self._listening.cancel()
        await asyncio.wait([self._listening])
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def __aenter__(self) -> ServiceClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _listen(self) -> None:
        try:
            while True:
                self._take(read_answer(await self._reader.readuntil(b"\n")))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, msgspec.DecodeError):
            self._writer.close()
        finally:
            self._gone = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(_gone("The call"))
            for subscription in self._subscriptions:
                subscription.end()

    def _take(self, message: Answer) -> None:
        if isinstance(message.method, str):
            if isinstance(message.params, msgspec.Raw):
                self._hand_out(message.method, message.params)
            return
        answer = self._waiting.get(message.id) if isinstance(message.id, int) else None
        if answer is None or answer.done():
            return
        if message.error is not msgspec.UNSET:
            answer.set_exception(as_error(message.error.data))
        elif isinstance(message.result, msgspec.Raw):
            answer.set_result(message.result)

    def _hand_out(self, name: str, params: msgspec.Raw) -> None:
        fits = [subscription.put(params) for subscription in self._subscriptions if subscription.name == name]
        if name != EVENTS_LOST.name and not all(fits):
            self._hand_out(EVENTS_LOST.name, msgspec.Raw(msgspec.json.encode(Lost(fits.count(False)))))


async def attach(profile: Profile, *, any_version: bool = False, patience: float = GREETING_SECONDS) -> ServiceClient:
    """A client of the profile's running service, which greets within `patience` seconds.

    Raises DyntuiError SERVICE_NOT_RUNNING, SERVICE_SILENT, SERVICE_NOT_YOURS, VERSION_MISMATCH (unless `any_version`),
    or the service's own refusal.
    """
    try:
        return await asyncio.wait_for(_attach(profile, any_version=any_version), patience)
    except TimeoutError as error:
        raise silent(profile, patience) from error


async def _attach(profile: Profile, *, any_version: bool) -> ServiceClient:
    try:
        reader, writer = await _connected(profile)
    except (FileNotFoundError, ConnectionError) as error:
        raise _not_running(profile) from error
    except OSError as error:
        raise DyntuiError(
            "SERVICE_UNREACHABLE",
            f"{profile.socket} cannot be opened: {error.strerror}.",
            not_done="Nothing was asked.",
            remedy=_way_in(profile),
            exit=Exit.UNREACHABLE,
        ) from error
    try:
        _check_owner(profile, writer)
        greeting = _greeting(await reader.readuntil(b"\n"))
        if greeting.version != __version__ and not any_version:
            raise DyntuiError(
                "VERSION_MISMATCH",
                f"The running service is version {greeting.version}, this is {__version__}.",
                not_done="Nothing was asked.",
                remedy="Stop it with `dyntui stop`; the next command starts the right one.",
                exit=Exit.LOCKED,
            )
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        # A service that is just ending accepts and hangs up.
        writer.close()
        raise _not_running(profile) from error
    except BaseException:
        writer.close()
        raise
    return ServiceClient(reader, writer, greeting)


async def _connected(profile: Profile) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Where a service of this session listens, else where the one that holds the profile says that it does."""
    try:
        return await asyncio.open_unix_connection(str(profile.socket), limit=ANSWER_LIMIT)
    except (FileNotFoundError, ConnectionError):
        elsewhere = None if profile.shared else socket_of_holder(profile)
        if elsewhere is None or elsewhere == profile.socket:
            raise
        return await asyncio.open_unix_connection(str(elsewhere), limit=ANSWER_LIMIT)


def _way_in(profile: Profile) -> str:
    if not profile.shared:
        return "Use a profile of your own, or set DYNTUI_HOME."
    return "Ask an administrator to put you into the group of the service (dyntui), and sign in to this machine anew."


def _check_owner(profile: Profile, writer: asyncio.StreamWriter) -> None:
    """Secrets go over this socket: whoever listens there must be the same user, or the one for whom root made the
    directory of the machine's service."""
    peer = peer_of(writer.get_extra_info("socket"))
    owner = profile.runtime.stat().st_uid if profile.shared else os.getuid()
    if peer.uid != owner:
        raise DyntuiError(
            "SERVICE_NOT_YOURS",
            f"{profile.socket} belongs to process {peer.process} of the user with id {peer.uid}.",
            not_done="Nothing was asked.",
            remedy="Find out who put it there; use another place with DYNTUI_HOME.",
            exit=Exit.NOT_PERMITTED,
        )


def _greeting(line: bytes) -> Greeting:
    try:
        first = read_answer(line)
        if first.error is not msgspec.UNSET:
            raise as_error(first.error.data)
        if first.method == GREETING and isinstance(first.params, msgspec.Raw):
            return msgspec.json.decode(first.params, type=Greeting)
    except msgspec.DecodeError:
        pass
    raise DyntuiError(
        "NOT_A_SERVICE",
        "Something else than dyntui's service listens on the profile's socket.",
        not_done="Nothing was asked.",
        remedy="End that process, or use another profile.",
        exit=Exit.UNREACHABLE,
    )


def _not_running(profile: Profile) -> DyntuiError:
    return DyntuiError(
        "SERVICE_NOT_RUNNING",
        f"No service is running for the profile {profile.name}.",
        not_done="Nothing was asked.",
        remedy="Start it with `dyntui serve`, or open the console with `dyntui`.",
        exit=Exit.UNREACHABLE,
    )


def silent(profile: Profile, seconds: float) -> DyntuiError:
    """The service is there and says nothing."""
    process = holder(profile)
    who = f"process {process}" if process is not None else "its process"
    ways = f"`kill -CONT {process}` or, if that does not help, `kill -KILL {process}`" if process else "end its process"
    return DyntuiError(
        "SERVICE_SILENT",
        f"The service of the profile {profile.name} ({who}) has said nothing for {seconds:g} seconds: it is stopped,"
        " or the machine is too busy.",
        not_done="Nothing was changed by this command; runs resume when the service goes on.",
        remedy=f"Try again in a moment. If it stays so: {ways}; the next command starts a new service.",
        exit=Exit.UNREACHABLE,
    )


def _gone(what: str) -> DyntuiError:
    return DyntuiError(
        "SERVICE_GONE",
        f"{what} was not answered: the service went away.",
        not_done="It is not known whether it was carried out; runs resume when the service starts again.",
        remedy="Try again; `dyntui status` tells how things stand.",
        exit=Exit.UNREACHABLE,
    )
