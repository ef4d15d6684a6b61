"""The one place where Dataverse is spoken to over HTTP.

`class Dataverse` is a connection to one environment; everything else in this package is functions over it:

    async with Dataverse(url, tokens, ca_file=..., meter=...) as dv:
        reply = await dv.request("POST", "contacts", body={...})     # -> Reply(status, headers, body, repeated)
        page = await dv.get("contacts?$select=fullname", Page[Contact])

Retries (reference sections 2.1, 2.2, 3.2): 429 waits exactly `Retry-After` and never counts as a failure until
`slow_down_deadline`; 502/503/504, lost connections and truncated bodies are retried with jittered exponential
back-off only where a second attempt cannot do harm (`repeatable`); otherwise `UnknownOutcome`. 401 refreshes the token
once. Waiting, randomness and the monotonic clock are injected.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import http.cookiejar
import random
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import httpx
import msgspec
import tenacity

from dyntui.dataverse.addresses import API_PATH, origin_of, route_of
from dyntui.dataverse.concurrency import Slots
from dyntui.dataverse.errors import (
    DEADLOCK,
    READ_NOT_DONE,
    THROTTLED,
    WRITE_NOT_DONE,
    DataverseError,
    UnknownOutcome,
    closed_for,
    error_from,
    read_error,
)
from dyntui.dataverse.links import Links
from dyntui.model.errors import Exit
from dyntui.network import way_to

T = TypeVar("T")
CallKind = Literal["read", "write"]
CallMeter = Callable[[CallKind, str], None]
"""Told of every attempt: its kind and its route, a template without identifiers."""
Admission = Callable[[CallKind, str], Awaitable[None]]
"""Awaited before every attempt: returns when the call may be made (a budget shared between workers)."""

TIMEOUT_SECONDS: Final = 125.0
MAX_CONCURRENCY: Final = 52
_FIRST_CONCURRENCY: Final = 4
_GATEWAY: Final = frozenset({502, 503, 504})
ATTEMPTS: Final = 6
_BACK_OFF_BASE_SECONDS: Final = 1.0
_BACK_OFF_CAP_SECONDS: Final = 60.0
_LONGEST_RETRY_AFTER_SECONDS: Final = 300.0


class TokenSource(Protocol):
    """Where bearer tokens come from (`sign_in.SignIn`)."""

    async def token(self, *, refresh: bool = False) -> str:
        """A bearer token for the environment; `refresh` asks for a new one even if the kept one looks valid."""
        ...


class Reply(msgspec.Struct, frozen=True):
    """A successful answer. Header names are in lower case. `repeated`: an earlier attempt's outcome is unknown."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool = False


class _Call(msgspec.Struct):
    """One logical call and what its attempts have learned so far."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    kind: CallKind
    repeatable: bool
    route: str
    check: Callable[[bytes], object] | None
    accept_multipart: bool
    doubtful: bool = False
    token_refreshed: bool = False


class _SlowDown(Exception):
    def __init__(self, error: DataverseError, seconds: float | None) -> None:
        super().__init__(error.code)
        self.error = error
        self.seconds = seconds


class _NoAnswer(Exception):
    """An attempt ended without a usable answer. `sent` is False only when it certainly changed nothing."""

    def __init__(
        self, reason: str, *, sent: bool, error: DataverseError | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.sent = sent
        self.error = error
        self.retry_after = retry_after


class SignInHttp:
    """The blocking HTTP that MSAL uses (it takes any object with `get` and `post`, reference 1.5).

    `authority` is Entra ID's address. Raises DATAVERSE_SIGN_IN_UNREACHABLE instead of the HTTP library's own errors.
    `transport` is for tests.
    """

    def __init__(
        self,
        authority: str,
        ca_file: Path | None = None,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        way = way_to(authority, ca_file).options() if transport is None else {"verify": False}
        self._http = httpx.Client(**way, timeout=timeout, transport=transport)

    def get(
        self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> httpx.Response:
        return self._send("GET", url, params, None, headers)

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> httpx.Response:
        return self._send("POST", url, params, data, headers)

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, url: str, params: Any, data: Any, headers: Mapping[str, str] | None) -> httpx.Response:
        if isinstance(data, dict):
            # MSAL gives a signed assertion as bytes, which httpx would write as Python's repr of them.
            data = {name: each.decode() if isinstance(each, bytes) else each for name, each in data.items()}
        try:
            response = self._http.request(method, url, params=params, data=data, headers=headers)
        except httpx.TransportError as failure:
            raise _sign_in_unreachable(url, _describe(failure)) from failure
        if response.status_code >= 500:
            raise _sign_in_unreachable(url, f"HTTP {response.status_code}")
        return response


def _sign_in_unreachable(url: str, detail: str) -> DataverseError:
    return DataverseError(
        "DATAVERSE_SIGN_IN_UNREACHABLE",
        f"Entra ID at {urlsplit(url).netloc} could not be reached.",
        not_done="Nobody was signed in to Dynamics.",
        remedy="Check the authority, the network and, for a private certificate authority, the ca_file setting.",
        exit=Exit.UNREACHABLE,
        detail=detail,
    )


@functools.cache
def _kept_decoder(into: Hashable) -> Any:
    return msgspec.json.Decoder(into)


def decoder(into: type[T]) -> msgspec.json.Decoder[T]:
    """The JSON decoder of a type, made once."""
    kept: msgspec.json.Decoder[T] = _kept_decoder(cast(Hashable, into))
    return kept


class Dataverse:
    """A connection to one Dataverse environment.

    `url` is the environment's URL; `tokens` gives bearer tokens; `ca_file` adds a certificate authority; `meter` and
    `admit` see every attempt; `slowed(seconds, code)` is told of every wait that a limit imposes. `max_concurrency`
    is this connection's share of the 52 simultaneous calls that one user has; within it the environment's own
    recommendation (`x-ms-dop-hint`) is obeyed. `transport` is for tests. `offered` remembers which bulk messages a
    table offers (`bulk.offers`), `most_values` how many values a query may list where more were refused
    (`rows.pages_where_any`).
    """

    def __init__(
        self,
        url: str,
        tokens: TokenSource,
        *,
        ca_file: Path | None = None,
        max_concurrency: int = MAX_CONCURRENCY,
        meter: CallMeter | None = None,
        admit: Admission | None = None,
        slowed: Callable[[float, str], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        slow_down_deadline: float = 1800.0,
        attempts: int = ATTEMPTS,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.origin = origin_of(url)
        self.api = f"{self.origin}{API_PATH}"
        self.dop_hint: int | None = None
        self.offered: dict[tuple[str, str], bool] = {}
        self.most_values: int | None = None
        self._tokens = tokens
        self._meter = meter
        self._admit = admit
        self._slowed = slowed
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._slow_down_deadline = slow_down_deadline
        self._attempts = attempts
        self._max_concurrency = max(1, min(max_concurrency, MAX_CONCURRENCY))
        self._slots = Slots(min(_FIRST_CONCURRENCY, self._max_concurrency))
        self._at_once = False
        self._closed_until = 0.0
        self._closed_by = error_from(429, b"", writes=False, repeated=False)
        self._links = Links(self.origin, self.api, self.get)
        # Cookies carry server affinity, which would pile all calls of a user onto one web server (reference 2.2).
        no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        way = way_to(self.origin, ca_file).options() if transport is None else {"verify": False}
        self._http = httpx.AsyncClient(
            **way,
            transport=transport,
            cookies=no_cookies,
            timeout=httpx.Timeout(timeout, connect=30.0),
            limits=httpx.Limits(max_connections=MAX_CONCURRENCY, max_keepalive_connections=20, keepalive_expiry=30.0),
            follow_redirects=False,
        )

    async def __aenter__(self) -> Dataverse:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def sleep(self, seconds: float) -> None:
        """Wait by the injected clock (metadata and key polling use it)."""
        await self._sleep(seconds)

    def at_once(self) -> Dataverse:
        """The same connection for calls that are made in one attempt, without any waiting, as they rest on what would
        be out of date afterwards: a limit that is closed is an error."""
        same = copy.copy(self)
        same._at_once = True
        return same

    async def get(
        self,
        path: str,
        into: type[T],
        *,
        prefer: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        caller: str | None = None,
        route: str | None = None,
    ) -> T:
        """GET and decode; a body that is cut off is fetched again. Raises DataverseError."""
        reply = await self.request(
            "GET", path, prefer=prefer, headers=headers, caller=caller, route=route, check=_json_ends
        )
        return read(reply, into)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: bytes | None = None,
        content_type: str = "application/json; charset=utf-8",
        prefer: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        caller: str | None = None,
        repeatable: bool | None = None,
        writes: bool | None = None,
        route: str | None = None,
        check: Callable[[bytes], object] | None = None,
        accept_multipart: bool = False,
    ) -> Reply:
        """One logical call: attempts, waits and retries included; returns any answer below 400.

        `path` is relative to the API root, absolute within the environment, or a link that Dataverse gave out.
        `body` is encoded as JSON (`content` is sent as it is). `caller` is the Entra object id to act for.
        `repeatable` declares whether a second attempt after an unknown outcome is harmless; by default everything but
        POST. `check` is given each body and raises msgspec.DecodeError when it is cut off. `accept_multipart` returns
        a multipart answer whatever its status, which then speaks of the failed part only.
        Raises DataverseError, and UnknownOutcome for a write whose fate is not known.
        """
        kind: CallKind = "write" if (writes if writes is not None else method != "GET") else "read"
        data = msgspec.json.encode(body) if content is None and body is not None else content
        call = _Call(
            method=method,
            url=await self._links.absolute(path),
            headers=self._headers(method, data, content_type, prefer, headers, caller),
            content=data,
            kind=kind,
            repeatable=repeatable if repeatable is not None else (method != "POST" or kind == "read"),
            route=route or route_of(method, path),
            check=check,
            accept_multipart=accept_multipart,
        )
        try:
            return await (self._attempt(call) if self._at_once else self._patiently(call))
        except _SlowDown as gave_up:
            raise closed_for(gave_up.error, gave_up.seconds) from None
        except _NoAnswer as failure:
            raise self._no_answer(call, failure) from failure

    async def _patiently(self, call: _Call) -> Reply:
        slow_downs = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_SlowDown),
            wait=self._limit_wait,
            stop=lambda state: state.idle_for + self._limit_wait(state) > self._slow_down_deadline,
            sleep=self._sleep,
            reraise=True,
        )
        failures = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(
                lambda failure: isinstance(failure, _NoAnswer) and (call.repeatable or not failure.sent)
            ),
            wait=self._failure_wait,
            stop=tenacity.stop_after_attempt(self._attempts),
            sleep=self._sleep,
            reraise=True,
        )
        reply: Reply = await slow_downs(failures, self._attempt, call)
        return reply

    def _limit_wait(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome is not None else None
        if isinstance(failure, _SlowDown) and failure.seconds is not None:
            return failure.seconds
        return self._back_off(state.attempt_number)

    def _failure_wait(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome is not None else None
        asked = failure.retry_after if isinstance(failure, _NoAnswer) and failure.retry_after is not None else 0.0
        return max(self._back_off(state.attempt_number), min(asked, _LONGEST_RETRY_AFTER_SECONDS))

    def _back_off(self, attempt: int) -> float:
        longest = min(_BACK_OFF_CAP_SECONDS, _BACK_OFF_BASE_SECONDS * 2.0 ** min(attempt, 10))
        return longest / 2 + longest / 2 * self._chance()

    async def _attempt(self, call: _Call) -> Reply:
        if self._at_once and self._closed_until > self._clock():
            error = error_from(429, b"", writes=call.kind == "write", repeated=call.doubtful)
            raise _SlowDown(error, self._closed_until - self._clock())
        await self._wait_until_open()
        if self._admit is not None:
            await self._admit(call.kind, call.route)
        async with self._slots.hold():
            token = await self._token()
            if self._meter is not None:
                self._meter(call.kind, call.route)
            response = await self._exchange(call, token)
        self._heed_hint(response.headers.get("x-ms-dop-hint"))
        if response.status_code == 401 and not call.token_refreshed:
            call.token_refreshed = True
            await self._token(refresh=True)
            return await self._attempt(call)
        return self._judge(call, response)

    async def _token(self, *, refresh: bool = False) -> str:
        """A directory that is away for a moment is waited for, as the service itself is."""
        try:
            return await self._tokens.token(refresh=refresh)
        except DataverseError as error:
            if error.exit is not Exit.UNREACHABLE:
                raise
            raise _NoAnswer(error.detail, sent=False, error=error) from error

    async def _exchange(self, call: _Call, token: str) -> httpx.Response:
        headers = {**call.headers, "Authorization": f"Bearer {token}"}
        try:
            response = await self._http.request(call.method, call.url, headers=headers, content=call.content)
            if call.check is not None and response.is_success:
                call.check(response.content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failure:
            raise _NoAnswer(_describe(failure), sent=False) from failure
        except (httpx.TransportError, httpx.DecodingError, msgspec.DecodeError) as failure:
            call.doubtful = True
            raise _NoAnswer(_describe(failure), sent=True) from failure
        return response

    def _judge(self, call: _Call, response: httpx.Response) -> Reply:
        status = response.status_code
        multipart = response.headers.get("Content-Type", "").lower().startswith("multipart/")
        if status < 400 or (multipart and call.accept_multipart):
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(status=status, headers=headers, body=response.content, repeated=call.doubtful)
        platform_code, _ = read_error(response.content)
        error = error_from(status, response.content, writes=call.kind == "write", repeated=call.doubtful)
        if status == 429 or platform_code in THROTTLED:
            seconds = _seconds(response.headers.get("Retry-After"))
            if seconds is not None:
                self._closed_until = max(self._closed_until, self._clock() + seconds)
                self._closed_by = error
            if self._slowed is not None:
                self._slowed(seconds or 0.0, platform_code)
            raise _SlowDown(error, seconds)
        if platform_code in DEADLOCK:
            # The platform rolled the transaction back and said so: nothing is doubtful about it.
            raise _NoAnswer(error.detail, sent=False, error=error)
        if status in _GATEWAY:
            call.doubtful = True
            asked = _seconds(response.headers.get("Retry-After"))
            raise _NoAnswer(error.detail, sent=True, error=error, retry_after=asked)
        raise error

    def _no_answer(self, call: _Call, failure: _NoAnswer) -> DataverseError:
        if call.kind == "write" and call.doubtful:
            return UnknownOutcome(
                "DATAVERSE_UNKNOWN_OUTCOME",
                "The connection to Dynamics broke while a change was being made.",
                not_done="It is not known whether the change was made.",
                remedy="It is read back before anything is repeated; if this persists, check the network.",
                exit=Exit.UNREACHABLE,
                detail=f"{call.route}: {failure}",
                repeated=True,
            )
        if failure.error is not None:
            return failure.error
        return DataverseError(
            "DATAVERSE_UNREACHABLE",
            f"Dynamics at {self.origin} could not be reached.",
            not_done=WRITE_NOT_DONE if call.kind == "write" else READ_NOT_DONE,
            remedy="Check the URL, the network and, for a private certificate authority, the ca_file setting.",
            exit=Exit.UNREACHABLE,
            detail=f"{call.route}: {failure}",
        )

    async def _wait_until_open(self) -> None:
        """A limit answer to one call holds the others back too: sending on only makes `Retry-After` grow."""
        waited_for = 0.0
        while self._closed_until > waited_for:
            waited_for = self._closed_until
            seconds = waited_for - self._clock()
            if seconds > 0:
                if self._slowed is not None:
                    self._slowed(seconds, self._closed_by.platform_code)
                await self._sleep(seconds)

    def _heed_hint(self, hint: str | None) -> None:
        if hint is not None and hint.isdigit() and int(hint) > 0:
            self.dop_hint = int(hint)
            self._slots.limit = min(self.dop_hint, self._max_concurrency)

    async def relative(self, path: str) -> str:
        """A path or link of this environment, relative to the API root (what a batch takes).

        Raises DATAVERSE_FOREIGN_LINK for a link that leads elsewhere.
        """
        return (await self._links.absolute(path)).removeprefix(self.api)

    @staticmethod
    def _headers(
        method: str,
        data: bytes | None,
        content_type: str,
        prefer: Sequence[str],
        more: Mapping[str, str] | None,
        caller: str | None,
    ) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "OData-MaxVersion": "4.0",
            "OData-Version": "4.0",
            "User-Agent": "dyntui",
        }
        if method == "GET":
            headers["If-None-Match"] = "null"
        if data is not None:
            headers["Content-Type"] = content_type
        if prefer:
            headers["Prefer"] = ",".join(prefer)
        if caller is not None:
            headers["CallerObjectId"] = caller
        headers.update(more or {})
        return headers


def read(reply: Reply, into: type[T]) -> T:
    """A reply's JSON as a value; DATAVERSE_ANSWER_UNREADABLE when it is of another shape."""
    try:
        return decoder(into).decode(reply.body)
    except msgspec.DecodeError as failure:
        raise DataverseError(
            "DATAVERSE_ANSWER_UNREADABLE",
            "Dynamics answered in a shape that is not understood.",
            not_done=READ_NOT_DONE,
            remedy="See the log; a proxy may have answered in Dynamics' place.",
            detail=f"{failure}: {reply.body[:500].decode('utf-8', 'replace')}",
            status=reply.status,
        ) from failure


def _json_ends(body: bytes) -> None:
    """Notices a body that was cut off without the transport noticing (a proxy that buffers, for instance)."""
    if not body.rstrip().endswith((b"}", b"]")):
        raise msgspec.DecodeError("the body ends in the middle")


def _seconds(retry_after: str | None) -> float | None:
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        return None


def _describe(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}"
