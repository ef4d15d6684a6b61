"""What a worker has been told about the two systems and how it signs in to them, looked at again and again."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection

from dyntui.model.errors import DyntuiError
from dyntui.service.secret_store import variable
from dyntui.store import accounts
from dyntui.store.database import Database
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret
from dyntui.sync.signing_in import needs_secret

Reached = tuple[tuple[str, ...], ...]

log = logging.getLogger(__name__)


class Secrets(Protocol):
    """Where secrets are kept."""

    async def get(self, name: str) -> str | None: ...


class Connected(Protocol):
    """What has connections to the two systems."""

    def reconnect(self) -> None: ...

    def renew(self) -> None: ...


class WorkerSettings:
    """What the service has been told about the two systems since, and the secrets of this machine: where one was
    replaced, what is open signs in with it from then on; where a system is reached another way, connections are opened
    anew. A worker that lacks a secret ends (`end` is called, and `failure` says why), for it would fail the runs that
    it takes."""

    def __init__(self, db: Database, secrets: Secrets, worker: Connected, end: Callable[[], None]) -> None:
        self._db = db
        self._secrets = secrets
        self._worker = worker
        self._end = end
        self._known: tuple[Reached, Mapping[str, bytes]] | None = None
        # Secrets are not kept, only whether they are others than before.
        self._salt = os.urandom(16)
        self.failure: DyntuiError | None = None

    async def look(self) -> None:
        """Raises DyntuiError WORKER_SECRET_MISSING the first time; later on it ends the worker. Raises what the keyring
        says."""
        reached, names = await asyncio.to_thread(self._read)
        prints = await self._prints(names)
        before, self._known = self._known, (reached, prints) if self.failure is None else self._known
        if self.failure is not None or before is None or before == (reached, prints):
            return
        if before[0] != reached:
            await asyncio.to_thread(self._worker.reconnect)
        else:
            await asyncio.to_thread(self._worker.renew)
            log.info("secrets were replaced: what is open signs in with the new ones")

    async def _prints(self, names: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name in names:
            secret = await self._secrets.get(name)
            if secret is None:
                missing = _missing(name)
                if self._known is None:
                    raise missing
                log.error("%s", missing)
                self.failure = missing
                self._end()
            else:
                found[name] = hashlib.blake2b(secret.encode(), key=self._salt, digest_size=16).digest()
        return found

    def _read(self) -> tuple[Reached, list[str]]:
        with self._db.read() as c:
            return _reached(c)


def _reached(c: Connection) -> tuple[Reached, list[str]]:
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
