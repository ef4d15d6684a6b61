"""A service that is there and says nothing is named, with what can be done about it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from dyntui.cli.main import run
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.client import attach
from dyntui.service.contract.session import STOP, Nothing
from dyntui.service.lock import holder, until_released
from dyntui.service.profile import Profile
from dyntui.service.starting import attach_or_start

COMMAND = (sys.executable, str(Path(__file__).with_name("tiny_service.py")))


async def test_a_stopped_service_is_named_and_let_go_on_it_answers(profile: Profile):
    async with await attach_or_start(profile, command=COMMAND):
        pass
    process = holder(profile)
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(DyntuiError, match="SERVICE_SILENT") as raised:
            await attach(profile, patience=0.3)
        assert f"kill -CONT {process}" in raised.value.remedy
        assert raised.value.exit is Exit.UNREACHABLE
    finally:
        os.kill(process, signal.SIGCONT)
    async with await attach(profile):
        pass
    os.kill(process, signal.SIGTERM)


@pytest.mark.parametrize("greets", [False, True])
def test_status_ends_within_three_seconds_whatever_the_service_does(
    greets: bool, profile: Profile, capsys: pytest.CaptureFixture[str]
):
    """A socket that accepts and says nothing, and one that greets and then says nothing."""
    code, took = asyncio.run(_status_of_a_mute(profile, greets=greets))
    assert (code, took < 3.5) == (int(Exit.UNREACHABLE), True)
    assert "SERVICE_SILENT" in capsys.readouterr().err


async def _status_of_a_mute(profile: Profile, *, greets: bool) -> tuple[int, float]:
    from dyntui import __version__
    from dyntui.service.protocol import GREETING, Greeting, notification_line

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greets:
            writer.write(notification_line(GREETING, Greeting(__version__, os.getpid())))
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(mute, str(profile.socket))
    began = time.monotonic()
    code = await asyncio.to_thread(run, ["--profile", profile.name, "status"])
    took = time.monotonic() - began
    server.close()
    return code, took


async def test_a_call_that_blocks_on_a_silent_system_keeps_no_service_from_ending(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TINY_BLOCKED", "1")
    async with await attach_or_start(profile, command=COMMAND) as client:
        process = client.greeting.process
        began = time.monotonic()
        await client.call(STOP, Nothing())
        await client.closed()
    until_released(profile)
    async with asyncio.timeout(180):
        while _runs(process):  # noqa: ASYNC110 - another process ends
            await asyncio.sleep(0.02)
    assert time.monotonic() - began < 15


def _runs(process: int) -> bool:
    """A process that has ended stays in the table until its parent, this one, asks for it."""
    return os.waitpid(process, os.WNOHANG) == (0, 0)
