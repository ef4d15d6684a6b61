"""The budgets of calls of the organisation and of each email account, shared with everybody who works on this store.

Before a request is sent it is charged to a lease (`dyntui.sync.leases`): a call costs no transaction of its own.
"""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

import httpx
import msgspec
from sqlalchemy import Connection

from dyntui.dotdigital import limits
from dyntui.model import budgets as model
from dyntui.model.budgets import Limit, Meter, meter
from dyntui.remote.budget import UsedUp
from dyntui.remote.calls import Call
from dyntui.store import accounts
from dyntui.store import budgets as store
from dyntui.store.budgets import Difference
from dyntui.store.database import Database
from dyntui.sync.leases import SPENDER, Budget, Charge, Lease

DYNAMICS: Final = ""
_NO_TIER: Final = ""
_FIRST_CALL_MILLISECONDS: Final = 200
# Of the last calls, how much the newest counts in their mean.
_NEWEST: Final = 0.1
# How long whoever asks for the meter waits for the store to be written.
_SOON_SECONDS: Final = 0.5

log = logging.getLogger(__name__)


class _Left(msgspec.Struct):
    """What an answer said is left of a tier, until its window ends."""

    calls: int
    until: float


class DynamicsBudget(Budget):
    """The requests, the execution time and the operations of the service's user, and how many run at once.

    What a request costs in execution is known once it has ended: until then it is charged with the mean of the last
    ones. Execution is taken for what an answer took longer than the fastest one, which was the way there and back.
    """

    def __init__(self, db: Database, wall: Callable[[], float], limits: model.DynamicsLimits) -> None:
        super().__init__(db, DYNAMICS, wall)
        self._limits = limits
        self._sharer = uuid.uuid4().hex
        self._under_way = 0
        self._typical = float(_FIRST_CALL_MILLISECONDS)
        self._fastest = math.inf

    def costs(self, call: Call) -> dict[Limit, int]:
        """See `Budget`."""
        of = self._limits
        return {of.requests: 1, of.execution: self._estimate, of.operations: call.operations}

    async def admit(self, call: Call) -> UsedUp | None:
        """See `dyntui.remote.budget.Budget`."""
        busy = await super().admit(call)
        self._under_way += busy is None
        return busy

    def ended(self, call: Call, response: httpx.Response | None, seconds: float) -> None:
        """See `dyntui.remote.budget.Budget`."""
        self._under_way = max(0, self._under_way - 1)
        self._fastest = min(self._fastest, seconds)
        took = round(1000 * (seconds - self._fastest))
        if isinstance(call.charge, Charge):
            self._correct(call.charge.lease, took - call.charge.costs[self._limits.execution])
        self._typical += _NEWEST * (took - self._typical)

    @property
    def _estimate(self) -> int:
        return max(1, round(self._typical))

    def _correct(self, lease: Lease, more: int) -> None:
        name = self._limits.execution.name
        if lease.ended:
            self._owed.append(Difference(name, lease.starts[name], lease.spender, more))
        else:
            lease.left[name] -= more

    def _with_a_lease(self, c: Connection, now: float) -> None:
        self.at_once = store.grant(c, DYNAMICS, self._sharer, self._under_way, model.AT_ONCE, now)


class DotdigitalBudget(Budget):
    """The calls of an email account: in an hour that rolls, or in tiers of a minute each, which its answers tell of.

    Which tier a call belongs to is known from its first answer on; until then it counts in the lowest. A call whose
    answer names no tier although others do is in none. An answer tells what is left of its tier whoever used it, so
    that other programs with the same account are noticed.
    """

    def __init__(self, db: Database, account_id: str, wall: Callable[[], float]) -> None:
        super().__init__(db, account_id, wall)
        self._hour = model.HOUR
        self._tiers: dict[str, Limit] = {}
        self._tier_of: dict[str, str] = {}
        self._left: dict[str, _Left] = {}
        self._news: dict[str, int] = {}
        self._read = False

    async def admit(self, call: Call) -> UsedUp | None:
        """See `dyntui.remote.budget.Budget`."""
        if not self._read:
            for limit in _limits_of(await asyncio.to_thread(self._told)):
                self.know(limit)
            self._read = True
        tier = self._tier(call)
        left = self._left.get(tier.name) if tier is not None else None
        if tier is not None and left is not None and left.until > (now := self._wall()):
            reserve = tier.most - model.ceiling(tier, SPENDER.get())
            if left.calls <= reserve:
                return UsedUp(tier.title, left.until - now)
            left.calls -= 1
        return await super().admit(call)

    def costs(self, call: Call) -> dict[Limit, int]:
        """See `Budget`."""
        tier = self._tier(call)
        return {} if tier is None else {tier: 1}

    def ended(self, call: Call, response: httpx.Response | None, seconds: float) -> None:
        """See `dyntui.remote.budget.Budget`."""
        if response is None:
            return
        seen = limits.window_of(response)
        if seen is None:
            if self._tiers and response.is_success:
                self._tier_of.setdefault(call.route, _NO_TIER)
            return
        self._tier_of[call.route] = seen.scope
        tier = model.tier(seen.scope, seen.limit)
        if self._tiers.get(seen.scope) != tier:
            self.know(tier)
            self._news[seen.scope] = seen.limit
        self._left[seen.scope] = _Left(
            seen.remaining, self._wall() + limits.seconds_until_reset(response, self._wall())
        )

    def _tier(self, call: Call) -> Limit | None:
        """The limit that a call counts in; None: in none."""
        if not self._tiers:
            return self._hour
        name = self._tier_of.get(call.route, model.LOWEST_TIER)
        return None if name == _NO_TIER else self._tiers.get(name) or model.tier(name)

    def know(self, limit: Limit) -> None:
        """The hour's limit, or a tier's, as it is from now on."""
        if limit.name == model.HOUR.name:
            self._hour = limit
        else:
            self._tiers[limit.name] = limit

    def _told(self) -> dict[str, int]:
        with self._db.read() as c:
            return store.limits(c, self.account_id)

    def _with_a_lease(self, c: Connection, now: float) -> None:
        news, self._news = self._news, {}
        store.learn(c, self.account_id, news)


class Budgets:
    """All budgets of one event loop's connections."""

    def __init__(
        self, db: Database, wall: Callable[[], float], limits: model.DynamicsLimits = model.DYNAMICS_LIMITS
    ) -> None:
        self._db = db
        self._wall = wall
        self._limits = limits
        self._dynamics = DynamicsBudget(db, wall, limits)
        self._keeping: set[asyncio.Task[None]] = set()
        self._accounts: dict[str, DotdigitalBudget] = {}

    def dynamics(self) -> DynamicsBudget:
        """The organisation's."""
        return self._dynamics

    def account(self, account_id: str) -> DotdigitalBudget:
        """An email account's."""
        if account_id not in self._accounts:
            self._accounts[account_id] = DotdigitalBudget(self._db, account_id, self._wall)
        return self._accounts[account_id]

    async def limits_of(self, account_id: str) -> Sequence[Limit]:
        """The limits of an account's calls, or of Dynamics' (`DYNAMICS`)."""
        if account_id == DYNAMICS:
            return self._limits.requests, self._limits.operations

        def ask() -> list[Limit]:
            with self._db.read() as c:
                return _limits_of(store.limits(c, account_id))

        return await asyncio.to_thread(ask)

    async def settle(self) -> None:
        """Gives back what was taken and not used."""
        for each in (self._dynamics, *self._accounts.values()):
            await each.settle()

    async def heard(self, account_id: str, in_last_hour: int, left: int) -> None:
        """dotdigital has told of the flat limit: how many calls of the account it has counted in the last hour, whoever
        made them, and how many are left."""
        now = self._wall()
        hour = msgspec.structs.replace(model.HOUR, most=in_last_hour + left)

        def keep() -> None:
            with self._db.write() as c:
                store.learn(c, account_id, {hour.name: hour.most})
                store.told_of_others(c, account_id, hour, in_last_hour, now)

        await self.settle()
        await asyncio.to_thread(keep)
        self.account(account_id).know(hour)

    def hear(self, account_id: str, in_last_hour: int, left: int) -> None:
        """`heard`, without waiting for the store."""
        self._keep(self.heard(account_id, in_last_hour, left))

    async def meters(self) -> tuple[Meter, ...]:
        """What was used of every limit, the organisation's first. Told soon: where the store is being written for long,
        what was taken last counts as used."""
        self._keep(self.settle())
        await asyncio.wait(self._keeping, timeout=_SOON_SECONDS)
        return await asyncio.to_thread(self._meters)

    async def close(self) -> None:
        """Returns when nothing is being kept any more."""
        await asyncio.gather(*self._keeping, return_exceptions=True)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._keeping.add(task)
        task.add_done_callback(self._kept)

    def _kept(self, task: asyncio.Task[None]) -> None:
        self._keeping.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # What was taken and not used counts as used until its time has passed.
            log.warning("budgets of calls could not be kept: %s", error)

    def _meters(self) -> tuple[Meter, ...]:
        now = self._wall()
        with self._db.read() as c:
            found = _meters_of(c, "Dynamics", DYNAMICS, self._limits, now)
            for each in accounts.accounts(c):
                found += _meters_of(c, each.name, each.id, _limits_of(store.limits(c, each.id)), now)
        return tuple(found)


def _limits_of(told: Mapping[str, int]) -> list[Limit]:
    """The limits of an email account, by what its answers told: the tiers, or else the hour."""
    tiers = [model.tier(name, most) for name, most in told.items() if name != model.HOUR.name]
    return tiers or [msgspec.structs.replace(model.HOUR, most=told.get(model.HOUR.name, model.HOUR.most))]


def _meters_of(c: Connection, name: str, account_id: str, limits_: Iterable[Limit], now: float) -> list[Meter]:
    uses = store.uses(c, account_id, [limit.name for limit in limits_])
    return [meter(name, account_id, limit, uses.get(limit.name, ()), now) for limit in limits_]
