"""What use cases are made of, and what a module of use cases says of how they are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

import msgspec

from dyntui.service.contract.session import Check
from dyntui.service.hook_settings import HookSettings
from dyntui.service.identity import Identities
from dyntui.service.resources import Resources


async def answers_at_once() -> None:
    """Of a keyring that refuses nothing."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Made once, when the service starts. `enqueue` hands a run to the engine, `reconnect` makes the engine's
    connections anew, `renew` has them sign in with what the keyring holds now, `schedules_changed` has schedules looked
    at, `sends_changed` the sends that are held. `keyring` says where secrets are kept, and `keyring_answers` raises
    what it refuses with; `demo` marks a throw-away profile; `long_lived` a service that outlives its clients, and that
    alone runs schedules, begins sends that are held and tells the `hook`; `metrics` says whether measurements are given
    out, `workers` who else carries out runs (None: nobody can, as the store is a file)."""

    resources: Resources
    identities: Identities
    enqueue: Callable[[str, int], None]
    reconnect: Callable[[], None]
    renew: Callable[[], None] = lambda: None
    schedules_changed: Callable[[], None] = lambda: None
    sends_changed: Callable[[], None] = lambda: None
    keyring: str = ""
    keyring_answers: Callable[[], Awaitable[None]] = answers_at_once
    demo: bool = False
    long_lived: bool = False
    hook: HookSettings = HookSettings()
    metrics: Callable[[], Check | None] = lambda: None
    workers: Callable[[], Awaitable[Check]] | None = None


class UseCases(Protocol):
    """A module that answers calls: `use_cases` makes the object whose methods do (`dyntui.service.answering`)."""

    def use_cases(self, parts: Parts) -> object: ...


@runtime_checkable
class Closing(Protocol):
    """Use cases that have something under way between calls, and give it up when the service ends."""

    async def close(self) -> None: ...
