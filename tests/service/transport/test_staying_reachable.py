"""The socket's file may go while the service goes on, or be another service's by then."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

import dyntui
from dyntui.service.client import ServiceClient, attach
from dyntui.service.profile import Profile
from dyntui.service.server import Server
from tests.service.transport.tiny_service import TinyAssembly


@contextlib.asynccontextmanager
async def looking_after(server: Server) -> AsyncIterator[None]:
    looking = asyncio.create_task(server.stay_reachable(0.01))
    yield
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def reached(profile: Profile) -> None:
    async with asyncio.timeout(180):
        while not profile.socket.exists():  # noqa: ASYNC110 - a file tells nobody that it is there
            await asyncio.sleep(0)
    async with await attach(profile):
        pass


async def test_a_service_whose_socket_was_removed_listens_again(
    profile: Profile, server: Server, client: ServiceClient
):
    async with looking_after(server):
        shutil.rmtree(profile.socket.parent)
        await reached(profile)
        profile.socket.unlink()
        await reached(profile)
    assert server.clients == 1


async def test_a_service_that_ends_leaves_another_ones_socket_alone(profile: Profile, server: Server):
    profile.socket.unlink()
    assembly = TinyAssembly()
    another = Server(
        profile.socket, version=dyntui.__version__, handlers=assembly.handlers, abilities_of=assembly.abilities_of
    )
    await another.open()
    async with looking_after(server):
        await server.close(1.0)
        await reached(profile)
    await another.close(1.0)
    assert not profile.socket.exists()
