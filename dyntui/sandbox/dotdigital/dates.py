"""Times of the simulated dotdigital: milliseconds since 1970 in tables, ISO 8601 UTC in answers."""

import re
from datetime import UTC, datetime, timedelta, timezone

_TEXT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,7}))?)?)?\s*(Z|[+\- ]\d\d:?\d\d)?", re.IGNORECASE
)

DAY = 86_400_000
"""Milliseconds of a day."""


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    return int(moment.timestamp() * 1000)


YEAR_ONE = "0001-01-01T00:00:00"
"""What .NET writes for a date that is not nullable and was never set."""


def iso(moment: int | None) -> str | None:
    """`2013-07-30T16:01:21.603Z`, the form which the service writes (10)."""
    if moment is None:
        return None
    whole, part = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{part:03d}Z"


def parse(text: str) -> int:
    """Milliseconds of an ISO 8601 time or date; UTC without an offset. Raises ValueError for anything else.

    A blank is accepted as the sign of an offset: it is what is left of an unencoded plus in a query.
    """
    match = _TEXT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"no date: {text}")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    zone: timezone = UTC
    if offset and offset.upper() != "Z":
        digits = offset[1:].replace(":", "")
        span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        zone = timezone(-span if offset[0] == "-" else span)
    micro = int((fraction or "0").ljust(7, "0")[:6])
    moment = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, tzinfo=zone
    )
    return milliseconds(moment)
