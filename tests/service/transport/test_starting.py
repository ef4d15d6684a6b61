"""Attaching to a service, starting one, and its end: with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

import dyntui.service.client
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service import starting
from dyntui.service.client import ServiceClient, attach
from dyntui.service.config import Config, ServiceSettings, write_config
from dyntui.service.contract.session import HELLO, STOP, Nothing
from dyntui.service.lock import let_private_end, only_service
from dyntui.service.profile import Profile
from dyntui.service.server import Server
from dyntui.service.starting import attach_or_start

TINY = (sys.executable, str(Path(__file__).with_name("tiny_service.py")))


@pytest.fixture
async def started(profile: Profile) -> AsyncIterator[ServiceClient]:
    client = await attach_or_start(profile, command=TINY)
    yield client
    await end(client)


async def end(client: ServiceClient) -> None:
    if client.connected:
        await client.call(STOP, Nothing())
        await client.closed()
    await client.close()


async def test_without_a_service_attaching_says_how_to_start_one(profile: Profile):
    with pytest.raises(DyntuiError) as raised:
        await attach(profile)

    assert raised.value.code == "SERVICE_NOT_RUNNING"
    assert raised.value.exit is Exit.UNREACHABLE
    assert "dyntui serve" in raised.value.remedy


async def test_a_started_service_answers_and_a_second_client_attaches_to_the_same(
    profile: Profile, started: ServiceClient
):
    async with await attach_or_start(profile, command=TINY) as second:
        assert second.greeting.process == started.greeting.process
        assert (await second.call(HELLO, Nothing())).configured


async def test_clients_that_start_at_the_same_moment_share_one_service(profile: Profile):
    clients = await asyncio.gather(*(attach_or_start(profile, command=TINY) for _ in range(3)))

    assert len({client.greeting.process for client in clients}) == 1
    for client in clients[1:]:
        await client.close()
    await end(clients[0])


async def test_a_client_of_another_session_finds_the_service_where_it_listens(
    profile: Profile, started: ServiceClient, tmp_path: Path
):
    elsewhere = msgspec.structs.replace(profile, runtime=tmp_path / "another session")

    async with await attach_or_start(elsewhere, command=TINY) as second:
        assert second.greeting.process == started.greeting.process


async def test_a_service_that_was_ready_at_the_last_moment_is_attached_to(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    now = [0.0]
    answers: list[object] = [DyntuiError("SERVICE_NOT_RUNNING", "", not_done="", remedy=""), "the client"]

    async def answer(_: Profile) -> object:
        said = answers.pop(0)
        if isinstance(said, DyntuiError):
            raise said
        return said

    async def ready_late(*_: object) -> bool:
        now[0] = 61.0
        return True

    monkeypatch.setattr(starting, "attach", answer)
    monkeypatch.setattr(starting, "_start", ready_late)
    monkeypatch.setattr(starting, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert await attach_or_start(profile) == "the client"  # type: ignore[comparison-overlap]


async def test_the_service_lives_in_a_session_of_its_own(started: ServiceClient):
    assert os.getsid(started.greeting.process) != os.getsid(0)


async def test_a_stale_socket_is_no_obstacle(profile: Profile):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(profile.socket))
    dead.close()
    assert profile.socket.exists()

    client = await attach_or_start(profile, command=TINY)
    assert (await client.call(HELLO, Nothing())).configured
    await end(client)


async def test_a_service_that_was_killed_is_replaced(profile: Profile, started: ServiceClient):
    os.kill(started.greeting.process, signal.SIGKILL)
    await started.closed()

    again = await attach_or_start(profile, command=TINY)
    assert again.greeting.process != started.greeting.process
    await end(again)


async def test_a_second_service_on_one_profile_is_refused_with_the_process_that_holds_it(
    profile: Profile, started: ServiceClient
):
    with pytest.raises(DyntuiError) as raised, only_service(profile):
        pass

    assert raised.value.code == "LOCKED"
    assert raised.value.exit is Exit.LOCKED
    assert str(started.greeting.process) in raised.value.message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_the_service_in_order(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
):
    stopped = tmp_path / "stopped"
    monkeypatch.setenv("TINY_STOPPED", str(stopped))
    client = await attach_or_start(profile, command=TINY)
    os.kill(client.greeting.process, number)
    await client.closed()
    await client.close()

    with only_service_soon(profile):
        assert stopped.read_text() == "stopped"
        assert not profile.socket.exists()


async def test_stop_ends_the_service_after_its_answer(profile: Profile, started: ServiceClient):
    await started.call(STOP, Nothing())
    await started.closed()

    with pytest.raises(DyntuiError, match="SERVICE_NOT_RUNNING"):
        await attach(profile)


async def test_what_kept_a_service_from_starting_is_told_as_it_says_it(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TINY_REFUSES", "1")
    with pytest.raises(DyntuiError) as raised:
        await attach_or_start(profile, command=TINY)

    assert (raised.value.code, raised.value.remedy) == ("STORE_BROKEN", "Restore it.")


async def test_a_bug_at_the_start_is_told_without_traceback_and_logged_without_secrets(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TINY_CRASHES", "1")
    with pytest.raises(DyntuiError) as raised:
        await attach_or_start(profile, command=TINY)

    assert raised.value.code == "SERVICE_FAILED"
    assert str(profile.log_file) in raised.value.remedy
    logged = profile.log_file.read_text()
    assert "RuntimeError: a bug" in logged
    assert "hunter2secret" not in logged


async def test_a_command_that_ends_without_a_word_is_told_as_such(profile: Profile):
    with pytest.raises(DyntuiError) as raised:
        await attach_or_start(profile, command=(sys.executable, "-c", "pass"))

    assert raised.value.code == "SERVICE_NOT_STARTED"
    assert raised.value.exit is Exit.UNREACHABLE


async def test_a_corrupt_configuration_keeps_the_service_from_starting_and_is_left_alone(profile: Profile):
    profile.config_file.write_text('[service]\nlog_level = "loud"\n')
    with pytest.raises(DyntuiError) as raised:
        await attach_or_start(profile, command=TINY)

    assert raised.value.code == "CONFIG_UNREADABLE"
    assert "line 2" in raised.value.message
    assert profile.config_file.read_text() == '[service]\nlog_level = "loud"\n'


async def test_another_version_is_not_talked_to_except_to_stop_it(
    profile: Profile, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dyntui.service.client, "__version__", "9.9.9")
    with pytest.raises(DyntuiError) as raised:
        await attach(profile)
    assert raised.value.code == "VERSION_MISMATCH"
    assert "dyntui stop" in raised.value.remedy

    async with await attach(profile, any_version=True) as client:
        assert client.connected


async def test_something_else_on_the_socket_is_recognised(profile: Profile):
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        writer.close()

    other = await asyncio.start_unix_server(chatter, str(profile.socket))
    with pytest.raises(DyntuiError, match="NOT_A_SERVICE"):
        await attach(profile)
    other.close()


@pytest.mark.parametrize("idle_seconds", [0.2, 0.0])
async def test_a_private_service_ends_when_nobody_needs_it(profile: Profile, idle_seconds: float):
    write_config(profile, Config(service=ServiceSettings(idle_seconds=idle_seconds)))
    client = await attach_or_start(profile, command=TINY)
    process = client.greeting.process
    await client.close()

    await gone(process)
    assert not profile.socket.exists()
    assert "no client and no run" in profile.log_file.read_text()


async def test_a_private_service_that_cannot_keep_secrets_gives_way_to_one_that_may(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DYNTUI_TINY_FORGETS", "1")
    client = await attach_or_start(profile, command=TINY)
    process = client.greeting.process
    await client.close()
    await gone(process)
    monkeypatch.delenv("DYNTUI_TINY_FORGETS")
    again = await attach_or_start(profile, command=TINY)
    assert again.greeting.process != process
    await end(again)


async def test_a_long_lived_service_stays(profile: Profile):
    write_config(profile, Config(service=ServiceSettings(idle_seconds=0.05)))
    client = await attach_or_start(profile, long_lived=True, command=TINY)
    process = client.greeting.process
    await client.close()

    for _ in range(3):
        async with await attach(profile) as again:
            assert again.greeting.process == process
    last = await attach(profile)
    await end(last)


async def gone(process: int) -> None:
    """Returns when a child process has ended."""
    watch = os.pidfd_open(process)
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(watch, lambda: ended.done() or ended.set_result(None))
    await asyncio.wait_for(ended, 180)
    loop.remove_reader(watch)
    os.close(watch)


def only_service_soon(profile: Profile):
    """The profile's lock, which a service that hung up is just about to release."""
    import fcntl

    descriptor = os.open(profile.lock_file, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.close(descriptor)
    return only_service(profile)


async def test_a_private_service_gives_way_to_a_long_lived_one_and_that_to_nobody(profile: Profile):
    assert not let_private_end(profile)
    private = await attach_or_start(profile, command=TINY)
    assert await asyncio.to_thread(let_private_end, profile)
    await private.closed()
    await private.close()
    long_lived = await attach_or_start(profile, command=TINY, long_lived=True)
    assert not await asyncio.to_thread(let_private_end, profile)
    assert (await long_lived.call(HELLO, Nothing())).configured
    await end(long_lived)
