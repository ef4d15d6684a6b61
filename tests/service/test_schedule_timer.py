"""What schedules start: every due run once, by whoever finds it first, whatever happens in between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from sqlalchemy import Connection, select

from dyntui.model.outcomes import RunStatus
from dyntui.model.schedules import Interval, coming
from dyntui.model.sync_types import LISTS, SYNC_TYPES, Narrowed, asked_of
from dyntui.model.sync_windows import is_open, window_of
from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.service.schedule_timer import SCHEDULE, ScheduleTimer
from dyntui.store import accounts, runs, schedules, schema
from dyntui.store.accounts import EmailAccount
from dyntui.store.database import Database
from dyntui.store.runs import NewRun, Problem, Run
from tests.empty_store import open_empty_store
from tests.simulation.time import one_thread_loop

T = TypeVar("T")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Days:
    """A store with one email account, a clock that is set by hand, and whoever carries runs out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db: Database = open_empty_store(path / "store.db")
        self.now = MONDAY
        self.queued: list[str] = []
        self._ids = 0
        self.troubles: dict[str, str] = {}
        self._loop = one_thread_loop()
        with self.db.write() as c:
            accounts.put_account(
                c, EmailAccount(id="a", name="Main", api_user="u", endpoint="e", region="r1", platform_id=1)
            )
        self.timer = self.new_timer()
        self.look()

    def resources(self) -> Resources:
        return Resources(
            profile=open_profile("test", {"DYNTUI_HOME": str(self.path)}),
            db=self.db,
            secrets=None,  # type: ignore[arg-type]
            connections=None,  # type: ignore[arg-type]
            clock=lambda: self.now,
            ids=self._id,
            publish=lambda name, params, key="": None,
            troubles=self.troubles,
        )

    def close(self) -> None:
        self._loop.close()
        self.db.close()

    def _id(self) -> str:
        self._ids += 1
        return f"r{self._ids:05}"

    def new_timer(self) -> ScheduleTimer:
        """As that of a service that was just started."""

        return ScheduleTimer(self.resources(), lambda run_id, priority: self.queued.append(run_id))

    def look(self) -> list[str]:
        """The sync types that the timer has queued now."""
        ids = self._loop.run_until_complete(self.timer.look())
        return [self.run(run_id).kind for run_id in ids]

    def at(self, text: str) -> list[str]:
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return self.look()

    def set(self, sync_type: str, interval: str, *, window: str = "", at: int = 0, paused: bool = False) -> None:
        with self.db.write() as c:
            row = next(each for each in schedules.schedules(c, "a") if each.schedule.sync_type == sync_type)
            wanted = msgspec.structs.replace(
                row.schedule, interval=Interval(interval), window=window_of(window), at=at, paused=paused,
                since=self.now,
            )  # fmt: skip
            assert schedules.save(c, row, wanted, "Ann", "")

    def only(self, **intervals: str) -> None:
        """These types at these intervals, all others by hand."""
        for kind in SYNC_TYPES:
            self.set(kind, intervals.get(kind, "manual"))

    def run(self, run_id: str) -> Run:
        with self.db.read() as c:
            found = runs.get(c, run_id)
        assert found is not None
        return found

    def by_hand(self, kind: str, **request: Any) -> str:
        run_id = self._id()
        with self.db.write() as c:
            sync_key = SYNC_TYPES[kind].key("a")
            made = runs.create(
                c,
                NewRun(id=run_id, kind=kind, title=kind, account_id="a", sync_key=sync_key, queued_on="",
                       request=request),
            )  # fmt: skip
        assert made.id == run_id
        return run_id

    def end(self, run_id: str, problem: str = "") -> None:
        with self.db.write() as c:
            claim = runs.claim(c, run_id, "")
            assert claim is not None
            failed = Problem(code=problem, message=problem) if problem else None
            status = RunStatus.FAILED if problem else None
            runs.finish(c, run_id, claim.token, "", status=status, problem=failed)

    def carry_out(self) -> None:
        """Everything that is queued, to its end."""
        for run_id in self.queued:
            self.end(run_id)
        self.queued.clear()

    def started(self) -> list[tuple[str, str]]:
        """When schedules have started what, in the order in which it was queued."""
        with self.db.read() as c:
            rows = c.execute(
                select(schema.run.c.queued_on, schema.run.c.kind)
                .where(schema.run.c.started_by == SCHEDULE)
                .order_by(schema.run.c.id)
            )
            return [(row.queued_on, row.kind) for row in rows]


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    made = Days(tmp_path)
    yield made
    made.close()


def test_a_new_account_is_synchronised_by_its_sync_types_own_intervals(days: Days) -> None:
    assert days.started() == []
    assert days.at("2026-03-02 09:14:59") == []
    assert days.at("2026-03-02 09:15:00") == ["suppressions"]
    days.carry_out()
    assert days.at("2026-03-02 10:00:20") == [
        each.id
        for each in sorted(SYNC_TYPES.values(), key=lambda kind: kind.priority)
        if each.interval.length is not None and each.interval.length <= timedelta(hours=1)
    ]


def test_a_due_run_is_queued_once_and_marked_as_scheduled(days: Days) -> None:
    days.only(lists="1h")
    assert days.at("2026-03-02 10:00:03") == ["lists"]
    run = days.run(days.queued[-1])
    assert (run.started_by, run.queued_on, run.sync_key) == (SCHEDULE, "2026-03-02T10:00:03Z", LISTS.key("a"))
    assert asked_of(run.request, Narrowed).scheduled
    assert days.look() == []
    days.carry_out()
    assert days.look() == []
    days.timer = days.new_timer()
    assert days.at("2026-03-02 10:59:59") == []
    assert days.at("2026-03-02 11:00:00") == ["lists"]


def test_what_was_missed_is_made_up_for_by_one_run_of_each_type_the_most_urgent_first(days: Days) -> None:
    days.only(campaigns="1h", lists="30min", suppressions="5min")
    days.timer = days.new_timer()
    assert days.at("2026-03-04 17:17:40") == ["suppressions", "lists", "campaigns"]
    days.carry_out()
    assert days.at("2026-03-04 17:22") == ["suppressions"]
    days.carry_out()
    assert days.at("2026-03-04 17:47") == ["suppressions", "lists"]


def test_two_processes_that_find_a_run_due_start_it_once(days: Days) -> None:
    days.only(suppressions="5min", lists="5min", campaigns="5min")
    timers = [days.new_timer() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            days.now += timedelta(minutes=5)
            found = list(threads.map(lambda timer: asyncio.run(timer.look()), timers))
            kinds = [days.run(run_id).kind for ids in found for run_id in ids]
            assert sorted(kinds) == ["campaigns", "lists", "suppressions"]
            days.carry_out()
    assert len(days.started()) == 15


def test_a_run_that_is_due_while_one_of_its_type_goes_on_starts_after_it(days: Days) -> None:
    days.only(lists="30min")
    by_hand = days.by_hand("lists", lists=["some list"])
    assert days.at("2026-03-02 09:30") == []
    assert days.at("2026-03-02 10:10") == []
    days.end(by_hand)
    assert days.at("2026-03-02 10:12") == ["lists"]
    days.carry_out()
    assert days.at("2026-03-02 10:41") == []
    assert days.at("2026-03-02 10:42") == ["lists"]


def test_a_failed_run_does_not_keep_the_next_one(days: Days) -> None:
    days.only(lists="30min")
    assert days.at("2026-03-02 09:30") == ["lists"]
    days.end(days.queued.pop(), problem="SIGN_IN_REFUSED")
    assert days.at("2026-03-02 10:00") == ["lists"]


def test_a_run_that_cannot_be_started_delays_no_other(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    days.only(suppressions="5min", lists="5min", campaigns="5min")
    create = runs.create

    def refuse(c: Connection, new: NewRun) -> Run:
        if new.kind == "suppressions":
            raise RuntimeError("a row that nothing can be made of")
        return create(c, new)

    monkeypatch.setattr(runs, "create", refuse)
    assert days.at("2026-03-02 09:05") == ["lists", "campaigns"]
    # Not even a failed run can be made of it: the service's status tells then.
    assert list(days.troubles) == ["suppressions of 'Suppressions' could not be begun"]
    monkeypatch.setattr(runs, "create", create)
    assert days.at("2026-03-02 09:06") == ["suppressions"]
    assert not days.troubles


def test_a_run_due_outside_its_window_starts_when_it_opens(days: Days) -> None:
    days.only(lists="manual")
    days.set("lists", "4h", window="Mon-Fri 18:00-08:00")
    assert days.at("2026-03-02 13:00") == []
    assert days.at("2026-03-02 17:59:59") == []
    assert days.at("2026-03-02 18:00") == ["lists"]
    days.carry_out()
    # Saturday morning is the night of Friday; the weekend passes.
    assert days.at("2026-03-07 07:59") == ["lists"]
    days.carry_out()
    assert days.at("2026-03-09 17:59") == []
    assert days.at("2026-03-09 18:00") == ["lists"]


def test_a_paused_type_runs_nothing_and_goes_on_where_it_is_resumed(days: Days) -> None:
    days.only(lists="1h", suppressions="1h")
    days.set("lists", "1h", paused=True)
    assert days.at("2026-03-02 12:00") == ["suppressions"]
    days.carry_out()
    days.set("lists", "1h")
    assert days.at("2026-03-02 13:00") == ["suppressions", "lists"]


def test_an_edit_counts_at_once_without_a_minute_being_waited_for(days: Days) -> None:
    days.only(lists="12h")
    days.at("2026-03-02 21:00")
    days.carry_out()
    queued = asyncio.Event()

    async def edit() -> None:
        timer = ScheduleTimer(days.resources(), lambda run_id, priority: queued.set())
        days.now += timedelta(minutes=20)
        timer.start()
        days.set("lists", "15min")
        timer.wake()
        await asyncio.wait_for(queued.wait(), 180)
        await timer.stop()

    asyncio.run(edit())
    assert days.started()[-1] == ("2026-03-02T21:20:00Z", "lists")


def test_an_account_that_is_connected_later_is_scheduled_from_then_on(days: Days) -> None:
    days.only()
    with days.db.write() as c:
        accounts.put_account(
            c, EmailAccount(id="b", name="Other", api_user="v", endpoint="e", region="r1", platform_id=2)
        )
    assert days.at("2026-03-05 12:00") == []
    assert days.at("2026-03-05 12:15") == ["suppressions"]
    # Each account has its own run of a type, at the same time.
    days.carry_out()
    days.set("suppressions", "15min")
    assert days.at("2026-03-05 12:45").count("suppressions") == 2
    assert {days.run(run_id).account_id for run_id in days.queued} == {"a", "b"}


PLAN = {
    "suppressions": ("30min", ""),
    "lists": ("1h", "Mon-Fri 06:00-22:00; Sat 10:00-12:00"),
    "campaigns": ("4h", "Mon-Fri 18:00-08:00"),
}


def a_week_of(days: Days) -> None:
    others = [kind for kind in SYNC_TYPES if kind not in PLAN]
    for kind, (interval, window) in {**dict.fromkeys(others, ("daily", "")), **PLAN}.items():
        days.set(kind, interval, window=window, at=3 * 60)


def rows(days: Days) -> list[schedules.StoredSchedule]:
    with days.db.read() as c:
        return schedules.schedules(c, "a")


def test_in_a_week_exactly_the_runs_that_were_foretold_start_in_order_of_priority(days: Days) -> None:
    a_week_of(days)
    end = days.now + timedelta(days=7)
    foretold = list(coming([(row.schedule, row.last_start) for row in rows(days)], days.now, end))
    moments = sorted({moment for moment, _ in foretold})
    for place, moment in enumerate(moments):
        days.now = moment
        if place % 7 == 0:
            days.timer = days.new_timer()
        days.look()
        days.carry_out()
    assert days.started() == [(f"{moment:%Y-%m-%dT%H:%M:%SZ}", kind) for moment, kind in foretold]
    assert {kind for _, kind in foretold} == set(SYNC_TYPES)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1])
def test_in_a_week_of_restarts_outages_and_slow_runs_nothing_runs_twice_or_is_forgotten(days: Days, seed: int) -> None:
    a_week_of(days)
    chance = random.Random(seed)
    end = days.now + timedelta(days=7)
    under_way: dict[str, datetime] = {}
    while days.now < end:
        days.now += timedelta(seconds=600 if chance.random() < 0.97 else chance.choice([61, 3_600, 30_000]))
        for run_id, until in list(under_way.items()):
            if until <= days.now:
                days.end(run_id, problem=chance.choice(["", "", "AWAY"]))
                del under_way[run_id]
        if chance.random() < 0.02:
            days.timer = days.new_timer()
        before = {row.schedule.sync_type: row for row in rows(days)}
        kinds = days.look()
        ranks = [SYNC_TYPES[kind].priority for kind in kinds]
        assert ranks == sorted(ranks)
        for kind in kinds:
            row = before[kind]
            length = row.schedule.interval.length
            assert length is not None
            assert is_open(row.schedule.window, days.now.replace(second=0))
            if row.last_start is not None and row.schedule.interval is not Interval.DAILY:
                assert days.now.replace(second=0) - row.last_start >= length
        busy = {days.run(run_id).kind for run_id in [*under_way, *days.queued]}
        for row in rows(days):
            idle = row.schedule.sync_type not in busy
            late = schedules_behind(row, days.now)
            assert not (idle and late), (row, days.now)
        for run_id in days.queued:
            under_way[run_id] = days.now + timedelta(minutes=chance.choice([0, 1, 3, 20, 90]))
        days.queued.clear()


def schedules_behind(row: schedules.StoredSchedule, now: datetime) -> bool:
    """Whether a run could start now that the timer, which has just looked, has not started."""
    next_one = next(coming([(row.schedule, row.last_start)], now, now + timedelta(minutes=1)), None)
    return next_one is not None and next_one[0] <= now


def test_what_cannot_be_started_is_a_failed_run_of_the_audit_once_an_hour_and_delays_no_other(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.only(lists="1h", forms="1h")
    days.carry_out()
    started = schedules.started

    def defect(c: Connection, due: schedules.StoredSchedule, now: datetime) -> bool:
        if due.schedule.sync_type == "forms":
            raise ZeroDivisionError
        return started(c, due, now)

    with monkeypatch.context() as patched:
        patched.setattr(schedules, "started", defect)
        assert days.at("2026-03-02T11:00") == ["lists"]
        assert days.at("2026-03-02T11:01") == days.at("2026-03-02T11:02") == []
        (failed,) = _failed(days)
        assert (failed.kind, failed.error_code, failed.started_by) == ("forms", "INTERNAL_ERROR", SCHEDULE)
        assert "a minute" in failed.not_done and failed.remedy
        days.carry_out()
        assert days.at("2026-03-02T12:05") == ["lists"]
        assert len(_failed(days)) == 2
    assert days.at("2026-03-02T12:06") == ["forms"]


def _failed(days: Days) -> list[Run]:
    with days.db.read() as c:
        ids = c.execute(select(schema.run.c.id).where(schema.run.c.status == RunStatus.FAILED.value)).scalars().all()
    return [days.run(each) for each in ids]
