"""JSON whose numbers keep every digit: fractions are Decimal, not float, on the way out and on the way in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_SORTED = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def encode(value: object) -> bytes:
    """A value as JSON; a Decimal is a number."""
    return _ENCODER.encode(value)


def encode_sorted(value: object) -> bytes:
    """A value as JSON; equal values give equal bytes."""
    return _SORTED.encode(value)


def encode_text(value: object) -> str:
    """A value as JSON text."""
    return _ENCODER.encode(value).decode()


def decode(text: str | bytes) -> Any:
    """The value of a JSON text. Raises msgspec.DecodeError."""
    return _DECODER.decode(text)
