"""The demo's processes and files: all of them go, whichever way it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dyntui.cli import demo
from dyntui.cli.plain_dialogue import Dialogue
from dyntui.cli.sandbox_process import Sandbox
from dyntui.cli.throw_away import ending_in_order, throw_away_profile
from dyntui.model.errors import DyntuiError
from dyntui.service.handing_over import PASSPHRASE
from dyntui.service.profile import Profile, open_profile
from tests.thorough import but

TINY = Path(__file__).parents[1] / "service" / "transport" / "tiny_service.py"

# What the demo does, with a tiny service and without remote systems: start, then wait.
WAITING = f"""
import asyncio, sys, time
from dyntui.cli.throw_away import ending_in_order, service_ended_after, throw_away_profile
from dyntui.service.starting import attach_or_start

async def start(profile):
    async with await attach_or_start(profile, command=(sys.executable, {str(TINY)!r})) as client:
        print(profile.data.parents[1], client.greeting.process, flush=True)

with ending_in_order(), throw_away_profile(keep=False) as profile, service_ended_after(profile, keep=False):
    asyncio.run(start(profile))
    sys.stdin.read()
"""


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


HANG_UP = (signal.SIGHUP, 129)


@pytest.mark.parametrize(
    ("number", "code"),
    but(
        [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, -signal.SIGINT), (None, 0)], (signal.SIGHUP, 129)
    ),
)
def test_profile_and_service_are_gone_after_the_end(
    number: signal.Signals | None, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    demo = subprocess.Popen(
        [sys.executable, "-c", WAITING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    home, service = demo.stdout.readline().split()
    assert Path(home).is_dir()
    assert is_alive(int(service))
    if number:
        demo.send_signal(number)
    _, _ = demo.communicate(timeout=180)

    assert demo.returncode == code
    assert not Path(home).exists()
    assert not is_alive(int(service))
    assert list(tmp_path.iterdir()) == []


def test_the_passphrase_is_in_the_environment_alone_and_only_for_the_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(PASSPHRASE, raising=False)
    with ending_in_order(), throw_away_profile(keep=False) as profile:
        passphrase = os.environ[PASSPHRASE]
        assert len(passphrase) >= 24
        written = [file for file in profile.data.parents[1].rglob("*") if file.is_file()]
        assert [file for file in written if passphrase.encode() in file.read_bytes()] == []

    assert PASSPHRASE not in os.environ


def test_a_sandbox_is_ready_when_it_announces_itself_and_gone_afterwards(tmp_path: Path):
    with Sandbox(50, 1, tmp_path / "sandbox.log", stay=False) as sandbox:
        assert sandbox.line.dataverse_url.startswith("https://localhost:")
        assert sandbox.control("GET", "/mailed") is not None
        before = sandbox.control("GET", "/clock")["offset_seconds"]
        sandbox.control("POST", "/clock", {"advance_seconds": 3600})
        assert sandbox.control("GET", "/clock")["offset_seconds"] - before == pytest.approx(3600, abs=1)
        with pytest.raises(DyntuiError, match="no device code"):
            sandbox.control("POST", "/device", {"user_code": "nothing", "as": "manager"})

    assert sandbox.process.returncode is not None


def test_a_sandbox_that_does_not_start_is_told_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(DyntuiError, match="SANDBOX_NOT_STARTED"), Sandbox(50, 1, tmp_path / "log", stay=False):
        pass


def test_somebody_is_attached_to_the_service_as_long_as_a_dialogue_of_lines_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo's service ends with its last client, and each command of the dialogue is a client of its own."""
    attached: list[str] = []

    @contextlib.asynccontextmanager
    async def client() -> AsyncIterator[None]:
        attached.append("there")
        yield
        attached.append("gone")

    async def attach(profile: Profile, *, long_lived: bool) -> contextlib.AbstractAsyncContextManager[None]:
        assert long_lived
        return client()

    def hold(dialogue: Dialogue) -> int:
        assert attached == ["there"] and "The demo ends with it" in dialogue._farewell
        return 7

    monkeypatch.setattr(demo, "attach_or_start", attach)
    monkeypatch.setattr(Dialogue, "hold", hold)
    monkeypatch.setenv("DYNTUI_HOME", str(tmp_path))
    assert demo._hold_dialogue(open_profile("demo"), keep=False) == 7
    assert attached == ["there", "gone"]
