"""Times as dotdigital writes and reads them.

Output is ISO 8601 in UTC, with and without fraction, offset, `T` or time of day (reference 10). Input is sent with `Z`,
because a `+` in a path is lost on the way.
"""

from __future__ import annotations

from datetime import UTC, datetime

_NO_YEAR = 1900


def moment(text: str | None) -> datetime | None:
    """A time that dotdigital wrote, in UTC. None for nothing, for what is no time, and for a year that means nothing.

    Times that are not nullable by the service's description come as .NET's year 1 where there is none, and 1753 and
    1900 are the first years of SQL Server's and of others: nothing of an email account is as old. 9999 is .NET's last
    year, and in another time zone there may be no such time at all.
    """
    try:
        parsed = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    if not _NO_YEAR < parsed.year < datetime.max.year:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def stamp(value: datetime) -> str:
    """A time for a path or a body: `2026-03-04T08:10:44Z`, rounded down. ValueError for a time without zone."""
    if value.tzinfo is None:
        raise ValueError("a time without zone cannot be sent to dotdigital")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
