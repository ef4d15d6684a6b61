"""What dotdigital answered, as values."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from dyntui.dotdigital.errors import READ_NOT_DONE, DotdigitalError

T = TypeVar("T")


class Reply(msgspec.Struct, frozen=True):
    """A successful answer; header names in lower case; the body may be empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool = False


@functools.cache
def _kept_decoder(into: Hashable) -> Any:
    return msgspec.json.Decoder(into)


def decoder(into: type[T]) -> msgspec.json.Decoder[T]:
    """The JSON decoder of a type, made once."""
    kept: msgspec.json.Decoder[T] = _kept_decoder(cast(Hashable, into))
    return kept


def read(reply: Reply, into: type[T]) -> T:
    """A reply's JSON as a value.

    Property names are documented in camelCase but not always so (reference 1.4): what does not fit is read once more
    with names compared without regard to case. DOTDIGITAL_ANSWER_UNREADABLE when it is of another shape.
    """
    try:
        return decoder(into).decode(reply.body)
    except msgspec.ValidationError:
        pass  # perhaps only the names are spelled otherwise
    except msgspec.DecodeError as failure:
        raise _unreadable(reply, failure) from failure
    try:
        return msgspec.convert(_camel_names(msgspec.json.decode(reply.body)), type=into)
    except msgspec.DecodeError as failure:
        raise _unreadable(reply, failure) from failure


def _camel_names(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel_names(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_camel_names(each) for each in value]
    return value


def _unreadable(reply: Reply, failure: Exception) -> DotdigitalError:
    return DotdigitalError(
        "DOTDIGITAL_ANSWER_UNREADABLE",
        "dotdigital answered in a shape that is not understood.",
        not_done=READ_NOT_DONE,
        remedy="See the log; a proxy may have answered in dotdigital's place.",
        detail=f"{failure}: {reply.body[:500].decode('utf-8', 'replace')}",
        status=reply.status,
    )


def require_whole(body: bytes) -> None:
    """Notices a body that was cut off without the transport noticing."""
    text = body.strip()
    if text[:1] in {b"{", b"["} and text[-1:] not in {b"}", b"]"}:
        raise msgspec.DecodeError("the body ends in the middle")
