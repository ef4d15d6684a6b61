from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import dyntui
from dyntui.service.client import ServiceClient, attach
from dyntui.service.profile import Profile, open_profile
from dyntui.service.server import Server
from tests.service.transport.tiny_service import TinyAssembly


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    monkeypatch.setenv("DYNTUI_HOME", str(tmp_path / "home"))
    made = open_profile("tiny")
    made.prepare()
    return made


@pytest.fixture
def assembly() -> TinyAssembly:
    return TinyAssembly()


@pytest.fixture
async def server(profile: Profile, assembly: TinyAssembly) -> AsyncIterator[Server]:
    made = Server(
        profile.socket, version=dyntui.__version__, handlers=assembly.handlers, abilities_of=assembly.abilities_of
    )
    await made.open()
    yield made
    await made.close(1.0)


@pytest.fixture
async def client(profile: Profile, server: Server) -> AsyncIterator[ServiceClient]:
    async with await attach(profile) as attached:
        yield attached
