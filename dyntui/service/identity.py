"""Which Dynamics user a person is, and what their roles let them do: read from Dataverse, kept for minutes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import msgspec

from dyntui.dataverse import security
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.sign_in import DevicePrompt, SignIn
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.moments import text_of
from dyntui.model.roles import Ability, abilities
from dyntui.service.contract.session import SignInStarted, SignInState
from dyntui.service.permission import RolesUnknown
from dyntui.service.resources import Resources
from dyntui.store import accounts
from dyntui.store.accounts import Organisation, PersonLink
from dyntui.sync import user_roles
from dyntui.sync.connections import OF_PEOPLE, dataverse_as, not_configured
from dyntui.sync.signing_in import device_sign_in

# How long roles are believed; a change in Dynamics takes effect within this.
ROLES_SECONDS = 120.0
# How long Dynamics is waited for: where roles were read before, what is stored can be shown meanwhile; some
# commands make two calls, and are to be answered within three seconds. What changes something is refused after it:
# over a slow link a sign-in and a question take some seconds.
KNOWN_PATIENCE = 1.0
CHANGE_PATIENCE = 10.0
FIRST_PATIENCE = 20.0
ROLES_BY_ROWS = (
    "roles are read from rows of team membership, because Dynamics does not answer RetrieveAadUserRoles: who was put"
    " out of a group of Entra ID may keep a role until they use Dynamics again; give roles to users, not to groups"
)

log = logging.getLogger(__name__)


class Held(msgspec.Struct, frozen=True):
    """A person's connector roles and what they add up to."""

    roles: tuple[str, ...]
    abilities: frozenset[Ability]


class _Asking(msgspec.Struct, frozen=True):
    task: asyncio.Task[Held]
    since: float


class _Waiting(msgspec.Struct):
    sign_in: SignIn
    task: asyncio.Task[str]


class Identities:
    """The link between operating-system users and Dynamics users."""

    def __init__(self, resources: Resources, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._resources = resources
        self._monotonic = monotonic
        self._by_rows = False
        self._held: dict[str, tuple[float, Held]] = {}
        self._asking: dict[str, _Asking] = {}
        self._waiting: dict[int, _Waiting] = {}

    async def person(self, uid: int) -> PersonLink | None:
        """The Dynamics user that an operating-system user signed in as."""
        return await self._resources.read(lambda c: accounts.person(c, uid))

    async def caller(self, uid: int) -> str | None:
        """In whose name a call to Dynamics is made for an operating-system user (CallerObjectId)."""
        person = await self.person(uid)
        return person.object_id if person else None

    async def held(self, person: PersonLink, *, soon: bool = True) -> Held:
        """The person's connector roles, direct and through teams; nothing when the user is disabled. `soon`: as for
        `dyntui.service.permission.AbilitiesOf`.

        Raises RolesUnknown when Dynamics does not answer in time; the answer that comes late counts for the next call,
        and until then nobody waits a second time.
        What is wrong with the keyring or the store is raised so too, by its own name.
        """
        known = self._held.get(person.user_id)
        if known is not None and self._monotonic() - known[0] < ROLES_SECONDS:
            return known[1]
        last = self.last_held(person).abilities
        patience = FIRST_PATIENCE if not last else KNOWN_PATIENCE if soon else CHANGE_PATIENCE
        asking = self._asking.get(person.user_id)
        if asking is None:
            asking = _Asking(asyncio.create_task(self._ask(person.user_id)), self._monotonic())
            self._asking[person.user_id] = asking
            asking.task.add_done_callback(lambda _: self._asking.pop(person.user_id))
        task = asking.task
        await asyncio.wait({task}, timeout=max(0.0, asking.since + patience - self._monotonic()))
        if not task.done():
            raise RolesUnknown(f"no answer within {patience:g} seconds.", last)
        try:
            return task.result()
        except DyntuiError as error:
            if error.code.startswith(("KEYRING_", "STORE_")):
                # It is not Dynamics that is silent, and what has to be mended has its own name.
                raise RolesUnknown("", last, error.detail, named=error) from error
            raise RolesUnknown(f"{error.message} {error.remedy}", last, f"{error.code}: {error.detail}") from error

    def last_held(self, person: PersonLink) -> Held:
        """The roles as last read, however long ago and by whatever service; none where they never were."""
        known = self._held.get(person.user_id)
        if known is not None:
            return known[1]
        names = tuple(person.roles.split("\n")) if person.roles else ()
        return Held(names, abilities(names))

    async def _ask(self, user_id: str) -> Held:
        held = await self.held_by(await self._resources.connections.dataverse(), user_id)
        before = self._held.get(user_id)
        self._held[user_id] = (self._monotonic(), held)
        if before is None or before[1] != held:
            # A private service ends within a minute; the next one may start while Dynamics is away.
            await self._resources.write(lambda c: accounts.remember_roles(c, user_id, "\n".join(held.roles)))
        return held

    async def held_by(self, dv: Dataverse, user_id: str) -> Held:
        """A user's connector roles, asked over any connection to the organisation."""
        found = await user_roles.of_user(dv, user_id)
        if found.by_rows and not self._by_rows:
            log.warning("%s", ROLES_BY_ROWS)
        self._by_rows = found.by_rows
        return Held(found.roles, found.abilities)

    @property
    def by_rows(self) -> bool:
        """Whether roles had to be read from rows of team membership, which can be old for groups of Entra ID."""
        return self._by_rows

    async def abilities_of(self, uid: int, *, soon: bool) -> frozenset[Ability] | None:
        """What an operating-system user may do; None before they signed in."""
        person = await self.person(uid)
        return None if person is None else (await self.held(person, soon=soon)).abilities

    async def begin(self, uid: int) -> SignInStarted:
        """Starts a sign-in by device code; an earlier one of the same person is given up."""
        organisation = await self._resources.read(accounts.organisation)
        if organisation is None:
            raise not_configured()
        sign_in = device_sign_in(organisation, self._resources.connections.surroundings)
        begun = False
        try:
            prompt = await sign_in.begin()
            begun = True
        finally:
            if not begun:
                await sign_in.close()
        # Whoever asks twice at once has begun another one meanwhile.
        while uid in self._waiting:
            await self._give_up(uid)
        task = asyncio.create_task(self._finish(uid, organisation, sign_in, prompt))
        self._waiting[uid] = _Waiting(sign_in, task)
        return SignInStarted(
            verification_uri=prompt.verification_uri,
            user_code=prompt.user_code,
            expires_in=int(prompt.expires_in),
            interval=int(prompt.interval),
        )

    async def state(self, uid: int) -> SignInState:
        """How far the sign-in is. Raises what ended it: declined, expired, blocked, not a user of the organisation."""
        waiting = self._waiting.get(uid)
        if waiting is None:
            person = await self.person(uid)
            if person is None:
                return SignInState(state="not started")
            return SignInState(state="signed in", user=person.name)
        if not waiting.task.done():
            return SignInState(state="pending")
        del self._waiting[uid]
        await waiting.sign_in.close()
        return SignInState(state="signed in", user=waiting.task.result())

    async def sign_out(self, uid: int) -> SignInState:
        """Forgets who an operating-system user is in Dynamics, and a sign-in of theirs that waits."""
        await self._give_up(uid)
        person = await self.person(uid)
        await self._resources.write(lambda c: accounts.unlink_person(c, uid))
        return SignInState(state="signed out", user=person.name if person else "")

    async def close(self) -> None:
        """Gives up every sign-in, and every question for roles, that still waits."""
        asking = [each.task for each in self._asking.values()]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        for uid in list(self._waiting):
            await self._give_up(uid)

    async def _give_up(self, uid: int) -> None:
        waiting = self._waiting.pop(uid, None)
        if waiting is not None:
            waiting.task.cancel()
            await asyncio.gather(waiting.task, return_exceptions=True)
            await waiting.sign_in.close()

    async def _enter(self, organisation: Organisation, sign_in: SignIn) -> None:
        """The person calls for themselves once: members of a group get their user, and their teams, by that."""
        around = self._resources.connections.surroundings
        async with dataverse_as(sign_in, organisation, around, patience=OF_PEOPLE) as own:
            try:
                await security.who_am_i(own)
            except DataverseError as error:
                # Without a user or a role: said below, or by what the person may do.
                if error.status != 403:
                    raise

    async def _finish(self, uid: int, organisation: Organisation, sign_in: SignIn, prompt: DevicePrompt) -> str:
        identity = await sign_in.finish(prompt)
        await self._enter(organisation, sign_in)
        dv = await self._resources.connections.dataverse()
        user = await security.user_by_object_id(dv, identity.object_id)
        if user is None:
            raise DyntuiError(
                "NOT_A_DYNAMICS_USER",
                f"{identity.user_name} is no user of this organisation.",
                not_done="You were not signed in.",
                remedy="Ask an administrator of Dynamics to add you, or sign in as somebody else.",
                exit=Exit.NOT_PERMITTED,
            )
        link = PersonLink(
            os_uid=uid,
            user_id=user.id,
            object_id=identity.object_id,
            name=user.name or identity.name,
            linked_on=text_of(self._resources.clock()),
        )
        await self._resources.write(lambda c: accounts.link_person(c, link))
        self._held.pop(user.id, None)
        return link.name
