"""Who may call what, decided in one place before any handler runs."""

from __future__ import annotations

import os
import socket
import stat

import pytest

import dyntui
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability
from dyntui.service.client import ServiceClient, attach
from dyntui.service.contract.calls import Call
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_PAGE, Activate, ListDetail, ListsQuery
from dyntui.service.contract.session import HELLO, Hello, Nothing
from dyntui.service.contract.subjects import CALLS
from dyntui.service.peer import Peer
from dyntui.service.permission import CallContext
from dyntui.service.profile import Profile
from dyntui.service.server import Server
from tests.service.transport.tiny_service import TinyAssembly


async def test_a_call_beyond_ones_roles_is_refused_before_its_handler_and_names_the_roles_that_may(
    client: ServiceClient, assembly: TinyAssembly
):
    reached: list[str] = []

    async def activate(context: CallContext, request: Activate) -> ListDetail:
        reached.append(request.id)
        raise AssertionError

    assembly.handlers[LIST_ACTIVATE.name] = activate
    assembly.abilities = frozenset({Ability.SEE})
    with pytest.raises(DyntuiError) as raised:
        await client.call(LIST_ACTIVATE, Activate(id="x"))

    assert raised.value.code == "NOT_PERMITTED"
    assert raised.value.exit is Exit.NOT_PERMITTED
    assert "Email Marketing Manager or Email Marketing Professional" in raised.value.remedy
    assert reached == []


async def test_a_person_who_has_not_signed_in_is_told_how_to(client: ServiceClient, assembly: TinyAssembly):
    assembly.abilities = None
    with pytest.raises(DyntuiError) as raised:
        await client.call(LISTS_PAGE, ListsQuery())

    assert raised.value.code == "NOT_SIGNED_IN"
    assert raised.value.exit is Exit.NOT_PERMITTED
    assert "dyntui sign-in" in raised.value.remedy


async def test_open_calls_need_no_sign_in(client: ServiceClient, assembly: TinyAssembly):
    assembly.abilities = None

    assert (await client.call(HELLO, Nothing())).profile == "tiny"


async def test_a_handler_can_ask_for_an_ability_itself(client: ServiceClient, assembly: TinyAssembly):
    async def hello(context: CallContext, request: Nothing) -> Hello:
        await context.require(Ability.ADMINISTER)
        raise AssertionError

    assembly.handlers[HELLO.name] = hello
    assembly.abilities = frozenset({Ability.SEE, Ability.SYNCHRONISE})
    with pytest.raises(DyntuiError, match="NOT_PERMITTED"):
        await client.call(HELLO, Nothing())


@pytest.mark.parametrize("method", [m for m in CALLS.values() if m.ability is not None], ids=lambda m: m.name)
async def test_no_call_that_needs_an_ability_is_open_to_somebody_without_any(
    method: Call, client: ServiceClient, assembly: TinyAssembly
):
    async def reached(context: CallContext, request: object) -> Nothing:
        raise AssertionError

    assembly.handlers[method.name] = reached
    assembly.abilities = frozenset()
    with pytest.raises(DyntuiError, match="NOT_PERMITTED"):
        await client.call(method, Nothing())


async def test_the_socket_is_for_its_owner_alone(profile: Profile, server: Server):
    assert stat.S_IMODE(profile.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(profile.socket.parent.stat().st_mode) == 0o700


async def test_another_operating_system_user_is_refused_and_logged(
    profile: Profile, assembly: TinyAssembly, caplog: pytest.LogCaptureFixture
):
    def stranger(connection: socket.socket) -> Peer:
        return Peer(process=4711, uid=os.getuid() + 1)

    server = Server(
        profile.socket,
        version=dyntui.__version__,
        handlers=assembly.handlers,
        abilities_of=assembly.abilities_of,
        peer=stranger,
    )
    await server.open()
    with pytest.raises(DyntuiError) as raised:
        await attach(profile)
    await server.close(1.0)

    assert raised.value.code == "PEER_REFUSED"
    assert raised.value.exit is Exit.NOT_PERMITTED
    assert "4711" in caplog.text


async def test_the_kernel_names_the_peer(client: ServiceClient, assembly: TinyAssembly):
    seen: list[int] = []

    async def hello(context: CallContext, request: Nothing) -> Hello:
        seen.append(context.uid)
        return Hello(version="0", profile="tiny", configured=True)

    assembly.handlers[HELLO.name] = hello
    await client.call(HELLO, Nothing())

    assert seen == [os.getuid()]
