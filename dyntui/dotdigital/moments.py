"""Times as dotdigital writes and reads them.

Output is ISO 8601 in UTC, with and without fraction, offset, `T` or time of day (reference 10). Input is sent with `Z`,
because a `+` in a path is lost on the way.
"""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str | None) -> datetime | None:
    """A time that dotdigital wrote, in UTC; None for nothing. ValueError when it is no time."""
    if text is None or not text.strip():
        return None
    parsed = datetime.fromisoformat(text.strip())
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def stamp(value: datetime) -> str:
    """A time for a path or a body: `2026-03-04T08:10:44Z`, rounded down. ValueError for a time without zone."""
    if value.tzinfo is None:
        raise ValueError("a time without zone cannot be sent to dotdigital")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
