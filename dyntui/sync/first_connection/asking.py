"""Asks all probes of one system side by side; one that is refused costs its own answer alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from dyntui.model.errors import DyntuiError
from dyntui.model.first_connection import Holds, Seen
from dyntui.remote.errors import RemoteError

Probe = Callable[[], Awaitable[Seen]]

# Beside what runs ask of the system.
_AT_A_TIME: Final = 4
_SECONDS: Final = 120.0


def yes(text: str) -> Seen:
    """It is as assumed."""
    return Seen(Holds.YES, text)


def no(text: str) -> Seen:
    """It is otherwise."""
    return Seen(Holds.NO, text)


def unknown(text: str) -> Seen:
    """Nothing was there that tells."""
    return Seen(Holds.UNKNOWN, text)


def told(holds: bool, text: str) -> Seen:
    """As assumed, or otherwise."""
    return yes(text) if holds else no(text)


async def ask_all(probes: Mapping[str, Probe]) -> dict[str, Seen]:
    """The answers by the assumptions' ids."""
    turns = asyncio.Semaphore(_AT_A_TIME)

    async def ask(probe: Probe) -> Seen:
        async with turns:
            try:
                return await asyncio.wait_for(probe(), _SECONDS)
            except TimeoutError:
                return unknown(f"no answer within {_SECONDS:g} seconds")
            except DyntuiError as error:
                return unknown(_refused(error))

    async with asyncio.TaskGroup() as asking:
        tasks = {name: asking.create_task(ask(probe)) for name, probe in probes.items()}
    return {name: task.result() for name, task in tasks.items()}


def _refused(error: DyntuiError) -> str:
    """By its code and the server's alone: a message may repeat what was asked for."""
    status = f", HTTP {error.status}" if isinstance(error, RemoteError) and error.status else ""
    return f"the call was refused: {error.code}{status}"
