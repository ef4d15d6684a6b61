"""Synchronisation Settings in the console, on the service's own use cases."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from dyntui.screens.remembered import Memory
from dyntui.screens.widgets.week import cells_of_a_day, shade

from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Role
from dyntui.model.schedules import Interval
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.runs import StartRun
from dyntui.store import accounts, runs, schedules
from dyntui.store.runs import NewRun

from .driving import NARROW, WIDE, Driver, driving
from .service import Service
from .test_several_accounts import SECOND, two
from .worlds import PERSON, Opening

SMALL, LARGE = (60, 18), (200, 60)
ROWS = [kind.id for kind in sorted(SYNC_TYPES.values(), key=lambda kind: kind.priority)]


def an_hour_later(service: Service) -> None:
    """Long after the suppressions were due, and nothing has been started by a schedule."""
    with service.db.write() as c:
        schedules.provision(c, service.sandbox.now())
    service.sandbox.control.post("/clock", json={"advance_seconds": 3600}).raise_for_status()


def stored(service: Service, sync_type: str) -> schedules.StoredSchedule:
    with service.db.read() as c:
        return next(each for each in schedules.schedules(c) if each.schedule.sync_type == sync_type)


def ran(service: Service, sync_type: str, run_id: str, on: str, status: RunStatus | None = None) -> None:
    """A run of this type was queued then, and goes on where no status is given."""
    with service.db.write() as c:
        account = accounts.accounts(c)[0].id
        key = f"{sync_type}/{account}"
        runs.create(c, NewRun(id=run_id, kind=sync_type, title="", account_id=account, sync_key=key, queued_on=on))
        claim = runs.claim(c, run_id, on)
        assert claim is not None
        if status is not None:
            runs.finish(c, run_id, claim.token, on, status=status)


def down_to(sync_type: str) -> list[str]:
    """From the first row to that of a sync type."""
    return ["g", *["j"] * ROWS.index(sync_type)]


def line_of(text: str, title: str) -> str:
    """The line of the table, which is above the week."""
    rows = [line for line in text.splitlines()[2:] if line[1:].strip("▌ ").startswith(title[:12])]
    return rows[0]


def busy(service: Service) -> None:
    an_hour_later(service)
    ran(service, "lists", "r1", "2026-11-22T12:50:00Z")
    ran(service, "campaigns", "r2", "2026-11-22T12:40:00Z", RunStatus.HELD)


async def test_every_sync_type_is_shown_with_its_schedule_its_runs_and_the_week() -> None:
    async with driving(Opening(stays=True, prepare=busy), size=(120, 50)) as hand:
        await hand.press("4", "S")
        assert "Synchronisation Settings" in hand.text
        assert all(kind.title[:20] in hand.text for kind in SYNC_TYPES.values())
        lists = line_of(hand.text, SYNC_TYPES["lists"].title)
        assert "every hour" in lists and "running" in lists and "22 Nov 12:50" in lists
        assert "held" in line_of(hand.text, SYNC_TYPES["campaigns"].title)
        suppressions = line_of(hand.text, "Suppressions")
        assert "every 15 minutes" in suppressions and "always" in suppressions and "! behind" in suppressions
        assert "Suppressions: every 15 minutes · due since Sun 12:15Z and not started · last run 22 Nov" in hand.text
        # The week stands below the table: what is over is blank, what comes is told by patterns.
        assert "Sun 22" in hand.text and "Sat 28" in hand.text and "12+" in hand.text
        week = [line for line in hand.text.splitlines() if "░" in line or "▒" in line]
        assert len(week) >= 3
        # A day that has begun is named above what is left of it.
        names = next(line for line in hand.text.splitlines() if "Sat 28" in line)
        assert names.index("Sun 22") == next(line.index("▒") for line in week if "Suppressions" in line)
        await hand.press("escape")
        assert "Synchronisation Audit" in hand.text.splitlines()[0]


async def test_home_shows_what_comes_next_where_this_service_starts_it() -> None:
    async with driving(Opening(stays=True, prepare=an_hour_later), size=WIDE) as hand:
        assert "Coming" in hand.text and "now Suppressions" in hand.text
        for kind in SYNC_TYPES:
            due = stored(hand.service, kind)
            with hand.service.db.write() as c:
                assert schedules.started(c, due, hand.service.sandbox.now())
        await hand.press("r")
        assert "13:15 Suppressions, " in hand.text
    async with driving(size=WIDE) as hand:
        assert "Coming" not in hand.text


async def test_edits_are_tried_shown_and_saved_together() -> None:
    async with driving(size=(120, 50)) as hand:
        await hand.press("S", *down_to("lists"), "enter")
        assert "When " in hand.text and "How often" in hand.text
        # One hour, two, four; the window; taken over.
        await hand.press("enter", "enter", "j", "enter")
        await hand.press(*["backspace"] * len("always"))
        await hand.paste("monday to friday 6pm-8am")
        await hand.press("enter", "j", "enter")
        assert "* every 4 hours" in hand.text and "Mon-Fri 18:00-08:00" in line_of(hand.text, SYNC_TYPES["lists"].title)
        assert "every 4 hours, Mon-Fri 18:00-08:00 · saved is every hour · " in hand.text
        assert "1 edit not saved" in hand.text
        assert stored(hand.service, "lists").schedule.interval is Interval.HOUR
        await hand.press(*down_to("campaigns"), "enter", *["enter"] * 5)
        assert "once a day" in hand.text
        await hand.press("j", "enter")
        await hand.paste("18:30")
        await hand.press("enter", "j", "j", "enter")
        assert "2 edits not saved" in hand.text and "* once a day at 18:30" in hand.text
        assert hand.asked("schedules.save") == []
        await hand.press("w")
        assert len(hand.asked("schedules.save")) == 1
        assert "not saved" not in hand.text and "* " not in line_of(hand.text, SYNC_TYPES["campaigns"].title)
        assert stored(hand.service, "campaigns").schedule.at == 18 * 60 + 30
        lists = stored(hand.service, "lists")
        assert (lists.schedule.interval, lists.saved_by) == (Interval.HOURS_4, PERSON)


async def test_what_is_no_window_is_refused_where_it_is_typed() -> None:
    async with driving() as hand:
        await hand.press("S", "enter", "j", "enter")
        await hand.paste(" nights")
        await hand.press("enter")
        assert any("no range of a window" in notice for notice in hand.notices)
        await hand.press("escape", "escape")
        assert "not saved" not in hand.text


async def an_edit(hand: Driver) -> None:
    """Suppressions less often, not saved yet."""
    await hand.press("S", "g", "enter", "enter", "j", "j", "enter")
    assert "1 edit not saved" in hand.text


async def test_edits_are_taken_back_and_leaving_with_some_asks() -> None:
    async with driving() as hand:
        for _ in range(2):
            await an_edit(hand)
            await hand.press("u")
            assert "not saved" not in hand.text
        await hand.press("enter", "enter", "j", "j", "enter", "escape")
        assert "Leave without saving?" in hand.text
        await hand.press("n")
        assert "1 edit not saved" in hand.text
        await hand.press("escape", "y")
        assert "Synchronisation Settings" not in hand.text
        assert hand.asked("schedules.save") == []


async def test_an_edit_that_is_put_back_to_what_is_saved_is_no_edit_any_more() -> None:
    async with driving() as hand:
        await an_edit(hand)
        before = Interval(stored(hand.service, "suppressions").schedule.interval)
        # Round, to the interval that is saved.
        await hand.press("enter", *["enter"] * (len(Interval) - 1), "j", "j", "enter")
        assert before.words in line_of(hand.text, SYNC_TYPES["suppressions"].title)
        assert "not saved" not in hand.text and "* " not in hand.text


async def test_edits_outlast_a_key_that_leads_to_where_one_is() -> None:
    async with driving() as hand:
        await an_edit(hand)
        await hand.press("S")
        assert "1 edit not saved" in hand.text and "* every 30 minutes" in hand.text


async def test_what_somebody_else_saved_meanwhile_is_not_overwritten() -> None:
    async with driving() as hand:
        await an_edit(hand)
        seen = stored(hand.service, "suppressions")
        with hand.service.db.write() as c:
            assert schedules.save(c, seen, seen.schedule, "Ben", "2026-11-22T12:04:00Z")
        await hand.press("w")
        assert "SCHEDULE_CHANGED" in hand.text and "Ben" in hand.text
        await hand.press("escape")
        assert "1 edit not saved" in hand.text


async def test_a_type_is_paused_resumed_and_started_at_once() -> None:
    async with driving() as hand:
        await hand.press("S", *down_to("lists"), "p")
        assert "paused" in line_of(hand.text, SYNC_TYPES["lists"].title) and "p Resume" in hand.text
        assert stored(hand.service, "lists").schedule.paused
        await hand.press("p")
        assert not stored(hand.service, "lists").schedule.paused and "p Pause" in hand.text
        await hand.press("s")
        with hand.service.db.read() as c:
            account = accounts.accounts(c)[0].id
        assert hand.asked("runs.start") == [StartRun(sync_type="lists", account=account)]
        assert "Run" in hand.text


async def test_who_is_no_manager_may_look_and_changes_nothing() -> None:
    async with driving(Opening(role=Role.PROFESSIONAL)) as hand:
        await hand.press("S", "p")
        assert any("needs the role Email Marketing Manager" in notice for notice in hand.notices)
        await hand.press("enter", "enter", "j", "j", "enter", "w")
        assert hand.asked("schedules.save") == []


@pytest.mark.parametrize("size", [SMALL, NARROW, LARGE])
async def test_it_can_be_used_on_every_screen_and_without_colour(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driving(size=size) as hand:
        await hand.press("S")
        assert "every 15 minutes" in hand.text and "dyntui serve" in hand.text
        if size != LARGE:
            assert "12+" not in hand.text
            await hand.press("v")
        assert "12+" in hand.text and "░" in hand.text
        assert len({line for line in hand.text.splitlines() if "▒" in line or "▓" in line}) >= 1
        if size != LARGE:
            await hand.press("escape")
            assert "every 15 minutes" in hand.text
        await hand.press("j", "enter")
        assert "How often" in hand.text and "Take it over" in hand.text


def test_a_day_takes_the_cells_there_are_and_more_starts_are_darker() -> None:
    assert [cells_of_a_day(width) for width in (174, 173, 90, 62, 48, 34, 13, 3)] == [24, 12, 12, 8, 6, 4, 1, 1]
    assert [shade(count) for count in (0, 1, 2, 5, 12, 500)] == ["·", "░", "▒", "▓", "█", "█"]


@pytest.mark.parametrize(("zone", "shown"), [("UTC", "Mon 03:00 "), ("Europe/Stockholm", "Mon 04:00 (03:00Z)")])
async def test_when_a_type_runs_next_is_local_time_first(
    zone: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    async with driving(Opening("worked", stays=True), size=NARROW) as hand:
        await hand.press("S")
        assert shown in hand.text and "Next, local" not in hand.text


async def test_edits_of_an_account_wait_while_another_one_is_shown(tmp_path: Path) -> None:
    async with driving(Opening("targeted", prepare=two), memory=Memory(tmp_path / "memory.json")) as hand:
        await an_edit(hand)
        first = hand.asked("schedules.list")[-1].account
        await hand.press("at", "G", "enter")
        assert "@ Second" in hand.text and "1 edit of Main not saved" in hand.text
        assert "* " not in line_of(hand.text, SYNC_TYPES["suppressions"].title)
        # What is done here is done to this one alone.
        await hand.press("g", "enter", "enter", "j", "j", "enter", "w")
        (saved,) = hand.asked("schedules.save")
        assert saved.account == SECOND.id and [each.sync_type for each in saved.edits] == ["suppressions"]
        await hand.press("escape")
        assert "Leave without saving?" in hand.text and "1 edit of Main not saved" in hand.text
        await hand.press("n", "at", "G", "k", "enter")
        assert "@ Main" in hand.text and "1 edit not saved" in hand.text and "* every 30 minutes" in hand.text
        await hand.press("w")
        assert hand.asked("schedules.save")[-1].account == first and "not saved" not in hand.text
