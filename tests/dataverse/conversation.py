"""A scripted counterpart for the Dataverse client: it answers in order, remembers, and time is told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import httpx

from dyntui.dataverse.http import Dataverse

ORG = "https://contoso.crm4.dynamics.com"
API = f"{ORG}/api/data/v9.2/"
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def ok(body: object = None, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer."""
    return httpx.Response(status, json=body if body is not None else {}, headers=headers)


def error(status: int, code: str, message: str = "", **headers: str) -> httpx.Response:
    """A refusal in Dataverse's shape."""
    return httpx.Response(status, json={"error": {"code": code, "message": message}}, headers=headers)


def batched(*parts: httpx.Response) -> httpx.Response:
    """The answer to a batch: its parts' answers."""
    raw = b""
    for part in parts:
        headers = "".join(f"{name}: {value}\r\n" for name, value in part.headers.items())
        line = f"--answer\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {part.status_code} X\r\n{headers}\r\n"
        raw += line.encode() + part.content + b"\r\n"
    kind = {"Content-Type": "multipart/mixed; boundary=answer"}
    return httpx.Response(200, content=raw + b"--answer--\r\n", headers=kind)


class Time:
    """A clock that moves only by being slept on; `meanwhile` happens during the next sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
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


class Tokens:
    """Tokens named in the order they were issued."""

    def __init__(self) -> None:
        self.issued = 1

    async def token(self, *, refresh: bool = False) -> str:
        if refresh:
            self.issued += 1
        return f"token-{self.issued}"


class Conversation:
    """Plays Dataverse from a list of answers; the last one is repeated when `forever`."""

    def __init__(self, *answers: Answer, forever: bool = False) -> None:
        self.answers = list(answers)
        self.forever = forever
        self.requests: list[httpx.Request] = []
        self.time = Time()
        self.tokens = Tokens()
        self.calls: list[tuple[str, str]] = []

    def client(self, **options: Any) -> Dataverse:
        return Dataverse(
            ORG,
            self.tokens,
            sleep=self.time.sleep,
            clock=self.time.clock,
            chance=lambda: 0.5,
            meter=lambda kind, route: self.calls.append((kind, route)),
            transport=httpx.MockTransport(self._answer),
            **options,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        # The client signs the same request anew after a 401.
        self.requests.append(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        )
        answer = self.answers[0] if self.forever and len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)

    def body(self, place: int = -1) -> Any:
        return json.loads(self.requests[place].content)

    def paths(self) -> list[str]:
        """What was asked, decoded and without the API's root."""
        return [f"{request.method} {_decoded(request)}" for request in self.requests]


def _decoded(request: httpx.Request) -> str:
    return unquote(str(request.url)).removeprefix(API)
