"""Points in time as the store, the contract and Dataverse write them: ISO 8601, UTC, whole seconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# .NET's, SQL Server's and others' first year stand where there is no date.
_NO_YEAR = 1900


def dated(moment: datetime | None, now: datetime) -> datetime | None:
    """A time in UTC at which something can have happened; None for the years that stand for no date, and for times that
    are still to come. A time without a zone is in UTC."""
    if moment is None or not _NO_YEAR < moment.year < datetime.max.year:
        return None
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return known if known <= now else None


# Clocks that show the same differ by less.
_SKEW = timedelta(hours=1)


def to_come(moment: datetime, now: datetime) -> bool:
    """Whether something that has happened would be still to come: a clock was far ahead when it was kept, and it says
    nothing."""
    return moment > now + _SKEW


def due_again(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Whether what was done at `last` (None: never), and is done every so often, is to be done again."""
    return last is None or to_come(last, now) or now - last >= every


def text_of(moment: datetime | None) -> str:
    """`2026-03-04T08:10:44Z`; `""` for None."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime | None:
    """The reverse of `text_of`. Raises ValueError for other text."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None
