"""`dyntui worker`: a process that carries out runs of a store on a server, on any machine. Beside it there is one
service, which plans the work and answers people; it carries out runs, too."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from dyntui import __version__
from dyntui.model.created_records import CreatedDefaults
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.trust import Rule
from dyntui.model.workers import WORKER
from dyntui.service import readiness
from dyntui.service.config import Config, read_config
from dyntui.service.logfile import log_to
from dyntui.service.process import end_on_signals
from dyntui.service.profile import Profile
from dyntui.service.repeating import Repeating
from dyntui.service.secret_store import SecretStore, open_secrets, variable
from dyntui.store import accounts, dialects
from dyntui.store.database import Database, open_store, sqlite_url
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret, needs_secret
from dyntui.sync.dbos_engine import DbosEngine
from dyntui.sync.worker import Worker
from dyntui.sync.worker_lease import SWEEP_SECONDS, WorkerLease, connections_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_SETTINGS_SECONDS = 10.0

log = logging.getLogger(__name__)

# What connections to the two systems are made with: of the organisation, and of each email account.
_Reached = tuple[tuple[str, ...], ...]


def run_worker(profile: Profile, name: str, *, terminal: bool = False) -> int:
    """Carries out runs until told to end; the exit code. `name` tells several workers of one profile on one machine
    apart.

    Raises DyntuiError WORKER_NAME_INVALID; WORKER_STORE_IN_A_FILE for a store that is not on a server; ENGINE_LOCKED
    where a worker of this name runs; WORKER_SECRET_MISSING; STORE_..., CONFIG_...
    """
    os.umask(0o077)
    if _NAME.fullmatch(name) is None:
        raise DyntuiError(
            "WORKER_NAME_INVALID",
            f"{name!r} cannot be the name of a worker.",
            not_done="No worker was started.",
            remedy="Use letters, digits, hyphens and underscores, beginning with a letter or digit.",
            exit=Exit.USAGE,
        )
    profile.prepare_own()
    config = read_config(profile)
    if not config.store.url or dialects.is_file(config.store.url):
        raise DyntuiError(
            "WORKER_STORE_IN_A_FILE",
            f"The store of the profile {profile.name} is a file, which one process works with.",
            not_done="No worker was started.",
            remedy="Move it to PostgreSQL with `dyntui store move`; on this machine name it under `[store]`.",
            exit=Exit.USAGE,
        )
    log_to(profile.state / f"worker-{name}.log", config.service.log_level, terminal=terminal)
    asyncio.run(_serve(config, open_secrets(profile, config), profile.data / f"worker-{name}.db"))
    return int(Exit.DONE)


async def _serve(config: Config, secrets: SecretStore, engine_file: Path) -> None:
    ending = asyncio.Event()
    end_on_signals(ending)
    connections = connections_name()
    db = await asyncio.to_thread(open_store, config.store.url, connections)
    beside = await asyncio.to_thread(open_store, config.store.url, connections)
    try:
        lease = WorkerLease(beside, WORKER, connections)
        worker = Worker(
            db,
            secrets,
            clock=lambda: datetime.now(UTC),
            changed=lambda run_id: None,
            operations_a_day=config.budgets.dynamics_operations_a_day,
            trust=Rule(first_days=config.reading.prove_days, proof_hours=config.reading.proof_hours),
            created=CreatedDefaults(topic=config.created_records.topic, last_name=config.created_records.last_name),
            lease=lease,
        )
        settings = _Settings(db, secrets, worker, ending)
        await settings.look()
        engine = DbosEngine(
            db,
            sqlite_url(engine_file),
            worker.chunk,
            unfinished=lease.unfinished,
            sweep_seconds=SWEEP_SECONDS,
        )
        lease.news = engine.sweep
        await asyncio.to_thread(lease.start)
        await asyncio.to_thread(worker.start)
        try:
            await asyncio.to_thread(engine.start)
            looking = Repeating(settings.look, lambda: asyncio.sleep(_SETTINGS_SECONDS), "settings could not be read")
            looking.start()
            log.info("version %s, %s carries out runs of %s", __version__, lease.current.name, db.where)
            readiness.tell(readiness.READY)
            await ending.wait()
            readiness.tell(readiness.STOPPING)
            await looking.stop()
        finally:
            await asyncio.to_thread(worker.stop)
            await asyncio.to_thread(engine.stop)
            await asyncio.to_thread(lease.stop)
    finally:
        await asyncio.to_thread(beside.close)
        await asyncio.to_thread(db.close)
    if settings.failure is not None:
        raise settings.failure
    log.info("ended")


class _Settings:
    """What the service has been told about the two systems since: connections are opened anew, and a worker that lacks
    a secret ends, for it would fail the runs that it takes."""

    def __init__(self, db: Database, secrets: SecretStore, worker: Worker, ending: asyncio.Event) -> None:
        self._db = db
        self._secrets = secrets
        self._worker = worker
        self._ending = ending
        self._known: _Reached | None = None
        self.failure: DyntuiError | None = None

    async def look(self) -> None:
        """Raises DyntuiError WORKER_SECRET_MISSING the first time; later on it ends the process."""
        reached, names = await asyncio.to_thread(self._read)
        if reached == self._known:
            return
        for name in names:
            if await self._secrets.get(name) is None:
                missing = _missing(name)
                if self._known is None:
                    raise missing
                log.error("%s", missing)
                self.failure = missing
                self._ending.set()
        if self._known is not None:
            await asyncio.to_thread(self._worker.reconnect)
        self._known = reached

    def _read(self) -> tuple[_Reached, list[str]]:
        with self._db.read() as c:
            return _reached(c)


def _reached(c: Connection) -> tuple[_Reached, list[str]]:
    organisation, known = accounts.organisation(c), accounts.accounts(c)
    if organisation is None:
        return (), []
    way = (organisation.auth, organisation.managed_identity)
    there = (organisation.url, organisation.authority, organisation.client_id, organisation.ca_file, *way)
    each = ((one.id, one.endpoint, one.api_user, one.ca_file) for one in known)
    of_dynamics = [DATAVERSE_SECRET] if needs_secret(organisation) else []
    return (there, *each), [*of_dynamics, *(account_secret(one.id) for one in known)]


def _missing(name: str) -> DyntuiError:
    return DyntuiError(
        "WORKER_SECRET_MISSING",
        f"This machine has no secret {name!r}, with which the worker would sign in.",
        not_done="The worker takes no runs.",
        remedy=f"Provide it as {variable(name)}, or copy the service's encrypted file and its passphrase.",
    )
