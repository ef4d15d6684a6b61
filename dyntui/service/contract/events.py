"""What the service tells every client without being asked.

Every subject of the contract declares its own events; `dyntui.service.contract.subjects` knows them all.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

V = TypeVar("V", bound=msgspec.Struct)


class Changed(msgspec.Struct, frozen=True):
    """What a subject shows is not as it was: ask again for it."""


class Event(Generic[V]):
    """A JSON-RPC notification of this name; `value` is what its `params` hold."""

    def __init__(self, name: str, value: type[V]) -> None:
        self.name = name
        self.value = value
