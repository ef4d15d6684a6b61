"""$batch: several requests in one, with change sets that happen as a whole or not at all.

Source: execute-batch-operations-using-web-api. Line ends must be CRLF.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.call import API_PATH, Call
from dyntui.sandbox.dataverse.errors import bad_request
from dyntui.sandbox.request import Headers, Request, Response

MAX_REQUESTS = 1000
MAX_ADDRESS = 65_536

Answer = Callable[[Request, dict[str, str]], Response]
"""Carries out one request on behalf of the batch's caller; errors come as replies."""

_BOUNDARY = re.compile(r"boundary=\"?([^\";]+)\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch; `content_id` is what other requests of its change set call it."""

    request: Request
    content_id: str | None


class _ChangeSetFailedError(Exception):
    def __init__(self, part: Part, response: Response) -> None:
        super().__init__()
        self.part = part
        self.response = response


def run(call: Call, answer: Answer) -> Response:
    """The reply to a batch. Raises DataverseError when it cannot be read at all."""
    parts = list(_parts(call.request.body, _boundary(call.request.headers.get("content-type", ""))))
    items = [_read_item(call, headers, content) for headers, content in parts]
    if sum(len(item) if isinstance(item, list) else 1 for item in items) > MAX_REQUESTS:
        raise bad_request(f"The number of requests in the batch exceeds the maximum of {MAX_REQUESTS}.")
    mark = f"batchresponse_{call.state.ids.guid()}"
    body, status = [], 200
    for item in items:
        if isinstance(item, list):
            text, failure = _change_set(call, item, answer)
        else:
            response = answer(item.request, {})
            call.writes = call.writes or response.writes
            text, failure = _part(response, item.content_id), response.status if response.status >= 400 else None
        body.append(f"--{mark}\r\n".encode() + text)
        if failure is not None and not call.prefer.continue_on_error:
            status = failure
            break
    body.append(f"--{mark}--\r\n".encode())
    headers = {"Content-Type": f"multipart/mixed; boundary={mark}", **call.prefer.applied("continue-on-error")}
    return Response(status, headers, b"".join(body))


def _boundary(content_type: str) -> bytes:
    match = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/mixed") or match is None:
        raise bad_request("The content type of a batch must be multipart/mixed with a boundary.")
    return match[1].encode()


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[Headers, bytes]]:
    """(headers, content) of every part of a multipart body. Raises DataverseError for one that is not well formed."""
    mark = b"--" + boundary
    if b"\r\n" not in body or not body.lstrip(b"\r\n").startswith(mark):
        raise bad_request("The batch request is malformed: parts must begin with the boundary and lines end with CRLF.")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)[1:]
    if not pieces or not pieces[-1].startswith(b"--"):
        raise bad_request("The batch request is malformed: the closing boundary is missing.")
    for piece in pieces[:-1]:
        head, separator, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not separator:
            raise bad_request("The batch request is malformed: a part has no empty line behind its headers.")
        yield _headers(head), content


def _headers(head: bytes) -> Headers:
    lines = head.decode("utf-8", "replace").split("\r\n")
    return Headers((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines if line))


def _read_item(call: Call, headers: Headers, content: bytes) -> Part | list[Part]:
    kind = headers.get("content-type", "").lower()
    if kind.startswith("application/http"):
        return Part(_read_request(call, content), headers.get("content-id"))
    if not kind.startswith("multipart/mixed"):
        raise bad_request(f"The batch request is malformed: a part has the content type '{kind}'.")
    items = []
    for inner, text in _parts(content, _boundary(headers["content-type"])):
        if not inner.get("content-type", "").lower().startswith("application/http"):
            raise bad_request("Change sets cannot be nested.")
        if "content-id" not in inner:
            raise bad_request("Every request of a change set needs a Content-ID.")
        part = Part(_read_request(call, text), inner["content-id"])
        if part.request.method == "GET":
            raise bad_request("A GET request cannot be part of a change set.")
        items.append(part)
    return items


def _read_request(call: Call, content: bytes) -> Request:
    head, _, body = content.lstrip(b"\r\n").partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    words = first.decode("utf-8", "replace").split(" ")
    if len(words) < 3 or not words[-1].startswith("HTTP/"):
        raise bad_request("The batch request is malformed: a request line is expected.")
    address = " ".join(words[1:-1])
    if len(address) > MAX_ADDRESS:
        raise bad_request("The address of a request in the batch is too long.")
    path, _, query = re.sub(r"^https?://[^/]+", "", address).partition("?")
    if not path.startswith("/"):
        path = f"{API_PATH}/{path}"
    return Request(
        words[0].upper(),
        unquote(path),
        query,
        _headers(rest),
        body.removesuffix(b"\r\n"),
        call.state.urls.dataverse + path + (f"?{query}" if query else ""),
        call.request.host,
    )


def _change_set(call: Call, items: list[Part], answer: Answer) -> tuple[bytes, int | None]:
    """(text of the change set's part, status of its failure). Nothing of a failed change set remains."""
    mark = f"changesetresponse_{call.state.ids.guid()}"
    call.writes = True
    version = call.schema.version
    done: list[tuple[Part, Response]] = []
    try:
        with call.state.transaction():
            references: dict[str, str] = {}
            for part in items:
                response = answer(_with_references(part.request, references), references)
                if response.status >= 400:
                    raise _ChangeSetFailedError(part, response)
                if part.content_id is not None and "OData-EntityId" in response.headers:
                    references[f"${part.content_id}"] = response.headers["OData-EntityId"]
                done.append((part, response))
    except _ChangeSetFailedError as failure:
        if call.schema.version != version:
            storage.reload_schema(call.state)
        response = failure.response
        if call.state.config.dataverse.failed_change_set_parts == "one":
            return _part(response, failure.part.content_id), response.status
        done = [(part, response) for part in items]
        return _nested(mark, done), response.status
    return _nested(mark, done), None


def _with_references(request: Request, references: dict[str, str]) -> Request:
    """A request whose address begins with `$1` leads to the row that Content-ID 1 created."""
    path = request.path.removeprefix(API_PATH).lstrip("/")
    if not path.startswith("$"):
        return request
    name, slash, rest = path.partition("/")
    if name not in references:
        raise bad_request(f"Content-ID Reference: '{name}' does not exist in the batch context.")
    target = re.sub(r"^https?://[^/]+", "", references[name]) + slash + rest
    return Request(request.method, target, request.raw_query, request.headers, request.body, request.url, request.host)


def _nested(mark: str, done: list[tuple[Part, Response]]) -> bytes:
    inner = b"".join(f"--{mark}\r\n".encode() + _part(response, part.content_id) for part, response in done)
    return f"Content-Type: multipart/mixed; boundary={mark}\r\n\r\n".encode() + inner + f"--{mark}--\r\n".encode()


def _part(response: Response, content_id: str | None) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return ("\r\n".join([*lines, "", ""])).encode() + response.body + b"\r\n"
