"""The sandbox for the tests of this folder that speak HTTPS, and connections to it whose waits are its clock's."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator

import pytest

from dyntui.dotdigital.account import connect
from dyntui.dotdigital.http import Dotdigital
from tests.sandbox_process import SandboxProcess, Waits


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess.start(people=200) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def waits(sandbox: SandboxProcess) -> Waits:
    return Waits(sandbox)


@pytest.fixture
async def dd(sandbox: SandboxProcess, waits: Waits) -> AsyncIterator[Dotdigital]:
    info = sandbox.info
    async with await connect(
        info["dotdigital_url"],
        info["api_user"],
        info["api_password"],
        ca_file=sandbox.ca_file,
        sleep=waits.sleep,
        clock=waits.clock,
    ) as connection:
        yield connection


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses, short enough for an address."""
    whole = str(request.node.name)
    return f"{whole[5:30].strip('_').lower()}-{zlib.crc32(whole.encode()):08x}".replace("[", "-")
