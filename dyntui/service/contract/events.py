"""What the service tells every client without being asked.

Every subject of the contract declares its own events; `dyntui.service.contract.subjects` knows them all.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from dyntui.model.roles import Ability

V = TypeVar("V", bound=msgspec.Struct)


class Changed(msgspec.Struct, frozen=True):
    """What a subject shows is not as it was: ask again for it."""


class Event(Generic[V]):
    """A JSON-RPC notification of this name; `value` is what its `params` hold. Where it says more than that something
    has changed, only who has the `ability` is told; None: everybody."""

    def __init__(self, name: str, value: type[V], ability: Ability | None = None) -> None:
        self.name = name
        self.value = value
        self.ability = ability
