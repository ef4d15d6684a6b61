"""JSON whose numbers keep every digit: fractions are Decimal, not float, on the way out and on the way in."""

from __future__ import annotations

import json
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


def decode_loosely(body: bytes) -> Any:
    """The value of a remote system's answer in which texts may have been cut in the middle of a letter: what is no
    UTF-8 and halves of characters (`\\ud83d` alone), which are no text that could be stored, are replaced. Raises
    ValueError, RecursionError."""
    return _whole(json.loads(body.decode("utf-8-sig", "replace"), parse_float=Decimal))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(name): _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return value
