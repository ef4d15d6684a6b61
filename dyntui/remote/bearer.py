"""Bearer tokens on requests, renewed once when the system refuses one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from http import HTTPStatus
from typing import Protocol

import httpx


class TokenSource(Protocol):
    """Where bearer tokens come from (`dyntui.dataverse.sign_in.SignIn`)."""

    async def token(self, *, refresh: bool = False) -> str:
        """A bearer token; `refresh` asks for a new one even if the kept one looks valid. Raises RemoteError."""
        ...


class BearerToken(httpx.Auth):
    """Signs each request with a token; after a 401 the same request goes out once more with a new one."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {await self._tokens.token()}"
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {await self._tokens.token(refresh=True)}"
            yield request

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        raise RuntimeError("tokens are fetched asynchronously: use httpx.AsyncClient")
