"""From where on feeds of consent are read: who has withdrawn it may show late, and is found all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, text_of
from dyntui.store import runs
from dyntui.store.database import Database
from dyntui.store.runs import NewRun
from dyntui.sync import feeds, watched_feeds
from dyntui.sync.connections import Connections
from dyntui.sync.feeds import Window
from dyntui.sync.run_context import RunContext
from tests.dotdigital.conversation import Conversation, ok
from tests.empty_store import open_empty_store

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
ACCOUNT, FEED = "a", "suppressed-since"


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[RunContext]:
    db: Database = open_empty_store(tmp_path / "store.db")
    with db.write() as c:
        runs.create(
            c, NewRun(id="r", kind="suppressions", title="", account_id=ACCOUNT, sync_key="k", queued_on=text_of(NOW))
        )
        claim = runs.claim(c, "r", text_of(NOW))
    assert claim is not None
    yield RunContext(db, "r", claim, clock=lambda: NOW)
    db.close()


def test_feeds_of_consent_are_read_two_days_back_each_time_and_as_a_whole_once_a_day(ctx: RunContext) -> None:
    def read(hours: int, *, daily: bool) -> Window:
        return asyncio.run(feeds.consent_window(ctx, ACCOUNT, FEED, NOW + timedelta(hours=hours), daily=daily))

    def stored(hours: int, *, whole: bool) -> None:
        asyncio.run(feeds.advance(ctx, ACCOUNT, FEED, NOW + timedelta(hours=hours), whole=whole))

    assert read(0, daily=False) == Window(EPOCH, True)
    stored(0, whole=True)
    # What a send asks, and what the hourly run does.
    for daily in (False, True):
        assert read(1, daily=daily) == Window(NOW - timedelta(hours=48), False)
    stored(23, whole=False)
    assert read(24, daily=False) == Window(NOW - timedelta(hours=25), False)
    assert read(24, daily=True) == Window(EPOCH, True)
    stored(24, whole=True)
    assert read(25, daily=True) == Window(NOW - timedelta(hours=24), False)
    assert read(49, daily=True) == Window(EPOCH, True)


async def test_a_feed_that_does_not_go_on_is_watched_from_where_it_was_read_to_its_end(ctx: RunContext) -> None:
    people = [{"id": each, "email": f"{each}@example.com"} for each in range(1000)]
    rows = [{"suppressedContact": each, "dateRemoved": text_of(NOW), "reason": "Unsubscribed"} for each in people]
    dd = Conversation(ok(rows), forever=True).client()

    class Connected(Connections):
        def __init__(self) -> None:
            """Of one account."""

        async def dotdigital(self, account_id: str) -> Dotdigital:
            return dd

    source = await ctx.read(lambda c: watched_feeds.suppressions_of(c, Connected(), ACCOUNT))
    places: list[str] = []
    with pytest.raises(DyntuiError, match="DOTDIGITAL_PAGE_REPEATS"):
        async for told in source.ask("2026-02-01T00:00:00Z", NOW):
            places.append(told.place)
    assert places == ["2026-02-01T00:00:00Z"] * 2
