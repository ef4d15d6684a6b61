"""Schedules: shown, edited together, foretold, and a week of them on both systems."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.paging import Window
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.schedules import ScheduleEdit, ScheduleRow
from dyntui.service.schedule_timer import SCHEDULE
from dyntui.service.schedules import check
from dyntui.store import run_window
from tests.scenarios.office import Office


def row(office: Office, sync_type: str) -> ScheduleRow:
    return next(each for each in office.schedules().rows if each.sync_type == sync_type)


def refused(office: Office, *edits: ScheduleEdit) -> DyntuiError:
    with pytest.raises(DyntuiError) as error:
        office.save_schedules(*edits)
    return error.value


def until(office: Office, moment: str) -> None:
    """Time passes until then."""
    office.let_pass(seconds=(datetime.fromisoformat(moment) - office.sandbox.now()).total_seconds())


def test_every_sync_type_has_a_row_that_follows_its_runs(office: Office) -> None:
    rows = office.schedules().rows
    assert [each.sync_type for each in rows] == [
        kind.id for kind in sorted(SYNC_TYPES.values(), key=lambda kind: kind.priority)
    ]
    assert {each.sync_type for each in rows if each.interval == "daily"} == {"labels", "metadata"}
    first = row(office, "suppressions")
    assert (first.interval, first.window, first.text, first.status) == ("15min", "always", "every 15 minutes", "idle")
    assert (first.last_run, first.saved_by) == ("", "")
    until(office, first.next_run)
    queued = office.look_at_schedules()
    assert row(office, "suppressions").status == "queued"
    office.engine.drain()
    after = row(office, "suppressions")
    assert (after.status, after.last_run_id, after.last_status) == ("idle", queued[0], "Completed")
    assert after.last_run == first.next_run
    assert office.detail(queued[0]).run.started_by == SCHEDULE
    # A run by hand is the last run, and moves no schedule.
    by_hand = office.run("suppressions")
    assert (row(office, "suppressions").last_run_id, row(office, "suppressions").next_run) == (
        by_hand.run.id, after.next_run,
    )  # fmt: skip


def test_edits_are_saved_together_with_who_and_when_or_not_at_all(office: Office) -> None:
    before = office.schedules()
    office.save_schedules(
        ScheduleEdit(sync_type="campaigns", interval="4h", window="monday to friday 6pm-8am"),
        ScheduleEdit(sync_type="lists", paused=True),
        ScheduleEdit(sync_type="suppressions", interval="15min"),
    )
    campaigns = row(office, "campaigns")
    assert campaigns.text == "every 4 hours, Mon-Fri 18:00-08:00"
    assert campaigns.saved_on
    assert (row(office, "lists").status, row(office, "lists").next_run) == ("paused", "")
    # What was saved as it was is no change.
    assert {(each.thing, each.before, each.after) for each in office.schedule_changes()} == {
        ("campaigns", "every hour", "every 4 hours, Mon-Fri 18:00-08:00"),
        ("lists", "every hour", "every hour, paused"),
    }
    kept = office.schedules().rows
    error = refused(
        office,
        ScheduleEdit(sync_type="suppressions", interval="1h"),
        ScheduleEdit(sync_type="lists", interval="3h"),
        ScheduleEdit(sync_type="campaigns", at="18:00"),
        ScheduleEdit(sync_type="telepathy", paused=True),
    )
    assert error.code == "SCHEDULE_INVALID"
    assert all(word in error.message for word in ("'3h' is no interval", "goes with the interval daily", "telepathy"))
    for wrong, said in (("sometimes", "no range"), ("Mon 25:00-26:00", "no time of day")):
        assert said in refused(office, ScheduleEdit(sync_type="lists", window=wrong)).message
    twice = (ScheduleEdit(sync_type="lists", paused=True), ScheduleEdit(sync_type="lists", paused=False))
    assert "named twice" in refused(office, *twice).message
    # Somebody else has saved meanwhile what was looked at before.
    seen = next(each for each in before.rows if each.sync_type == "campaigns")
    edits = (
        ScheduleEdit(sync_type="suppressions", interval="1h"),
        ScheduleEdit(sync_type="campaigns", interval="1h", revision=seen.revision),
    )
    error = refused(office, *edits)
    assert (error.code, "every 4 hours" in error.message) == ("SCHEDULE_CHANGED", True)
    assert office.schedules().rows == kept


def test_once_a_day_takes_the_time_that_is_chosen_or_that_of_the_next_run_from_tomorrow(office: Office) -> None:
    now = office.sandbox.now()
    shown = datetime.fromisoformat(row(office, "lists").next_run)
    office.schedule("lists", interval="daily")
    daily = row(office, "lists")
    assert daily.at == f"{shown:%H:%M}"
    first = datetime.fromisoformat(daily.next_run)
    assert (first.date(), f"{first:%H:%M}") == ((now + timedelta(days=1)).date(), daily.at)
    office.schedule("lists", at="18:30")
    assert row(office, "lists").text == "once a day at 18:30"
    office.schedule("lists", window="Sat 18:00-19:00")
    assert f"{datetime.fromisoformat(row(office, 'lists').next_run):%a %H:%M}" == "Sat 18:00"
    # Another interval forgets the time.
    office.schedule("lists", interval="1h", window="always")
    assert (row(office, "lists").at, row(office, "lists").text) == ("", "every hour")


def test_the_strip_shows_what_edits_would_come_to_before_they_are_saved(office: Office) -> None:
    for kind in SYNC_TYPES:
        office.schedule(kind, interval="manual")
    assert all(not any(each.hours) for each in office.strip().rows)
    strip = office.strip(ScheduleEdit(sync_type="lists", interval="2h", window="Mon-Fri 00:00-24:00"))
    hours = next(each.hours for each in strip.rows if each.sync_type == "lists")
    start = datetime.fromisoformat(strip.start)
    assert (len(hours), start.hour) == (7 * 24, 0)
    days = {(start + timedelta(hours=place)).weekday() for place, count in enumerate(hours) if count}
    assert days and days <= {0, 1, 2, 3, 4}
    assert row(office, "lists").interval == "manual"
    # What is shown is what comes, once it is saved.
    office.schedule("lists", interval="2h", window="Mon-Fri 00:00-24:00")
    counted = [0] * len(hours)
    for run in office.coming(days=8, limit=10_000).runs:
        place = int((datetime.fromisoformat(run.on) - start).total_seconds()) // 3600
        if place < len(counted):
            counted[place] += 1
    assert tuple(counted) == hours
    assert office.coming(limit=1).more


def test_a_resumed_type_starts_at_once_where_its_interval_has_passed_and_a_daily_one_at_its_time(
    office: Office,
) -> None:
    for kind in SYNC_TYPES:
        office.schedule(kind, interval="manual")
    at = f"{office.sandbox.now() + timedelta(hours=1):%H:%M}"
    office.save_schedules(
        ScheduleEdit(sync_type="suppressions", interval="1h", paused=True),
        ScheduleEdit(sync_type="campaigns", interval="daily", at=at, paused=True),
    )
    office.let_pass(hours=30)
    assert office.look_at_schedules() == []
    office.save_schedules(
        ScheduleEdit(sync_type="suppressions", paused=False), ScheduleEdit(sync_type="campaigns", paused=False)
    )
    office.let_pass(hours=1)
    assert [office.run_of(run_id).kind for run_id in office.look_at_schedules()] == ["suppressions"]
    assert f"{datetime.fromisoformat(row(office, 'campaigns').next_run):%H:%M}" == at


def test_address_books_that_are_read_less_often_than_lists_are_written_are_warned_of(office: Office) -> None:
    assert office.schedules().warnings == office.strip().warnings == ()
    slow = ScheduleEdit(sync_type="address-books", interval="2h")
    (warning,) = office.strip(slow).warnings
    assert warning.startswith("Address books to Dynamics runs less often than")
    assert office.save_schedules(slow).warnings == (warning,)
    assert office.schedule("lists", interval="4h").warnings == ()
    assert office.schedule("address-books", paused=True).warnings == (warning,)


def status_line(office: Office, *, run_here: bool) -> tuple[str, str]:
    line = office.wait(check(office.resources, run_here=run_here))
    return line.state, line.text


def test_the_status_says_what_comes_next_what_is_behind_and_who_does_not_start_runs(office: Office) -> None:
    office.look_at_schedules()
    state, text = status_line(office, run_here=True)
    assert (state, text.startswith("next: Suppressions ")) == ("ok", True)
    state, text = status_line(office, run_here=False)
    assert (state, "`dyntui serve`" in text) == ("ok", True)
    office.let_pass(minutes=40)
    for run_here, more in ((True, False), (False, True)):
        state, text = status_line(office, run_here=run_here)
        assert (state, text.startswith("due and not started: Suppressions since ")) == ("warning", True)
        assert ("`dyntui serve`" in text) is more
    assert row(office, "suppressions").behind_since
    # Once it is queued it waits for its turn, and is not behind.
    office.look_at_schedules()
    assert status_line(office, run_here=True)[0] == "ok"
    assert not row(office, "suppressions").behind_since
    # Unless that takes hours: then somebody should look at the run that goes on.
    office.let_pass(hours=3)
    assert "(behind a run that goes on)" in status_line(office, run_here=True)[1]
    for kind in SYNC_TYPES:
        office.schedule(kind, paused=True)
    assert status_line(office, run_here=True) == ("ok", "nothing runs by itself")


@pytest.mark.thorough
def test_a_week_of_schedules_on_both_systems_with_restarts_and_outages(office: Office) -> None:
    """Both systems move; the service stops now and then for hours, and runs fail while dotdigital is away."""
    chance = random.Random(4)
    newsletter = office.activated("Newsletter")
    office.run("lists")
    for kind in SYNC_TYPES:
        office.schedule(kind, interval="manual")
    office.save_schedules(
        ScheduleEdit(sync_type="suppressions", interval="6h"),
        ScheduleEdit(sync_type="lists", interval="12h", window="Mon-Fri 06:00-22:00"),
        ScheduleEdit(sync_type="campaigns", interval="daily", at="18:00"),
    )
    members = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    end = office.sandbox.now() + timedelta(days=7)
    expected: list[tuple[str, str]] = []
    while True:
        following = office.coming(days=7, limit=50).runs
        first = following[0].on
        if datetime.fromisoformat(first) >= end:
            break
        together = [each.sync_type for each in following if each.on == first]
        until(office, first)
        if chance.random() < 0.2:
            # Nobody starts anything for some hours: one run of each type makes up for it.
            office.let_pass(hours=chance.choice([1, 5, 11]))
            now = office.sandbox.now().replace(second=0)
            together = [each.sync_type for each in office.coming(days=1, limit=50).runs
                        if datetime.fromisoformat(each.on) <= now]  # fmt: skip
            first = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        if chance.random() < 0.3:
            office.timer = type(office.timer)(office.resources, office.engine.enqueue)
        away = chance.random() < 0.1
        if away:
            office.sandbox.order({"system": "dotdigital", "kind": "status", "status": 503, "times": 100_000})
        elif members and chance.random() < 0.5:
            # Without waiting until it shows: the clock stands at the hour of the runs.
            office.sandbox.control.post("/unsubscribe", json={"address": members.pop().address}).raise_for_status()
        queued = office.look_at_schedules()
        assert [office.run_of(run_id).kind for run_id in queued] == together
        assert office.engine.drain() == queued
        assert office.look_at_schedules() == []
        if away:
            office.sandbox.control.delete("/faults").raise_for_status()
        expected += [(first, kind) for kind in together]
    with office.db.read() as c:
        runs = run_window.window(c, Window(limit=5000, search=SCHEDULE)).rows
    started = [(each.queued_on[:17] + "00Z", each.kind) for each in reversed(runs)]
    assert sorted(started) == sorted(expected)
    assert {each.status for each in runs if each.error_code == ""} <= {
        RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD,
    }  # fmt: skip
    assert all(each.tally.adds_up for each in runs if each.status is not RunStatus.FAILED)
