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


def encode(value: Any) -> bytes:
    """UTF-8 JSON without blanks."""
    return _encoder.encode(value)


def text(value: Any) -> str:
    """The same as text, for a column."""
    return _encoder.encode(value).decode()


def answer(value: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, _encoder.encode(value))


def empty(status: int) -> Response:
    """An answer without a body."""
    return Response(status)
