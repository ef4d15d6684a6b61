"""What relative dates mean on Wednesday, 4 March 2026, at 8:10:44."""

# ruff: noqa: E501 - a table of cases

from datetime import UTC, datetime

import pytest

from dyntui.sandbox.dataverse import date_ranges
from dyntui.sandbox.dataverse.errors import DataverseError

NOW = datetime(2026, 3, 4, 8, 10, 44, tzinfo=UTC)


def span(operator: str, *values: str) -> tuple[str | None, str | None]:
    found = date_ranges.span(operator, values, NOW)
    start, end = (
        None if each is None else f"{each:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")
        for each in (found.start, found.end)
    )
    return start, end


@pytest.mark.parametrize(
    ("operator", "values", "start", "end"),
    [
        ("today", (), "2026-03-04", "2026-03-05"),
        ("tomorrow", (), "2026-03-05", "2026-03-06"),
        ("this-week", (), "2026-03-01", "2026-03-08"),
        ("last-week", (), "2026-02-22", "2026-03-01"),
        ("next-month", (), "2026-04-01", "2026-05-01"),
        ("this-fiscal-period", (), "2026-01-01", "2026-04-01"),
        ("last-fiscal-period", (), "2025-10-01", "2026-01-01"),
        ("last-seven-days", (), "2026-02-25", "2026-03-05"),
        ("next-seven-days", (), "2026-03-04", "2026-03-12"),
        ("last-x-hours", ("2",), "2026-03-04 06:00:00", "2026-03-04 08:10:45"),
        ("last-x-days", ("3",), "2026-03-01", "2026-03-04 08:10:45"),
        ("last-x-months", ("1",), "2026-02-04", "2026-03-04 08:10:45"),
        ("next-x-weeks", ("1",), "2026-03-04 08:10:44", "2026-03-12"),
        ("next-x-years", ("1",), "2026-03-04 08:10:44", "2027-03-05"),
        ("olderthan-x-minutes", ("15",), None, "2026-03-04 07:55:44"),
        ("olderthan-x-days", ("1",), None, "2026-03-03"),
        ("in-fiscal-year", ("2025",), "2025-01-01", "2026-01-01"),
        ("in-fiscal-period-and-year", ("2", "2025"), "2025-04-01", "2025-07-01"),
        ("in-or-after-fiscal-period-and-year", ("2", "2025"), "2025-04-01", None),
        ("in-or-before-fiscal-period-and-year", ("4", "2025"), None, "2026-01-01"),
        ("on", ("2026-02-28T23:30:00-02:00",), "2026-03-01", "2026-03-02"),
        ("on-or-after", ("3/4/2026",), "2026-03-04", None),
        ("on-or-before", ("2026-03-04",), None, "2026-03-05"),
    ],
)
def test_an_operator_covers_a_span_of_time(
    operator: str, values: tuple[str, ...], start: str | None, end: str | None
) -> None:
    assert span(operator, *values) == (start, end)


def test_the_end_of_a_short_month_is_met() -> None:
    last_of_march = datetime(2026, 3, 31, 12, tzinfo=UTC)
    found = date_ranges.span("last-x-months", ["1"], last_of_march)
    assert found.start == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("operator", "values"),
    [("last-x-days", ()), ("last-x-days", ("0",)), ("last-x-days", ("x",)), ("olderthan-x-years", ("5000",)), ("in-fiscal-period-and-year", ("5", "2025")), ("on", ("soon",))],
)  # fmt: skip
def test_a_value_that_is_no_date_or_number_is_refused(operator: str, values: tuple[str, ...]) -> None:
    with pytest.raises(DataverseError) as caught:
        span(operator, *values)
    assert caught.value.code == "0x80041108"
