"""Sends that go out later: when one does, when it is too late, what it may grow to, and when it is looked after.

A send goes out within half an hour of its time or not at all by itself: who wakes up a service after a night must not
find a campaign mailed that nobody expected any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum, auto
from typing import Final

from dyntui.model.mentioned import shown

# What is later than this is not sent, but waits for a person.
LATE: Final = timedelta(minutes=30)
# A send that was begun and stood still for longer is not sent by itself either. A limit may take an hour to open.
STOOD_STILL: Final = timedelta(hours=2)
# A date further away than this is a slip of the hand.
FURTHEST: Final = timedelta(days=366)
# Before dotdigital mails a send that it holds, everybody who has opted out is asked for so many minutes ahead.
LOOKS: Final = (60, 15, 3)
# After its last mail has begun a send is ended, and that is tried again.
ENDS_AFTER: Final = timedelta(minutes=2)
ENDED_EVERY: Final = timedelta(minutes=30)
# What is handed to dotdigital has to be proved before: a list takes a while.
HANDED_AHEAD: Final = timedelta(minutes=15)
# At the hour so many more people than were confirmed may be mailed, or a tenth of those, whichever is more.
MORE_PEOPLE: Final = 10


class Hour(Enum):
    """Where a time stands: still to come, here, or missed."""

    TO_COME = auto()
    HERE = auto()
    MISSED = auto()


def hour_of(due: datetime, now: datetime) -> Hour:
    """Where the time of a send stands at this moment."""
    if now < due:
        return Hour.TO_COME
    return Hour.HERE if now - due <= LATE else Hour.MISSED


def grown(confirmed: int, sendable: int) -> bool:
    """Whether so many more people would be mailed than somebody confirmed that they have to be asked again."""
    return sendable - confirmed > max(MORE_PEOPLE, confirmed // 10)


def to_look_after(mails: Sequence[datetime], looked_on: datetime, now: datetime) -> bool:
    """Whether it is time to look after a send that dotdigital has, last looked after on `looked_on`. `mails`: when
    dotdigital begins with mails of it, in order."""
    ahead = [each - timedelta(minutes=minutes) for each in mails for minutes in LOOKS]
    if any(looked_on < each <= now for each in ahead):
        return True
    over = mails[-1] + ENDS_AFTER
    return now >= over and (looked_on < over or now - looked_on >= ENDED_EVERY)


def in_time(at: datetime, now: datetime) -> str:
    """Why a send cannot be held until then; `""` when it can."""
    if at <= now:
        return "That time has passed."
    return "That is more than a year away." if at - now > FURTHEST else ""


def time_of(text: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """A time as people write it, in UTC: `2026-12-01 18:00`, the same with `T`, with `Z` or an offset such as `+01:00`,
    or `18:00` alone, which is the next time that it is so late. Without a zone it is local time (`zone`; None: that of
    this machine).

    Raises ValueError with what is wrong in words.
    """
    words = text.strip()
    alone = _time_alone(words)
    try:
        when = alone or datetime.fromisoformat(words)
    except ValueError:
        raise ValueError(f"{shown(text)!r} is no time; write it as 2026-12-01 18:00") from None
    if alone is None and len(words) <= len("2026-12-01"):
        raise ValueError(f"{shown(text)!r} has no time of day; write it as 2026-12-01 18:00")
    try:
        if when.tzinfo is not None:
            return when.astimezone(UTC)
        today = now.astimezone(zone)
        if alone is not None:
            when = datetime.combine(today.date(), alone.time())
            if _local(when, zone) <= now < (again := _local(when.replace(fold=1), zone)):
                # Clocks are put back: the hour comes once more.
                return again
            if _local(when, zone) <= now:
                when += timedelta(days=1)
        return _local(when, zone)
    except OverflowError:
        raise ValueError(f"{shown(text)!r} is outside the calendar") from None


def as_written(at: datetime, zone: tzinfo | None = None) -> str:
    """A time as people write it, in the local time of `zone` as for `time_of`, which makes the same time of it. In the
    second of two hours that are called the same, as clocks are put back, it names its zone."""
    local = at.astimezone(zone)
    written = f"{local:%Y-%m-%d %H:%M}"
    return local.isoformat(" ", "minutes") if time_of(written, at, zone) != at.replace(second=0) else written


def _time_alone(words: str) -> datetime | None:
    try:
        return datetime.strptime(words, "%H:%M")
    except ValueError:
        return None


def _local(when: datetime, zone: tzinfo | None) -> datetime:
    """Raises ValueError for an hour that clocks leave out when they are put forward, OverflowError for a time that no
    calendar has."""
    try:
        known = (when.astimezone() if zone is None else when.replace(tzinfo=zone)).astimezone(UTC)
    except ValueError as error:
        # Of the first day of the year 1 the system's clock says so.
        raise OverflowError from error
    if known.astimezone(zone).replace(tzinfo=None) != when:
        raise ValueError(f"clocks are put forward on that day: there is no {when:%H:%M}")
    return known
