"""JSON in and out, numbers exact: a Numeric data field may carry 27 digits, more than a float can."""

from decimal import Decimal
from typing import Any

import msgspec

from dyntui.sandbox.request import Response

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode(text: str | bytes) -> Any:
    """A decoded document; numbers with a fraction are Decimal. Raises msgspec.DecodeError."""
    return _decoder.decode(text)


def received(body: bytes) -> Any:
    """A document that a client sent, a byte order mark in front of it allowed.

    Raises msgspec.DecodeError for what is no JSON, is no UTF-8 or is nested too deeply to be looked at.
    """
    try:
        return _decoder.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


def encode(value: Any) -> bytes:
    """UTF-8 JSON without blanks."""
    return _encoder.encode(value)


def text(value: Any) -> str:
    """The same as text, for a column."""
    return _encoder.encode(value).decode()


def answer(value: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, _encoder.encode(value))


def text_answer(text: str, status: int = 200) -> Response:
    """A sentence, which the service's own description calls a stream of bytes."""
    return Response(status, {"Content-Type": "application/octet-stream"}, _encoder.encode(text))


def empty(status: int) -> Response:
    """An answer without a body."""
    return Response(status)
