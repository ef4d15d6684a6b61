"""Data labels: dotdigital's contact data fields as dyntui knows them (reference/dotdigital_api.md section 6)."""

from __future__ import annotations

import enum
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

STRING_LENGTH: Final = 1000
"""A String data field holds at most so many characters."""
NUMERIC_WHOLE_DIGITS: Final = 18
NUMERIC_DECIMALS: Final = 9
"""A Numeric data field holds 18 digits before and 9 after the decimal point."""

ADDRESS_LABEL: Final = "EMAIL"
"""The label of the mapping that says at which address a record is mailed. It is the contact's identifier in dotdigital,
not a data field."""

RESERVED: Final = frozenset(
    {
        "ACCOUNT",
        "CAMPAIGN",
        "CAMPAIGNID",
        "CONTACT",
        "CONTACT_API_ID",
        "CONTACTID",
        "EMAIL",
        "HCONTACTID",
        "HEMAIL",
        "HEMAIL256",
        "ID",
        "MESSAGECONTENT",
        "MOBILENUMBERID",
        "NOTES",
        "UNSUBSCRIBED",
        "UNIQUECONTACTID",
    }
)
"""Names that dotdigital refuses for data fields."""

_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,20}\Z")


class LabelType(enum.StrEnum):
    """The types of data fields."""

    STRING = "String"
    NUMERIC = "Numeric"
    DATE = "Date"
    BOOLEAN = "Boolean"


class Visibility(enum.StrEnum):
    """Whether people see the field in dotdigital's forms and preference pages."""

    PRIVATE = "Private"
    PUBLIC = "Public"


class DataLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A data label. `name` is in upper case, as dotdigital keeps it. `default_value` as text, `""` for none.

    `synchronised`: the data field exists in dotdigital with this type. `conflict`: the type that a field of this name
    has there, where it is another one, `deleted` where it was deleted there although mappings use it; `""` otherwise.
    """

    name: str
    type: LabelType
    default_value: str = ""
    visibility: Visibility = Visibility.PRIVATE
    description: str = ""
    synchronised: bool = False
    conflict: str = ""


def default_of(label: DataLabel) -> str | int | Decimal | bool | None:
    """The default value as dotdigital takes it for the label's type; None for none. Raises ValueError."""
    text = label.default_value.strip()
    if not text:
        return None
    if label.type is LabelType.NUMERIC:
        return _number(text)
    if label.type is LabelType.BOOLEAN:
        if text.lower() not in _TRUTH:
            raise ValueError(f"{text!r} is neither true nor false")
        return _TRUTH[text.lower()]
    if label.type is LabelType.DATE:
        return f"{datetime.fromisoformat(text).isoformat(timespec='seconds')}"
    return label.default_value


def _number(text: str) -> int | Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
    if not number.is_finite() or number.adjusted() >= NUMERIC_WHOLE_DIGITS:
        raise ValueError(f"{text!r} is no number that a data field holds")
    return int(number) if number == number.to_integral_value() else number


def canonical(name: str) -> str:
    """A label's name as dotdigital keeps it: upper and lower case do not tell names apart."""
    return name.strip().upper()


def fault_of_name(name: str) -> str:
    """Why dotdigital would refuse a name for a data field; `""` when it would not."""
    if not _NAME.match(name):
        return "a name has 1 to 20 of the characters A-Z, 0-9, - and _"
    if canonical(name) in RESERVED:
        return "dotdigital reserves this name"
    return ""
