"""What a call of the contract is: its JSON-RPC name, what is asked and answered, the ability it needs, what it changes.

Every subject of the contract declares its own calls; `dyntui.service.contract.subjects` knows them all.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from dyntui.model.roles import Ability
from dyntui.service.contract.events import Changed, Event

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)


class Call(Generic[Q, A]):
    """One call: `Q` is asked, `A` answered. `ability` None: open to whoever may reach the socket. `changes`: the events
    that the service publishes each time the call has succeeded."""

    def __init__(
        self,
        name: str,
        request: type[Q],
        answer: type[A],
        ability: Ability | None,
        *,
        changes: tuple[Event[Changed], ...] = (),
    ) -> None:
        self.name = name
        self.request = request
        self.answer = answer
        self.ability = ability
        self.changes = changes
