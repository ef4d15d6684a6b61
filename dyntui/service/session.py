"""Who is there: the first call of every client, the status, and signing in."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec

from dyntui import __version__
from dyntui.dataverse import security
from dyntui.dotdigital import account as dd_account
from dyntui.model.moments import text_of
from dyntui.model.sync_types import WATCH
from dyntui.model.watch import Watched
from dyntui.service import held_sends, notifier, schedules
from dyntui.service.answering import answers
from dyntui.service.checks import Checks
from dyntui.service.contract.session import (
    HELLO,
    SIGN_IN,
    SIGN_IN_STATE,
    SIGN_OUT,
    STATUS,
    Check,
    EmailAccount,
    Hello,
    Nothing,
    SignInStarted,
    SignInState,
    Status,
)
from dyntui.service.hook_settings import HookSettings
from dyntui.service.identity import ROLES_BY_ROWS, Identities
from dyntui.service.parts import Parts, answers_at_once
from dyntui.service.permission import CallContext, RolesUnknown
from dyntui.service.resources import Resources
from dyntui.store import accounts, decisions, environment, runs, watch

log = logging.getLogger(__name__)

_NO_HOOK = HookSettings()


class Session:
    """The calls of `session.*`.

    `keyring` says where secrets are kept, and `keyring_answers` raises what it refuses with; `demo` marks a throw-away
    profile; `long_lived` a service that outlives its clients.
    """

    def __init__(
        self,
        resources: Resources,
        identities: Identities,
        *,
        keyring: str,
        keyring_answers: Callable[[], Awaitable[None]] = answers_at_once,
        long_lived: bool,
        demo: bool,
        hook: HookSettings = _NO_HOOK,
        metrics: Callable[[], Check | None] = lambda: None,
        workers: Callable[[], Awaitable[Check]] | None = None,
    ) -> None:
        self._keyring = keyring
        self._keyring_answers = keyring_answers
        self._resources = resources
        self._identities = identities
        self._long_lived = long_lived
        self._demo = demo
        self._hook = hook
        self._metrics = metrics
        self._workers = workers
        self._started_on = resources.now()
        self._checks = Checks(resources.clock)

    @answers(HELLO)
    async def hello(self, context: CallContext, request: Nothing) -> Hello:
        """What a console needs first."""
        organisation = await self._resources.read(accounts.organisation)
        known = await self._resources.read(accounts.accounts)
        marked = await self._resources.read(environment.marks)
        person = await self._identities.person(context.uid)
        roles: tuple[str, ...] = ()
        abilities: tuple[str, ...] = ()
        roles_known = True
        if person is not None:
            try:
                held = await self._identities.held(person)
            except RolesUnknown as error:
                # The console opens on what is stored; whatever needs the roles is refused by name.
                log.warning("%s (%s)", error, error.detail)
                held = self._identities.last_held(person)
                roles_known = False
            roles, abilities = held.roles, tuple(sorted(each.value for each in held.abilities))
        return Hello(
            version=__version__,
            profile=self._resources.profile.name,
            configured=organisation is not None,
            demo=self._demo,
            organisation=organisation.name if organisation else "",
            organisation_url=organisation.url if organisation else "",
            user=person.name if person else "",
            roles=roles,
            abilities=abilities,
            roles_known=roles_known,
            accounts=tuple(msgspec.convert(each, EmailAccount, from_attributes=True) for each in known),
            not_production=tuple(each.account for each in marked),
        )

    @answers(STATUS)
    async def status(self, context: CallContext, request: Nothing) -> Status:
        """Service, sign-ins and runs at a glance, within three seconds. A system that does not answer is a failed
        check, not an error."""
        known = await self._resources.read(accounts.accounts)
        organisation = await self._resources.read(accounts.organisation)
        asked = [
            self._checks.look(f"Email account {each.name}", each.endpoint, functools.partial(self._account, each.id))
            for each in known
        ]
        if organisation is not None:
            asked.insert(0, self._checks.look("Dynamics", organisation.url, self._dynamics))
        keyring, *others = await asyncio.gather(self._look_at_keyring(), *asked)
        checks = [keyring, *others]
        watched = await self._resources.read(watch.watched)
        if self._long_lived and organisation is not None:
            checks.append(_watch_check(watched))
        if self._identities.by_rows:
            checks.append(Check(name="Roles", state="warning", text=ROLES_BY_ROWS))
        if known:
            checks.append(await schedules.check(self._resources, run_here=self._long_lived))
        if self._workers is not None:
            checks.append(await self._workers())
        troubles = sorted(self._resources.troubles.items())
        checks += [Check(name="Service", state="error", text=f"{what}: {why}") for what, why in troubles]
        sends = await held_sends.check(self._resources, held_here=self._long_lived)
        told = await notifier.check(self._resources, self._hook, run_here=self._long_lived)
        checks += [each for each in (sends, told, self._metrics()) if each is not None]
        since = text_of(self._resources.clock() - timedelta(hours=1))
        calls = await self._resources.read(lambda c: runs.calls_since(c, since))
        now = self._resources.now()
        waiting = await self._resources.read(lambda c: decisions.counted(c, now))
        return Status(
            version=__version__,
            profile=self._resources.profile.name,
            process=os.getpid(),
            started_on=self._started_on,
            store=self._resources.db.where,
            checks=tuple(checks),
            active_runs=len(await self._resources.read(runs.unfinished)),
            held=waiting.removals,
            waiting=waiting,
            dataverse_calls=calls.dataverse_reads + calls.dataverse_writes,
            dotdigital_calls=calls.dotdigital_reads + calls.dotdigital_writes,
            long_lived=self._long_lived,
            budgets=await self._resources.connections.budgets.meters(),
            watched=tuple(watched),
        )

    async def close(self) -> None:
        """Waits for no system any more."""
        await self._checks.close()

    async def _look_at_keyring(self) -> Check:
        if not self._keyring:
            return Check(
                name="Keyring", state="warning", text="none that works in this session: secrets cannot be kept"
            )

        async def ask() -> str:
            await self._keyring_answers()
            return self._keyring

        # One that is locked may ask its person for a password before it answers.
        return await self._checks.look("Keyring", self._keyring, ask)

    async def _dynamics(self) -> str:
        me = await security.who_am_i((await self._resources.connections.dataverse()).at_once())
        return f"signed in as the service's user {me.user_id}"

    async def _account(self, account_id: str) -> str:
        info = await dd_account.account_info((await self._resources.connections.dotdigital(account_id)).at_once())
        left = ""
        if info.calls_remaining is not None and info.calls_in_last_hour is not None:
            self._resources.connections.budgets.hear(account_id, info.calls_in_last_hour, info.calls_remaining)
            left = f", {info.calls_remaining:,} calls left this hour"
        return f"signed in to account {info.id}{left}"

    @answers(SIGN_IN)
    async def sign_in(self, context: CallContext, request: Nothing) -> SignInStarted:
        """Starts signing in by device code."""
        return await self._identities.begin(context.uid)

    @answers(SIGN_IN_STATE)
    async def sign_in_state(self, context: CallContext, request: Nothing) -> SignInState:
        """How far signing in is."""
        return await self._identities.state(context.uid)

    @answers(SIGN_OUT)
    async def sign_out(self, context: CallContext, request: Nothing) -> SignInState:
        """Whoever asks is no user of Dynamics any more, until they sign in again."""
        return await self._identities.sign_out(context.uid)


def _watch_check(watched: Sequence[Watched]) -> Check:
    """What the consent watch reached: the oldest of its sources, without the books, which are asked in turn."""
    name = WATCH.title
    failing = [each for each in watched if each.failing_since]
    if failing:
        said = (
            f"{each.account}, {each.source}: {each.error} Since {each.failing_since}, known until "
            f"{each.as_of or 'never'}."
            for each in failing
        )
        return Check(name=name, state="warning", text=" ".join(said))
    oldest = min((each.as_of for each in watched if not each.in_turn), default="")
    if not oldest:
        return Check(name=name, state="warning", text="has not asked for opt-outs yet")
    return Check(name=name, state="ok", text=f"opt-outs are known as of {oldest}", as_of=oldest)


def use_cases(parts: Parts) -> Session:
    """What answers these calls."""
    return Session(
        parts.resources,
        parts.identities,
        keyring=parts.keyring,
        keyring_answers=parts.keyring_answers,
        long_lived=parts.long_lived,
        demo=parts.demo,
        hook=parts.hook,
        metrics=parts.metrics,
        workers=parts.workers,
    )
