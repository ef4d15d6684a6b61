"""From a command to the service: attach, ask, come back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec

from dyntui.cli.lazy import Choices
from dyntui.cli.output import say
from dyntui.service.client import ServiceClient, attach, silent
from dyntui.service.contract.calls import Call
from dyntui.service.profile import open_profile
from dyntui.service.starting import attach_or_start

R = TypeVar("R")
Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)


def with_service(chosen: Choices, work: Callable[[ServiceClient], Awaitable[R]]) -> R:
    """What `work` returns for a client of the profile's service, which is started where it does not run yet. Whoever
    presses Ctrl-C while something is being changed is told that this goes on."""
    clients: list[ServiceClient] = []

    async def attached() -> R:
        async with await attach_or_start(open_profile(chosen.profile)) as client:
            clients.append(client)
            client.late = _say_late
            client.account = chosen.account
            return await work(client)

    try:
        return asyncio.run(attached())
    except KeyboardInterrupt:
        if any(client.left_a_change for client in clients):
            say("The service had been asked already, and may carry it out all the same: look before you ask again.")
        raise


def _say_late() -> None:
    if sys.stderr.isatty():
        # In place of a line that tells of progress.
        click.echo("\r\x1b[K", nl=False, err=True)
    say("No answer yet: Dynamics or dotdigital is slow, at its limit or away. Ctrl+C stops waiting;")
    say("`dyntui status` tells which.")


def with_running_service(
    chosen: Choices,
    work: Callable[[ServiceClient], Awaitable[R]],
    *,
    any_version: bool = False,
    limit: float | None = None,
) -> R:
    """The same for a service that runs. Raises DyntuiError SERVICE_NOT_RUNNING, and SERVICE_SILENT when all of it takes
    longer than `limit` seconds."""
    profile = open_profile(chosen.profile)

    async def attached() -> R:
        async with await attach(profile, any_version=any_version) as client:
            return await work(client)

    async def in_time() -> R:
        try:
            return await asyncio.wait_for(attached(), limit)
        except TimeoutError as error:
            raise silent(profile, limit or 0.0) from error

    return asyncio.run(in_time())


def ask(chosen: Choices, method: Call[Q, A], request: Q) -> A:
    """One call and its answer."""
    return with_service(chosen, lambda client: client.call(method, request))
