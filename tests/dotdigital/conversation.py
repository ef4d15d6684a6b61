"""A scripted counterpart for the dotdigital client: it answers in order, remembers, and time is told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import httpx

from dyntui.dotdigital.http import Dotdigital

HOST = "https://r1-api.dotdigital.com"
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
BROKEN = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
REFUSED = httpx.ConnectError("connection refused")


def ok(body: object = None, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    """A JSON answer."""
    return httpx.Response(status, json=body, headers=headers)


def error(status: int, message: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """A refusal in v2's shape."""
    return httpx.Response(status, json={"message": message}, headers=headers)


def v3_error(status: int, code: str, description: str = "") -> httpx.Response:
    """A refusal in v3's shape."""
    return httpx.Response(status, json={"errorCode": code, "description": description})


class Time:
    """A clock that moves only by being slept on; `meanwhile` happens during the next sleep."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        self.now += seconds


class Conversation:
    """Plays dotdigital from a list of answers; a single one may be repeated `forever`."""

    def __init__(self, *answers: Answer, forever: bool = False) -> None:
        self.answers = list(answers)
        self.forever = forever
        self.requests: list[httpx.Request] = []
        self.time = Time()
        self.calls: list[tuple[str, str]] = []

    def options(self) -> dict[str, Any]:
        return {
            "sleep": self.time.sleep,
            "clock": self.time.clock,
            "now": self.time.clock,
            "chance": lambda: 0.5,
            "meter": lambda kind, route: self.calls.append((kind, route)),
            "transport": httpx.MockTransport(self._answer),
        }

    def client(self, **more: Any) -> Dotdigital:
        return Dotdigital(HOST, "apiuser-1@apiconnector.com", "pass word", **{**self.options(), **more})

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[0] if self.forever and len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)

    def body(self, place: int = -1) -> Any:
        return json.loads(self.requests[place].content)

    def paths(self) -> list[str]:
        """What was asked, decoded and without the host."""
        return [f"{request.method} {unquote(str(request.url)).removeprefix(HOST)}" for request in self.requests]
