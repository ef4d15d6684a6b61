"""A feed that is read page by page goes on where it was left, and says when it does not go on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dyntui.dotdigital.paging import Page
from dyntui.model.moments import text_of
from dyntui.store import outcomes, runs, watermarks
from dyntui.store.database import Database
from dyntui.store.runs import NewRun
from dyntui.sync import feeds, paged_feed
from dyntui.sync.paged_feed import Work
from dyntui.sync.run_context import RunContext
from tests.dotdigital.conversation import Conversation, ok
from tests.empty_store import open_empty_store

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
FEED = "scoring"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = open_empty_store(tmp_path / "store.db")
    with opened.write() as c:
        new = NewRun(id="r", kind=FEED, title="", account_id="a", sync_key="k", queued_on=text_of(NOW), request={})
        runs.create(c, new)
    yield opened
    opened.close()


class Reader:
    """Reads five pages, and remembers since when and from which place on they were asked for."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.asked: list[tuple[datetime | None, str | None]] = []
        self.taken: list[int] = []
        self.breaks_at = -1
        self.repeats_at = -1

    async def pages(self, since: datetime | None, resume: str | None) -> AsyncIterator[Page[int]]:
        self.asked.append((since, resume))
        for number in range(int(resume or 0), 5):
            repeats = number == self.repeats_at
            last = repeats or number == 4
            yield Page(rows=[number], cursor=None if last else str(number + 1), repeats=repeats)
            if last:
                return

    async def take(self, page: Page[int], latest: datetime, number: int) -> Work:
        assert (latest, number) == (NOW + feeds.AHEAD, page.rows[0])
        if number == self.breaks_at:
            raise InterruptedError
        return lambda c: self.taken.append(number)

    async def read(self) -> None:
        with self.db.write() as c:
            claim = runs.claim(c, "r", text_of(NOW))
        assert claim is not None
        ctx = RunContext(self.db, "r", claim, clock=lambda: NOW)
        talk = Conversation(lambda request: ok(text_of(NOW)), forever=True)
        async with talk.client() as dd:
            await paged_feed.read(
                ctx, dd, FEED, "Scores", whole_every=timedelta(days=7), pages=self.pages, take=self.take
            )


async def test_a_run_that_is_taken_up_again_reads_at_most_one_page_twice(db: Database) -> None:
    reader = Reader(db)
    reader.breaks_at = 3
    with pytest.raises(InterruptedError):
        await reader.read()
    assert reader.taken == [0, 1, 2]
    reader.breaks_at = -1
    await reader.read()
    assert reader.asked == [(None, None), (None, "3")] and reader.taken == [0, 1, 2, 3, 4]
    with db.read() as c:
        assert watermarks.get(c, "a", FEED) == text_of(NOW) and not outcomes.items(c, "r")


async def test_the_mark_of_a_feed_that_does_not_go_on_stays_where_it_is(db: Database) -> None:
    reader = Reader(db)
    reader.repeats_at = 2
    await reader.read()
    with db.read() as c:
        assert watermarks.get(c, "a", FEED) == ""
        assert [each.note.partition(":")[0] for each in outcomes.items(c, "r")] == ["DOTDIGITAL_PAGE_REPEATS"]
