"""The one place where dotdigital is spoken to over HTTP.

`class Dotdigital` is a connection to one account; everything else in this package is functions over it:

    dd = await connect("https://r1-api.dotdigital.com", user, password, ca_file=...)   # finds the account's region
    page = await dd.get("/v2/address-books", list[AddressBook], params={"select": 1000})
    reply = await dd.request("POST", "/v2/address-books", body={...})                  # -> Reply

How a call is admitted, repeated and given up stands in `dyntui.remote`. dotdigital's own part of it: limits never fail
a call, they slow it down (reference 2.1, 5.1): the flat limit (400 ERROR_APIUSAGE_EXCEEDED), the tiered limit (429 with
X-RateLimit-Reset) and the cap of 25 imports. Lost connections and 5xx are retried only where a second attempt cannot do
harm, otherwise `UnknownOutcome`. 401 is never retried: it would lock the API user.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar, Unpack

import httpx

from dyntui.dotdigital.addresses import origin_of, route_of
from dyntui.dotdigital.errors import DOTDIGITAL, error_from
from dyntui.dotdigital.limits import RateLimit, noticed, verdict
from dyntui.dotdigital.reading import OddRow, read, read_rows, require_whole
from dyntui.model import exact_json
from dyntui.remote.calls import Call, Params, Reply
from dyntui.remote.client import Client
from dyntui.remote.connection import Connection, ConnectionOptions
from dyntui.remote.network import options_to

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 121.0


class Dotdigital(Client):
    """A connection to one dotdigital account, at its region's host.

    `limits` are the tiers' windows as last seen, by scope; `most_together`: how many people one call may name where
    more were refused (`in_parts`). `ca_file` adds a certificate authority; `slow_down_deadline`
    is how long one call may wait for limits altogether (the flat limit is a rolling hour), `timeout` ends a call
    without an answer, both in seconds. `transport` is for tests; `options` are those of every connection.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        ca_file: Path | None = None,
        max_concurrency: int = 4,
        slow_down_deadline: float = 5400.0,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> None:
        origin = origin_of(url)
        self.limits: dict[str, RateLimit] = {}
        self.most_together: int | None = None
        connection = Connection(
            DOTDIGITAL,
            origin,
            httpx.AsyncClient(
                **options_to(origin, ca_file, transport),
                auth=httpx.BasicAuth(user, password),
                timeout=httpx.Timeout(timeout, connect=30.0),
                limits=httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30.0),
                follow_redirects=False,
            ),
            error_from=error_from,
            verdict=verdict,
            notice=lambda response: noticed(response, self.limits),
            slots=max_concurrency,
            slow_down_deadline=slow_down_deadline,
            **options,
        )
        super().__init__(origin, connection)

    def sign_in_as(self, user: str, password: str) -> None:
        """Another API user or password, from the next attempt on."""
        self.connection.sign_in_with(httpx.BasicAuth(user, password))

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
        data = exact_json.encode(body) if content is None and body is not None else content
        standard = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "dyntui"}
        if data is not None:
            standard["Content-Type"] = "application/json"
        return await self.connection.call(
            Call(
                method=method,
                url=f"{self.origin}{path}",
                params=params or None,
                headers={**standard, **(headers or {})},
                content=data,
                kind="read" if method == "GET" else "write",
                repeatable=repeatable if repeatable is not None else method != "POST",
                route=route or route_of(method, path),
                accepts=lambda response: response.is_success or response.status_code in accept,
                check=require_whole if expects_json else None,
                at_once=at_once or self._at_once,
            )
        )
