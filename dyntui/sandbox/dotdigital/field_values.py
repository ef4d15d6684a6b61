"""Values of contact data fields: what each type accepts, its limits, and the form kept (6)."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from dyntui.sandbox.dotdigital import dates

TEXT_LENGTH = 1000
"""Longest text (6: 255 in the old help page, 1000 in the newer one)."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class WrongType(ValueError):
    """The value does not fit the type of its field."""


class Overflow(ValueError):
    """The value has the right type but exceeds its limits."""


def convert(kind: str, value: Any) -> Any:
    """The stored form of a value for a field of type `kind`; None for an empty one.

    String: up to 1000 characters. Numeric: a number or its text, up to 18 digits before and 9 after the point, kept
    exact. Date: ISO 8601, kept in UTC to the second. Boolean: true or false, or the texts true/false/yes/no/1/0.
    Raises WrongType or Overflow.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, dict | list):
        raise WrongType(kind)
    return _CONVERT[kind](value)


def _string(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    if len(text) > TEXT_LENGTH:
        raise Overflow(kind_of(value))
    return text


def _numeric(value: Any) -> int | Decimal:
    if isinstance(value, bool):
        raise WrongType("Boolean")
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        raise WrongType(kind_of(value))
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise WrongType(kind_of(value)) from None
    if abs(number) >= Decimal(10) ** 18 or number != round(number, 9):
        raise Overflow("Numeric")
    return int(number) if number == number.to_integral_value() else number


def _date(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongType(kind_of(value))
    try:
        return f"{(dates.iso(dates.parse(value)) or '')[:19]}Z"
    except (ValueError, OverflowError):
        raise WrongType("String") from None


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return _BOOLEANS[str(value).strip().lower()]
    except KeyError:
        raise WrongType(kind_of(value)) from None


def kind_of(value: Any) -> str:
    """The data field type which a JSON value looks like."""
    if isinstance(value, bool):
        return "Boolean"
    return "String" if isinstance(value, str) else "Numeric"


_CONVERT = {"String": _string, "Numeric": _numeric, "Date": _date, "Boolean": _boolean}
TYPES = tuple(_CONVERT)
