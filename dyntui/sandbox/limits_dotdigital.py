"""dotdigital's two schemes of rate limits: flat (calls an hour) and tiered (calls a minute by kind of call).

Source: the vendor's pages "Call rate limits" and "Rate limits"; numbers of the tiers other than low are inferred.
"""

import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dyntui.sandbox.request import Request, Response, json_response

Scheme = Literal["off", "flat", "tiered"]
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_CAPPED = (
    "Your account has generated excess API activity and is being temporarily capped. Please contact support."
    " ERROR_APIUSAGE_EXCEEDED"
)


@dataclass(slots=True)
class DotdigitalLimits:
    """The numbers, per account; a tier without number is unlimited."""

    flat_per_hour: int = 2000
    low_per_minute: int = 150
    medium_per_minute: int = 600
    high_per_minute: int = 2000


# First match wins. [inferred] from the vendor's examples: which call is in which tier stands only on each live page.
_TIERS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (method, re.compile(path, re.IGNORECASE), tier)
    for method, path, tier in (
        ("POST", r"^/v2/(campaigns/send|email|sms|campaigns/send-)", "unlimited"),
        ("GET", r"^/v2/campaigns/send/", "unlimited"),
        ("GET", r"^/v2/contacts/(import|deletion)/[^/]+$", "unlimited"),
        ("GET", r"^/contacts/v3/(import|delete)/[^/]+$", "unlimited"),
        ("GET", r"^/v2/segments/refresh/", "unlimited"),
        ("*", r"/import\b|/bulk|/delete$", "low"),
        ("GET", r"/(\d+|[^/]*@[^/]*)$", "high"),
        ("GET", r"^/v2/(account-info|server-time|data-fields)$", "high"),
        ("GET", r"^/contacts/v3/(email|contactId|mobileNumber)/", "high"),
        ("GET", r"/(summary|score)$", "high"),
        ("GET", r"", "low"),
        ("*", r"", "medium"),
    )
)


def tier_of(method: str, path: str) -> str:
    """The tier which counts the call: low, medium, high or unlimited."""
    return next(
        tier for wanted, pattern, tier in _TIERS if wanted in {"*", method} and pattern.search(path.rstrip("/"))
    )


class DotdigitalLimiter:
    """Counts the account's calls on the sandbox clock. With the scheme `off` it counts but never refuses."""

    def __init__(self, scheme: Scheme, limits: DotdigitalLimits) -> None:
        self.scheme: Scheme = scheme
        self.limits = limits
        self._hour: deque[datetime] = deque()
        self._windows: dict[str, tuple[datetime, int]] = {}

    def usage(self, now: datetime) -> tuple[int, int]:
        """Calls in the last hour and calls left, as account-info tells them."""
        while self._hour and self._hour[0] <= now - _HOUR:
            self._hour.popleft()
        return len(self._hour), max(0, self.limits.flat_per_hour - len(self._hour))

    def arrive(self, request: Request, now: datetime) -> tuple[Response | None, dict[str, str]]:
        """Counts a call; answers the refusal when it is one too many, and the headers which its answer must carry."""
        _, left = self.usage(now)
        # The vendor does not count POST /v2/campaigns/send.
        counted = not (request.method == "POST" and request.path.lower().rstrip("/") == "/v2/campaigns/send")
        if self.scheme == "flat" and counted and not left:
            return json_response({"message": _CAPPED}, 400), {}
        if self.scheme == "tiered":
            headers, refused = self._tiered(request, now)
            if refused:
                message = f"API call rate limit exceeded for scope {headers['X-RateLimit-Scope']}."
                return json_response({"message": message}, 429), headers
        else:
            headers = {}
        if counted:
            self._hour.append(now)
        return None, headers

    def _tiered(self, request: Request, now: datetime) -> tuple[dict[str, str], bool]:
        tier = tier_of(request.method, request.path)
        if tier == "unlimited":
            return {}, False
        limit: int = getattr(self.limits, f"{tier}_per_minute")
        start, count = self._windows.get(tier, (now, 0))
        if now - start >= _MINUTE:
            start, count = now, 0
        refused = count >= limit
        if not refused:
            count += 1
        self._windows[tier] = (start, count)
        reset = start + _MINUTE
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - count),
            "X-RateLimit-Reset": str(-int(-reset.timestamp() // 1)),
            "X-RateLimit-Scope": f"{tier}CallRate",
        }
        return headers, refused
