"""`dyntui worker`: a process that carries out runs of a store on a server, on any machine. Beside it there is one
service, which plans the work and answers people; it carries out runs, too."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from datetime import UTC, datetime
from pathlib import Path

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
from dyntui.service.secret_store import SecretStore, open_secrets
from dyntui.service.worker_settings import WorkerSettings
from dyntui.store import dialects
from dyntui.store.database import open_store, sqlite_url
from dyntui.sync.dbos_engine import DbosEngine
from dyntui.sync.worker import Worker
from dyntui.sync.worker_lease import SWEEP_SECONDS, WorkerLease, connections_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_SETTINGS_SECONDS = 10.0

log = logging.getLogger(__name__)

# What connections to the two systems are made with: of the organisation, and of each email account.


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
        settings = WorkerSettings(db, secrets, worker, ending.set)
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
            looking = Repeating(
                settings.look, lambda: asyncio.sleep(_SETTINGS_SECONDS), "settings could not be read", {}
            )
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
