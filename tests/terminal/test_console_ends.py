"""However the console ends, the terminal is as it was and the service goes on."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dyntui.service.client import attach
from dyntui.service.contract.session import HELLO, Nothing
from dyntui.service.profile import Profile
from tests.terminal.terminal import Terminal

CONSOLE = (sys.executable, str(Path(__file__).with_name("console_with_own_service.py")))


@pytest.fixture
def console(profile: Profile, environ: Mapping[str, str]) -> Iterator[Terminal]:
    with Terminal(CONSOLE, environ) as terminal:
        terminal.until("Sign in to Dynamics 365")
        yield terminal


def service_answers(profile: Profile) -> bool:
    async def ask() -> bool:
        async with await attach(profile) as client:
            return (await client.call(HELLO, Nothing())).configured

    return asyncio.run(ask())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_the_service_goes_on(
    console: Terminal, profile: Profile, number: signal.Signals
):
    assert "1049" in console.left_on
    console.signal(number)

    assert console.ended() == 128 + number
    assert console.left_on == []
    assert not console.cursor_hidden
    assert console.after == console.before
    assert service_answers(profile)


def test_a_closed_terminal_ends_the_console_and_the_service_goes_on(console: Terminal, profile: Profile):
    console.close()

    assert console.ended() == 128 + signal.SIGHUP
    assert service_answers(profile)


def test_leaving_restores_the_terminal_and_the_service_goes_on(console: Terminal, profile: Profile):
    console.type("\x11")
    console.until("Quit dyntui?")
    console.type("\x1b[C\r")

    assert console.ended() == 0
    assert console.left_on == []
    assert not console.cursor_hidden
    assert console.after == console.before
    assert service_answers(profile)


def test_the_console_follows_the_size_of_its_terminal(profile: Profile, environ: Mapping[str, str]):
    with Terminal(CONSOLE, environ, columns=200, lines=60) as wide:
        wide.until("Sign in to Dynamics 365")
        wide.signal(signal.SIGTERM)
        assert wide.ended() == 143
