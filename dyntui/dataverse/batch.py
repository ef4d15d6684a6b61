"""`$batch`: several requests in one, and the way out for URLs that are too long.

    run(dv, [Part(...), ChangeSet([Part(...), ...])], continue_on_error=True) -> [PartReply | ChangeSetReply]
    get_long(dv, path, into)

Facts: reference/dataverse_api.md section 5.3 (CRLF line ends, at most 1,000 requests, change sets are all-or-nothing,
a failed change set answers with one error part).
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping, Sequence
from email.message import Message
from typing import Final, TypeVar

import msgspec

from dyntui.dataverse.addresses import API_PATH
from dyntui.dataverse.errors import THROTTLED, DataverseError, UnknownOutcome, error_from
from dyntui.dataverse.http import Dataverse, read
from dyntui.model import exact_json
from dyntui.remote.calls import Reply

T = TypeVar("T")
MOST_REQUESTS: Final = 1000
PART_URL_LIMIT: Final = 65_536
# Dataverse itself takes 32,768 characters, but proxies on the way often no more than 8 KB.
_GET_URL_LIMIT: Final = 7_500
# Limits are those of five minutes.
_THROTTLED_WAITS: Final = (15.0, 30.0, *(60.0,) * 5)


class Part(msgspec.Struct, frozen=True):
    """One request of a batch; `path` is relative to the API root; `body` is encoded as JSON."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = {}


class ChangeSet(msgspec.Struct, frozen=True):
    """Writes that happen together or not at all; `$1` in a later path or body is the row made by the first part."""

    parts: Sequence[Part]


class PartReply(msgspec.Struct, frozen=True):
    """A part's answer: `reply`, or `error` when it was refused."""

    reply: Reply | None = None
    error: DataverseError | None = None


class ChangeSetReply(msgspec.Struct, frozen=True):
    """A change set's answers in order, or the one `error` that undid all of it."""

    replies: list[Reply]
    error: DataverseError | None = None


async def run(
    dv: Dataverse,
    items: Sequence[Part | ChangeSet],
    *,
    continue_on_error: bool = True,
    prefer: Sequence[str] = (),
    repeatable: bool | None = None,
    caller: str | None = None,
) -> list[PartReply | ChangeSetReply]:
    """Run up to 1,000 requests in order; the answers come in the same order.

    Without `continue_on_error` the answers end at the first failure. `repeatable` says whether the whole batch may be
    sent again after a lost answer (by default only when it merely reads). A limit that is met in the middle of it turns
    away the requests from there on: they are waited for, and sent again. Raises DataverseError when the batch itself
    is refused, UnknownOutcome when it may have been carried out.
    """
    once = functools.partial(
        _run, dv, continue_on_error=continue_on_error, prefer=prefer, repeatable=repeatable, caller=caller
    )
    answers = await once(items)
    for seconds in _THROTTLED_WAITS if dv.waits and continue_on_error else ():
        limited = [place for place, answer in enumerate(answers) if _limited(answer)]
        if not limited:
            break
        await dv.sleep(seconds)
        # What was turned away was not carried out.
        again = await once([items[place] for place in limited])
        for place, answer in zip(limited, again, strict=False):
            answers[place] = answer
    return answers


def _limited(answer: PartReply | ChangeSetReply) -> bool:
    return answer.error is not None and (answer.error.status == 429 or answer.error.platform_code in THROTTLED)


async def _run(
    dv: Dataverse,
    items: Sequence[Part | ChangeSet],
    *,
    continue_on_error: bool,
    prefer: Sequence[str],
    repeatable: bool | None,
    caller: str | None,
) -> list[PartReply | ChangeSetReply]:
    parts = [part for item in items for part in (item.parts if isinstance(item, ChangeSet) else [item])]
    if not 0 < len(parts) <= MOST_REQUESTS:
        raise ValueError(f"a batch holds 1 to {MOST_REQUESTS} requests, not {len(parts)}")
    reads_only = all(part.method == "GET" for part in parts)
    boundary = f"batch_{uuid.uuid4().hex}"
    wishes = [*prefer, "odata.continue-on-error"] if continue_on_error else list(prefer)
    reply = await dv.request(
        "POST",
        "$batch",
        content=_written(items, boundary, caller),
        content_type=f'multipart/mixed; boundary="{boundary}"',
        prefer=wishes,
        writes=not reads_only,
        repeatable=reads_only if repeatable is None else repeatable,
        caller=caller,
        check=_multipart_ends,
        accept_multipart=True,
        operations=len(parts),
    )
    return _read(reply, items)


async def get_long(
    dv: Dataverse,
    path: str,
    into: type[T],
    *,
    prefer: Sequence[str] = (),
    caller: str | None = None,
    route: str | None = None,
) -> T:
    """GET; through a batch when the URL is too long for one of its own (at most 64 KiB then)."""
    if len(dv.api) + len(path) < _GET_URL_LIMIT:
        return await dv.get(path, into, prefer=prefer, caller=caller, route=route)
    headers = {"Prefer": ",".join(prefer)} if prefer else {}
    part = Part("GET", await dv.relative(path), headers=headers)
    return _value(await _only(dv, part, caller), into)


async def _only(dv: Dataverse, part: Part, caller: str | None) -> PartReply:
    for answer in await run(dv, [part], caller=caller):
        if isinstance(answer, PartReply):
            return answer
    raise _unreadable("the batch answered nothing")


def _value(answer: PartReply, into: type[T]) -> T:
    if answer.error is not None:
        raise answer.error
    if answer.reply is None:
        raise _unreadable("the part answered nothing")
    return read(answer.reply, into)


def _is_multipart(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/")


def _multipart_ends(body: bytes) -> None:
    if not body.rstrip().endswith((b"--", b"}")):
        raise msgspec.DecodeError("the batch answer ends in the middle")


def _written(items: Sequence[Part | ChangeSet], boundary: str, caller: str | None) -> bytes:
    # The headers of a part are its own: nothing says that it acts for whom the batch names.
    own = {} if caller is None else {"CallerObjectId": caller}
    out: list[bytes] = []
    for item in items:
        out.append(f"--{boundary}\r\n".encode())
        if isinstance(item, Part):
            out.append(_part(item, None, own))
            continue
        inner = f"changeset_{uuid.uuid4().hex}"
        out.append(f'Content-Type: multipart/mixed; boundary="{inner}"\r\n\r\n'.encode())
        for number, part in enumerate(item.parts, start=1):
            out.append(f"--{inner}\r\n".encode())
            out.append(_part(part, number, own))
        out.append(f"--{inner}--\r\n\r\n".encode())
    out.append(f"--{boundary}--\r\n".encode())
    return b"".join(out)


def _part(part: Part, content_id: int | None, more: Mapping[str, str]) -> bytes:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        head.append(f"Content-ID: {content_id}")
    target = part.path if part.path.startswith(("/", "https://", "$")) else f"{API_PATH}{part.path}"
    request = [f"{part.method} {target} HTTP/1.1", "Accept: application/json"]
    body = b""
    if part.body is not None:
        body = exact_json.encode(part.body)
        request.append("Content-Type: application/json; type=entry")
    for name, value in {**more, **part.headers}.items():
        if {"\r", "\n"} & set(name + value):
            raise ValueError("a header may not hold a line break")
        request.append(f"{name}: {value}")
    lines = "\r\n".join([*head, "", *request, "", ""])
    return lines.encode() + body + b"\r\n\r\n"


def _read(reply: Reply, items: Sequence[Part | ChangeSet]) -> list[PartReply | ChangeSetReply]:
    answers: list[PartReply | ChangeSetReply] = []
    sections = _sections(reply.body, _boundary(reply.headers.get("content-type", "")))
    for item, section in zip(items, sections, strict=False):
        headers, body = _headers_and_rest(section)
        if isinstance(item, Part):
            answers.append(_answer(body, writes=item.method != "GET", repeated=reply.repeated))
            continue
        content_type = headers.get("content-type", "")
        if not _is_multipart(content_type):
            failed = _answer(body, writes=True, repeated=reply.repeated)
            answers.append(ChangeSetReply(replies=[], error=failed.error))
            continue
        inner = [
            _answer(_headers_and_rest(each)[1], writes=True, repeated=reply.repeated)
            for each in _sections(body, _boundary(content_type))
        ]
        error = next((each.error for each in inner if each.error is not None), None)
        answers.append(
            ChangeSetReply(
                replies=[] if error else [each.reply for each in inner if each.reply is not None], error=error
            )
        )
    return answers


def _answer(raw: bytes, *, writes: bool, repeated: bool) -> PartReply:
    text = raw.lstrip(b"\r\n")
    if not text.startswith(b"HTTP/") or not text[9:12].isdigit():
        raise _unreadable(text[:200].decode("utf-8", "replace"))
    status = int(text[9:12])
    headers, body = _headers_and_rest(text)
    body = body.rstrip(b"\r\n")
    if status >= 400:
        return PartReply(error=error_from(status, body, writes=writes, repeated=repeated))
    return PartReply(reply=Reply(status=status, headers=headers, body=body, repeated=repeated))


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise _unreadable(content_type[:200])
    return boundary.encode()


def _unreadable(detail: str) -> UnknownOutcome:
    return UnknownOutcome(
        "DATAVERSE_ANSWER_UNREADABLE",
        "Dynamics answered a batch in a shape that is not understood.",
        not_done="It is not known which requests of the batch were carried out.",
        remedy="See the log; a proxy may have answered in Dynamics' place.",
        detail=detail,
    )


def _sections(body: bytes, boundary: bytes) -> list[bytes]:
    """The parts between the boundary lines. A boundary counts only at the beginning of a line."""
    pieces = (b"\r\n" + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).split(b"\r\n--" + boundary)
    return [piece.removeprefix(b"\r\n") for piece in pieces[1:] if not piece.startswith(b"--")]


def _headers_and_rest(section: bytes) -> tuple[dict[str, str], bytes]:
    head, _, rest = section.partition(b"\r\n\r\n")
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.decode("latin-1").strip().lower()] = value.decode("latin-1").strip()
    return headers, rest
