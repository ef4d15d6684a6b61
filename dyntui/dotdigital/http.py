"""The one place where dotdigital is spoken to over HTTP.

`class Dotdigital` is a connection to one account; everything else in this package is functions over it:

    dd = await connect("https://r1-api.dotdigital.com", user, password, ca_file=...)   # finds the account's region
    page = await dd.get("/v2/address-books", list[AddressBook], params={"select": 1000})
    reply = await dd.request("POST", "/v2/address-books", body={...})                  # -> Reply

Limits never fail a call, they slow it down (reference 2.1, 5.1): the flat limit (400 ERROR_APIUSAGE_EXCEEDED), the
tiered limit (429 with X-RateLimit-Reset) and the cap of 25 imports. Lost connections and 5xx are retried only where a
second attempt cannot do harm, otherwise `UnknownOutcome`. 401 is never retried: it would lock the API user.
"""

from __future__ import annotations

import asyncio
import copy
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal, TypeVar

import httpx
import msgspec
import tenacity

from dyntui.dotdigital.addresses import origin_of, route_of
from dyntui.dotdigital.errors import (
    FLAT_LIMIT,
    READ_NOT_DONE,
    TOO_MANY_DELETES,
    TOO_MANY_IMPORTS,
    WRITE_NOT_DONE,
    DotdigitalError,
    UnknownOutcome,
    closed_for,
    error_from,
)
from dyntui.dotdigital.reading import OddRow, Reply, read, read_rows, require_whole
from dyntui.model.errors import Exit
from dyntui.network import way_to

T = TypeVar("T")
CallKind = Literal["read", "write"]
CallMeter = Callable[[CallKind, str], None]
"""Told of every attempt: its kind and its route, a template without identifiers or addresses."""
Admission = Callable[[CallKind, str], Awaitable[None]]
"""Awaited before every attempt: returns when the call may be made (a budget shared between workers)."""
Params = Mapping[str, str | int | list[str]]

TIMEOUT_SECONDS: Final = 121.0
_ATTEMPTS: Final = 6
_BACK_OFF_CAP_SECONDS: Final = 60.0
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


class _Call(msgspec.Struct):
    method: str
    url: str
    params: Params
    headers: dict[str, str]
    content: bytes | None
    kind: CallKind
    repeatable: bool
    route: str
    expects_json: bool
    accept: frozenset[int]
    at_once: bool
    doubtful: bool = False


class _SlowDown(Exception):
    def __init__(self, error: DotdigitalError, seconds: float) -> None:
        super().__init__(error.code)
        self.error = error
        self.seconds = seconds


class _NoAnswer(Exception):
    """An attempt ended without a usable answer. `sent` is False only when it certainly changed nothing."""

    def __init__(self, reason: str, *, sent: bool, error: DotdigitalError | None = None) -> None:
        super().__init__(reason)
        self.sent = sent
        self.error = error


class Dotdigital:
    """A connection to one dotdigital account, at its region's host.

    `meter` and `admit` see every attempt; `slowed(seconds, code)` is told of every wait that a limit imposes. `now` is
    the wall clock (epoch seconds), used with X-RateLimit-Reset only where an answer has no Date. `slow_down_deadline`
    is how long one call may wait for limits altogether: the flat limit is a rolling hour. `transport` is for tests.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        ca_file: Path | None = None,
        max_concurrency: int = 4,
        meter: CallMeter | None = None,
        admit: Admission | None = None,
        slowed: Callable[[float, str], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        slow_down_deadline: float = 5400.0,
        attempts: int = _ATTEMPTS,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.origin = origin_of(url)
        self.limits: dict[str, RateLimit] = {}
        self._meter = meter
        self._admit = admit
        self._slowed = slowed
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._chance = chance
        self._slow_down_deadline = slow_down_deadline
        self._attempts = attempts
        self._slots = asyncio.Semaphore(max_concurrency)
        self._at_once = False
        self._closed_until = 0.0
        self._closed_by = error_from(429, b"", writes=False, repeated=False)
        way = way_to(self.origin, ca_file).options() if transport is None else {"verify": False}
        self._http = httpx.AsyncClient(
            **way,
            transport=transport,
            auth=httpx.BasicAuth(user, password),
            timeout=httpx.Timeout(timeout, connect=30.0),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30.0),
            follow_redirects=False,
        )

    async def __aenter__(self) -> Dotdigital:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    def at_once(self) -> Dotdigital:
        """The same connection for calls that are made in one attempt, without any waiting (see `request`)."""
        same = copy.copy(self)
        same._at_once = True
        return same

    async def get(
        self, path: str, into: type[T], *, params: Params | None = None, body: object = None, route: str | None = None
    ) -> T:
        """GET and decode, property names compared without regard to case where need be. Raises DotdigitalError."""
        reply = await self.request("GET", path, params=params, body=body, route=route, expects_json=True)
        return read(reply, into)

    async def rows(self, path: str, row_type: type[T], *, params: Params | None = None) -> tuple[list[T], list[OddRow]]:
        """GET an array and decode it row by row: those that can be read, and those that cannot. Raises
        DotdigitalError."""
        return read_rows(await self.request("GET", path, params=params, expects_json=True), row_type)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: bytes | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        route: str | None = None,
        expects_json: bool = False,
        accept: frozenset[int] = frozenset(),
        at_once: bool = False,
    ) -> Reply:
        """One logical call: attempts, waits and retries included; returns any 2xx answer.

        `path` begins with `/v2/` or a v3 service. `repeatable` declares whether a second attempt after an unknown
        outcome is harmless; by default everything but POST. `expects_json`: a body that is no whole JSON is fetched
        again. `accept` names statuses outside 2xx that are answers too. `at_once`: one attempt without any waiting, for
        a call that rests on what would be out of date afterwards; a limit that is closed is an error. Raises
        DotdigitalError, and UnknownOutcome for a write whose fate is not known.
        """
        kind: CallKind = "read" if method == "GET" else "write"
        data = msgspec.json.encode(body) if content is None and body is not None else content
        standard = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "dyntui"}
        if data is not None:
            standard["Content-Type"] = "application/json"
        call = _Call(
            method=method,
            url=f"{self.origin}{path}",
            params=params or {},
            headers={**standard, **(headers or {})},
            content=data,
            kind=kind,
            repeatable=repeatable if repeatable is not None else method != "POST",
            route=route or route_of(method, path),
            expects_json=expects_json,
            accept=accept,
            at_once=at_once or self._at_once,
        )
        try:
            return await (self._attempt(call) if call.at_once else self._patiently(call))
        except _SlowDown as gave_up:
            raise closed_for(gave_up.error, gave_up.seconds) from None
        except _NoAnswer as failure:
            raise self._no_answer(call, failure) from failure

    async def _patiently(self, call: _Call) -> Reply:
        slow_downs = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_SlowDown),
            wait=_limit_wait,
            stop=lambda state: state.idle_for + _limit_wait(state) > self._slow_down_deadline,
            sleep=self._sleep,
            reraise=True,
        )
        failures = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(
                lambda failure: isinstance(failure, _NoAnswer) and (call.repeatable or not failure.sent)
            ),
            wait=lambda state: self._back_off(state.attempt_number),
            stop=tenacity.stop_after_attempt(self._attempts),
            sleep=self._sleep,
            reraise=True,
        )
        reply: Reply = await slow_downs(failures, self._attempt, call)
        return reply

    def _back_off(self, attempt: int) -> float:
        longest = min(_BACK_OFF_CAP_SECONDS, 2.0 ** min(attempt, 10))
        return longest / 2 + longest / 2 * self._chance()

    async def _attempt(self, call: _Call) -> Reply:
        if call.at_once and self._closed_until > self._clock():
            raise _SlowDown(self._closed_by, self._closed_until - self._clock())
        await self._wait_until_open()
        if self._admit is not None:
            await self._admit(call.kind, call.route)
        async with self._slots:
            if self._meter is not None:
                self._meter(call.kind, call.route)
            response = await self._exchange(call)
        self._notice_limit(response)
        if response.is_success or response.status_code in call.accept:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, response.content, repeated=call.doubtful)
        raise self._verdict(call, response)

    async def _exchange(self, call: _Call) -> httpx.Response:
        try:
            response = await self._http.request(
                call.method, call.url, params=call.params or None, headers=call.headers, content=call.content
            )
            if call.expects_json and response.is_success:
                require_whole(response.content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failure:
            raise _NoAnswer(_describe(failure), sent=False) from failure
        except (httpx.TransportError, httpx.DecodingError, msgspec.DecodeError) as failure:
            call.doubtful = True
            raise _NoAnswer(_describe(failure), sent=True) from failure
        return response

    def _verdict(self, call: _Call, response: httpx.Response) -> Exception:
        status = response.status_code
        error = error_from(status, response.content, writes=call.kind == "write", repeated=call.doubtful)
        if error.platform_code in TOO_MANY_IMPORTS | TOO_MANY_DELETES:
            return self._slow(error, _JOBS_WAIT_SECONDS)
        if error.platform_code == FLAT_LIMIT:
            # The cap is the whole account's: every other call would meet it too.
            self._closed_until = max(self._closed_until, self._clock() + _FLAT_WAIT_SECONDS)
            self._closed_by = error
            return self._slow(error, _FLAT_WAIT_SECONDS)
        if status == 429:
            return self._slow(error, self._until_reset(response))
        if error.platform_code == "ERROR_ADDRESSBOOK_IN_USE":
            return _NoAnswer(error.detail, sent=False, error=error)
        if status >= 500 or status == _REQUEST_TIMEOUT:
            call.doubtful = True
            return _NoAnswer(error.detail, sent=True, error=error)
        return error

    def _slow(self, error: DotdigitalError, seconds: float) -> _SlowDown:
        if self._slowed is not None:
            self._slowed(seconds, error.platform_code)
        return _SlowDown(error, seconds)

    def _until_reset(self, response: httpx.Response) -> float:
        """Seconds until the window opens, by the answer's own clock where it tells the time."""
        try:
            reset = float(response.headers["X-RateLimit-Reset"])
        except (KeyError, ValueError):
            return _FLAT_WAIT_SECONDS
        try:
            there = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError):
            there = self._now()
        # Windows last a minute (reference 2.1): a reset further away is a clock that is wrong.
        return min(max(reset - there, 0.0), _LONGEST_RESET_SECONDS) + self._chance()

    def _notice_limit(self, response: httpx.Response) -> None:
        scope = response.headers.get("X-RateLimit-Scope")
        if scope is None:
            return
        try:
            self.limits[scope] = RateLimit(
                scope=scope,
                limit=int(response.headers["X-RateLimit-Limit"]),
                remaining=int(response.headers["X-RateLimit-Remaining"]),
                reset=float(response.headers["X-RateLimit-Reset"]),
            )
        except (KeyError, ValueError):
            self.limits.pop(scope, None)

    def _no_answer(self, call: _Call, failure: _NoAnswer) -> DotdigitalError:
        if call.kind == "write" and call.doubtful:
            return UnknownOutcome(
                "DOTDIGITAL_UNKNOWN_OUTCOME",
                "The connection to dotdigital broke while a change was being made.",
                not_done="It is not known whether the change was made.",
                remedy="It is read back before anything is repeated; if this persists, check the network.",
                exit=Exit.UNREACHABLE,
                detail=f"{call.route}: {failure}",
                status=failure.error.status if failure.error is not None else 0,
                platform_code=failure.error.platform_code if failure.error is not None else "",
                repeated=True,
            )
        if failure.error is not None:
            return failure.error
        return DotdigitalError(
            "DOTDIGITAL_UNREACHABLE",
            f"dotdigital at {self.origin} could not be reached.",
            not_done=WRITE_NOT_DONE if call.kind == "write" else READ_NOT_DONE,
            remedy="Check the URL, the network and, for a private certificate authority, the ca_file setting.",
            exit=Exit.UNREACHABLE,
            detail=f"{call.route}: {failure}",
        )

    async def _wait_until_open(self) -> None:
        waited_for = 0.0
        while self._closed_until > waited_for:
            waited_for = self._closed_until
            seconds = waited_for - self._clock()
            if seconds > 0:
                if self._slowed is not None:
                    self._slowed(seconds, self._closed_by.platform_code)
                await self._sleep(seconds)


def _limit_wait(state: tenacity.RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome is not None else None
    return failure.seconds if isinstance(failure, _SlowDown) else _FLAT_WAIT_SECONDS


def _describe(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}"
