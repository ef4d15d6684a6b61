from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dyntui.cli.lazy import NAMED_PROFILE
from dyntui.cli.main import run
from dyntui.service.profile import Profile, open_profile
from tests.cli.scripted_service import ScriptedService


@pytest.fixture(autouse=True)
def _as_in_a_process_of_its_own() -> Iterator[None]:
    """What a command line named before, in this process, is over; the umask of a service or a worker that it became
    ends with it."""
    NAMED_PROFILE.set("")
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    monkeypatch.setenv("DYNTUI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DYNTUI_PROFILE", raising=False)
    made = open_profile()
    made.prepare()
    return made


@pytest.fixture
def service(profile: Profile) -> Iterator[ScriptedService]:
    with ScriptedService(profile) as running:
        yield running


class Done:
    """What a command line came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


@pytest.fixture
def dyntui(profile: Profile, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs a command line in this process."""

    def command_line(*arguments: str) -> Done:
        code = run(arguments)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return command_line
