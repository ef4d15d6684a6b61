"""Scheduled runs as an iCalendar file (RFC 5545), by the library `icalendar`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from dyntui import __version__
from dyntui.model.plain import plain
from dyntui.model.sync_types import SEND
from dyntui.service.contract.schedules import Coming

# A start has no length; calendars draw nothing for an event without one.
_SHOWN_AS = timedelta(minutes=5)


def calendar_of(coming: Coming) -> bytes:
    """An event for each run, in UTC, which takes up nobody's time. An event keeps its UID from export to export, so
    that a calendar that reads the file again shows none twice."""
    calendar = Calendar()
    calendar.add("prodid", f"-//dyntui//{__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"dyntui: {plain(coming.account)}")
    named_alike: Counter[str] = Counter()
    made_on = datetime.fromisoformat(coming.start)
    for run in coming.runs:
        start = datetime.fromisoformat(run.on)
        event = Event()
        # Of sends there may be two at once.
        what = plain(run.title) if run.sync_type == SEND.id else run.sync_type
        named = f"{what}-{start:%Y%m%dT%H%M%SZ}-{plain(coming.account)}"
        named_alike[named] += 1
        # A calendar takes two events of one UID for one: of campaigns of one name both are there.
        again = f"-{named_alike[named]}" if named_alike[named] > 1 else ""
        event.add("uid", f"{named}{again}@dyntui")
        event.add("dtstamp", made_on)
        event.add("dtstart", start)
        event.add("dtend", start + _SHOWN_AS)
        event.add("summary", plain(f"{run.title} ({coming.account})"))
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
