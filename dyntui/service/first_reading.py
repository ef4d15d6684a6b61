"""What is read once setup is done, by the first who signs in and may: columns, data labels, suppressions.

Mappings are made of columns and labels, and the doctor misses all three.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

import msgspec

from dyntui.model.roles import Ability
from dyntui.service.contract.calls import Call
from dyntui.service.contract.runs import RUNS_PAGE, RunsQuery, StartRun
from dyntui.service.contract.session import Hello

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

SAID: Final = "Nothing was synchronised yet: what both systems have is read for the first time."
_FIRST: Final = ("metadata", "labels", "suppressions")


class Asks(Protocol):
    """Whoever asks the service: a command's client, or the console."""

    async def call(self, method: Call[Q, A], request: Q) -> A: ...


async def what_to_read(asks: Asks, hello: Hello) -> list[StartRun]:
    """The runs to start, in order; none where something was synchronised already, or where the person may not."""
    if Ability.SYNCHRONISE.value not in hello.abilities or (await asks.call(RUNS_PAGE, RunsQuery(limit=1))).rows:
        return []
    return [StartRun(sync_type=each, account=account.id) for account in hello.accounts for each in _FIRST]
