"""One value from a column of Dynamics to a data label of dotdigital, or back.

    convert(value, column, label_type, direction, choice=) -> Converted | Rejected
    fits(column, label_type) -> the directions in which values of the two can travel; none where they cannot
    loses(column, choice) -> why a value that goes there and back may not be the same; "" where it always is
    unless_empty(value, label_type) -> what a data field holds, None where that stands for nothing

What travels (spec section 6):

| column | label | to dotdigital | to Dynamics |
|---|---|---|---|
| text, memo | String | as it is; longer than 1,000 characters: rejected | as it is; longer than the column: rejected |
| whole number | Numeric | exact | a fraction, or outside the column's limits: rejected |
| decimal, float, money | Numeric | exact; beyond 18 + 9 digits: rejected | more decimals than the column's: rejected |
| two options | Boolean | | |
| choice | String | its label, or its value | by value, then by exact label, else rejected |
| date without a time | Date | midnight UTC | a time of day: rejected |
| date and time | Date | UTC, whole seconds | UTC, whole seconds |
| multi-select choice, lookup, state, status, unique id | String | its label or name, or its value | |
| calculated, rollup and read-only columns | by their type | as above | |

Empty is None on both sides, and so are text of blanks alone and the years that stand for no date. Numbers are `int` or
`Decimal`, in one form for equal values; dates of dotdigital and date-times of Dynamics are ISO 8601 in UTC with whole
seconds and `Z`, dates without a time `YYYY-MM-DD`. A value that is rejected is never changed into one that is not.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from dyntui.model.columns import (
    CHOICES,
    DATE,
    DATE_ONLY,
    FRACTIONAL,
    LOOKUPS,
    MULTI_CHOICE,
    NUMBERS,
    TEXT,
    TWO_OPTIONS,
    UNIQUE_ID,
    WHOLE,
    Column,
)
from dyntui.model.labels import NUMERIC_DECIMALS, NUMERIC_WHOLE_DIGITS, STRING_LENGTH, LabelType
from dyntui.model.lengths import units
from dyntui.model.people import Gate

Value = str | int | Decimal | bool | None
"""A value as both sides take it; a JSON value whose numbers are exact."""


class Direction(enum.StrEnum):
    """Where a mapping takes a value."""

    TO_DOTDIGITAL = "to dotdigital"
    TO_DYNAMICS = "to Dynamics"


class ChoiceAs(enum.StrEnum):
    """What of a choice or a lookup travels to dotdigital."""

    LABEL = "label"
    VALUE = "value"


class Converted(msgspec.Struct, frozen=True):
    """The value as the other side takes it; None clears."""

    value: Value


class Rejected(msgspec.Struct, frozen=True):
    """A value that cannot be carried: of which column, and why. It costs the person the reason VALUE_REJECTED."""

    column: str
    why: str

    @property
    def gate(self) -> Gate:
        """The closed gate that it is for the person."""
        return Gate("VALUE_REJECTED", f"{self.column}: {self.why}")


_BOTH: Final = frozenset(Direction)
_OUT: Final = frozenset({Direction.TO_DOTDIGITAL})
_NEITHER: Final[frozenset[Direction]] = frozenset()
_ONE_WAY: Final = LOOKUPS | {MULTI_CHOICE, "State", "Status", UNIQUE_ID}
_LABELS: Final[dict[str, LabelType]] = {
    **dict.fromkeys((*TEXT, *CHOICES, *LOOKUPS, MULTI_CHOICE, UNIQUE_ID), LabelType.STRING),
    **dict.fromkeys(NUMBERS, LabelType.NUMERIC),
    TWO_OPTIONS: LabelType.BOOLEAN,
    DATE: LabelType.DATE,
}

# The years that .NET, Dataverse and SQL Server write where there is no date (spec section 9).
_NO_DATE: Final = frozenset({1, 1753, 1900})
_EARLIEST: Final = 1753
# A Double keeps so many significant digits for certain.
_DOUBLE_DIGITS: Final = 15
# More than any column or label holds.
_MOST_DIGITS: Final = 60
# Whole numbers of Dataverse have 32 bits, big ones 64.
_BITS: Final[dict[str, int]] = {"Integer": 31, "BigInt": 63}
_NUMBER: Final = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?\Z")
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?\s?(Z|[+-]\d\d:?\d\d)?)?\Z", re.ASCII | re.IGNORECASE
)
_BETWEEN: Final = "; "
_SHOWN: Final = 60


class _Refused(Exception):
    """Why a value cannot be carried."""


def label_type_of(column: Column) -> LabelType | None:
    """The type of data label that a column's values go to; None for columns that cannot be mapped."""
    return _LABELS.get(column.type)


def fits(column: Column, label_type: LabelType) -> frozenset[Direction]:
    """The directions in which values can travel between them: none where the types differ."""
    if label_type_of(column) is not label_type:
        return _NEITHER
    return _OUT if column.type in _ONE_WAY or not column.takes_values else _BOTH


def convert(
    value: object, column: Column, label_type: LabelType, direction: Direction, *, choice: ChoiceAs = ChoiceAs.LABEL
) -> Converted | Rejected:
    """A value of the column as the label takes it, or the other way round. Numbers may come as int, Decimal, float or
    text; of a lookup the name or the id comes as text, as `choice` says."""
    if direction not in fits(column, label_type):
        return Rejected(column.logical_name, f"a {column.type} column and a {label_type} label do not go {direction}")
    if value is None or (isinstance(value, str) and not value.strip()):
        return Converted(None)
    way = _TO_DOTDIGITAL if direction is Direction.TO_DOTDIGITAL else _TO_DYNAMICS
    try:
        return Converted(way[column.type](value, column, choice))
    except _Refused as refused:
        return Rejected(column.logical_name, str(refused))


def loses(column: Column, choice: ChoiceAs = ChoiceAs.LABEL) -> str:
    """Why a value that is taken to dotdigital and back may come back as another one; `""` where it never does.

    Told for columns that go both ways. What is rejected on the way is not lost: it stays where it was.
    """
    if column.type != "Picklist" or choice is ChoiceAs.VALUE:
        return ""
    labels = [each.label for each in column.options]
    numbers = {str(each.value) for each in column.options}
    for each in column.options:
        if labels.count(each.label) > 1:
            return f"several choices have the label {_shown(each.label)}"
        if each.label in numbers and each.label != str(each.value):
            return f"the label {_shown(each.label)} is the value of another choice"
    return ""


def unless_empty(value: Value, label_type: LabelType) -> Value:
    """What a contact's data field holds; None for text of blanks, and in a date field for a year that stands for no
    date."""
    if isinstance(value, str) and not value.strip():
        return None
    if label_type is not LabelType.DATE:
        return value
    try:
        return None if _moment(value) is None else value
    except _Refused:
        return value  # what is no date at all is no empty one


def exact(number: int | float | Decimal) -> int | Decimal:
    """A number in the one form that equal numbers share: whole ones as int, others without trailing zeros. Raises
    ValueError for what is no number."""
    if isinstance(number, int):
        return int(number)
    if isinstance(number, float):
        if not math.isfinite(number):
            raise ValueError("no number")
        number = Decimal(repr(number))
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise ValueError("no number")
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    while exponent < 0 and digits and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if not digits:
        return 0
    return int(number) if exponent >= 0 else Decimal((sign, digits, exponent))


def _text_out(value: object, column: Column, choice: ChoiceAs) -> Value:
    return _text(value, STRING_LENGTH, "the email service")


def _text_in(value: object, column: Column, choice: ChoiceAs) -> Value:
    return _text(value, column.max_length, "the column")


def _text(value: object, longest: int | None, whose: str) -> str:
    if not isinstance(value, str):
        raise _Refused(f"{_shown(value)} is no text")
    length = units(value)
    if longest is not None and length > longest:
        raise _Refused(f"{length} characters are more than the {longest} that {whose} takes")
    return value


def _number(value: object) -> int | Decimal:
    try:
        if isinstance(value, str) and _NUMBER.match(value.strip()):
            return exact(Decimal(value.strip()))
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return exact(value)
    except ValueError:
        pass  # said below, as for every other value that is no number
    raise _Refused(f"{_shown(value)} is no number")


def _decimals(number: int | Decimal) -> int:
    exponent = Decimal(number).as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _number_out(value: object, column: Column, choice: ChoiceAs) -> Value:
    number = _number(value)
    if not -(10**NUMERIC_WHOLE_DIGITS) < number < 10**NUMERIC_WHOLE_DIGITS:
        raise _Refused(f"{_shown(number)} has more than {NUMERIC_WHOLE_DIGITS} digits before the point")
    if _decimals(number) > NUMERIC_DECIMALS:
        raise _Refused(f"{_shown(number)} has more than {NUMERIC_DECIMALS} digits after the point")
    return number


def _number_in(value: object, column: Column, choice: ChoiceAs) -> Value:
    number = _number(value)
    if column.type in WHOLE:
        if not isinstance(number, int):
            raise _Refused(f"{_shown(number)} is no whole number")
        most: int = 1 << _BITS[column.type]
        if not -most <= number < most:
            raise _Refused(f"{_shown(number)} is beyond what the column takes")
    elif column.precision is not None and _decimals(number) > column.precision:
        raise _Refused(f"{_shown(number)} has more than the {column.precision} decimals that the column keeps")
    if column.type == "Double" and len(Decimal(number).normalize().as_tuple().digits) > _DOUBLE_DIGITS:
        raise _Refused(f"{_shown(number)} has more than the {_DOUBLE_DIGITS} digits that the column keeps")
    low, high = _limit(column.minimum), _limit(column.maximum)
    if (low is not None and number < low) or (high is not None and number > high):
        raise _Refused(f"{_shown(number)} is outside the column's limits")
    return number


def _limit(described: float | None) -> Decimal | None:
    """A column's limit, digit by digit; a floating point column may be described with the largest number there is."""
    return None if described is None or math.isnan(described) else Decimal(repr(described))


def _two_options(value: object, column: Column, choice: ChoiceAs) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise _Refused(f"{_shown(value)} is neither true nor false")


def _choice_out(value: object, column: Column, choice: ChoiceAs) -> Value:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Refused(f"{_shown(value)} is no choice")
    return _text(_named(value, column, choice), STRING_LENGTH, "the email service")


def _named(value: int, column: Column, choice: ChoiceAs) -> str:
    if choice is ChoiceAs.VALUE:
        return str(value)
    label = next((each.label for each in column.options if each.value == value), None)
    if label is None:
        raise _Refused(f"the choice {value} is none that is known here: `dyntui sync metadata` reads them anew")
    if not label.strip():
        raise _Refused(f"the choice {value} has no label")
    return label


def _choice_in(value: object, column: Column, choice: ChoiceAs) -> Value:
    if not isinstance(value, str):
        raise _Refused(f"{_shown(value)} is no text")
    for each in column.options:
        if str(each.value) == value:
            return each.value
    labelled = [each.value for each in column.options if each.label == value]
    if len(labelled) == 1:
        return labelled[0]
    raise _Refused(f"{_shown(value)} is {'several' if labelled else 'none'} of the column's choices")


def _several_out(value: object, column: Column, choice: ChoiceAs) -> Value:
    """Dataverse gives the values of a multi-select choice as text, with commas between them."""
    if not isinstance(value, str) or not re.match(r"\s*-?\d{1,12}(\s*,\s*-?\d{1,12})*\s*\Z", value):
        raise _Refused(f"{_shown(value)} are no choices")
    chosen = sorted({int(each) for each in value.split(",")})
    return _text(_BETWEEN.join(_named(each, column, choice) for each in chosen), STRING_LENGTH, "the email service")


def _date_out(value: object, column: Column, choice: ChoiceAs) -> Value:
    moment = _moment(value)
    if moment is None:
        return None
    if column.behaviour == DATE_ONLY:
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return _stamp(moment)


def _date_in(value: object, column: Column, choice: ChoiceAs) -> Value:
    moment = _moment(value)
    if moment is None:
        return None
    if moment.year < _EARLIEST:
        raise _Refused(f"{_shown(value)} is before {_EARLIEST}, and Dynamics takes no such date")
    if column.behaviour != DATE_ONLY:
        return _stamp(moment)
    if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise _Refused(f"{_shown(value)} has a time of day, and the column takes dates without one")
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def _moment(value: object) -> datetime | None:
    """A date or time in UTC, to the second; None for a year that stands for no date."""
    if not isinstance(value, str):
        raise _Refused(f"{_shown(value)} is no date")
    text = value.strip()
    if not _MOMENT.match(text):
        raise _Refused(f"{_shown(value)} is no date")
    try:
        read = datetime.fromisoformat(text.replace(",", "."))
        if read.year in _NO_DATE:
            return None
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Refused(f"{_shown(value)} is no date") from None
    return None if read.year in _NO_DATE else read.replace(microsecond=0)


def _stamp(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def _shown(value: object) -> str:
    text = f"{value!r}" if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_Way = Callable[[object, Column, ChoiceAs], Value]
_TO_DOTDIGITAL: Final[dict[str, _Way]] = {
    **dict.fromkeys(TEXT | LOOKUPS | {UNIQUE_ID}, _text_out),
    **dict.fromkeys(NUMBERS, _number_out),
    **dict.fromkeys(CHOICES, _choice_out),
    TWO_OPTIONS: _two_options,
    MULTI_CHOICE: _several_out,
    DATE: _date_out,
}
_TO_DYNAMICS: Final[dict[str, _Way]] = {
    **dict.fromkeys(TEXT, _text_in),
    **dict.fromkeys(WHOLE | FRACTIONAL, _number_in),
    "Picklist": _choice_in,
    TWO_OPTIONS: _two_options,
    DATE: _date_in,
}
