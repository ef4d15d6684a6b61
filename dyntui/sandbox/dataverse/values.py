"""Values from JSON bodies into the form in which rows keep them, checked as the platform checks them.

Codes: 0x80044331 too long, 0x8004432f / 0x80044330 number out of range, 0x8004431a unknown choice, 0x80040239 date.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_payload
from dyntui.sandbox.dataverse.filter import edm_type
from dyntui.sandbox.dataverse.storage import timestamp
from dyntui.sandbox.dataverse.tables import Column, Table

Converter = Callable[[Any], Value]

_EARLIEST = datetime(1753, 1, 1, tzinfo=UTC)
_INTEGER_RANGE = (-2_147_483_648, 2_147_483_647)
_BIG_RANGE = (-(2**63), 2**63 - 1)
_DEFAULT_DECIMALS = {"Money": 2, "Decimal": 2, "Double": 5}


def converter(table: Table, column: Column) -> Converter:
    """The function that checks and converts values of a column; null stays null."""
    convert = _for_type(table, column)
    return lambda value: None if value is None else convert(value)


def _for_type(table: Table, column: Column) -> Converter:
    match column.type:
        case "String" | "Memo" | "EntityName":
            return _text(table, column)
        case "Integer" | "BigInt":
            return _whole(table, column)
        case "Decimal" | "Double" | "Money":
            return _fraction(table, column)
        case "Boolean":
            return lambda value: int(value) if isinstance(value, bool) else _mismatch(column, value)
        case "Picklist" | "State" | "Status":
            return _choice(table, column)
        case "MultiSelectPicklist":
            return _choices(table, column)
        case "DateTime":
            return _date(column) if column.is_date_only else _moment(column)
    return _guid(column)


def _mismatch(column: Column, value: Any) -> Value:
    raise invalid_payload(
        f"InnerException : Microsoft.OData.ODataException: Cannot convert the literal '{value}' to the expected type"
        f" '{edm_type(column)}'."
    )


def _units(text: str) -> int:
    """The length of a text as .NET and SQL Server count it: a character beyond U+FFFF counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text(table: Table, column: Column) -> Converter:
    longest = column.max_length

    def convert(value: Any) -> Value:
        if not isinstance(value, str):
            return _mismatch(column, value)
        if longest is not None and _units(value) > longest:
            raise DataverseError(
                "0x80044331",
                f"A validation error occurred. The length of the '{column.logical_name}' attribute of the"
                f" '{table.logical_name}' entity exceeded the maximum allowed length of '{longest}'.",
            )
        return value.rstrip(" ") or None

    return convert


def _out_of_range(code: str, table: Table, column: Column, value: Any, accepted: str) -> DataverseError:
    return DataverseError(
        code,
        f"A validation error occurred. The value {value} of '{column.logical_name}' on record of type"
        f" '{table.logical_name}' is outside the valid range. Accepted Values: {accepted}",
    )


def _whole(table: Table, column: Column) -> Converter:
    low, high = _INTEGER_RANGE if column.type == "Integer" else _BIG_RANGE
    low = low if column.min_value is None else int(column.min_value)
    high = high if column.max_value is None else int(column.max_value)

    def convert(value: Any) -> Value:
        if isinstance(value, bool) or not isinstance(value, int):
            return _mismatch(column, value)
        if not low <= value <= high:
            raise _out_of_range("0x8004432f", table, column, value, f"{low} to {high}")
        return value

    return convert


def _fraction(table: Table, column: Column) -> Converter:
    low, high = column.min_value, column.max_value
    places = _DEFAULT_DECIMALS[column.type] if column.precision is None else column.precision

    def convert(value: Any) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _mismatch(column, value)
        if (low is not None and value < low) or (high is not None and value > high):
            raise _out_of_range("0x80044330", table, column, value, f"{low} to {high}")
        return round(float(value), places)

    return convert


def _choice(table: Table, column: Column) -> Converter:
    options = {option.value for option in column.options}

    def convert(value: Any) -> Value:
        if isinstance(value, bool) or not isinstance(value, int):
            return _mismatch(column, value)
        if value not in options:
            raise _out_of_range("0x8004431a", table, column, value, ",".join(map(str, sorted(options))))
        return value

    return convert


def _choices(table: Table, column: Column) -> Converter:
    options = {option.value for option in column.options}

    def convert(value: Any) -> Value:
        if not isinstance(value, str):
            return _mismatch(column, value)
        try:
            chosen = {int(part) for part in value.split(",") if part.strip()}
        except ValueError:
            return _mismatch(column, value)
        unknown = sorted(chosen - options)
        if unknown:
            raise _out_of_range("0x8004431a", table, column, unknown[0], ",".join(map(str, sorted(options))))
        return ",".join(map(str, sorted(chosen))) or None

    return convert


def _moment(column: Column) -> Converter:
    def convert(value: Any) -> Value:
        if not isinstance(value, str) or "T" not in value:
            return _mismatch(column, value)
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                return _mismatch(column, value)
            utc = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return _mismatch(column, value)
        if utc < _EARLIEST:
            raise DataverseError("0x80040239", "DateTime is less than minimum value supported by CrmDateTime.")
        return timestamp(utc)

    return convert


def _date(column: Column) -> Converter:
    def convert(value: Any) -> Value:
        if not isinstance(value, str) or len(value) != len("2026-03-04"):
            return _mismatch(column, value)
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return _mismatch(column, value)
        if day < _EARLIEST.date():
            raise DataverseError("0x80040239", "DateTime is less than minimum value supported by CrmDateTime.")
        return day.isoformat()

    return convert


def _guid(column: Column) -> Converter:
    def convert(value: Any) -> Value:
        if not isinstance(value, str):
            return _mismatch(column, value)
        try:
            return str(UUID(value))
        except ValueError:
            return _mismatch(column, value)

    return convert
