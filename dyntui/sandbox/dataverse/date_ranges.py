"""The relative date operators: what span of time an operator such as last-x-days means at a given moment.

Spans are half-open, [start, end), in UTC: the simulated users live in UTC. Weeks begin on Sunday and the fiscal year is
the calendar year in quarters, both defaults of a new environment. Source: fetchxml/reference/operators on
learn.microsoft.com.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dyntui.sandbox.dataverse.errors import DataverseError


@dataclass(frozen=True, slots=True)
class Span:
    start: datetime | None
    end: datetime | None


_DAY = timedelta(days=1)
_MOMENT = timedelta(seconds=1)
"""Values have whole seconds: adding one turns "up to and including now" into a half-open end."""


def operators() -> frozenset[str]:
    """The names of all date operators, as FetchXML writes them."""
    return frozenset(_OPERATORS)


def span(operator: str, values: Sequence[str], now: datetime) -> Span:
    """What the operator means at `now`. Raises DataverseError 0x80041108 when its value is missing or unreadable."""
    try:
        return _OPERATORS[operator](values, now.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise DataverseError("0x80041108", f"The condition '{operator}' leads out of the range of dates.") from error


def parse_moment(text: str) -> datetime:
    """A date or date-time of FetchXML or OData as aware UTC; without offset it is UTC already.

    Raises DataverseError 0x80041108.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = _american(text.strip())
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise DataverseError("0x80041108", f"The date-time {text} is out of range.") from error


def _american(text: str) -> datetime:
    # Advanced Find of older versions stored M/D/YYYY into saved queries.
    for pattern in ("%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise DataverseError("0x80041108", f"The date-time format for {text} is invalid.")


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _week(moment: datetime) -> datetime:
    return _midnight(moment) - _DAY * ((moment.weekday() + 1) % 7)


def _month(moment: datetime) -> datetime:
    return _midnight(moment).replace(day=1)


def _quarter(moment: datetime) -> datetime:
    return _month(moment).replace(month=(moment.month - 1) // 3 * 3 + 1)


def _year(moment: datetime) -> datetime:
    return _month(moment).replace(month=1)


def _months_later(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    first = moment.replace(year=year, month=month + 1, day=1)
    following = first.replace(year=year + 1, month=1) if month == 11 else first.replace(month=month + 2)
    return first.replace(day=min(moment.day, (following - _DAY).day))


def _later(moment: datetime, unit: str, count: int) -> datetime:
    match unit:
        case "minutes" | "hours" | "days" | "weeks":
            return moment + timedelta(**{unit: count})
        case "months":
            return _months_later(moment, count)
        case _:
            return _months_later(moment, 12 * count)


def _count(values: Sequence[str]) -> int:
    text = values[0].strip() if values else ""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 5000:
        raise DataverseError(
            "0x80041108", f"The value {text!r} of a relative date condition must be a whole number above 0."
        )
    return int(text)


def _day_of(values: Sequence[str]) -> datetime:
    if not values:
        raise DataverseError("0x80041108", "A date condition needs a value.")
    return _midnight(parse_moment(values[0]))


def quarter(values: Sequence[str]) -> int:
    """The fiscal period, 1 to 4, that in-fiscal-period asks for. Raises DataverseError 0x80041108."""
    number = _count(values)
    if len(values) != 1 or number > 4:
        raise DataverseError("0x80041108", "A fiscal period is one number from 1 to 4: the fiscal year has quarters.")
    return number


_Meaning = Callable[[Sequence[str], datetime], Span]


def _period(floor: Callable[[datetime], datetime], unit: str, size: int, offset: int) -> _Meaning:
    """The whole period around now, or `offset` periods away."""

    def of(_values: Sequence[str], now: datetime) -> Span:
        start = _later(floor(now), unit, size * offset)
        return Span(start, _later(start, unit, size))

    return of


def _last(unit: str) -> _Meaning:
    floor = _hour if unit == "hours" else _midnight

    def of(values: Sequence[str], now: datetime) -> Span:
        return Span(floor(_later(now, unit, -_count(values))), now + _MOMENT)

    return of


def _next(unit: str) -> _Meaning:
    step = timedelta(hours=1) if unit == "hours" else _DAY
    floor = _hour if unit == "hours" else _midnight

    def of(values: Sequence[str], now: datetime) -> Span:
        return Span(now, floor(_later(now, unit, _count(values))) + step)

    return of


def _beyond_period(*, after: bool) -> _Meaning:
    """From the start of a fiscal period on, or up to its end: in-or-after- and in-or-before-fiscal-period-and-year."""

    def of(values: Sequence[str], now: datetime) -> Span:
        period = _fiscal_period(values, now)
        return Span(period.start, None) if after else Span(None, period.end)

    return of


def _older(unit: str) -> _Meaning:
    def of(values: Sequence[str], now: datetime) -> Span:
        limit = _later(now, unit, -_count(values))
        return Span(None, limit if unit in {"minutes", "hours"} else _midnight(limit))

    return of


def _fiscal_year(values: Sequence[str], now: datetime) -> Span:
    start = _year(now).replace(year=_count(values))
    return Span(start, start.replace(year=start.year + 1))


def _fiscal_period(values: Sequence[str], now: datetime) -> Span:
    """Quarter number, then year: the operator in-fiscal-period-and-year."""
    if len(values) != 2:
        raise DataverseError("0x80041108", "A fiscal period and year condition needs a period and a year.")
    start = _months_later(_year(now).replace(year=_count(values[1:])), 3 * (quarter(values[:1]) - 1))
    return Span(start, _months_later(start, 3))


_OPERATORS: dict[str, _Meaning] = {
    "today": _period(_midnight, "days", 1, 0),
    "yesterday": _period(_midnight, "days", 1, -1),
    "tomorrow": _period(_midnight, "days", 1, 1),
    "last-seven-days": lambda _values, now: Span(_midnight(now) - 7 * _DAY, _midnight(now) + _DAY),
    "next-seven-days": lambda _values, now: Span(_midnight(now), _midnight(now) + 8 * _DAY),
    **{
        f"{name}-{unit}": _period(floor, span_unit, size, offset)
        for name, offset in (("last", -1), ("this", 0), ("next", 1))
        for unit, floor, span_unit, size in (
            ("week", _week, "weeks", 1),
            ("month", _month, "months", 1),
            ("year", _year, "years", 1),
            ("fiscal-year", _year, "years", 1),
            ("fiscal-period", _quarter, "months", 3),
        )
    },
    **{f"last-x-{unit}": _last(unit) for unit in ("hours", "days", "weeks", "months", "years")},
    **{f"next-x-{unit}": _next(unit) for unit in ("hours", "days", "weeks", "months", "years")},
    **{f"olderthan-x-{unit}": _older(unit) for unit in ("minutes", "hours", "days", "weeks", "months", "years")},
    "last-x-fiscal-years": lambda values, now: Span(_later(_year(now), "years", -_count(values)), _year(now)),
    "last-x-fiscal-periods": lambda values, now: Span(_months_later(_quarter(now), -3 * _count(values)), _quarter(now)),
    "next-x-fiscal-years": lambda values, now: Span(
        _later(_year(now), "years", 1), _later(_year(now), "years", 1 + _count(values))
    ),
    "next-x-fiscal-periods": lambda values, now: Span(
        _months_later(_quarter(now), 3), _months_later(_quarter(now), 3 * (1 + _count(values)))
    ),
    "in-fiscal-year": _fiscal_year,
    "in-fiscal-period-and-year": _fiscal_period,
    "in-or-after-fiscal-period-and-year": _beyond_period(after=True),
    "in-or-before-fiscal-period-and-year": _beyond_period(after=False),
    "on": lambda values, _now: Span(_day_of(values), _day_of(values) + _DAY),
    "on-or-after": lambda values, _now: Span(_day_of(values), None),
    "on-or-before": lambda values, _now: Span(None, _day_of(values) + _DAY),
}
