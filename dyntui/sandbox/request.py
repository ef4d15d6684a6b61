"""What a simulated system sees of a call and what it answers: plain values, so that handlers are plain functions."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


class Headers(Mapping[str, str]):
    """Read-only headers, looked up in any letter case; iteration yields lower-case names.

    Several headers of one name are joined by ", " as RFC 9110 section 5.3 allows.
    """

    __slots__ = ("_values",)

    def __init__(self, items: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = items.items() if isinstance(items, Mapping) else items
        values: dict[str, str] = {}
        for name, value in pairs:
            key = name.lower()
            values[key] = f"{values[key]}, {value}" if key in values else value
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it arrived.

    `path` is decoded and has no query; `raw_query` is still encoded and has no question mark; `url` is the full
    address as the client wrote it; `host` names the listener: dataverse, entra, r1, r2, r3 or control.
    """

    method: str
    path: str
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: bytes = b""
    url: str = ""
    host: str = ""

    @property
    def query(self) -> list[tuple[str, str]]:
        """Decoded options in the order given, blank ones kept; '+' is a space."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def json(self) -> Any:
        """The decoded body. Raises ValueError when it is no JSON (a byte order mark is accepted)."""
        return json.loads(self.body.decode("utf-8-sig"))


@dataclass(slots=True)
class Response:
    """An answer.

    `route` is the template which the call matched, such as "GET lists({id})/listcontact_association", for the call
    counters. `writes` is True when the call changes or could change business data.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    route: str = ""
    writes: bool = False


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON; `headers` may override the content type application/json; charset=utf-8."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return Response(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)


def text_response(
    text: str,
    status: int = 200,
    content_type: str = "text/plain; charset=utf-8",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer of text, HTML by giving its content type."""
    return Response(status, {"Content-Type": content_type, **(headers or {})}, text.encode())
