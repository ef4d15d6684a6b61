"""What dotdigital's refusals mean for the next attempt, and the windows of its tiered limit."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import msgspec

from dyntui.dotdigital.errors import BOOK_IN_USE, FLAT_LIMIT, TOO_MANY_DELETES, TOO_MANY_IMPORTS, read_error
from dyntui.remote.limits import retry_after
from dyntui.remote.verdicts import Doubtful, Limited, NotCarriedOut, Refused, Verdict

_FLAT_WAIT_SECONDS: Final = 60.0
_JOBS_WAIT_SECONDS: Final = 20.0
_LONGEST_RESET_SECONDS: Final = 120.0
# A gateway's own time-out for a request that it may have passed on; its other failures are all above 500.
_REQUEST_TIMEOUT: Final = 408


class RateLimit(msgspec.Struct, frozen=True):
    """A tier's window as last seen: `reset` in UTC epoch seconds by dotdigital's clock."""

    scope: str
    limit: int
    remaining: int
    reset: float


def verdict(response: httpx.Response, now: float) -> Verdict:
    """What a refused answer means for the next attempt. `now`: epoch seconds, used where the answer has no Date."""
    code = read_error(response.content).code
    if code in TOO_MANY_IMPORTS | TOO_MANY_DELETES:
        return Limited(_JOBS_WAIT_SECONDS)
    if code == FLAT_LIMIT:
        # The cap is the whole account's: every other call would meet it too.
        return Limited(_FLAT_WAIT_SECONDS, for_all=True)
    if response.status_code == 429:
        return _until_reset(response, now)
    if code == BOOK_IN_USE:
        return NotCarriedOut()
    if response.status_code >= 500 or response.status_code == _REQUEST_TIMEOUT:
        return Doubtful()
    return Refused()


def window_of(response: httpx.Response) -> RateLimit | None:
    """The window that an answer tells of; None where it tells of none."""
    try:
        return RateLimit(
            scope=response.headers["X-RateLimit-Scope"],
            limit=int(response.headers["X-RateLimit-Limit"]),
            remaining=int(response.headers["X-RateLimit-Remaining"]),
            reset=float(response.headers["X-RateLimit-Reset"]),
        )
    except (KeyError, ValueError):
        return None


def noticed(response: httpx.Response, limits: dict[str, RateLimit]) -> None:
    """Keeps the window that an answer tells of."""
    scope = response.headers.get("X-RateLimit-Scope")
    if scope is None:
        return
    window = window_of(response)
    if window is None:
        limits.pop(scope, None)
    else:
        limits[scope] = window


def seconds_until_reset(response: httpx.Response, now: float) -> float:
    """Until the window that an answer tells of opens anew, by the answer's own clock where it tells the time."""
    reset = float(response.headers["X-RateLimit-Reset"])
    try:
        there = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        there = now
    # Windows last a minute (reference 2.1): a reset further away is a clock that is wrong.
    return min(max(reset - there, 0.0), _LONGEST_RESET_SECONDS)


def _until_reset(response: httpx.Response, now: float) -> Limited:
    """Until the window opens; as long as a gateway asks for where the answer does not tell of one."""
    try:
        return Limited(seconds_until_reset(response, now), spread=True)
    except (KeyError, ValueError):
        return Limited(retry_after(response) or _FLAT_WAIT_SECONDS)
