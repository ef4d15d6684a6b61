"""What recipients did: what dotdigital's rows of openings, clicks, page views and ROI are in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from datetime import datetime

import msgspec

from dyntui.dotdigital.activities import Click, Open, PageView, Roi
from dyntui.dotdigital.moments import moment
from dyntui.model.devices import device_of
from dyntui.model.moments import dated, text_of
from dyntui.store.recipients import Activity

Event = Open | Click | PageView | Roi

_LONGEST_URL = 2000
_LONGEST_NAME = 200


def key_of(*parts: object) -> str:
    """An identity for what the platform gives none: equal events have equal keys, so reading twice keeps one."""
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()[:40]


def when(text: str | None, latest: datetime) -> str:
    """A time that dotdigital wrote; `""` where it is none, or later than `latest`."""
    return text_of(dated(moment(text), latest))


def is_beyond(text: str | None, latest: datetime) -> bool:
    """Whether a time is given at which nothing can have happened."""
    return moment(text) is not None and not when(text, latest)


def time_of(row: Event) -> str:
    """When it happened, as received."""
    match row:
        case Open():
            return row.date_opened
        case Click():
            return row.date_clicked
        case PageView():
            return row.date_viewed
        case Roi():
            return row.date_entered


def _key(row: Event) -> Hashable:
    """As the event tells itself apart, whichever way dotdigital writes that a time is in UTC."""
    said = time_of(row)
    return row.key if not said.endswith(_UTC) else msgspec.structs.replace(row, **{_TIMES[type(row)]: _z(said)}).key


def _z(said: str) -> str:
    return f"{said.removesuffix(_UTC)}Z"


_UTC = "+00:00"
_TIMES = {Open: "date_opened", Click: "date_clicked", PageView: "date_viewed", Roi: "date_entered"}


def understood(row: Event, latest: datetime) -> Activity:
    """An event; one whose time is later than `latest`, or stands for no date, is kept without."""
    match row:
        case Open():
            kind, more = (
                "open",
                {"client": (row.mail_client or "")[:_LONGEST_NAME], "device": device_of(row.user_agent)},
            )
        case Click():
            kind, more = "click", {"url": row.url[:_LONGEST_URL], "device": device_of(row.user_agent)}
        case PageView():
            kind, more = "page", {"url": row.url[:_LONGEST_URL]}
        case Roi():
            value = "" if row.value is None else str(row.value)[:_LONGEST_NAME]
            kind, more = "roi", {"url": row.marker_name[:_LONGEST_NAME], "value": value}
    return Activity(
        key=key_of(kind, _key(row)),
        kind=kind,
        contact_id=row.contact_id,
        happened_on=when(time_of(row), latest),
        **more,
    )
