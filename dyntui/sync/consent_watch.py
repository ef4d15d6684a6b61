"""The consent watch: asks every source of opt-outs again and again, between the runs, so that an opt-out on either side
is known soon and stops what has not left yet.

`look` asks what is due and says when to look again. dotdigital's superset feed and Dynamics' deltas are asked once a
minute, or as seldom as the watch's share of the budgets takes; of the books' feeds one after the other, with what is
left of it. A feed that a run has just read is not asked again: that call is a book's. What is learned is kept in the
rows that synchronisations keep, and named in the audit; where nothing is, nothing is written there. A source that fails
is asked more and more seldom, and named with since when.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from dyntui.model import watch as model
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import moment_of, text_of, to_come
from dyntui.model.outcomes import PersonOutcome
from dyntui.model.plans import OPT_OUTS
from dyntui.model.sync_types import WATCH
from dyntui.store import accounts, outcomes, runs
from dyntui.store import watch as store
from dyntui.store.database import Database
from dyntui.store.outcomes import Item
from dyntui.store.runs import NewRun
from dyntui.store.watch import Key, Place
from dyntui.sync import watched_feeds, watched_records, written_consent
from dyntui.sync.budgets import DYNAMICS
from dyntui.sync.connections import Connections
from dyntui.sync.leases import SPENDER
from dyntui.sync.watched import Source, Told

T = TypeVar("T")
_PUNCTUAL = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
# Calls that were not needed are saved up for books, up to so many.
_MOST_SAVED = 10.0

log = logging.getLogger(__name__)


class _Pace(msgspec.Struct):
    """Of one remote account. `due`: when its sources are asked again; `calls`: how many that took; `saved`: calls that
    books may use, reckoned until `looked`."""

    due: datetime = _NEVER
    calls: int = 1
    saved: float = 0.0
    looked: datetime = _NEVER


class ConsentWatch:
    """`connections` are its own. `learned` is told of the entry in the audit (a run's id) when something was."""

    def __init__(
        self,
        db: Database,
        connections: Connections,
        *,
        clock: Callable[[], datetime],
        ids: Callable[[], str],
        learned: Callable[[str], None],
    ) -> None:
        self._db = db
        self._connections = connections
        self._clock = clock
        self._ids = ids
        self._learned = learned
        self._paces: dict[str, _Pace] = {}
        # Sources that fail, and when they are asked again.
        self._paused: dict[Key, datetime] = {}

    async def look(self) -> float:
        """Asks whatever is due; seconds until something is. A source that cannot be asked is kept as one that fails.
        Raises DyntuiError STORE_..."""
        SPENDER.set(WATCH.id)
        by_account, places = await self._read(self._sources)
        keys = {source.key for of in by_account.values() for sources in of for source in sources}
        if places.keys() - keys:
            await self._write(lambda c: store.keep_only(c, keys))
        await asyncio.gather(*(self._of_account(key, of, places) for key, of in by_account.items()))
        await self._connections.budgets.settle()
        soonest = min((self._pace(key).due for key in by_account), default=self._clock())
        return min(max((soonest - self._clock()).total_seconds(), 1.0), model.AT_BEST)

    def _sources(self, c: Connection) -> tuple[dict[str, tuple[list[Source], list[Source]]], dict[Key, Place]]:
        """By remote account what is asked every time and what in turn, and how far all of it was read."""
        if accounts.organisation(c) is None:
            return {}, {}
        found: dict[str, tuple[list[Source], list[Source]]] = {
            each.id: (
                [watched_feeds.suppressions_of(c, self._connections, each.id)],
                watched_feeds.books_of(c, self._connections, each.id),
            )
            for each in accounts.accounts(c)
        }
        found[DYNAMICS] = (watched_records.sources(c, self._db, self._connections), [])
        return found, store.places(c)

    async def _of_account(
        self, account_id: str, of: tuple[Sequence[Source], Sequence[Source]], places: dict[Key, Place]
    ) -> None:
        pace, (always, in_turn), now = self._pace(account_id), of, self._clock()
        limits = await self._connections.budgets.limits_of(account_id)
        interval = max(model.AT_BEST, model.seconds_for(pace.calls, limits))
        read = await self._read_by_runs(account_id, always)
        if read is not None and read + timedelta(seconds=interval) > pace.due > _NEVER:
            # A run has asked the same: it is as good as if the watch had.
            later = read + timedelta(seconds=interval)
            pace.saved += pace.calls * (later - pace.due).total_seconds() / interval
            pace.due = later
            await self._write(lambda c: _read_as_well(c, always, text_of(read)))
        if now >= pace.due:
            pace.calls = max(sum([await self._ask(source, places) for source in always]), len(always))
            interval = max(model.AT_BEST, model.seconds_for(pace.calls, limits))
            # By the moment it was due, not by the one it was done at: delays do not add up.
            pace.due = (pace.due if now - pace.due < _PUNCTUAL else now) + timedelta(seconds=interval)
        spare = 1 / model.seconds_for(1, limits) - pace.calls / interval
        pace.saved += max(0.0, spare) * (now - max(pace.looked, now - timedelta(seconds=interval))).total_seconds()
        pace.saved, pace.looked = min(pace.saved, _MOST_SAVED), now
        await self._books(pace, in_turn, places)

    async def _books(self, pace: _Pace, books: Sequence[Source], places: dict[Key, Place]) -> None:
        """Those that were asked longest ago, with the calls that are left over."""
        now = self._clock()
        old = sorted(
            (each for each in books if (now - _as_of(each, places)).total_seconds() >= model.AT_BEST - 1),
            key=lambda each: _as_of(each, places),
        )
        for source in old:
            if pace.saved < 1.0:
                return
            pace.saved -= max(await self._ask(source, places), 1)

    async def _read_by_runs(self, account_id: str, always: Sequence[Source]) -> datetime | None:
        """When a run has read everything of an account, by this machine's clock; None: not that is known."""
        read = [each.fresh_as_of for each in always if each.fresh_as_of is not None]
        if not account_id or len(read) < len(always):
            return None
        try:
            dd = await self._connections.dotdigital(account_id)
        except DyntuiError:
            # Asked itself, the source names what keeps it from being asked.
            return None
        known, now = min(read) - timedelta(seconds=dd.connection.ahead), self._clock()
        return None if to_come(known, now) else min(known, now)

    async def _ask(self, source: Source, places: dict[Key, Place]) -> int:
        """The calls that it took."""
        now = self._clock()
        if now < self._paused.get(source.key, now):
            return 0
        calls = 0
        try:
            async for told in source.ask(places.get(source.key, Place()).place, now):
                # What is read once, at the beginning, is no measure of what is asked every time.
                calls += not told.first
                await self._keep(source, told, now)
        except DyntuiError as error:
            log.info("%s cannot be watched: %s (%s)", source.title, error, error.detail)
            await self._fails(source, f"{error.code}: {error.message}")
        except Exception:  # the boundary of a source: a defect in reading it is logged, the others are watched
            log.exception("%s cannot be watched", source.title)
            await self._fails(source, "INTERNAL_ERROR: a defect of dyntui; the log has the details.")
        else:
            self._paused.pop(source.key, None)
            await self._write(lambda c: store.succeeded(c, source.key, text_of(now)))
        return calls

    async def _keep(self, source: Source, told: Told, now: datetime) -> None:
        def keep(c: Connection) -> str:
            news = told.keep(c)
            store.reached(c, source.key, told.place)
            return self._tell(c, source, news, now) if news and not told.first else ""

        run_id = await self._write(keep)
        if run_id:
            self._learned(run_id)

    def _tell(self, c: Connection, source: Source, news: Sequence[PersonOutcome], now: datetime) -> str:
        """The entry in the audit; the run's id."""
        new = NewRun(
            id=self._ids(),
            kind=WATCH.id,
            title=f"{WATCH.title}: {source.title}",
            account_id=source.key[0],
            sync_key="/".join((WATCH.id, *source.key)),
            queued_on=text_of(now),
            started_by=WATCH.title,
            request={},
            priority=WATCH.priority,
        )
        runs.create(c, new)
        claim = runs.claim(c, new.id, text_of(now))
        assert claim is not None
        item = Item(id=OPT_OUTS, kind="feed", name=source.title)
        outcomes.put_item(c, new.id, item)
        outcomes.record(c, new.id, item.id, news)
        outcomes.close(c, new.id, item.id)
        if source.key == watched_records.ROWS:
            written_consent.suppressed(c, new.id, [each.address for each in news])
        runs.finish(c, new.id, claim.token, text_of(self._clock()))
        return new.id

    async def _fails(self, source: Source, error: str) -> None:
        now = self._clock()
        failures = await self._write(lambda c: store.failed(c, source.key, error, text_of(now)))
        self._paused[source.key] = now + timedelta(seconds=model.pause_after(failures, model.AT_BEST))

    def _pace(self, account_id: str) -> _Pace:
        return self._paces.setdefault(account_id, _Pace())

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def ask() -> T:
            with self._db.read() as c:
                return work(c)

        return await asyncio.to_thread(ask)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def change() -> T:
            with self._db.write() as c:
                return work(c)

        return await asyncio.to_thread(change)


def _as_of(source: Source, places: dict[Key, Place]) -> datetime:
    """Until when a source was read, by whomever."""
    return max(moment_of(places.get(source.key, Place()).asked_on) or _NEVER, source.fresh_as_of or _NEVER)


def _read_as_well(c: Connection, sources: Sequence[Source], on: str) -> None:
    for source in sources:
        store.succeeded(c, source.key, on)
