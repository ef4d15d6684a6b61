"""How many calls a remote system allows in how long, and how much of that was used: rules over values, without a clock.

A limit holds in a window that slides. Use is kept in buckets, each a slice of time; a bucket counts until the last of
its calls has certainly left the window, a whole bucket later than by dyntui's own clock, as a call may be under way for
a while: what is counted is never less than what the remote system counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from dyntui.model import sync_types
from dyntui.model.moments import text_of

# Who uses a budget besides the kinds of runs: somebody at a screen or a command, and the consent watch.
PEOPLE: Final = "people"
WATCH: Final = sync_types.WATCH.id
# Other programs with the same account, as far as the remote system tells of them.
OTHERS: Final = "others"

# The share of a limit that each may use: what is left is a reserve for those who may use more.
_OF_SENDS: Final = 1.0
_OF_THE_HURRIED: Final = 0.95
OF_THE_REST: Final = 0.9


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """`most` of something (`unit`) in `window` seconds, counted in buckets of `bucket` seconds. `name` is what the
    store calls it."""

    name: str
    unit: str
    most: int
    window: int
    bucket: int

    @property
    def title(self) -> str:
        """What people read: `calls in 5 minutes`."""
        return f"{self.unit} in {_SPANS.get(self.window, f'{self.window} s')}"

    def bucket_at(self, now: float) -> int:
        """The beginning of the bucket that a moment (epoch seconds) lies in."""
        return int(now // self.bucket) * self.bucket

    def counts_until(self, start: int) -> int:
        """Until when a bucket counts."""
        return start + self.window + 2 * self.bucket


_SPANS: Final = {60: "a minute", 300: "5 minutes", 3600: "an hour", 86_400: "24 hours"}
MILLISECONDS: Final = "milliseconds"

# Dataverse's service-protection limits for one user (reference/dataverse_api.md 2.1), and the requests that the pool of
# the tenant allows in 24 hours (2.3): 500,000 at least with Dynamics 365 Enterprise or Professional.
REQUESTS: Final = Limit(name="requests", unit="calls", most=6000, window=300, bucket=10)
EXECUTION: Final = Limit(name="execution", unit=MILLISECONDS, most=1_200_000, window=300, bucket=10)
OPERATIONS_A_DAY: Final = 500_000
# At once for one user: 52 would be one too many (2.1), and whoever begins makes four before it has asked.
AT_ONCE: Final = 47

# dotdigital's flat limit: calls of an account in an hour that rolls (reference/dotdigital_api.md 2.1).
HOUR: Final = Limit(name="hour", unit="calls", most=2000, window=3600, bucket=60)
# The lowest number that dotdigital publishes for its lowest tier, until an answer tells this account's own.
LOWEST_TIER: Final = "lowCallRate"
_LOWEST_TIER_MOST: Final = 35


class DynamicsLimits(NamedTuple):
    """The limits of the service's user in Dynamics."""

    requests: Limit
    execution: Limit
    operations: Limit


def dynamics_limits(operations_a_day: int = OPERATIONS_A_DAY) -> DynamicsLimits:
    """`operations_a_day`: the requests that Dynamics counts in 24 hours, a bulk message's rows each."""
    operations = Limit(name="operations", unit="operations", most=operations_a_day, window=86_400, bucket=3600)
    return DynamicsLimits(REQUESTS, EXECUTION, operations)


DYNAMICS_LIMITS: Final = dynamics_limits()


def tier(scope: str, most: int = _LOWEST_TIER_MOST) -> Limit:
    """One of dotdigital's tiers: calls in a minute."""
    return Limit(name=scope, unit="calls", most=most, window=60, bucket=5)


def ceiling(limit: Limit, spender: str, percent: int = 100) -> int:
    """How much of a limit may be used when this one asks: sends may use it up, whoever is in a hurry leaves them a
    little, everybody else somewhat more. `percent`: of the limit, for all of them together."""
    share = (
        _OF_SENDS if spender in sync_types.SENDING else _OF_THE_HURRIED if spender in (PEOPLE, WATCH) else OF_THE_REST
    )
    return max(1, math.floor(limit.most * share * percent / 100))


class Use(msgspec.Struct, frozen=True):
    """What one spender used in a bucket that began at `start` (epoch seconds)."""

    start: int
    spender: str
    amount: int


def counted(limit: Limit, uses: Iterable[Use], now: float) -> list[Use]:
    """The uses that are in the window still."""
    return [use for use in uses if limit.counts_until(use.start) > now]


def free_in(limit: Limit, uses: Iterable[Use], now: float, wanted: int, most: int) -> float:
    """Seconds until `wanted` may be used where `most` is the ceiling; 0.0: now."""
    inside = sorted(counted(limit, uses, now), key=lambda use: use.start)
    used = sum(use.amount for use in inside)
    for use in inside:
        if used + wanted <= most:
            break
        used -= use.amount
        if used + wanted <= most:
            return max(limit.counts_until(use.start) - now, 0.001)
    return 0.0


class Share(msgspec.Struct, frozen=True):
    """How much of a budget one kind of work has used: a kind of run, `people`, `watch` or `others`."""

    kind: str
    used: int


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of one remote account. `account`: the email account's name, `Dynamics` for the organisation;
    `account_id`: `""` for the organisation. `limit` says of what and in how long, such as `calls in an hour`.
    `frees_on`: when the first of what is counted counts no more; `used_up_on`: when the limit is reached at the pace of
    the last tenth of the window; both ISO 8601 UTC, `""` where there is no such moment."""

    account: str
    account_id: str
    limit: str
    used: int
    most: int
    frees_on: str = ""
    used_up_on: str = ""
    shares: tuple[Share, ...] = ()


def meter(account: str, account_id: str, limit: Limit, uses: Iterable[Use], now: float) -> Meter:
    """What the meter shows of a limit. Milliseconds of execution are shown as seconds."""
    inside = counted(limit, uses, now)
    by: dict[str, int] = {}
    for use in inside:
        by[use.spender] = by.get(use.spender, 0) + use.amount
    used = sum(by.values())
    shown = 1000 if limit.unit == MILLISECONDS else 1
    shares = [Share(kind, round(amount / shown)) for kind, amount in sorted(by.items(), key=lambda each: -each[1])]
    return Meter(
        account=account,
        account_id=account_id,
        limit=limit.title.replace(MILLISECONDS, "seconds of execution"),
        used=round(used / shown),
        most=limit.most // shown,
        frees_on=_moment(min((limit.counts_until(use.start) for use in inside if use.amount), default=0)),
        used_up_on=_moment(_used_up(limit, inside, used, now)),
        shares=tuple(each for each in shares if each.used),
    )


def _used_up(limit: Limit, inside: Iterable[Use], used: int, now: float) -> float:
    """When the limit is reached at the present pace, if that is before calls of the window get free; 0.0: it is not."""
    span = max(limit.window / 10, 2 * limit.bucket)
    pace = sum(use.amount for use in inside if use.start > now - span) / span
    left = limit.most - used
    if left <= 0:
        return now
    return now + left / pace if pace * limit.window > limit.most else 0.0


def _moment(seconds: float) -> str:
    return text_of(datetime.fromtimestamp(seconds, UTC)) if seconds else ""
