"""When sync types run by themselves: shown, foretold, and edited by administrators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec
from sqlalchemy import Connection

from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import shown
from dyntui.model.moments import text_of
from dyntui.model.outcomes import RunStatus
from dyntui.model.schedules import (
    Interval,
    Schedule,
    coming,
    interval_text,
    next_run,
    overdue_since,
    schedule_text,
    slower_than,
    with_no_time_chosen,
)
from dyntui.model.sync_types import LISTS, SEND, SYNC_TYPES
from dyntui.model.sync_windows import MINUTES_OF_A_DAY, clock_of, clock_text, window_of, window_text
from dyntui.service.answering import answers
from dyntui.service.contract.paging import Page
from dyntui.service.contract.schedules import (
    SCHEDULES_CHANGES,
    SCHEDULES_COMING,
    SCHEDULES_LIST,
    SCHEDULES_SAVE,
    SCHEDULES_STRIP,
    Coming,
    ComingQuery,
    ComingRun,
    SaveSchedules,
    ScheduleChangesQuery,
    ScheduleEdit,
    ScheduleRow,
    Schedules,
    SchedulesOf,
    Strip,
    StripQuery,
    StripRow,
)
from dyntui.service.contract.session import Check
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import accounts, admin_changes, held, schedules, sends
from dyntui.store.schedules import LastRun, StoredSchedule

SUBJECT = "schedules"
_INWARD = "address-books"
_HOURS = 7 * 24
# A run that waits longer than this for its turn to be queued is named.
_STALLED = timedelta(minutes=10)
# And one that waits so long for another of its type to end.
_HUNG = timedelta(hours=2)
_NOT_HERE = (
    "Scheduled runs are not started by this service: it ends with its last client. `dyntui serve`, which stays, starts "
    "them."
)


class ScheduleUseCases:
    """The calls of `schedules.*`. `changed` has the timer look at once; `run_here`: there is one."""

    def __init__(
        self, resources: Resources, identities: Identities, changed: Callable[[], None], *, run_here: bool
    ) -> None:
        self._resources = resources
        self._identities = identities
        self._changed = changed
        self._run_here = run_here

    @answers(SCHEDULES_LIST)
    async def of_account(self, context: CallContext, request: SchedulesOf) -> Schedules:
        """The schedules of an email account. Raises NOT_CONFIGURED, ACCOUNT_UNKNOWN."""
        account = await chosen_account(self._resources, request.account)
        return await self._shown(account.id, account.name)

    @answers(SCHEDULES_SAVE)
    async def save(self, context: CallContext, request: SaveSchedules) -> Schedules:
        """Saves edits together, with who and when. Raises SCHEDULE_INVALID, SCHEDULE_CHANGED."""
        account = await chosen_account(self._resources, request.account)
        await self._provisioned()
        person = await self._identities.person(context.uid)
        by, now = person.name if person else "", self._resources.clock()

        def keep(c: Connection) -> None:
            rows = {each.schedule.sync_type: each for each in schedules.schedules(c, account.id)}
            for edit, wanted in _edited(rows, request.edits, now):
                before = rows[edit.sync_type]
                if wanted == before.schedule:
                    continue
                if (edit.revision and edit.revision != before.revision + 1) or not schedules.save(
                    c, before, wanted, by, text_of(now)
                ):
                    raise _changed_meanwhile(before)
                change = AdminChange(
                    subject=SUBJECT,
                    thing=edit.sync_type,
                    changed_by=by,
                    changed_on=text_of(now),
                    before=schedule_text(before.schedule),
                    after=schedule_text(wanted),
                )
                admin_changes.record(c, account.id, change)

        await self._resources.write(keep)
        self._changed()
        return await self._shown(account.id, account.name)

    @answers(SCHEDULES_COMING)
    async def coming(self, context: CallContext, request: ComingQuery) -> Coming:
        """The scheduled runs to come, and the sends that are held until their hour."""
        account = await chosen_account(self._resources, request.account)
        await self._provisioned()
        stored = await self._resources.read(lambda c: schedules.schedules(c, account.id))
        start = self._resources.clock()
        end = start + timedelta(days=request.days)
        synced = await asyncio.to_thread(lambda: list(islice(coming(_pairs(stored), start, end), request.limit + 1)))
        held_until = await self._resources.read(lambda c: sends.coming(c, account.id, text_of(start), text_of(end)))
        runs = [ComingRun(text_of(on), kind, SYNC_TYPES[kind].title) for on, kind in synced]
        runs += [
            ComingRun(each.handed_for or each.send_at, SEND.id, f"{SEND.title}: {each.campaign_name}")
            for each in held_until
        ]
        runs.sort(key=lambda each: each.on)
        return Coming(
            account=account.name,
            start=text_of(start),
            end=text_of(end),
            runs=tuple(runs[: request.limit]),
            more=len(runs) > request.limit,
        )

    @answers(SCHEDULES_STRIP)
    async def strip(self, context: CallContext, request: StripQuery) -> Strip:
        """Seven days hour by hour, with edits that are not saved yet where there are some. Raises SCHEDULE_INVALID."""
        account = await chosen_account(self._resources, request.account)
        await self._provisioned()
        stored = await self._resources.read(lambda c: schedules.schedules(c, account.id))
        now = self._resources.clock()
        by_type = {each.schedule.sync_type: each for each in stored}
        for edit, wanted in _edited(by_type, request.edits, now):
            by_type[edit.sync_type] = msgspec.structs.replace(by_type[edit.sync_type], schedule=wanted)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        hours = await asyncio.to_thread(_by_hour, by_type, now, midnight)
        return Strip(
            start=text_of(midnight),
            rows=tuple(
                StripRow(
                    sync_type=kind,
                    title=SYNC_TYPES[kind].title,
                    often=interval_text(by_type[kind].schedule),
                    window=window_text(by_type[kind].schedule.window),
                    text=schedule_text(by_type[kind].schedule),
                    next_run=text_of(next_run(by_type[kind].schedule, by_type[kind].last_start, now)),
                    hours=tuple(counts),
                )
                for kind, counts in hours.items()
            ),
            warnings=_warnings(by_type.values()),
        )

    @answers(SCHEDULES_CHANGES)
    async def changes(self, context: CallContext, request: ScheduleChangesQuery) -> Page[AdminChange]:
        """Who changed what, newest first."""
        account = await chosen_account(self._resources, request.account)
        return await self._resources.read(
            lambda c: admin_changes.window(c, request, subject=SUBJECT, account_id=account.id)
        )

    async def _provisioned(self) -> None:
        """A type or an account that is new has its schedule before anybody looks at it."""
        if await self._resources.read(schedules.missing_of):
            now = self._resources.clock()
            await self._resources.write(lambda c: schedules.provision(c, now))

    async def _shown(self, account_id: str, name: str) -> Schedules:
        await self._provisioned()
        now = self._resources.clock()

        def read(c: Connection) -> Schedules:
            stored = schedules.schedules(c, account_id)
            last, active = schedules.last_runs(c, account_id), schedules.active(c, account_id)
            waiting = {LISTS.id} if held.waiting(c, account_id) else set()
            return Schedules(
                account=name,
                rows=tuple(_row(each, last, active, waiting, now) for each in stored),
                run_here=self._run_here,
                note="" if self._run_here else _NOT_HERE,
                warnings=_warnings(stored),
            )

        return await self._resources.read(read)


async def check(resources: Resources, *, run_here: bool) -> Check:
    """The schedules of all email accounts in one line of the service's status: what is behind, else what comes next."""
    now = resources.clock()

    def read(c: Connection) -> tuple[list[str], list[tuple[datetime, str]]]:
        names = accounts.names(c)
        stored = [each for each in schedules.schedules(c) if each.account_id in names]
        busy = {account_id: schedules.active(c, account_id) for account_id in names}
        behind = []
        for each in stored:
            since = overdue_since(each.schedule, each.last_start, now)
            waits = each.schedule.sync_type in busy[each.account_id]
            if since is not None and now - since > (_HUNG if waits else _STALLED):
                why = " (behind a run that goes on)" if waits else ""
                behind.append(f"{_title(each, names)} since {text_of(since)[:16].replace('T', ' ')}Z{why}")
        comes = [
            (start, _title(each, names))
            for each in stored
            if (start := next_run(each.schedule, each.last_start, now)) is not None
        ]
        return behind, sorted(comes, key=lambda pair: pair[0])

    behind, comes = await resources.read(read)
    following = ", ".join(f"{title} {start:%a %H:%M}Z" for start, title in comes[:3])
    if behind:
        why = "" if run_here else f" {_NOT_HERE}"
        return Check(name="Schedules", state="warning", text=f"due and not started: {', '.join(behind)}.{why}")
    if not run_here:
        return Check(name="Schedules", state="ok", text=_NOT_HERE)
    return Check(name="Schedules", state="ok", text=f"next: {following}" if following else "nothing runs by itself")


def _title(each: StoredSchedule, names: dict[str, str]) -> str:
    title = SYNC_TYPES[each.schedule.sync_type].title
    return title if len(names) == 1 else f"{title} of {names[each.account_id]}"


def _by_hour(by_type: dict[str, StoredSchedule], now: datetime, midnight: datetime) -> dict[str, list[int]]:
    """How many runs of each type start in each hour of the seven days from midnight on."""
    hours = {kind: [0] * _HOURS for kind in by_type}
    for on, kind in coming(_pairs(by_type.values()), now, midnight + timedelta(hours=_HOURS)):
        hours[kind][int((on - midnight).total_seconds()) // 3600] += 1
    return hours


def _pairs(stored: Iterable[StoredSchedule]) -> list[tuple[Schedule, datetime | None]]:
    return [(each.schedule, each.last_start) for each in stored]


def _row(
    each: StoredSchedule,
    last: dict[str, LastRun],
    active: dict[str, RunStatus],
    waiting: set[str],
    now: datetime,
) -> ScheduleRow:
    schedule = each.schedule
    kind = SYNC_TYPES[schedule.sync_type]
    before = last.get(kind.id)
    goes_on = active.get(kind.id)
    behind = overdue_since(schedule, each.last_start, now)
    return ScheduleRow(
        sync_type=kind.id,
        title=kind.title,
        interval=schedule.interval.value,
        at=clock_text(schedule.at) if schedule.interval is Interval.DAILY else "",
        window=window_text(schedule.window),
        text=schedule_text(schedule),
        paused=schedule.paused,
        status=_status(schedule, before, goes_on, kind.id in waiting),
        last_run=before.on if before else text_of(each.last_start),
        last_run_id=before.id if before else "",
        last_status=before.status.value if before else "",
        next_run=text_of(next_run(schedule, each.last_start, now)),
        behind_since=text_of(behind) if behind is not None and now - behind > _STALLED and goes_on is None else "",
        revision=each.revision + 1,
        saved_by=each.saved_by,
        saved_on=each.saved_on,
    )


def _status(schedule: Schedule, before: LastRun | None, goes_on: RunStatus | None, waiting: bool) -> str:
    if goes_on is not None:
        return "running" if goes_on is RunStatus.IN_PROCESS else "queued"
    if schedule.paused:
        return "paused"
    return "held" if waiting or (before is not None and before.status is RunStatus.HELD) else "idle"


def _warnings(stored: Iterable[StoredSchedule]) -> tuple[str, ...]:
    by_type = {each.schedule.sync_type: each.schedule for each in stored}
    inward, outward = by_type.get(_INWARD), by_type.get(LISTS.id)
    if inward is None or outward is None or not slower_than(inward, outward):
        return ()
    inward_title, outward_title = SYNC_TYPES[_INWARD].title, SYNC_TYPES[LISTS.id].title
    return (
        f"{inward_title} runs less often than {outward_title}: what changes in dotdigital is read late. Let it run at "
        "least as often.",
    )


def _edited(
    rows: dict[str, StoredSchedule], edits: Sequence[ScheduleEdit], now: datetime
) -> list[tuple[ScheduleEdit, Schedule]]:
    """What the schedules are after the edits. Raises SCHEDULE_INVALID, which names everything that is wrong."""
    wrong: list[str] = []
    wanted: list[tuple[ScheduleEdit, Schedule]] = []
    for edit in edits:
        try:
            if [each.sync_type for each in edits].count(edit.sync_type) > 1:
                raise ValueError("it is named twice")
            if edit.sync_type not in rows:
                raise ValueError("there is no such sync type; they are: " + ", ".join(SYNC_TYPES))
            row = rows[edit.sync_type]
            wanted.append((edit, _with(row.schedule, edit, row.last_start, now)))
        except ValueError as error:
            wrong.append(f"{shown(edit.sync_type)}: {error}")
    if wrong:
        raise DyntuiError(
            "SCHEDULE_INVALID",
            "The schedules cannot be saved: " + "; ".join(dict.fromkeys(wrong)) + ".",
            not_done="No schedule was changed.",
            remedy="Correct what is named and save again; `dyntui schedules edit --help` has examples.",
            exit=Exit.USAGE,
        )
    return wanted


def _with(before: Schedule, edit: ScheduleEdit, last: datetime | None, now: datetime) -> Schedule:
    """Raises ValueError with what is wrong in words."""
    try:
        interval = before.interval if edit.interval is None else Interval(edit.interval)
    except ValueError:
        raise ValueError(f"{shown(edit.interval)!r} is no interval; they are: {', '.join(Interval)}") from None
    window = before.window if edit.window is None else window_of(edit.window)
    paused = before.paused if edit.paused is None else edit.paused
    if edit.at and interval is not Interval.DAILY:
        raise ValueError("a time of day goes with the interval daily")
    at = clock_of(edit.at) % MINUTES_OF_A_DAY if edit.at else before.at if interval is Interval.DAILY else 0
    wanted = msgspec.structs.replace(before, interval=interval, at=at, window=window, paused=paused)
    if interval is Interval.DAILY and not edit.at and (edit.at is not None or before.interval is not Interval.DAILY):
        chosen = with_no_time_chosen(before, last, now)
        return msgspec.structs.replace(wanted, at=chosen.at, since=chosen.since)
    if wanted == before:
        return before
    return msgspec.structs.replace(wanted, since=now)


def _changed_meanwhile(before: StoredSchedule) -> DyntuiError:
    title = SYNC_TYPES[before.schedule.sync_type].title
    return DyntuiError(
        "SCHEDULE_CHANGED",
        f"{before.saved_by or 'Somebody'} has saved the schedule of {title} meanwhile: "
        f"{schedule_text(before.schedule)}.",
        not_done="No schedule was changed.",
        remedy="Look at the schedules as they are now, and edit them again.",
        exit=Exit.LOCKED,
    )


def use_cases(parts: Parts) -> ScheduleUseCases:
    """What answers these calls."""
    return ScheduleUseCases(parts.resources, parts.identities, parts.schedules_changed, run_here=parts.long_lived)
