"""A sandbox in a process of its own, for tests that speak HTTPS to it.

    sandbox = SandboxProcess.start(people=200)      # also seed=, arguments=["--limits", "flat"]
    sandbox.info["dataverse_url"]                   # the line that the sandbox prints when it is ready, as a dict
    Waits(sandbox).sleep                            # for clients: waiting lets the sandbox's clock go on
    sandbox.stop()

Everything else is in `SandboxControls`. It ends with this process at the latest. A fixture is one line of a conftest:

    @pytest.fixture(scope="session")
    def sandbox() -> Iterator[SandboxProcess]:
        with SandboxProcess.start(people=200) as sandbox:
            yield sandbox
"""

from __future__ import annotations

import json
import os
import selectors
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import httpx

from tests.sandbox_controls import SandboxControls

_READY_SECONDS = 60
_STOP_SECONDS = 10


class SandboxProcess(SandboxControls):
    """A running sandbox; `info` is its announcement."""

    def __init__(self, process: subprocess.Popen[bytes], info: dict[str, Any], errors: IO[bytes]) -> None:
        self.process = process
        self._errors = errors
        trusted = ssl.create_default_context(cafile=info["ca_file"])
        super().__init__(info, httpx.Client(base_url=info["control_url"], verify=trusted, timeout=60, trust_env=False))

    @classmethod
    def start(cls, *, people: int = 200, seed: int = 1, arguments: Sequence[str] = ()) -> SandboxProcess:
        """Start a sandbox and wait until it is ready. RuntimeError with what it said when it does not come up."""
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        command = [sys.executable, "-m", "dyntui.sandbox.main", "--people", str(people), "--seed", str(seed)]
        command += ["--parent", str(os.getpid()), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL)
        line = _first_line(process)
        if not line:
            process.kill()
            process.wait()
            errors.seek(0)
            raise RuntimeError(f"the sandbox did not come up: {errors.read().decode('utf-8', 'replace')[-4000:]}")
        return cls(process, json.loads(line), errors)

    @property
    def ca_file(self) -> Path:
        return Path(self.info["ca_file"])

    def stop(self) -> None:
        """End it; killed when it does not go by itself."""
        self.control.close()
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()

    def __enter__(self) -> SandboxProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class Waits:
    """Waiting lets the sandbox's clock go on instead of the test's."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        self.sandbox.advance(seconds)


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if waiting.select(_READY_SECONDS) else b""
