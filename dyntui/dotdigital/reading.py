"""What dotdigital answered, as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar, cast

import msgspec

from dyntui.dotdigital.errors import DOTDIGITAL
from dyntui.model import exact_json
from dyntui.remote import failures
from dyntui.remote.calls import Reply, decoder
from dyntui.remote.errors import RemoteError

T = TypeVar("T")
# The service's own description gives numbers 32 bits, ids of contacts 64: more is no number of its, and none that could
# be stored.
Whole = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
Long = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_RECEIVED_LIMIT: Final = 500


class OddRow(msgspec.Struct, frozen=True):
    """A row that could not be read: where in the answer, why, and what was received with its texts masked."""

    place: str
    reason: str
    received: str


def read(reply: Reply, into: type[T]) -> T:
    """A reply's JSON as a value.

    Nearly everything may be null by the service's own description, property names are documented in camelCase but not
    always so (reference 1.4), and text may be cut in the middle of a letter: what does not fit is read once more with
    names compared without regard to case, nulls taken for "not there", a replacement for what is no UTF-8, and numbers
    and yes or no also where they are written as texts. DOTDIGITAL_ANSWER_UNREADABLE when it is of another shape even
    then.
    """
    try:
        return decoder(into).decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # perhaps only spelled otherwise
    try:
        return msgspec.convert(loosely(reply), type=into, strict=False)
    except msgspec.ValidationError as failure:
        raise unreadable(reply, str(failure)) from failure


def read_rows(reply: Reply, row_type: type[T]) -> tuple[list[T], list[OddRow]]:
    """A reply's JSON array, row by row: those that can be read, and those that cannot.

    DOTDIGITAL_ANSWER_UNREADABLE when it is no array.
    """
    rows_type = cast("type[list[T]]", list[row_type])  # type: ignore[valid-type]
    try:
        return decoder(rows_type).decode(reply.body), []
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    values = loosely(reply)
    if not isinstance(values, list):
        raise unreadable(reply, f"a list was expected, not {type(values).__name__}")
    return rows_of(values, row_type)


def rows_of(values: Sequence[Any], row_type: type[T], place: str = "") -> tuple[list[T], list[OddRow]]:
    """Loosely read values as rows: those that can be read, and those that cannot."""
    rows: list[T] = []
    odd: list[OddRow] = []
    for number, value in enumerate(values):
        try:
            rows.append(msgspec.convert(value, type=row_type, strict=False))
        except msgspec.ValidationError as failure:
            received = msgspec.json.encode(masked(value)).decode()[:_RECEIVED_LIMIT]
            odd.append(OddRow(place=f"{place}[{number}]", reason=str(failure), received=received))
    return rows, odd


def loosely(reply: Reply) -> Any:
    """A reply's JSON with names in camelCase and without members that are null. DOTDIGITAL_ANSWER_UNREADABLE when it is
    no JSON."""
    try:
        return _plain(_value(reply.body))
    except (ValueError, RecursionError) as failure:
        raise unreadable(reply, str(failure)) from failure


def _value(body: bytes) -> Any:
    try:
        return exact_json.decode(body.decode("utf-8-sig", "replace"))
    except msgspec.DecodeError:
        # Perhaps a text that ends with half of a character.
        return exact_json.decode_loosely(body)


def masked(value: Any) -> Any:
    """A value whose texts show their length alone: whose it is shall not stand in a log."""
    if isinstance(value, dict):
        return {name: masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each) for each in value]
    return f"{len(value)} characters" if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def unreadable(reply: Reply, why: str) -> RemoteError:
    """The error of an answer that is of another shape than is understood."""
    return failures.unreadable(DOTDIGITAL, f"{why}: {reply.body[:500].decode('utf-8', 'replace')}", reply.status)


def unreadable_rows(odd: Sequence[OddRow]) -> RemoteError:
    """The error of an answer some rows of which cannot be read, where none may be left out."""
    detail = "; ".join(f"{row.place} {row.reason}: {row.received}" for row in odd[:5])
    return failures.unreadable(DOTDIGITAL, detail)


def require_whole(body: bytes) -> None:
    """Notices a body that was cut off without the transport noticing."""
    text = body.strip()
    if text[:1] in {b"{", b"["} and text[-1:] not in {b"}", b"]"}:
        raise msgspec.DecodeError("the body ends in the middle")


def repeating_pages(path: str) -> RemoteError:
    """The error of a feed that does not go on: one page was answered again and again."""
    return DOTDIGITAL.error(
        "DOTDIGITAL_PAGE_REPEATS",
        f"dotdigital answered the same page of {path.partition('?')[0]} again instead of the next one.",
        not_done="What should have followed was not read; what was read before was kept.",
        remedy="Run it again later: it reads the same once more. Ask dotdigital's support if it stays so.",
        status=200,
    )
