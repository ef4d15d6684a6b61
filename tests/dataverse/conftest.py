"""The sandbox for the tests of this folder that speak HTTPS, and connections to it whose waits are its clock's."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator

import pytest

from dyntui.dataverse.credentials import ClientSecret
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.sign_in import SignIn
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


def secret_of(sandbox: SandboxProcess) -> ClientSecret:
    info = sandbox.info
    return ClientSecret(info["tenant"], info["client_id"], info["client_secret"], info["authority"])


@pytest.fixture
def sign_in(sandbox: SandboxProcess) -> SignIn:
    return SignIn(secret_of(sandbox), sandbox.info["dataverse_url"], ca_file=sandbox.ca_file)


@pytest.fixture
async def dv(sandbox: SandboxProcess, sign_in: SignIn, waits: Waits) -> AsyncIterator[Dataverse]:
    async with Dataverse(
        sandbox.info["dataverse_url"], sign_in, ca_file=sandbox.ca_file, sleep=waits.sleep, clock=waits.clock
    ) as connection:
        yield connection


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses, short enough for a person's last name (50 characters)."""
    whole = str(request.node.name)
    return f"{whole[5:40]} {zlib.crc32(whole.encode()):08x}"
