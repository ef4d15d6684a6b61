"""Schedules: when the sync types of each email account run by themselves.

Public:
    provision(c, now) -> int                                   rows for `missing_of(c)`, with the type's own interval
    schedules(c, account_id="") -> list[StoredSchedule]        in the order of runs that are due together
    save(c, before, Schedule, by, now) -> bool                 False: somebody has saved another one meanwhile
    started(c, StoredSchedule, moment) -> bool                 False: another process has started it
    last_runs(c, account_id) -> {sync type: LastRun}; active(c, account_id) -> {sync type: RunStatus}
"""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from dyntui.model.mentioned import shown
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.model.outcomes import RunStatus
from dyntui.model.schedules import Interval, Schedule, minute
from dyntui.model.sync_types import SYNC_TYPES, RunKind
from dyntui.model.sync_windows import MINUTES_OF_A_DAY, SyncWindow, window_of, window_text
from dyntui.store import accounts
from dyntui.store.runs import ACTIVE
from dyntui.store.schema import run, schedule
from dyntui.store.upserts import upsert

log = logging.getLogger(__name__)

_s = schedule.c
# A day's work is done when people come, wherever in Europe or America they are.
_DAILY_AT = 3 * 60
_PROVISIONED = ("account_id", "sync_type", "interval", "at", "window", "since")


class StoredSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule as stored. `last_start`: the last scheduled start; `saved_by` and `saved_on` (ISO 8601 UTC): `""` for
    one that nobody has changed."""

    account_id: str
    schedule: Schedule
    last_start: datetime | None
    revision: int
    saved_by: str
    saved_on: str


class LastRun(msgspec.Struct, frozen=True):
    """The run of a sync type that was queued last, plans aside."""

    id: str
    status: RunStatus
    on: str


def provision(c: Connection, now: datetime) -> int:
    """A schedule for every sync type of every email account that has none yet; how many were made. The first run is an
    interval from now."""
    missing = [
        (
            account_id,
            kind.id,
            kind.interval.value,
            _DAILY_AT if kind.interval is Interval.DAILY else 0,
            window_text(()),
            text_of(minute(now)),
        )
        for account_id, kind in missing_of(c)
    ]
    upsert(c, schedule, list(_PROVISIONED), ("account_id", "sync_type"), missing, update=())
    return len(missing)


def missing_of(c: Connection) -> list[tuple[str, RunKind]]:
    """The sync types of email accounts that have no schedule yet."""
    known = {(row.account_id, row.sync_type) for row in c.execute(select(_s.account_id, _s.sync_type))}
    pairs = ((account.id, kind) for account in accounts.accounts(c) for kind in SYNC_TYPES.values())
    return [(account_id, kind) for account_id, kind in pairs if (account_id, kind.id) not in known]


def schedules(c: Connection, account_id: str = "") -> list[StoredSchedule]:
    """Those of an email account, or of all: by the priority of their runs, then by the order of sync types."""
    wanted: Select[tuple[object, ...]] = select(schedule)
    if account_id:
        wanted = wanted.where(_s.account_id == account_id)
    # A type that this version does not have, or no more, is left alone.
    rows = [row for row in c.execute(wanted.order_by(_s.account_id)) if row.sync_type in SYNC_TYPES]
    order = {kind.id: (kind.priority, place) for place, kind in enumerate(SYNC_TYPES.values())}
    return [_stored(row) for row in sorted(rows, key=lambda row: order[row.sync_type])]


def save(c: Connection, before: StoredSchedule, wanted: Schedule, by: str, now: str) -> bool:
    """Keep a schedule in place of what it was. False where somebody has saved another one: nothing is kept then."""
    values = {
        "interval": wanted.interval.value,
        "at": wanted.at,
        "window": window_text(wanted.window),
        "paused": wanted.paused,
        "since": text_of(wanted.since),
        "saved_by": by,
        "saved_on": now,
    }
    saved = update(schedule).where(*_unchanged(before)).values(revision=before.revision + 1, **values)
    return c.execute(saved).rowcount > 0


def started(c: Connection, due: StoredSchedule, moment: datetime) -> bool:
    """The run that was due starts at this moment. False where somebody else has started it, or has changed the
    schedule."""
    is_as_it_was = (*_unchanged(due), _s.last_start == text_of(due.last_start))
    moved = update(schedule).where(*is_as_it_was).values(last_start=text_of(minute(moment)))
    return c.execute(moved).rowcount > 0


def _unchanged(before: StoredSchedule) -> tuple[ColumnElement[bool], ...]:
    return (
        _s.account_id == before.account_id,
        _s.sync_type == before.schedule.sync_type,
        _s.revision == before.revision,
    )


def last_runs(c: Connection, account_id: str) -> dict[str, LastRun]:
    """By sync type, the run of an email account that was queued last, however it was started."""
    found: dict[str, LastRun] = {}
    for kind in SYNC_TYPES:
        plan = run.c.request["plan"].as_boolean()
        row = c.execute(
            select(run.c.id, run.c.status, run.c.queued_on)
            .where(run.c.kind == kind, run.c.account_id == account_id, or_(plan.is_(None), plan.is_(False)))
            .order_by(run.c.queued_on.desc(), run.c.id.desc())
            .limit(1)
        ).first()
        if row is not None:
            found[kind] = LastRun(row.id, RunStatus(row.status), row.queued_on)
    return found


def active(c: Connection, account_id: str) -> dict[str, RunStatus]:
    """By sync type, the status of the run of an email account that has not ended, a plan included."""
    rows = c.execute(
        select(run.c.kind, func.min(run.c.status).label("status"))
        .where(run.c.account_id == account_id, run.c.status.in_(ACTIVE))
        .group_by(run.c.kind)
    )
    return {row.kind: RunStatus(row.status) for row in rows}


def _stored(row: Row[tuple[object, ...]]) -> StoredSchedule:
    interval, window = _readable(row)
    return StoredSchedule(
        account_id=row.account_id,
        schedule=Schedule(
            sync_type=row.sync_type,
            interval=interval,
            at=row.at % MINUTES_OF_A_DAY,
            window=window,
            since=_moment(row.since) or EPOCH,
            paused=row.paused,
        ),
        last_start=_moment(row.last_start),
        revision=row.revision,
        saved_by=row.saved_by,
        saved_on=row.saved_on,
    )


def _readable(row: Row[tuple[object, ...]]) -> tuple[Interval, SyncWindow]:
    """A schedule that another version wrote, or somebody by hand, and that cannot be read, starts nothing: it is for
    an administrator to save anew."""
    try:
        return Interval(row.interval), window_of(row.window)
    except ValueError as error:
        log.warning("the schedule of %s in %s cannot be read: %s", row.sync_type, row.account_id, error)
        return Interval.MANUAL, ()


def _moment(text: str) -> datetime | None:
    try:
        return moment_of(text)
    except ValueError:
        log.warning("a schedule has a time that is none: %s", shown(text))
        return None
