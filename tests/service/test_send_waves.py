"""A send in waves taken from wave to wave by a service that is killed before or after any of its writes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from dyntui.dotdigital.campaigns import Summary
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.sends import SendRow
from dyntui.model.waves import Limits, Waves
from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.service.send_timer import SendTimer
from dyntui.service.send_waves import SendWaves
from dyntui.store import notices, outcomes, runs, schema, send_waves, send_window, sends
from dyntui.store.database import Database
from dyntui.store.sends import NewSend, Send
from tests.empty_store import open_empty_store
from tests.simulation.time import one_thread_loop

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = 50
WHOLE = "whole"


class Killed(BaseException):
    """The process ended."""


class Dying:
    """A store whose process is killed at one of its writes, before or after it was kept."""

    def __init__(self, db: Database, kill_at: int, *, kept: bool) -> None:
        self._db = db
        self._kill_at = kill_at
        self._kept = kept
        self.writes = 0
        self.read = db.read

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self.writes += 1
        with self._db.write() as c:
            yield c
            if self.writes == self._kill_at and not self._kept:
                raise Killed
        if self.writes == self._kill_at:
            raise Killed


class Platform:
    """dotdigital, of which only a campaign's totals are asked."""

    def __init__(self) -> None:
        self.bounces = 0

    async def dotdigital(self, account_id: str) -> Any:
        return self

    async def get(self, path: str, kind: type[Summary]) -> Summary:
        return Summary(num_total_sent=0, num_total_hard_bounces=self.bounces)


class Post:
    """A send in waves on its way. Whoever is mailed is counted in `mailed`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = open_empty_store(path / "store.db")
        self.now = MONDAY
        self.platform = Platform()
        self.mailed: list[str] = []
        self._ids = itertools.count(1)
        self._loop = one_thread_loop()
        with self.db.write() as c:
            self._begin(c)

    def _begin(self, c: Connection) -> None:
        counted = {"id": "count", "account_id": "a", "campaign_id": 7, "lists": ["l"], "potential": PEOPLE + 1}
        c.execute(insert(schema.target_count).values(counted))
        everybody = [
            {
                "count_id": "count",
                "person_id": f"{place:08x}-0000-4000-8000-000000000000",
                "seq": place,
                "entity": "contact",
                "name": f"Person {place}",
                "address": f"p{place}@example.org",
                "fields": {},
                "outcome": Outcome.EXCLUDED.value if place == PEOPLE else Outcome.ADDED.value,
                "reason": "DO_NOT_EMAIL" if place == PEOPLE else "",
            }
            for place in range(PEOPLE + 1)
        ]
        c.execute(insert(schema.target_person), everybody)
        new = NewSend(
            id=WHOLE,
            account_id="a",
            campaign_id=7,
            campaign_name="News",
            count_id="count",
            created_by="Astrid",
            created_on="2026-03-02T09:00:00Z",
            lists=("List",),
            list_ids=("l",),
            state="In waves",
        )
        sends.create(c, new)
        waves = Waves(shares=(10, 40), pause=60, limits=Limits(bounces=20))
        send_waves.plan(c, WHOLE, waves, "2026-03-02T09:00:00Z")

    def timer(self, db: AbstractContextManager[Any] | Any) -> SendTimer:
        resources = Resources(
            profile=open_profile("test", {"DYNTUI_HOME": str(self.path)}),
            db=db,
            secrets=None,  # type: ignore[arg-type]
            connections=self.platform,  # type: ignore[arg-type]
            clock=lambda: self.now,
            ids=lambda: f"id-{next(self._ids):04d}",
            publish=lambda name, params, key="": None,
        )
        enqueue: Callable[[str, int], None] = lambda run_id, priority: None  # noqa: E731
        return SendTimer(resources, enqueue, SendWaves(resources, enqueue), begins=True)

    def look(self, timer: SendTimer) -> None:
        self._loop.run_until_complete(asyncio.ensure_future(timer.look(), loop=self._loop))

    def carry_out(self, *, state: str = "Sent", doubt: str = "") -> None:
        """What the store knows as unfinished is carried out: everybody of the wave but one is mailed, or nobody."""
        with self.db.write() as c:
            for waiting in runs.unfinished(c):
                wave = next(each for each in send_waves.waves(c, WHOLE) if each.run_id == waiting.id)
                self._carry_out(c, wave, state, doubt)

    def _carry_out(self, c: Connection, wave: Send, state: str, doubt: str) -> None:
        claim = runs.claim(c, wave.run_id, "2026-03-02T09:00:00Z")
        assert claim is not None
        p = schema.target_person.c
        in_wave = select(p.person_id).where(p.count_id == wave.count_id).order_by(p.person_id)
        people = list(c.execute(in_wave).scalars())
        opted_out = update(schema.target_person).where(p.count_id == wave.count_id, p.person_id == people[0])
        c.execute(opted_out.values(outcome="excluded", reason="DO_NOT_EMAIL"))
        if state == "Sent":
            self.mailed += people[1:]
        sends.finish(c, wave.id, state, self.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        sends.put_doubt(c, wave.id, doubt, "")
        ended = RunStatus.COMPLETED if state == "Sent" else RunStatus.FAILED
        runs.finish(c, wave.run_id, claim.token, "2026-03-02T09:00:00Z", status=ended, read=0)

    def whole(self) -> Send:
        with self.db.read() as c:
            found = sends.get(c, WHOLE)
        assert found is not None
        return found

    def outcomes(self) -> dict[str, tuple[str, str]]:
        """By person, of the whole send as the audit has it."""
        with self.db.read() as c:
            run = runs.get(c, self.whole().run_id)
            assert run is not None and run.tally.adds_up and run.tally.read == PEOPLE + 1
            assert [each.status for each in outcomes.items(c, run.id)] == [RunStatus.COMPLETED]
            rows = c.execute(select(schema.outcome).where(schema.outcome.c.run_id == run.id)).all()
        return {row.person_id: (row.outcome, row.reason) for row in rows}

    def close(self) -> None:
        self._loop.close()
        self.db.close()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    opened = Post(tmp_path)
    yield opened
    opened.close()


def day(post: Post, *, kill_at: int = 0, kept: bool = False) -> int:
    """Hours in which the service looks every twenty minutes and runs are carried out in between; how often it wrote."""
    dying = Dying(post.db, kill_at, kept=kept)
    timer = post.timer(dying)
    for _ in range(12):
        try:
            post.look(timer)
        except Killed:
            timer = post.timer(dying)
        post.carry_out()
        post.now += timedelta(minutes=20)
    return dying.writes


def ends_well(post: Post) -> None:
    assert post.whole().state == "Sent"
    assert len(post.mailed) == len(set(post.mailed)) == PEOPLE - 3 == post.whole().sendable
    named = post.outcomes()
    assert {person for person, (outcome, _) in named.items() if outcome == "added"} == set(post.mailed)
    assert sum(reason == "DO_NOT_EMAIL" for _, reason in named.values()) == 4
    with post.db.read() as c:
        run = runs.get(c, post.whole().run_id)
        assert run is not None and run.status is RunStatus.COMPLETED
        assert [len(post.mailed), *(each.potential for each in send_waves.waves(c, WHOLE))] == [47, 5, 20, 25]


@pytest.mark.thorough
def test_waves_end_the_same_wherever_the_service_was_killed(tmp_path: Path) -> None:
    """At every write there is, before and after it was kept."""
    for kill_at in itertools.count(0):
        for kept in (False, True):
            folder = tmp_path / f"{kill_at}-{kept}"
            folder.mkdir()
            post = Post(folder)
            writes = day(post, kill_at=kill_at, kept=kept)
            ends_well(post)
            post.close()
        if kill_at >= writes:
            break
    assert kill_at > 8


def stopped(post: Post, why: str, mailed: int) -> None:
    whole = post.whole()
    assert whole.state == "Stopped" and why in whole.error
    reasons = [reason for _, reason in post.outcomes().values()]
    assert reasons.count("WAVE_STOPPED") == PEOPLE - mailed - reasons.count("DO_NOT_EMAIL") + 1
    assert len(post.mailed) == len(set(post.mailed))
    assert "News, all waves: stopped" in told(post)


def told(post: Post) -> list[str]:
    """What a hook is told of by now."""
    with post.db.write() as c:
        notices.collect(c, "2026-03-01T00:00:00Z", "2026-03-02T12:00:00Z")
        return [each.notice.title for each in notices.waiting(c, "2026-03-03T00:00:00Z", 9)]


def test_results_that_pass_a_limit_stop_the_next_wave(post: Post) -> None:
    timer = post.timer(post.db)
    post.look(timer)
    post.carry_out()
    post.platform.bounces = 2
    post.now += timedelta(minutes=59)
    post.look(timer)
    assert post.whole().state == "In waves"
    post.now += timedelta(minutes=1)
    post.look(timer)
    stopped(post, "2 bounces of 4 people", 4)


@pytest.mark.parametrize(
    ("state", "doubt", "why", "counted"),
    [
        ("Failed", "", "Wave 1 was not sent", 0),
        ("Refused", "", "Wave 1 was not sent", 0),
        ("Cancelled", "", "Wave 1 was not sent", 0),
        # Nobody knows whom it reached: its people count as mailed.
        ("Failed", "unproved", "It is not known whom wave 1 reached", 4),
        ("Cancelled", "cancelled", "It is not known whom wave 1 reached", 4),
        ("Sending", "", "It is not known whom wave 1 reached", 4),
    ],
)
def test_a_wave_that_did_not_end_well_is_the_last_one(
    post: Post, state: str, doubt: str, why: str, counted: int
) -> None:
    timer = post.timer(post.db)
    post.look(timer)
    post.carry_out(state=state, doubt=doubt)
    post.look(timer)
    stopped(post, why, counted)


def test_a_wave_of_which_it_is_not_certain_whom_it_reached_asks_a_person(post: Post) -> None:
    timer = post.timer(post.db)
    post.look(timer)
    post.carry_out(doubt="stopped")
    for _ in range(11):
        post.look(timer)
        post.now += timedelta(minutes=10)
    assert (post.whole().state, "not known whom the wave before it reached" in post.whole().error) == ("Missed", True)
    with post.db.read() as c:
        assert len(send_waves.waves(c, WHOLE)) == 1
    assert told(post) == ["The send of News missed its hour"]


def shown_whole(post: Post) -> SendRow:
    """The send as people look at it."""
    with post.db.read() as c:
        row = send_window.row(c, WHOLE)
    assert row is not None
    return row


@pytest.mark.parametrize(("state", "doubt"), [("Sent", "stopped"), ("Cancelled", "cancelled")])
@pytest.mark.parametrize("decision", ["mailed", "not mailed"])
def test_what_somebody_found_of_a_wave_counts_for_how_many_were_mailed(
    post: Post, state: str, doubt: str, decision: str
) -> None:
    post.look(post.timer(post.db))
    post.carry_out(state=state, doubt=doubt)
    with post.db.write() as c:
        (wave,) = send_waves.waves(c, WHOLE)
        assert sends.decide(c, wave.id, decision, "Astrid", "2026-03-02T10:00:00Z")
        row = send_window.row(c, wave.id)
    mailed = 4 if decision == "mailed" else 0
    assert row is not None and row.people_mailed == (mailed or None)
    assert shown_whole(post).mailed == mailed


def test_a_wave_that_was_not_mailed_as_somebody_found_is_not_called_sent_where_it_stops_the_send(post: Post) -> None:
    timer = post.timer(post.db)
    post.look(timer)
    post.carry_out(doubt="stopped")
    with post.db.write() as c:
        (wave,) = send_waves.waves(c, WHOLE)
        sends.decide(c, wave.id, "not mailed", "Astrid", "2026-03-02T10:00:00Z")
    post.look(timer)
    assert (post.whole().state, post.whole().error) == ("Stopped", "Wave 1 was not mailed, as somebody found.")
