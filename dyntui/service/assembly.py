"""The service put together: store, keyring, engine, use cases, and the contract's calls that they answer."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from typing import cast

from dyntui.model.created_records import CreatedDefaults
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability
from dyntui.model.subjects import SUBJECTS
from dyntui.model.trust import Rule
from dyntui.model.workers import SERVICE
from dyntui.service.answering import handlers_of
from dyntui.service.config import read_config
from dyntui.service.connection import Handlers
from dyntui.service.housekeeping import Housekeeping
from dyntui.service.identity import Identities
from dyntui.service.metrics import Metrics
from dyntui.service.notifier import Notifier
from dyntui.service.other_workers import OtherWorkers
from dyntui.service.parts import Closing, Parts, UseCases
from dyntui.service.person_index import PersonIndex
from dyntui.service.process import DEMO
from dyntui.service.profile import Profile
from dyntui.service.resources import Clock, Publish, Resources
from dyntui.service.run_events import RunEvents
from dyntui.service.schedule_timer import ScheduleTimer
from dyntui.service.secret_store import open_secrets
from dyntui.service.send_timer import SendTimer
from dyntui.service.send_waves import SendWaves
from dyntui.service.trial_copies import TrialCopies
from dyntui.service.watching import Watching
from dyntui.store import accounts, dialects
from dyntui.store import runs as run_store
from dyntui.store.database import Database, open_store
from dyntui.sync.connections import OF_PEOPLE, OF_THE_WATCH, Connections, not_configured
from dyntui.sync.dbos_engine import DbosEngine
from dyntui.sync.worker import Worker
from dyntui.sync.worker_lease import SWEEP_SECONDS, WorkerLease, connections_name

# Each is a connection to the store. Of writers a few: on SQLite they take turns anyway.
READERS = 16
WRITERS = 4

log = logging.getLogger(__name__)


def build(profile: Profile, long_lived: bool) -> Assembly:
    """The service of a profile; nothing is opened before `start`."""
    return Assembly(profile, long_lived)


class Assembly:
    """What `dyntui.service.process` runs."""

    handlers: Handlers

    def __init__(self, profile: Profile, long_lived: bool, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._profile = profile
        self._long_lived = long_lived
        self._clock = clock
        self.handlers = {}
        # Where the store is on a server, and several machines share it.
        self._lease: WorkerLease | None = None
        self._others: OtherWorkers | None = None

    async def abilities_of(self, uid: int, *, soon: bool) -> frozenset[Ability] | None:
        """What an operating-system user may do; None before they signed in. Raises NOT_CONFIGURED before setup."""
        held = await self._identities.abilities_of(uid, soon=soon)
        if held is None and await self._resources.read(accounts.organisation) is None:
            raise not_configured()
        return held

    async def start(self, publish: Publish) -> None:
        """Opens the store and the engine, and resumes runs. Raises DyntuiError STORE_..., KEYRING_..., CONFIG_..."""
        config = read_config(self._profile)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="dyntui-read")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="dyntui-write")
        url = config.store.url or self._profile.store_url
        connections = connections_name()
        self._db: Database = await asyncio.to_thread(open_store, url, connections)
        if not dialects.is_file(url):
            self._beside = await asyncio.to_thread(open_store, url, connections)
            self._lease = WorkerLease(self._beside, SERVICE, connections, refused=_end)
            await asyncio.to_thread(self._lease.start)
        secrets = await asyncio.to_thread(open_secrets, self._profile, config)
        self._secrets = secrets
        a_day = config.budgets.dynamics_operations_a_day
        self._resources = Resources(
            profile=self._profile,
            db=self._db,
            secrets=secrets,
            connections=Connections(self._db, secrets, patience=OF_PEOPLE, operations_a_day=a_day),
            clock=self._clock,
            ids=lambda: str(uuid.uuid4()),
            publish=publish,
            readers=self._readers,
            writers=self._writers,
        )
        self._identities = Identities(self._resources)
        self._events = RunEvents(self._db, publish)
        trust = Rule(first_days=config.reading.prove_days, proof_hours=config.reading.proof_hours)
        self._worker = Worker(
            self._db,
            secrets,
            clock=self._resources.clock,
            changed=self._events.changed,
            operations_a_day=a_day,
            trust=trust,
            created=CreatedDefaults(topic=config.created_records.topic, last_name=config.created_records.last_name),
            lease=self._lease,
        )
        self._engine = self._new_engine()
        self._timer = ScheduleTimer(self._resources, self._engine.enqueue)
        waves = SendWaves(self._resources, self._engine.enqueue)
        self._send_timer = SendTimer(self._resources, self._engine.enqueue, waves, begins=self._long_lived)
        self._metrics = Metrics(self._resources, config.metrics, self._resources.connections.budgets.meters)
        of_the_watch = Connections(self._db, secrets, patience=OF_THE_WATCH, operations_a_day=a_day)
        self._watching = Watching(self._resources, of_the_watch, self._events.changed)
        self._use_cases = use_cases(
            Parts(
                resources=self._resources,
                identities=self._identities,
                enqueue=self._engine.enqueue,
                reconnect=self._reconnect,
                renew=self._renew,
                schedules_changed=self._timer.wake,
                sends_changed=self._send_timer.wake,
                keyring=secrets.label,
                keyring_answers=secrets.answers,
                demo=bool(os.environ.get(DEMO)),
                long_lived=self._long_lived,
                hook=config.hook,
                metrics=self._metrics.check,
                workers=self._others.check if self._others is not None else None,
            )
        )
        self.handlers.update(handlers_of(*self._use_cases))
        await asyncio.to_thread(self._worker.start)
        await asyncio.to_thread(self._engine.start)
        if self._others is not None:
            self._others.start()
        self._housekeeping = Housekeeping(self._resources, config.audit.keep_days)
        self._housekeeping.start()
        self._trial_copies = TrialCopies(self._resources)
        self._trial_copies.start()
        self._person_index = PersonIndex(self._resources)
        self._person_index.start()
        self._send_timer.start()
        self._notifier = Notifier(self._resources, config.hook, self._resources.connections.budgets.meters)
        if self._long_lived:
            self._timer.start()
            self._watching.start()
            self._notifier.start()
            await self._metrics.start()

    async def stop(self) -> None:
        """Leaves runs where they can be resumed and closes everything."""
        await self._metrics.stop()
        await self._notifier.stop()
        await self._watching.stop()
        await self._send_timer.stop()
        await self._trial_copies.stop()
        await self._timer.stop()
        await self._housekeeping.stop()
        await self._person_index.stop()
        if self._others is not None:
            await self._others.stop()
        await asyncio.to_thread(self._worker.stop)
        await asyncio.to_thread(self._engine.stop)
        if self._lease is not None:
            await asyncio.to_thread(self._lease.stop)
            await asyncio.to_thread(self._beside.close)
        await self._events.close()
        for each in self._use_cases:
            if isinstance(each, Closing):
                await each.close()
        await self._identities.close()
        await self._resources.connections.close()
        await self._resources.still.close()
        self._readers.shutdown()
        self._writers.shutdown()
        await asyncio.to_thread(self._db.close)

    def _new_engine(self) -> DbosEngine:
        lease, url = self._lease, self._profile.engine_url
        if lease is None:
            return DbosEngine(self._db, url, self._worker.chunk)
        engine = DbosEngine(self._db, url, self._worker.chunk, unfinished=lease.unfinished, sweep_seconds=SWEEP_SECONDS)
        lease.news = engine.sweep
        self._others = OtherWorkers(self._resources, lambda: lease.current.name, self._events.changed)
        return engine

    def _reconnect(self) -> None:
        self._worker.reconnect()
        self._watching.reconnect()

    def _renew(self) -> None:
        self._worker.renew()
        self._watching.renew()

    def keeps_secrets(self) -> bool:
        """Whether a keyring works in this session."""
        return bool(self._secrets.label)

    async def active_runs(self) -> int:
        """Runs that are queued or in process."""
        return len(await self._resources.read(run_store.unfinished))


def _end(error: DyntuiError) -> None:
    """This process was frozen, and another service has taken its place: two would plan the same work."""
    log.error("the service ends: %s", error)
    os.kill(os.getpid(), signal.SIGTERM)


def use_cases(parts: Parts) -> list[object]:
    """The use cases of all subjects."""
    modules = (f"dyntui.service.{name}" for subject in SUBJECTS for name in subject.services)
    return [cast(UseCases, import_module(module)).use_cases(parts) for module in modules]
