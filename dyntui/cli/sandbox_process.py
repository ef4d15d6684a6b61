"""A sandbox of our own: a child process, and its control address."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from dyntui.cli.setup_input import SandboxLine
from dyntui.model.errors import DyntuiError, Exit

# Seconds a sandbox gets to end when asked; it has nothing to lose.
_END_LIMIT = 5.0
# Seconds for one control call; the list of a million mails is the longest.
_CALL_LIMIT = 120.0


class _Announcement(msgspec.Struct, frozen=True):
    control_url: str


class Sandbox:
    """Both remote systems with `people` in a world from `seed`; ends with this process unless `stay`."""

    def __init__(self, people: int, seed: int, log: Path, *, stay: bool) -> None:
        self._people = people
        self._seed = seed
        self._log = log
        self._stay = stay

    def __enter__(self) -> Sandbox:
        arguments = [sys.executable, "-m", "dyntui.sandbox.main", "--people", str(self._people)]
        arguments += ["--seed", str(self._seed)]
        if not self._stay:
            arguments += ["--parent", str(os.getpid())]
        with self._log.open("ab") as log:
            # In a session of its own, Ctrl-C ends it when the demo has put its own things in order, not before.
            self.process = subprocess.Popen(  # noqa: S603
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        try:
            self._read_announcement()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._stay:
            self._end()

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Asks the control address (sandbox/control.py). Raises DyntuiError SANDBOX_REFUSED."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._control_url}{path}", data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_CALL_LIMIT, context=self._trust) as answer:  # noqa: S310
                return json.load(answer)
        except OSError as error:
            detail = error.read().decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
            raise DyntuiError(
                "SANDBOX_REFUSED",
                f"The sandbox did not carry out {method} {path}: {error} {detail}",
                not_done="The demo ended there.",
                remedy=f"{self._log} may tell why; start the demo again.",
                exit=Exit.UNREACHABLE,
            ) from error

    def _read_announcement(self) -> None:
        assert self.process.stdout is not None
        announced = self.process.stdout.readline()
        try:
            self.line = msgspec.json.decode(announced, type=SandboxLine)
            self._control_url = msgspec.json.decode(announced, type=_Announcement).control_url.rstrip("/")
        except msgspec.DecodeError as error:
            said = self._log.read_text(errors="replace").strip().splitlines()
            raise DyntuiError(
                "SANDBOX_NOT_STARTED",
                f"The sandbox ended before it was ready: {said[-1] if said else 'without a word'}.",
                not_done="Nothing was started.",
                remedy="`dyntui sandbox` starts it alone and in sight.",
                exit=Exit.UNREACHABLE,
            ) from error
        self._trust = ssl.create_default_context(cafile=self.line.ca_file)

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(_END_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
