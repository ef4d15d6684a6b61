"""Dataverse's service protection limits: requests, execution time and concurrency of one user in a sliding window.

Numbers, codes and messages: learn.microsoft.com power-apps/developer/data-platform/api-limits. A $batch is one
request, and all its execution time counts.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dyntui.sandbox.request import Response, json_response


@dataclass(slots=True)
class DataverseLimits:
    """The numbers, per user and web server; tests scale them down."""

    requests: int = 6000
    execution_seconds: float = 1200.0
    concurrent: int = 52
    window_seconds: int = 300
    retry_growth: float = 1.5
    """[inferred] By how much the waiting time told grows with every call that ignored the one before."""
    retry_maximum_seconds: int = 600
    """[inferred] Where that growth ends."""


@dataclass(slots=True)
class _User:
    """One user's calls in the window: times of arrival, and execution seconds by time of completion."""

    arrivals: deque[datetime] = field(default_factory=deque)
    executions: deque[tuple[datetime, float]] = field(default_factory=deque)
    executed: float = 0.0
    running: int = 0
    blocked_until: datetime | None = None
    penalty: float = 0.0
    refusal: tuple[str, str] = ("", "")


class DataverseLimiter:
    """Judges calls user by user. Call `arrive` for every call and, unless it refuses, `finish` when it was answered.

    Not `enforced`, it counts but never refuses.
    """

    def __init__(self, limits: DataverseLimits, *, enforced: bool) -> None:
        self.limits = limits
        self.enforced = enforced
        self._users: dict[str, _User] = {}

    def arrive(self, user_id: str, now: datetime) -> Response | None:
        """Counts a call; answers the refusal (429 with Retry-After) when it is one too many."""
        user = self._users.setdefault(user_id, _User())
        self._forget(user, now)
        refusal = self._refusal(user, now) if self.enforced else None
        if refusal is None:
            user.arrivals.append(now)
            user.running += 1
        return refusal

    def _refusal(self, user: _User, now: datetime) -> Response | None:
        if user.blocked_until and now < user.blocked_until:
            # Whoever keeps sending is told to wait longer each time.
            user.penalty = min(user.penalty * self.limits.retry_growth, self.limits.retry_maximum_seconds)
            user.blocked_until = max(user.blocked_until, now + timedelta(seconds=user.penalty))
            return _refuse(user, now)
        user.blocked_until = None
        refusal = self._judge(user)
        if refusal:
            user.refusal = refusal[:2]
            user.penalty = max(1.0, (refusal[2] - now).total_seconds())
            user.blocked_until = now + timedelta(seconds=user.penalty)
            return _refuse(user, now)
        return None

    def finish(self, user_id: str, now: datetime, seconds: float) -> dict[str, str]:
        """Counts the execution time of a call that was let in; answers the ratelimit headers of its response."""
        user = self._users[user_id]
        user.running -= 1
        user.executions.append((now, seconds))
        user.executed += seconds
        requests_left = max(0, self.limits.requests - len(user.arrivals))
        seconds_left = max(0.0, self.limits.execution_seconds - user.executed)
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(requests_left),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{seconds_left:,.2f}",
        }

    def _forget(self, user: _User, now: datetime) -> None:
        edge = now - timedelta(seconds=self.limits.window_seconds)
        while user.arrivals and user.arrivals[0] <= edge:
            user.arrivals.popleft()
        while user.executions and user.executions[0][0] <= edge:
            user.executed -= user.executions.popleft()[1]

    def _judge(self, user: _User) -> tuple[str, str, datetime] | None:
        """Code, message and the time at which a place in the window gets free."""
        limits, window = self.limits, timedelta(seconds=self.limits.window_seconds)
        if len(user.arrivals) >= limits.requests:
            return (
                "0x80072322",
                f"Number of requests exceeded the limit of {limits.requests} over time window of"
                f" {limits.window_seconds} seconds.",
                user.arrivals[0] + window,
            )
        if user.executed >= limits.execution_seconds:
            return (
                "0x80072321",
                f"Combined execution time of incoming requests exceeded limit of {limits.execution_seconds * 1000:,.0f}"
                f" milliseconds over time window of {limits.window_seconds} seconds. Decrease number of concurrent"
                " requests or reduce the duration of requests and try again later.",
                user.executions[0][0] + window,
            )
        if user.running >= limits.concurrent:
            return (
                "0x80072326",
                f"Number of concurrent requests exceeded the limit of {limits.concurrent}.",
                user.arrivals[-1],
            )
        return None


def _refuse(user: _User, now: datetime) -> Response:
    code, message = user.refusal
    assert user.blocked_until is not None
    wait = max(1, -int(-(user.blocked_until - now).total_seconds() // 1))
    return json_response(
        {"error": {"code": code, "message": message}},
        429,
        {"Retry-After": str(wait), "OData-Version": "4.0"},
    )
