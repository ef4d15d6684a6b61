"""What clients may take of the service: connections, memory for requests that never end, descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import dyntui
from dyntui.model.errors import DyntuiError
from dyntui.service.client import attach
from dyntui.service.contract.session import HELLO, STOP, Nothing
from dyntui.service.lines import CHUNK, UNFINISHED_LIMIT
from dyntui.service.profile import Profile
from dyntui.service.protocol import REQUEST_LIMIT
from dyntui.service.server import Server
from tests.service.transport.tiny_service import TinyAssembly

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def strangers(profile: Profile, count: int) -> AsyncIterator[list[Ends]]:
    """Clients that are not ours, after the service's first words."""
    ends = [await asyncio.open_unix_connection(str(profile.socket)) for _ in range(count)]
    for reader, _ in ends:
        await reader.readline()
    yield ends
    for _, writer in ends:
        writer.close()


def code_of(line: bytes) -> str:
    return str(json.loads(line)["error"]["data"]["code"])


@contextlib.asynccontextmanager
async def serving(profile: Profile, **options: float) -> AsyncIterator[Server]:
    assembly = TinyAssembly()
    server = Server(
        profile.socket,
        version=dyntui.__version__,
        handlers=assembly.handlers,
        abilities_of=assembly.abilities_of,
        **options,  # type: ignore[arg-type]
    )
    await server.open()
    yield server
    await server.close(1.0)


async def test_unfinished_requests_of_all_clients_together_are_bounded(profile: Profile):
    part = b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"search": "' + b"x" * (REQUEST_LIMIT - 1000)
    async with serving(profile) as server, strangers(profile, 12) as ends, attach_to(profile) as ours:
        for _, writer in ends:
            writer.write(part)
        refused = len(ends) - UNFINISHED_LIMIT // REQUEST_LIMIT
        # The others stay unfinished, and are not answered.
        first = asyncio.as_completed([reader.readline() for reader, _ in ends], timeout=180)
        assert {code_of(await next(first)) for _ in range(refused)} == {"SERVICE_FULL"}
        assert server._unfinished.held <= UNFINISHED_LIMIT
        # Usual requests are answered all the same.
        assert (await ours.call(HELLO, Nothing())).configured
        for _, writer in ends:
            writer.close()
        async with asyncio.timeout(180):
            while server.clients > 1:  # noqa: ASYNC110 - the service notices by itself
                await asyncio.sleep(0.01)
        assert server._unfinished.held == 0


def attach_to(profile: Profile) -> contextlib.AbstractAsyncContextManager[dyntui.service.client.ServiceClient]:
    @contextlib.asynccontextmanager
    async def attached() -> AsyncIterator[dyntui.service.client.ServiceClient]:
        async with await attach(profile) as client:
            yield client

    return attached()


async def test_a_request_that_is_begun_and_left_is_given_up_and_an_idle_client_is_not(profile: Profile):
    async with serving(profile, patience=0.05), strangers(profile, 1) as [(reader, writer)], attach_to(profile) as ours:
        writer.write(b'{"jsonrpc": "2.0", ')
        assert code_of(await reader.readline()) == "REQUEST_UNFINISHED"
        assert await reader.read() == b""
        assert (await ours.call(HELLO, Nothing())).configured


@pytest.mark.parametrize("size", [CHUNK - 100, CHUNK, CHUNK + 1, 3 * CHUNK, REQUEST_LIMIT - 200])
async def test_a_long_request_is_answered_and_the_ones_behind_it(profile: Profile, server: Server, size: int):
    async with strangers(profile, 1) as [(reader, writer)]:
        for id in range(3):
            request = {"jsonrpc": "2.0", "id": id, "method": "no.such", "params": {"x": "y" * (size // 2)}}
            writer.write(json.dumps(request).encode() + b"\n")
        answers = [json.loads(await reader.readline())["id"] for _ in range(3)]
    assert answers == [0, 1, 2]


async def test_a_line_that_never_ends_is_refused_by_name(profile: Profile, server: Server):
    async with strangers(profile, 1) as [(reader, writer)]:
        writer.write(b"x" * (REQUEST_LIMIT + 2 * CHUNK))
        assert code_of(await reader.readline()) == "REQUEST_MALFORMED"


async def test_one_client_too_many_is_told_so_once_in_the_log_and_there_is_room_again_afterwards(
    profile: Profile, caplog: pytest.LogCaptureFixture
):
    async with serving(profile, most_clients=2) as server:
        async with strangers(profile, 2):
            for _ in range(20):
                with pytest.raises(DyntuiError, match="TOO_MANY_CLIENTS"):
                    await attach(profile)
        while server.clients:  # noqa: ASYNC110 - the service notices by itself
            await asyncio.sleep(0.01)
        async with await attach(profile):
            pass
    assert caplog.text.count("sent away") == 1


async def _attached_at_last(profile: Profile) -> dyntui.service.client.ServiceClient:
    """A service that starts has a socket before it listens."""
    async with asyncio.timeout(180):
        while True:
            with contextlib.suppress(DyntuiError):
                return await attach(profile)
            await asyncio.sleep(0.02)


async def test_with_few_descriptors_clients_are_bounded_and_the_log_stays_short(profile: Profile):
    """A real process: its own files must not be used up by whoever connects."""
    program = str(Path(__file__).with_name("tiny_service.py"))
    service = await asyncio.create_subprocess_exec(
        "sh", "-c", 'ulimit -n 48; exec "$@"', "sh", sys.executable, program, "--profile", profile.name
    )
    try:
        ends: list[Ends] = []
        codes = []
        async with await _attached_at_last(profile) as ours:
            for _ in range(80):
                reader, writer = await asyncio.open_unix_connection(str(profile.socket))
                ends.append((reader, writer))
                line = json.loads(await asyncio.wait_for(reader.readline(), 180))
                codes.append(line.get("error", {}).get("data", {}).get("code", "served"))
            assert (await ours.call(HELLO, Nothing())).configured
            await ours.call(STOP, Nothing())
        for _, writer in ends:
            writer.close()
        assert (codes.count("served"), codes.count("TOO_MANY_CLIENTS")) == (48 // 4 - 1, 80 - 48 // 4 + 1)
        assert profile.log_file.stat().st_size < 5_000
    finally:
        with contextlib.suppress(ProcessLookupError):
            service.terminate()
        await service.wait()


async def test_where_no_file_can_be_opened_for_a_client_the_log_says_so_once(caplog: pytest.LogCaptureFixture):
    from dyntui.service.descriptors import say_once_when_they_run_out

    loop = asyncio.get_running_loop()
    say_once_when_they_run_out(loop)
    for _ in range(100):
        loop.call_exception_handler(
            {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many open files")}
        )
    loop.call_exception_handler({"message": "something else"})
    loop.set_exception_handler(None)
    assert caplog.text.count("Too many open files") == 1
    assert caplog.text.count("something else") == 1
