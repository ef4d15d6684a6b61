"""Schedules as stored: provisioned from the sync types, changed by one at a time, and what ran last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Connection, insert, select, update

from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.model.paging import Window
from dyntui.model.schedules import Interval
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.model.sync_windows import window_of
from dyntui.store import accounts, admin_changes, runs, schedules
from dyntui.store.accounts import EmailAccount
from dyntui.store.runs import NewRun
from dyntui.store.schedules import LastRun, StoredSchedule
from dyntui.store.schema import schedule

NOW = datetime(2026, 3, 2, 9, 20, 30, tzinfo=UTC)


def account(c: Connection, account_id: str, platform_id: int = 1) -> None:
    accounts.put_account(
        c,
        EmailAccount(
            id=account_id, name=account_id.upper(), api_user="u", endpoint="e", region="r1", platform_id=platform_id
        ),
    )


def of(c: Connection, sync_type: str, account_id: str = "a") -> StoredSchedule:
    return next(each for each in schedules.schedules(c, account_id) if each.schedule.sync_type == sync_type)


def test_every_sync_type_of_every_account_gets_a_schedule_with_its_own_interval_once(c: Connection) -> None:
    assert schedules.provision(c, NOW) == 0
    account(c, "a")
    assert schedules.provision(c, NOW) == len(SYNC_TYPES)
    assert schedules.provision(c, NOW + timedelta(days=1)) == 0
    account(c, "b", 2)
    assert {account_id for account_id, _ in schedules.missing_of(c)} == {"b"}
    schedules.provision(c, NOW + timedelta(days=1))
    found = schedules.schedules(c)
    assert {(each.account_id, each.schedule.sync_type) for each in found} == {
        (account_id, kind) for account_id in "ab" for kind in SYNC_TYPES
    }
    assert all(each.schedule.interval is SYNC_TYPES[each.schedule.sync_type].interval for each in found)
    assert {each.schedule.since for each in found if each.account_id == "a"} == {NOW.replace(second=0)}
    priorities = [SYNC_TYPES[each.schedule.sync_type].priority for each in found]
    assert priorities == sorted(priorities)


def test_a_schedule_that_was_changed_meanwhile_is_not_overwritten(c: Connection) -> None:
    account(c, "a")
    schedules.provision(c, NOW)
    seen = of(c, "lists")
    wanted = msgspec.structs.replace(
        seen.schedule, interval=Interval.DAILY, at=1080, window=window_of("Mon-Fri 18:00-08:00"), paused=True
    )
    assert schedules.save(c, seen, wanted, "Ann", "2026-03-02T09:21:00Z")
    kept = of(c, "lists")
    assert (kept.schedule, kept.saved_by, kept.saved_on) == (wanted, "Ann", "2026-03-02T09:21:00Z")
    assert not schedules.save(c, seen, seen.schedule, "Ben", "2026-03-02T09:22:00Z")
    assert not schedules.started(c, seen, NOW)
    assert of(c, "lists") == kept
    assert schedules.started(c, kept, NOW)
    assert of(c, "lists").last_start == NOW.replace(second=0)
    assert not schedules.started(c, kept, NOW + timedelta(minutes=5))
    # A start does not stand in the way of somebody who is editing.
    assert schedules.save(c, kept, seen.schedule, "Ben", "2026-03-02T09:23:00Z")
    assert of(c, "lists").last_start == NOW.replace(second=0)


def test_a_sync_type_of_another_version_is_left_alone(c: Connection) -> None:
    account(c, "a")
    schedules.provision(c, NOW)
    values = {"account_id": "a", "sync_type": "telepathy", "interval": "5min", "at": 0, "window": "always"}
    c.execute(insert(schedule).values(values))
    assert "telepathy" not in {each.schedule.sync_type for each in schedules.schedules(c)}
    assert schedules.missing_of(c) == []


def test_a_schedule_nobody_can_read_waits_for_nothing_and_spoils_no_other(c: Connection) -> None:
    account(c, "a")
    schedules.provision(c, NOW)
    c.execute(update(schedule).where(schedule.c.sync_type == "lists").values(interval="3 moons", window="sometimes"))
    assert of(c, "lists").schedule.interval is Interval.MANUAL
    assert of(c, "lists").schedule.window == ()
    assert of(c, "suppressions").schedule.interval is Interval.MINUTES_15


def test_schedules_go_with_their_account_when_its_id_changes(c: Connection) -> None:
    account(c, "a")
    schedules.provision(c, NOW)
    accounts.rename_account(c, "a", "z")
    assert set(c.execute(select(schedule.c.account_id)).scalars()) == {"z"}
    assert schedules.missing_of(c) == []


def run(c: Connection, run_id: str, kind: str, on: str, **request: object) -> None:
    runs.create(
        c,
        NewRun(id=run_id, kind=kind, title=kind, account_id="a", sync_key=f"{kind}/a", queued_on=on, request=request),
    )


def ended(c: Connection, run_id: str) -> None:
    claim = runs.claim(c, run_id, "2026-03-02T09:00:00Z")
    assert claim is not None
    runs.finish(c, run_id, claim.token, "2026-03-02T09:00:00Z")


def test_the_last_run_is_the_newest_that_was_no_plan_and_active_ones_are_told_apart(c: Connection) -> None:
    run(c, "r1", "lists", "2026-03-02T08:00:00Z", scheduled=True)
    ended(c, "r1")
    run(c, "r2", "lists", "2026-03-02T09:00:00Z", plan=True)
    run(c, "r3", "campaigns", "2026-03-02T09:00:00Z")
    runs.claim(c, "r3", "2026-03-02T09:00:00Z")
    found = schedules.last_runs(c, "a")
    assert found == {
        "lists": LastRun("r1", RunStatus.COMPLETED, "2026-03-02T08:00:00Z"),
        "campaigns": LastRun("r3", RunStatus.IN_PROCESS, "2026-03-02T09:00:00Z"),
    }
    assert schedules.active(c, "a") == {"lists": RunStatus.QUEUED, "campaigns": RunStatus.IN_PROCESS}
    assert schedules.active(c, "b") == {}


def test_changes_of_administrators_are_kept_newest_first_and_found(c: Connection) -> None:
    account(c, "a")
    for thing, before, after in (("lists", "1h", "4h"), ("campaigns", "1h", "daily 18:00")):
        change = AdminChange(
            subject="schedules", thing=thing, changed_by="Ann", changed_on="2026-03-02T09:00:00Z", before=before,
            after=after,
        )  # fmt: skip
        admin_changes.record(c, "a", change)
    page = admin_changes.window(c, Window(), subject="schedules", account_id="a")
    assert [(each.thing, each.account, each.after) for each in page.rows] == [
        ("campaigns", "A", "daily 18:00"), ("lists", "A", "4h"),
    ]  # fmt: skip
    found = admin_changes.window(c, Window(search="DAILY"), subject="schedules", account_id="a")
    assert ([each.thing for each in found.rows], found.matching, found.total) == (["campaigns"], 1, 2)
    assert admin_changes.window(c, Window(), subject="mappings", account_id="a").total == 0
    by_thing = admin_changes.window(c, Window(sort="thing"), subject="", account_id=None)
    assert [each.thing for each in by_thing.rows] == ["campaigns", "lists"]
    assert [
        each.thing for each in admin_changes.window(c, Window(sort="-thing"), subject="", account_id=None).rows
    ] == ["lists", "campaigns"]
    with pytest.raises(DyntuiError, match="SORT_UNKNOWN"):
        admin_changes.window(c, Window(sort="nothing"), subject="", account_id=None)
