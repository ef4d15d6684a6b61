"""Open connections to both systems, made from what the store and the keyring know.

A `Connections` belongs to one event loop: the engine has its own, the service's use cases have theirs.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from dyntui.dataverse import http as dataverse_http
from dyntui.dataverse import kept_sign_in
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.sign_in import SignIn
from dyntui.dataverse.sign_in_errors import ENTRA_LIMIT
from dyntui.dotdigital import http as dotdigital_http
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.budgets import OPERATIONS_A_DAY, dynamics_limits
from dyntui.model.created_records import CreatedDefaults
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.trust import Rule
from dyntui.remote.budget import Budget
from dyntui.remote.connection import ConnectionOptions
from dyntui.store import accounts
from dyntui.store.accounts import Organisation
from dyntui.store.database import Database
from dyntui.sync.budgets import Budgets
from dyntui.sync.columns_seen import ColumnsSeen
from dyntui.sync.open_connections import OpenConnections
from dyntui.sync.signing_in import credentials_of, file_named, needs_secret, sign_in_with, waiting
from dyntui.sync.surroundings import REAL, Surroundings

# The meter of the run at hand: told of every attempt with the system and `read` or `write`.
RUN_METER: contextvars.ContextVar[Callable[[str, str, str], None] | None] = contextvars.ContextVar(
    "run_meter", default=None
)
# Told of every wait that a limit imposes on the run at hand: the system's name in words, and seconds.
RUN_SLOWED: contextvars.ContextVar[Callable[[str, float], None] | None] = contextvars.ContextVar(
    "run_slowed", default=None
)

log = logging.getLogger(__name__)

DATAVERSE_SECRET = "dataverse"  # noqa: S105 - the name under which the keyring holds it


def account_secret(account_id: str) -> str:
    """The name under which the keyring holds an email account's API password."""
    return f"dotdigital/{account_id}"


class Secrets(Protocol):
    """The keyring."""

    async def get(self, name: str) -> str | None: ...

    async def set(self, name: str, secret: str, *, instead_of: str | None = None) -> None:
        """`instead_of`: only where this one is kept still."""
        ...

    async def delete(self, name: str) -> None: ...

    async def check(self, name: str, secret: str) -> None:
        """Raises what `set` would, as far as that can be known without keeping the secret."""
        ...


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a system is waited for. `attempts`: calls until a failure counts; `silence`: seconds without an answer
    that end one (None: a little longer than the system takes to give up itself); `limits`: seconds that one call waits
    for limits altogether."""

    attempts: int
    silence: float | None
    limits: float


# A run is slowed by a limit, and never fails for it.
OF_RUNS = Patience(attempts=6, silence=None, limits=math.inf)
# A person looks at a screen: soon an error that says what is wrong, and until when, helps more than waiting.
OF_PEOPLE = Patience(attempts=3, silence=15.0, limits=20.0)

# Asked again a minute later anyway.
OF_THE_WATCH = Patience(attempts=2, silence=20.0, limits=20.0)


def _slowed(system: str) -> Callable[[float, str], None]:
    def tell(seconds: float, code: str) -> None:
        slowed = RUN_SLOWED.get()
        if slowed is not None:
            slowed("Entra ID" if code == ENTRA_LIMIT else system, seconds)

    return tell


def _metered(system: str) -> Callable[[str, str], None]:
    def count(kind: str, route: str) -> None:
        meter = RUN_METER.get()
        if meter is not None:
            meter(system, kind, route)

    return count


def dataverse_as(
    sign_in: SignIn,
    known: Organisation,
    surroundings: Surroundings = REAL,
    *,
    patience: Patience = OF_RUNS,
    budget: Budget | None = None,
) -> Dataverse:
    """A connection to the organisation as whoever signed in; with the `budget` of the service's user where it is that
    one. Dynamics limits each user for themselves."""
    return Dataverse(
        known.url,
        sign_in,
        ca_file=file_named(known.ca_file),
        slow_down_deadline=patience.limits,
        timeout=surroundings.timeout or patience.silence or dataverse_http.TIMEOUT_SECONDS,
        transport=surroundings.transport(),
        **_options("dataverse", "Dynamics", surroundings, patience, budget),
    )


def _options(
    system: str, in_words: str, around: Surroundings, patience: Patience, budget: Budget | None
) -> ConnectionOptions:
    return {
        "budget": budget,
        "meter": _metered(system),
        "slowed": _slowed(in_words),
        "sleep": waiting(around),
        "clock": around.monotonic,
        "now": around.wall,
        "chance": around.chance,
        "attempts": patience.attempts,
    }


class Connections:
    """One connection to the organisation and one to each email account, opened on first use in the `surroundings`.

    `columns`: what is remembered of the organisation's column security while it is connected; `budgets`: of the calls
    that these connections make. `operations_a_day`: what Dynamics allows in 24 hours; `trust`: how cheap answers of
    these connections earn it; `created`: what records say that are made of strangers."""

    def __init__(
        self,
        db: Database,
        secrets: Secrets,
        surroundings: Surroundings = REAL,
        patience: Patience = OF_RUNS,
        operations_a_day: int = OPERATIONS_A_DAY,
        trust: Rule = Rule(),  # noqa: B008 - a value
        created: CreatedDefaults = CreatedDefaults(),  # noqa: B008 - a value
    ) -> None:
        self.surroundings = surroundings
        self.budgets = Budgets(db, surroundings.wall, dynamics_limits(operations_a_day))
        self.trust = trust
        self.created = created
        self.columns = ColumnsSeen()
        self._patience = patience
        self._db = db
        self._secrets = secrets
        self._opening = asyncio.Lock()
        self._open = OpenConnections()
        self._forgotten: weakref.WeakSet[OpenConnections] = weakref.WeakSet()

    async def dataverse(self) -> Dataverse:
        """The organisation. Raises DyntuiError NOT_CONFIGURED, SECRET_MISSING."""
        async with self._opening:
            now = self._open
            if now.dataverse is None:
                around, known = self.surroundings, await asyncio.to_thread(self._organisation)
                now.sign_in = sign_in_with(known, await self._secret_of(known), self.surroundings, self._keep_sign_in)
                now.authority = known.authority
                budget = self.budgets.dynamics()
                now.dataverse = dataverse_as(now.sign_in, known, around, patience=self._patience, budget=budget)
            now.take()
            return now.dataverse

    async def dotdigital(self, account_id: str) -> Dotdigital:
        """An email account. Raises DyntuiError ACCOUNT_UNKNOWN, SECRET_MISSING."""
        async with self._opening:
            now = self._open
            if account_id not in now.dotdigital:
                around, known = self.surroundings, await asyncio.to_thread(self._account, account_id)
                password = await self._secret(account_secret(account_id))
                now.dotdigital[account_id] = Dotdigital(
                    known.endpoint,
                    known.api_user,
                    password,
                    ca_file=file_named(known.ca_file),
                    slow_down_deadline=self._patience.limits,
                    timeout=around.timeout or self._patience.silence or dotdigital_http.TIMEOUT_SECONDS,
                    transport=around.transport(),
                    **_options("dotdigital", "dotdigital", around, self._patience, self.budgets.account(account_id)),
                )
            now.take()
            return now.dotdigital[account_id]

    async def everywhere(self) -> dict[str, Dotdigital]:
        """Every email account, by its id, but one that is disconnected meanwhile. Raises DyntuiError SECRET_MISSING."""
        found: dict[str, Dotdigital] = {}
        for account_id in await asyncio.to_thread(self._accounts):
            try:
                found[account_id] = await self.dotdigital(account_id)
            except DyntuiError:
                if account_id in await asyncio.to_thread(self._accounts):
                    raise
        return found

    async def renew(self) -> None:
        """What is open, or in somebody's hand still, signs in with what the keyring holds now; no call under way is
        ended."""
        async with self._opening:
            await self._renew(self._open)
            await self._renew_in_hand()

    async def forget(self) -> None:
        """Later calls open afresh; who has connections in hand goes on with those, signing in with what the keyring
        holds now."""
        async with self._opening:
            before, self._open = self._open, OpenConnections()
            self.columns = ColumnsSeen()
            await before.forget()
            self._forgotten.add(before)
            await self._renew_in_hand()

    async def _renew_in_hand(self) -> None:
        for each in [each for each in self._forgotten if each.in_hand]:
            try:
                await self._renew(each)
            except DyntuiError as error:
                # Whoever has it finds out by itself, where that matters to it.
                log.info("connections in hand go on as they were opened: %s", error)

    async def _renew(self, these: OpenConnections) -> None:
        known = await asyncio.to_thread(self._organisation)
        # A sign-in asks where it was opened to ask.
        if these.sign_in is not None and these.authority == known.authority and needs_secret(known):
            these.sign_in.use(credentials_of(known, await self._secret_of(known)))
        here = await asyncio.to_thread(self._accounts)
        for account_id, dd in these.dotdigital.items():
            # One that was disconnected meanwhile has no other password.
            if account_id in here:
                account = await asyncio.to_thread(self._account, account_id)
                dd.sign_in_as(account.api_user, await self._secret(account_secret(account_id)))

    async def close(self) -> None:
        """Closes what is open, whoever has it in hand; later calls open afresh."""
        async with self._opening:
            before, self._open = self._open, OpenConnections()
            await before.close()
            await self.budgets.close()
            self.columns = ColumnsSeen()

    def _organisation(self) -> Organisation:
        with self._db.read() as c:
            known = accounts.organisation(c)
        if known is None:
            raise not_configured()
        return known

    def _account(self, account_id: str) -> accounts.EmailAccount:
        with self._db.read() as c:
            known = accounts.account(c, account_id)
        if known is None:
            raise account_unknown(account_id)
        return known

    def _accounts(self) -> list[str]:
        with self._db.read() as c:
            return [each.id for each in accounts.accounts(c)]

    async def _secret_of(self, known: Organisation) -> str:
        return await self._secret(DATAVERSE_SECRET) if needs_secret(known) else ""

    async def _keep_sign_in(self, newest: str) -> None:
        """In place of an old one of the same person: meanwhile another sign-in, or another secret, may have been
        kept."""
        held, now = await self._secrets.get(DATAVERSE_SECRET) or "", self.surroundings.wall()
        if kept_sign_in.same_person(held, newest) and kept_sign_in.grows_old(held, datetime.fromtimestamp(now, UTC)):
            await self._secrets.set(DATAVERSE_SECRET, newest, instead_of=held)

    async def _secret(self, name: str) -> str:
        secret = await self._secrets.get(name)
        if secret is None:
            raise DyntuiError(
                "SECRET_MISSING",
                f"The keyring holds no secret {name!r}.",
                not_done="Nothing was connected.",
                remedy="Run `dyntui setup` again, or provide the secret in the environment.",
            )
        return secret


def not_configured() -> DyntuiError:
    """Before the first setup there is nothing to connect to."""
    return DyntuiError(
        "NOT_CONFIGURED",
        "No organisation is connected yet.",
        not_done="Nothing was read or changed.",
        remedy="Run `dyntui setup`.",
        exit=Exit.USAGE,
    )


def account_unknown(account_id: str) -> DyntuiError:
    """No email account of this id is connected."""
    return DyntuiError(
        "ACCOUNT_UNKNOWN",
        f"There is no email account {account_id!r}.",
        not_done="Nothing was read or changed.",
        remedy="See the connected email accounts with `dyntui status`.",
        exit=Exit.USAGE,
    )
