"""While Dynamics does not say who may do what, what is stored can be looked at by whom it allowed that before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability, Role
from dyntui.service import identity
from dyntui.service.contract.session import Nothing
from dyntui.service.identity import Held, Identities
from dyntui.service.permission import CallContext
from dyntui.service.session import Session
from dyntui.store import accounts, environment
from dyntui.store.accounts import PersonLink

ME = PersonLink(os_uid=1000, user_id="user-1", object_id="object-1", name="Ada", linked_on="2026-11-22T12:00:00Z")
MANAGER = Held((Role.MANAGER,), frozenset(Ability))


class Directory(Identities):
    """Somebody's roles as Dynamics says them: at once, late, or not at all."""

    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__(None, lambda: self.seconds)  # type: ignore[arg-type]
        self.me = ME
        self.says: Held | DyntuiError = MANAGER
        self.silent: asyncio.Event | None = None

    async def person(self, uid: int) -> PersonLink | None:
        return self.me

    async def _ask(self, user_id: str) -> Held:
        if self.silent is not None:
            await self.silent.wait()
        if isinstance(self.says, DyntuiError):
            raise self.says
        self._held[user_id] = (self.seconds, self.says)
        return self.says


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "KNOWN_PATIENCE", 0.01)
    monkeypatch.setattr(identity, "CHANGE_PATIENCE", 0.01)
    monkeypatch.setattr(identity, "FIRST_PATIENCE", 0.01)


AWAY = DyntuiError("DATAVERSE_UNREACHABLE", "Dynamics is away.", not_done="", remedy="Check the network.")


@pytest.mark.parametrize("kind", ["silent", "away"])
async def test_who_was_allowed_to_see_goes_on_seeing_and_nothing_more(kind: str):
    directory = Directory()
    context = CallContext(1000, directory.abilities_of)
    await context.require(Ability.SEND)

    directory.seconds += identity.ROLES_SECONDS + 1
    if kind == "silent":
        directory.silent = asyncio.Event()
    else:
        directory.says = AWAY
    await context.require(Ability.SEE)
    for ability in set(Ability) - {Ability.SEE}:
        with pytest.raises(DyntuiError, match="ROLES_UNKNOWN"):
            await context.require(ability)

    # The answer that comes late counts, and may take something away.
    directory.says = Held((), frozenset())
    if directory.silent is not None:
        directory.silent.set()
        await asyncio.wait([each.task for each in directory._asking.values()])
    with pytest.raises(DyntuiError, match="NOT_PERMITTED"):
        await context.require(Ability.SEE)


async def test_an_answer_that_does_not_come_is_waited_for_once_and_not_by_every_call(
    monkeypatch: pytest.MonkeyPatch,
):
    directory = Directory()
    context = CallContext(1000, directory.abilities_of)
    await context.require(Ability.SEE)
    directory.seconds += identity.ROLES_SECONDS + 1
    directory.silent = asyncio.Event()
    await context.require(Ability.SEE)
    directory.seconds += identity.KNOWN_PATIENCE
    waited: list[float] = []
    wait = asyncio.wait

    async def noted(tasks: Any, timeout: float) -> Any:
        waited.append(timeout)
        return await wait(tasks, timeout=timeout)

    monkeypatch.setattr(asyncio, "wait", noted)
    await context.require(Ability.SEE)
    assert waited == [0.0]


async def test_a_change_waits_for_an_answer_over_a_slow_link_and_what_is_stored_is_shown_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
):
    directory = Directory()
    context = CallContext(1000, directory.abilities_of)
    await context.require(Ability.SEND)
    directory.seconds += identity.ROLES_SECONDS + 1
    directory.silent = asyncio.Event()
    monkeypatch.setattr(identity, "CHANGE_PATIENCE", 60.0)
    change = asyncio.create_task(context.require(Ability.SEND))
    await context.require(Ability.SEE)
    assert not change.done()
    directory.silent.set()
    await change


async def test_what_another_service_read_of_somebodys_roles_is_enough_to_see_what_is_stored():
    directory = Directory()
    directory.silent = asyncio.Event()
    directory.me = msgspec.structs.replace(ME, roles=f"{Role.VIEWER}\n{Role.PROFESSIONAL}")
    context = CallContext(1000, directory.abilities_of)
    await context.require(Ability.SEE)
    for ability in set(Ability) - {Ability.SEE}:
        with pytest.raises(DyntuiError, match="ROLES_UNKNOWN"):
            await context.require(ability)
    assert directory.last_held(directory.me).roles == (Role.VIEWER, Role.PROFESSIONAL)


async def test_who_was_never_allowed_anything_sees_nothing_while_dynamics_is_away():
    directory = Directory()
    directory.says = AWAY
    with pytest.raises(DyntuiError, match=r"ROLES_UNKNOWN.*Dynamics is away"):
        await CallContext(1000, directory.abilities_of).require(Ability.SEE)


class Empty(SimpleNamespace):
    """A store in which there is nothing."""

    profile = SimpleNamespace(name="default")

    async def read(self, ask: Any) -> Any:
        return [] if ask in (accounts.accounts, environment.marks) else None

    def now(self) -> str:
        return "2026-11-22T12:00:00Z"

    def clock(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)


async def test_the_first_call_tells_roles_that_are_unknown_from_none():
    directory = Directory()
    session = Session(Empty(), directory, keyring="", long_lived=False, demo=False)  # type: ignore[arg-type]
    context = CallContext(1000, directory.abilities_of)
    directory.says = AWAY
    hello = await session.hello(context, Nothing())
    assert not hello.roles_known and hello.roles == hello.abilities == ()
    directory.says = Held((), frozenset())
    assert (await session.hello(context, Nothing())).roles_known
    directory.says = MANAGER
    directory.seconds += identity.ROLES_SECONDS + 1
    assert (await session.hello(context, Nothing())).roles == (Role.MANAGER,)


async def test_a_store_that_takes_nothing_is_named_and_not_dynamics():
    directory = Directory()
    context = CallContext(1000, directory.abilities_of)
    await context.require(Ability.SEND)

    directory.seconds += identity.ROLES_SECONDS + 1
    directory.says = DyntuiError("STORE_DISK", "The disk is full.", not_done="", remedy="Free some space.")
    await context.require(Ability.SEE)
    with pytest.raises(DyntuiError) as refused:
        await context.require(Ability.SEND)
    assert (refused.value.code, refused.value.message) == ("STORE_DISK", "The disk is full.")
    assert refused.value.remedy == "Free some space."
