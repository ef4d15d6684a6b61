"""A call to a remote system, the answer it ends in, and how answers are decoded."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeVar, cast

import httpx
import msgspec

T = TypeVar("T")
CallKind = Literal["read", "write"]
CallMeter = Callable[[CallKind, str], None]
"""Told of every request: its kind and its route, a template without identifiers or addresses."""
Params = Mapping[str, str | int | list[str]]


class Call(msgspec.Struct, kw_only=True):
    """One logical call, and what its attempts have learned so far.

    `repeatable`: a second attempt after an unknown outcome is harmless. `accepts` says whether an answer is what was
    asked for; `check` is given the body of each and raises msgspec.DecodeError when it is cut off. `at_once`: one
    attempt without any waiting. `doubtful`: an attempt may have been carried out without an answer. `admitted`: the
    next request may be made; `requests` counts those made, the last one at `sent_at` by the connection's clock.
    `operations`: how many requests the system counts it as where it counts what is in it; `charge` is the budget's own
    note of what the request under way was admitted for.
    """

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    kind: CallKind
    repeatable: bool
    route: str
    accepts: Callable[[httpx.Response], bool]
    params: Params | None = None
    check: Callable[[bytes], object] | None = None
    at_once: bool = False
    doubtful: bool = False
    admitted: bool = False
    requests: int = 0
    sent_at: float = 0.0
    operations: int = 1
    charge: object = None

    @property
    def writes(self) -> bool:
        return self.kind == "write"


class Reply(msgspec.Struct, frozen=True):
    """An answer that was asked for. Header names are in lower case; the body may be empty. `repeated`: an earlier
    attempt's outcome is unknown."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool = False


def reply_of(response: httpx.Response, *, repeated: bool) -> Reply:
    """An HTTP answer as a value."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, response.content, repeated)


@functools.cache
def _kept_decoder(into: Hashable) -> Any:
    return msgspec.json.Decoder(into, float_hook=Decimal)


def decoder(into: type[T]) -> msgspec.json.Decoder[T]:
    """The JSON decoder of a type, made once. Fractions in what is not typed are Decimal, and keep every digit."""
    kept: msgspec.json.Decoder[T] = _kept_decoder(cast(Hashable, into))
    return kept
