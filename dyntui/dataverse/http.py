"""The one place where Dataverse is spoken to over HTTP.

`class Dataverse` is a connection to one environment; everything else in this package is functions over it:

    async with Dataverse(url, tokens, ca_file=..., meter=...) as dv:
        reply = await dv.request("POST", "contacts", body={...})     # -> Reply(status, headers, body, repeated)
        page = await dv.get("contacts?$select=fullname", Page[Contact])

How a call is admitted, repeated and given up stands in `dyntui.remote`. Dataverse's own part of it (reference sections
2.1, 2.2, 3.2): 429 waits exactly `Retry-After` and never counts as a failure until `slow_down_deadline`; 502/503/504,
lost connections and truncated bodies are retried only where a second attempt cannot do harm (`repeatable`), otherwise
`UnknownOutcome`; 401 renews the token once.
"""

from __future__ import annotations

import http.cookiejar
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, TypeVar, Unpack

import httpx
import msgspec

from dyntui.dataverse.addresses import API_PATH, origin_of, route_of
from dyntui.dataverse.errors import (
    DYNAMICS,
    SQL_DEADLOCK,
    SQL_ERROR,
    THROTTLED,
    error_from,
    read_error,
    sql_number,
)
from dyntui.dataverse.links import Links
from dyntui.dataverse.reading import loosely
from dyntui.model import exact_json
from dyntui.remote.bearer import BearerToken, TokenSource
from dyntui.remote.calls import Call, CallKind, Reply, decoder
from dyntui.remote.client import Client
from dyntui.remote.connection import Connection, ConnectionOptions
from dyntui.remote.failures import unreadable
from dyntui.remote.limits import retry_after
from dyntui.remote.network import options_to
from dyntui.remote.verdicts import Doubtful, Limited, NotCarriedOut, Refused, Verdict

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 125.0
MAX_CONCURRENCY: Final = 52
_FIRST_CONCURRENCY: Final = 4
_GATEWAY: Final = frozenset({502, 503, 504})


def verdict(response: httpx.Response, now: float) -> Verdict:
    """What a refused answer means for the next attempt (reference 2.1 and 3.2)."""
    platform_code, message = read_error(response.content)
    if response.status_code == 429 or platform_code in THROTTLED:
        return Limited(retry_after(response), for_all=True)
    if platform_code in SQL_ERROR:
        # Of a deadlock SQL Server has rolled the transaction back: nothing is doubtful about it.
        return NotCarriedOut() if sql_number(message) == SQL_DEADLOCK else Doubtful()
    if response.status_code in _GATEWAY:
        return Doubtful(retry_after(response))
    return Refused()


class Dataverse(Client):
    """A connection to one Dataverse environment.

    `url` is the environment's URL; `tokens` gives bearer tokens; `ca_file` adds a certificate authority.
    `max_concurrency` is this connection's share of the 52 simultaneous calls that one user has; within it the
    environment's own recommendation (`x-ms-dop-hint`) is obeyed. `slow_down_deadline` is how long one call may wait for
    limits altogether, `timeout` ends a call without an answer, both in seconds. `transport` is for tests; `options` are
    those of every connection. `offered` remembers which bulk messages a table offers (`bulk.offers`), `most_values` how
    many values a query may list where more were refused (`rows.pages_where_any`), `server_time` what Dataverse's clock
    said with its last answer.
    """

    def __init__(
        self,
        url: str,
        tokens: TokenSource,
        *,
        ca_file: Path | None = None,
        max_concurrency: int = MAX_CONCURRENCY,
        slow_down_deadline: float = 1800.0,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> None:
        origin = origin_of(url)
        self.api = f"{origin}{API_PATH}"
        self.dop_hint: int | None = None
        self.offered: dict[tuple[str, str], bool] = {}
        self.most_values: int | None = None
        self.server_time: datetime | None = None
        self._max_concurrency = max(1, min(max_concurrency, MAX_CONCURRENCY))
        self._links = Links(origin, self.api, self.get)
        # Cookies carry server affinity, which would pile all calls of a user onto one web server (reference 2.2).
        no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        connection = Connection(
            DYNAMICS,
            origin,
            httpx.AsyncClient(
                **options_to(origin, ca_file, transport),
                auth=BearerToken(tokens),
                cookies=no_cookies,
                timeout=httpx.Timeout(timeout, connect=30.0),
                limits=httpx.Limits(
                    max_connections=MAX_CONCURRENCY, max_keepalive_connections=20, keepalive_expiry=30.0
                ),
                follow_redirects=False,
            ),
            error_from=error_from,
            verdict=verdict,
            notice=self._heed_headers,
            slots=min(_FIRST_CONCURRENCY, self._max_concurrency),
            slow_down_deadline=slow_down_deadline,
            **options,
        )
        super().__init__(origin, connection)

    async def sleep(self, seconds: float) -> None:
        """Wait by the injected clock (metadata and key polling use it)."""
        await self.connection.sleep(seconds)

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
        operations: int = 1,
    ) -> Reply:
        """One logical call: attempts, waits and retries included; returns any answer below 400.

        `path` is relative to the API root, absolute within the environment, or a link that Dataverse gave out.
        `body` is encoded as JSON (`content` is sent as it is). `caller` is the Entra object id to act for.
        `repeatable` declares whether a second attempt after an unknown outcome is harmless; by default everything but
        POST. `check` is given each body and raises msgspec.DecodeError when it is cut off. `accept_multipart` returns
        a multipart answer whatever its status, which then speaks of the failed part only. `operations`: how many
        requests Dynamics counts this as in its allowance for 24 hours (reference 2.3).
        Raises DataverseError, and UnknownOutcome for a write whose fate is not known.
        """
        kind: CallKind = "write" if (writes if writes is not None else method != "GET") else "read"
        data = exact_json.encode(body) if content is None and body is not None else content
        return await self.connection.call(
            Call(
                method=method,
                url=await self._links.absolute(path),
                headers=self._headers(method, data, content_type, prefer, headers, caller),
                content=data,
                kind=kind,
                repeatable=repeatable if repeatable is not None else (method != "POST" or kind == "read"),
                route=route or route_of(method, path),
                accepts=_multipart_or_below_400 if accept_multipart else _below_400,
                check=check,
                at_once=self._at_once,
                operations=operations,
            )
        )

    def _heed_headers(self, response: httpx.Response) -> None:
        self.server_time = _date_of(response) or self.server_time
        hint = response.headers.get("x-ms-dop-hint")
        if hint is not None and hint.isdigit() and int(hint) > 0:
            self.dop_hint = int(hint)
            self.connection.slots.limit = min(self.dop_hint, self._max_concurrency)

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
    """A reply's JSON as a value, where need be without columns that cannot be read (`reading`);
    DATAVERSE_ANSWER_UNREADABLE when it is of another shape."""
    try:
        return decoder(into).decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # perhaps some column alone
    try:
        return loosely(reply.body, into)
    except (ValueError, RecursionError) as failure:
        detail = f"{failure}: {reply.body[:500].decode('utf-8', 'replace')}"
        raise unreadable(DYNAMICS, detail, reply.status) from failure


def _date_of(response: httpx.Response) -> datetime | None:
    """The server's clock as the answer tells it (RFC 9110 section 6.6.1)."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None


def _below_400(response: httpx.Response) -> bool:
    return response.status_code < 400


def _multipart_or_below_400(response: httpx.Response) -> bool:
    return _below_400(response) or response.headers.get("Content-Type", "").lower().startswith("multipart/")


def _json_ends(body: bytes) -> None:
    """Notices a body that was cut off without the transport noticing (a proxy that buffers, for instance)."""
    if not body.rstrip().endswith((b"}", b"]")):
        raise msgspec.DecodeError("the body ends in the middle")
