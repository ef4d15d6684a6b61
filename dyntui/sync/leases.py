"""A budget as one connection asks it: calls are charged to leases, which are taken from the store some at a time.

A lease is for the calls of the next seconds: it ends with its bucket of time; what was left of it is given back with
the next one, or by `settle`. A worker that dies keeps what it had taken, until the window has passed.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

import httpx
import msgspec
from sqlalchemy import Connection

from dyntui.model import budgets as model
from dyntui.model.budgets import Limit
from dyntui.remote.budget import UsedUp
from dyntui.remote.calls import Call
from dyntui.store import budgets as store
from dyntui.store.budgets import Busy, Difference, Wish
from dyntui.store.database import Database

T = TypeVar("T")
# A spender, and the names of the limits.
_Key = tuple[str, tuple[str, ...]]
# Whose calls these are: a kind of run, `people` or `watch`.
SPENDER: contextvars.ContextVar[str] = contextvars.ContextVar("spender", default=model.PEOPLE)

# A lease is for so many calls like the first one: for twice as many where the one before was used up early.
_FIRST_CALLS: Final = 4
_MOST_CALLS: Final = 64


class Lease:
    """What one spender has taken of some limits, until the first of their buckets ends."""

    def __init__(self, limits: Iterable[Limit], spender: str, taken: dict[str, int], now: float) -> None:
        self.spender = spender
        self.left = dict(taken)
        self.starts = {each.name: each.bucket_at(now) for each in limits}
        self.until: float = min(each.bucket_at(now) + each.bucket for each in limits)

    def covers(self, costs: Mapping[Limit, int], now: float) -> bool:
        """Whether it has so much of every limit still."""
        return now < self.until and all(self.left[limit.name] >= amount for limit, amount in costs.items())

    def charge(self, costs: Mapping[Limit, int]) -> None:
        """So much of it is used."""
        for limit, amount in costs.items():
            self.left[limit.name] -= amount

    @property
    def ended(self) -> bool:
        """Whether what was left of it has been given back."""
        return not self.until

    def differences(self) -> list[Difference]:
        """What was used less than taken, or more; afterwards there is nothing left of it."""
        left = [Difference(name, self.starts[name], self.spender, -amount) for name, amount in self.left.items()]
        self.left = dict.fromkeys(self.left, 0)
        self.until = 0.0
        return [each for each in left if each.amount]


class Charge(msgspec.Struct, frozen=True):
    """What a request under way was admitted for."""

    lease: Lease
    costs: Mapping[Limit, int]


class Budget:
    """Of one connection to one remote account (`dyntui.remote.budget.Budget`); a subclass for each system says which
    limits a call counts in. `wall`: the time of day in epoch seconds."""

    def __init__(self, db: Database, account_id: str, wall: Callable[[], float]) -> None:
        self.account_id = account_id
        self.at_once: int | None = None
        self._db = db
        self._wall = wall
        self._leases: dict[_Key, Lease] = {}
        self._calls: dict[_Key, int] = {}
        self._owed: list[Difference] = []
        self._asking = asyncio.Lock()

    def costs(self, call: Call) -> dict[Limit, int]:
        """How much of which limits a call uses; empty where it counts in none."""
        raise NotImplementedError

    def ended(self, call: Call, response: httpx.Response | None, seconds: float) -> None:
        """See `dyntui.remote.budget.Budget`."""
        raise NotImplementedError

    def _with_a_lease(self, c: Connection, now: float) -> None:
        """What else is kept or asked in the transaction of a new lease."""

    async def admit(self, call: Call) -> UsedUp | None:
        """See `dyntui.remote.budget.Budget`."""
        costs = self.costs(call)
        key = (SPENDER.get(), tuple(limit.name for limit in costs))
        if not costs or self._charged(key, costs, call):
            return None
        async with self._asking:
            if self._charged(key, costs, call):
                return None
            busy = await self._take(key, costs)
            if busy is not None:
                # Time has passed since it was asked.
                return UsedUp(busy.limit.title, max(busy.until - self._wall(), 0.001))
            self._charged(key, costs, call, whatever_is_left=True)
            return None

    async def settle(self) -> None:
        """Gives back what was taken and not used."""
        async with self._asking:
            await self._give_back([lease for lease in self._leases.values() if not lease.ended])

    def _charged(self, key: _Key, costs: Mapping[Limit, int], call: Call, *, whatever_is_left: bool = False) -> bool:
        lease = self._leases.get(key)
        if lease is None or not (whatever_is_left or lease.covers(costs, self._wall())):
            return False
        lease.charge(costs)
        call.charge = Charge(lease, costs)
        return True

    async def _take(self, key: _Key, costs: Mapping[Limit, int]) -> Busy | None:
        now = self._wall()
        before = self._leases.get(key)
        early = before is not None and now < before.until
        calls = self._calls.get(key, _FIRST_CALLS) * (2 if early else 1)
        self._calls[key] = min(calls, _MOST_CALLS) if early else max(calls // 2, _FIRST_CALLS)
        wishes = [Wish(limit, amount, amount * self._calls[key]) for limit, amount in costs.items()]
        over = [lease for lease in self._leases.values() if lease is before or now >= lease.until > 0]
        differences = self._returned(over)

        def take() -> dict[str, int] | Busy:
            with self._db.write() as c:
                store.settle(c, self.account_id, differences)
                self._with_a_lease(c, now)
                return store.take(c, self.account_id, wishes, key[0], now)

        taken = await self._kept(take, differences)
        if isinstance(taken, Busy):
            return taken
        self._leases[key] = Lease(costs, key[0], taken, now)
        return None

    def _returned(self, leases: Iterable[Lease]) -> list[Difference]:
        """What these leases have left, and what is still owed of earlier ones."""
        differences = [each for lease in leases for each in lease.differences()] + self._owed
        self._owed = []
        return differences

    async def _give_back(self, leases: Iterable[Lease]) -> None:
        differences = self._returned(leases)

        def keep() -> None:
            with self._db.write() as c:
                store.settle(c, self.account_id, differences)

        if differences:
            await self._kept(keep, differences)

    async def _kept(self, work: Callable[[], T], differences: list[Difference]) -> T:
        try:
            return await asyncio.to_thread(work)
        except BaseException:
            self._owed += differences
            raise
