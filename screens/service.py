"""What the console needs of the service's client, so that tests can stand in for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec

from dyntui.service.contract.calls import Call

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
E = TypeVar("E", bound=msgspec.Struct)
E_co = TypeVar("E_co", bound=msgspec.Struct, covariant=True)


class Events(Protocol[E_co]):
    """The events of one name, in order, until the service goes away."""

    def __aiter__(self) -> AsyncIterator[E_co]:
        """From now on."""

    def close(self) -> None:
        """Takes no further events."""


class Service(Protocol):
    """A connection to the service, as `dyntui.service.client.ServiceClient` is one."""

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Asks and waits for the answer. Raises DyntuiError."""

    def subscribe(self, name: str, kind: type[E]) -> Events[E]:
        """The events of this name: `run.changed`, `lists.changed`, `campaigns.changed`, `events.lost`."""

    async def closed(self) -> None:
        """Waits until the connection has ended."""

    async def close(self) -> None:
        """Ends the connection."""


Connect = Callable[[], Awaitable[Service]]
