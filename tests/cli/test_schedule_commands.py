"""`dyntui schedules`, on a service whose answers are written down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from icalendar import Calendar

from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.schedules import (
    SCHEDULES_CHANGES,
    SCHEDULES_COMING,
    SCHEDULES_LIST,
    SCHEDULES_SAVE,
    AdminChange,
    Coming,
    ComingRun,
    ScheduleEdit,
    ScheduleRow,
    Schedules,
)
from tests.cli.scripted_service import ScriptedService, page_of

Cli = Callable[..., Any]


def a_row(sync_type: str = "lists", **changes: Any) -> ScheduleRow:
    row = ScheduleRow(
        sync_type=sync_type, title="Marketing lists", interval="4h", at="", window="Mon-Fri 18:00-08:00",
        text="every 4 hours, Mon-Fri 18:00-08:00", paused=False, status="idle", last_run="2026-03-02T09:00:00Z",
        last_run_id="run-1", last_status="Completed", next_run="2026-03-02T18:00:00Z", behind_since="", revision=1,
        saved_by="", saved_on="",
    )  # fmt: skip
    return msgspec.structs.replace(row, **changes)


def some(*rows: ScheduleRow, **changes: Any) -> Schedules:
    return msgspec.structs.replace(Schedules(account="Main", rows=rows, run_here=True), **changes)


RUNS = (
    ComingRun("2026-03-02T18:00:00Z", "suppressions", "Suppressions"),
    ComingRun("2026-03-02T18:00:00Z", "lists", "Marketing lists"),
)
COMING = Coming(account="Main\x1b[2J", start="2026-03-02T09:00:00Z", end="2026-03-09T09:00:00Z", runs=RUNS, more=False)


@pytest.fixture(autouse=True)
def in_athens(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two hours ahead of UTC in March."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Athens")
        time.tzset()
        yield
    time.tzset()


def test_schedules_are_shown_in_utc_with_the_local_time_beside_it(dyntui: Cli, service: ScriptedService) -> None:
    behind = a_row("suppressions", status="idle", behind_since="2026-03-02T08:00:00Z")
    answer = some(a_row(), behind, warnings=("Read more often.",), note="Not by this service.")
    service.answers(SCHEDULES_LIST, answer)
    done = dyntui("schedules", "list")
    assert done.code == 0
    lists = next(line for line in done.out.splitlines() if line.startswith("lists"))
    for part in (
        "every 4 hours, Mon-Fri 18:00-08:00",
        "2026-03-02 09:00Z",
        "2026-03-02 18:00Z",
        "Mon 20:00",
        "idle",
        "Mon-Fri 20:00-10:00",
    ):
        assert part in lists
    assert "due since 2026-03-02 08:00Z" in done.out
    assert "Read more often." in done.err and "Not by this service." in done.err
    assert json.loads(dyntui("--json", "schedules", "list").out)["rows"][0]["window"] == "Mon-Fri 18:00-08:00"


def test_edits_pauses_and_resumptions_are_saved_together(dyntui: Cli, service: ScriptedService) -> None:
    service.answers(SCHEDULES_SAVE, some(a_row()))
    window = ("--window", "Mon-Fri 18:00-08:00")
    assert dyntui("schedules", "edit", "lists", "--every", "daily", "--at", "18:30", *window).code == 0
    assert dyntui("schedules", "edit", "lists", "--every", "daily", "--account", "Other").code == 0
    assert dyntui("schedules", "pause", "lists", "campaigns", "lists").code == 0
    assert dyntui("schedules", "resume", "lists").code == 0
    edited, daily, paused, resumed = service.requests(SCHEDULES_SAVE)
    assert edited.edits == (ScheduleEdit(sync_type="lists", interval="daily", at="18:30", window=window[1]),)
    assert (daily.account, daily.edits) == ("Other", (ScheduleEdit(sync_type="lists", interval="daily"),))
    assert [(each.sync_type, each.paused) for each in paused.edits] == [("lists", True), ("campaigns", True)]
    assert [(each.sync_type, each.paused) for each in resumed.edits] == [("lists", False)]


def test_what_is_no_edit_is_refused_before_anything_is_asked(dyntui: Cli, service: ScriptedService) -> None:
    for arguments in (("edit", "lists"), ("edit", "lists", "--every", "3h"), ("edit", "lists", "--window", " "),
                      ("pause",), ("export", "--days", "32")):  # fmt: skip
        assert dyntui("schedules", *arguments).code == 2
    assert service.requests(SCHEDULES_SAVE) == []


def test_coming_runs_and_changes_are_listed(dyntui: Cli, service: ScriptedService) -> None:
    service.answers(SCHEDULES_COMING, msgspec.structs.replace(COMING, more=True))
    done = dyntui("schedules", "coming", "--days", "2", "--limit", "2")
    assert "2026-03-02 18:00Z" in done.out and "Mon 20:00" in done.out and "--limit shows more" in done.err
    (asked,) = service.requests(SCHEDULES_COMING)
    assert (asked.days, asked.limit) == (2, 2)
    change = AdminChange(
        subject="schedules", thing="lists", changed_by="Ann", changed_on="2026-03-02T09:00:00Z", before="every hour",
        after="manual",
    )  # fmt: skip
    service.answers(SCHEDULES_CHANGES, page_of(change))
    done = dyntui("schedules", "history")
    assert all(part in done.out for part in ("2026-03-02 09:00Z", "Ann", "lists", "every hour", "manual"))


def test_an_export_is_a_calendar_that_other_programs_read(
    dyntui: Cli, service: ScriptedService, tmp_path: Path
) -> None:
    service.answers(SCHEDULES_COMING, COMING)
    file = tmp_path / "runs.ics"
    done = dyntui("schedules", "export", "--out", str(file))
    assert done.code == 0 and "2 scheduled runs until 2026-03-09 09:00Z" in done.err
    calendar = Calendar.from_ical(file.read_bytes())
    events = calendar.walk("VEVENT")
    assert [(event["SUMMARY"], event.decoded("DTSTART")) for event in events] == [
        ("Suppressions (Main␛[2J)", datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ("Marketing lists (Main␛[2J)", datetime(2026, 3, 2, 18, tzinfo=UTC)),
    ]
    assert len({event["UID"] for event in events}) == 2
    assert b"\r\n" in file.read_bytes() and b"\x1b" not in file.read_bytes()
    # To standard output; and a file that cannot be written is named.
    assert dyntui("schedules", "export").out.startswith("BEGIN:VCALENDAR")
    refused = dyntui("schedules", "export", "--out", str(tmp_path / "no folder" / "runs.ics"))
    assert refused.code == 1 and "no folder" in refused.err


def test_the_name_of_a_campaign_in_a_calendar_controls_no_terminal(dyntui: Cli, service: ScriptedService) -> None:
    send = ComingRun("2026-03-02T18:00:00Z", "send", "Send: \x1b]0;mine\x07 Spring")
    service.answers(SCHEDULES_COMING, msgspec.structs.replace(COMING, runs=(send,)))
    done = dyntui("schedules", "export")
    assert "Send: \u241b]0\\;mine\u2407 Spring" in done.out.replace("\r\n ", "")
    assert "\x1b" not in done.out and "\x07" not in done.out


def test_two_sends_of_one_name_at_one_time_are_two_events_of_a_calendar(dyntui: Cli, service: ScriptedService) -> None:
    send = ComingRun("2026-03-02T18:00:00Z", "send", "Send: Spring")
    service.answers(SCHEDULES_COMING, msgspec.structs.replace(COMING, runs=(send, send)))
    first, again = (
        [str(event["UID"]) for event in Calendar.from_ical(dyntui("schedules", "export").out).walk("VEVENT")]
        for _ in range(2)
    )
    assert len(set(first)) == 2 and first == again


def test_every_sync_type_can_be_named(dyntui: Cli, service: ScriptedService) -> None:
    service.answers(SCHEDULES_SAVE, some(a_row()))
    for kind in SYNC_TYPES:
        assert dyntui("schedules", "edit", kind, "--every", "manual").code == 0
