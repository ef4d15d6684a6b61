from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.service.client import attach
from dyntui.service.contract.session import STOP, Nothing
from dyntui.service.lock import until_released
from dyntui.service.profile import Profile, open_profile
from tests.cli.scripted_service import ScriptedService


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DYNTUI_", "TEXTUAL", "NO_COLOR"))
    }
    return {**kept, "DYNTUI_HOME": str(tmp_path / "home")}


@pytest.fixture
def profile(environ: Mapping[str, str]) -> Iterator[Profile]:
    made = open_profile("default", environ)
    made.prepare()
    yield made
    # A service that a console started outlives it: that is the point, but not beyond the test.
    with contextlib.suppress(DyntuiError):
        asyncio.run(_end(made))
    until_released(made)


@pytest.fixture
def service(profile: Profile) -> Iterator[ScriptedService]:
    with ScriptedService(profile) as running:
        yield running


async def _end(profile: Profile) -> None:
    async with await attach(profile) as client:
        await client.call(STOP, Nothing())
        await client.closed()
