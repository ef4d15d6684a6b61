"""Recorded traffic as the sandbox writes it with `--record`, call by call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call: path still encoded, options in order; `status` None where no answer came."""

    method: str
    path: str
    query: list[tuple[str, str]]
    content_type: str
    body: bytes
    status: int | None
    answer_type: str
    answer: bytes


def exchanges(lines: Iterable[str]) -> Iterator[Exchange]:
    """The calls of a recording's lines."""
    for line in lines:
        call = json.loads(line)
        parts = urlsplit(call["url"])
        yield Exchange(
            method=call["method"],
            path=parts.path,
            query=parse_qsl(parts.query, keep_blank_values=True),
            content_type=_header(call["request_headers"], "content-type"),
            body=call["request_body"].encode(),
            status=call["status"],
            answer_type=_header(call["response_headers"], "content-type"),
            answer=(call["response_body"] or "").encode(),
        )


def _header(headers: dict[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
