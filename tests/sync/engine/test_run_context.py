"""What a sync type has in hand: a cursor that moves with the work, calls that are counted, and a way to stop."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dyntui.model.cursors import ListsCursor, SendCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.store import outcomes, pending_members, runs, settling, staging, watermarks
from dyntui.store.database import Database
from dyntui.store.pending_members import Acknowledged
from dyntui.store.runs import Fenced, NewRun, Run
from dyntui.store.staging import Staged
from dyntui.sync.run_context import Cancelled, RunContext
from dyntui.sync.worker_lease import Hold, passed
from tests.empty_store import open_empty_store

NOW = "2026-03-01T10:00:00Z"
MOMENT = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = open_empty_store(tmp_path / "store.db")
    with opened.write() as c:
        new = NewRun(
            id="r", kind="lists", title="", account_id="a", sync_key="k", queued_on=NOW, request={"lists": ["l"]}
        )
        runs.create(c, new)
    yield opened
    opened.close()


def taken(db: Database, told: list[str] | None = None) -> RunContext:
    with db.write() as c:
        claim = runs.claim(c, "r", NOW)
    assert claim is not None
    events = told if told is not None else []
    return RunContext(db, "r", claim, clock=lambda: MOMENT, saved=events.append)


def stored(db: Database) -> Run:
    with db.read() as c:
        run = runs.get(c, "r")
    assert run is not None
    return run


async def test_no_remote_call_is_made_once_the_lease_of_the_worker_has_run_out(db: Database) -> None:
    hold = Hold("ann", passed() + 1000)
    with db.write() as c:
        claim = runs.claim(c, "r", NOW)
    assert claim is not None
    ctx = RunContext(db, "r", claim, prove=hold.prove)
    ctx.count_call("dotdigital", "write")
    hold.until = 0.0
    with pytest.raises(Fenced):
        ctx.count_call("dotdigital", "write")
    await ctx.finish()
    assert stored(db).dotdigital_writes == 1


async def test_work_cursor_progress_and_calls_are_kept_together_and_told(db: Database) -> None:
    told: list[str] = []
    ctx = taken(db, told)
    assert (ctx.kind, ctx.account_id, ctx.request, ctx.cursor) == ("lists", "a", {"lists": ["l"]}, ListsCursor())
    ctx.count_call("dataverse", "read")
    ctx.count_call("dotdigital", "write")
    keep = functools.partial(watermarks.put, account_id="a", feed="feed", value=ctx.now())
    await ctx.save(ListsCursor(place=1), stage="Reading", done=1, of=2, work=keep)
    ctx.count_call("dataverse", "read")
    await ctx.save(ListsCursor(place=2), stage="Reading", done=2, of=2)
    run = stored(db)
    assert (run.cursor, run.stage, run.stage_done, run.stage_of) == ({"place": 2}, "Reading", 2, 2)
    assert (run.dataverse_reads, run.dotdigital_writes) == (2, 1)
    assert await ctx.read(lambda c: watermarks.get(c, "a", "feed")) == NOW
    assert (ctx.cursor, told) == (ListsCursor(place=2), ["r", "r"])


async def test_work_that_fails_keeps_neither_cursor_nor_calls(db: Database) -> None:
    ctx = taken(db)
    ctx.count_call("dataverse", "read")
    with pytest.raises(ZeroDivisionError):
        await ctx.save(ListsCursor(place=1), stage="Reading", work=lambda c: 1 / 0)
    assert (stored(db).cursor, stored(db).dataverse_reads, ctx.cursor) == ({}, 0, ListsCursor())
    await ctx.save(ListsCursor(place=1), stage="Reading")
    assert (stored(db).cursor, stored(db).dataverse_reads) == ({"place": 1}, 1)


async def test_whoever_takes_a_run_up_goes_on_at_its_cursor_and_asks_for_that_of_its_kind(db: Database) -> None:
    await taken(db).save(ListsCursor(due=("l", "m"), read=1, listing="rows", importing="i-1"), stage="Reading")
    ctx = taken(db)
    assert ctx.at(ListsCursor) == ListsCursor(due=("l", "m"), read=1, listing="rows", importing="i-1")
    with pytest.raises(TypeError, match="a run of lists has no SendCursor"):
        ctx.at(SendCursor)


async def test_a_request_to_stop_is_heard_after_the_page_in_hand_is_kept(db: Database) -> None:
    ctx = taken(db)
    with db.write() as c:
        runs.request_cancel(c, "r", NOW)
    await ctx.save(ListsCursor(place=1), stage="Sending", cancellable=False)
    with pytest.raises(Cancelled):
        await ctx.save(ListsCursor(place=2), stage="Reading", work=lambda c: watermarks.put(c, "a", "feed", "kept"))
    assert stored(db).cursor == {"place": 2}
    assert await ctx.read(lambda c: watermarks.get(c, "a", "feed")) == "kept"
    assert await ctx.finish(RunStatus.CANCELLED) is RunStatus.CANCELLED


async def test_a_worker_that_was_replaced_writes_nothing_any_more(db: Database) -> None:
    old = taken(db)
    new = taken(db)
    with pytest.raises(Fenced):
        await old.save(ListsCursor(place=9), stage="Reading", work=lambda c: watermarks.put(c, "a", "feed", "zombie"))
    with pytest.raises(Fenced):
        await old.write(lambda c: watermarks.put(c, "a", "feed", "zombie"))
    with pytest.raises(Fenced):
        await old.finish()
    assert await new.read(lambda c: watermarks.get(c, "a", "feed")) == ""
    assert stored(db).status is RunStatus.IN_PROCESS


async def test_a_feed_ends_with_everybody_it_recorded(db: Database) -> None:
    ctx = taken(db)
    await ctx.begin_item("feed", kind="feed", name="Suppressions", place=0)
    people = [
        PersonOutcome(person="ann", outcome=Outcome.ADDED),
        PersonOutcome(person="bob", outcome=Outcome.UNCHANGED),
    ]
    await ctx.write(lambda c: outcomes.record(c, "r", "feed", people))
    assert await ctx.end_item("feed") is RunStatus.COMPLETED
    assert await ctx.finish() is RunStatus.COMPLETED
    assert stored(db).tally.adds_up


async def test_an_item_that_read_more_than_it_named_fails_the_run(db: Database) -> None:
    ctx = taken(db)
    await ctx.begin_item("feed", kind="feed", name="Suppressions", place=0)
    assert await ctx.end_item("feed", read=1) is RunStatus.FAILED
    assert await ctx.finish() is RunStatus.FAILED
    assert stored(db).error_code == "ACCOUNTING"


def person(name: str) -> Staged:
    return Staged(
        person_id=name,
        entity="contact",
        name=name,
        address=f"{name}@example.com",
        created_on=NOW,
        fields={},
        fingerprint="f",
    )


@pytest.mark.parametrize(("answered", "status"), [(2, RunStatus.COMPLETED), (1, RunStatus.FAILED)])
async def test_a_list_adds_up_only_when_nobody_is_left_pending(db: Database, answered: int, status: RunStatus) -> None:
    ctx = taken(db)
    await ctx.begin_item("l", kind="list", name="Walkers", place=0)
    await ctx.write(lambda c: staging.stage(c, "l", "r", [person("ann"), person("bob")]))
    await ctx.write(lambda c: settling.settle(c, "l", "r", "a", NOW))
    some = [Acknowledged(f"{name}@example.com", 1) for name in ("ann", "bob")[:answered]]
    await ctx.write(lambda c: pending_members.acknowledge(c, "l", some, NOW))
    await ctx.save(ListsCursor(), stage="Finishing", work=lambda c: ctx.close_list(c, "l", "l", "r"))
    assert await ctx.finish() is status


async def test_a_failed_item_says_why_and_the_others_count(db: Database) -> None:
    ctx = taken(db)
    for place, item in enumerate(("bad", "good")):
        await ctx.begin_item(item, kind="list", name=item, place=place)
        await ctx.write(
            lambda c, item=item: outcomes.record(c, "r", item, [PersonOutcome(person="p", outcome=Outcome.ADDED)])
        )
    gone = DyntuiError("LIST_GONE", "The list is gone.", not_done="Nothing.", remedy="Refresh.")
    await ctx.fail_item("bad", gone)
    await ctx.end_item("good")
    assert await ctx.finish() is RunStatus.COMPLETED_WITH_ERRORS
    with db.read() as c:
        bad, good = outcomes.items(c, "r")
    assert (bad.status, bad.note, bad.tally.named) == (
        RunStatus.FAILED,
        "LIST_GONE: The list is gone. Nothing. Refresh.",
        0,
    )
    assert (good.status, good.tally.named) == (RunStatus.COMPLETED, 1)


async def test_a_limit_shows_in_the_stage_until_when_and_goes_with_the_next_save(db: Database) -> None:
    told: list[str] = []
    ctx = taken(db, told)
    await ctx.save(ListsCursor(place=1), stage="Reading", done=1, of=2)
    ctx.slowed("Dynamics", 1.0)  # over before anybody could read of it
    ctx.slowed("Dynamics", 2400.0)
    ctx.slowed("Dynamics", 2400.0)  # another call behind the same limit
    while len(told) < 2:  # noqa: ASYNC110 - what is said of a wait is said beside it
        await asyncio.sleep(0)
    waiting = stored(db)
    assert waiting.stage == "Waits for the limit of Dynamics until 10:40:00 UTC - Reading"
    assert (waiting.cursor, waiting.stage_done, waiting.status) == ({"place": 1}, 1, RunStatus.IN_PROCESS)
    ctx.slowed("dotdigital", 60.0)
    await ctx.save(ListsCursor(place=2), stage="Settling", done=2, of=2)
    assert stored(db).stage == "Settling"


async def test_a_run_that_was_taken_over_says_nothing_of_its_waits(db: Database) -> None:
    ctx = taken(db)
    taken(db)
    ctx.slowed("Dynamics", 2400.0)
    with pytest.raises(Fenced):
        await ctx.save(ListsCursor(), stage="Reading")
    assert "Waits" not in stored(db).stage
