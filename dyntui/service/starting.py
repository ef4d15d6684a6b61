"""Attach to the profile's service, or start a private one that outlives this terminal."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.client import ServiceClient, attach
from dyntui.service.handing_over import hand_over, parted
from dyntui.service.lock import holder
from dyntui.service.profile import Profile
from dyntui.service.protocol import as_error
from dyntui.service.redaction import redact

# A first start creates the store and imports the engine: seconds, and many of them on a busy machine.
START_LIMIT = 60.0

SERVICE = (sys.executable, "-m", "dyntui.service.main")


async def attach_or_start(
    profile: Profile, *, long_lived: bool = False, command: Sequence[str] = SERVICE, limit: float = START_LIMIT
) -> ServiceClient:
    """A client of the running service, or of one that is started for it.

    Raises DyntuiError: what kept the service from starting (CONFIG_UNREADABLE, STORE_..., as the service says it),
    SERVICE_NOT_STARTED when it ended without a word or took longer than `limit` seconds, VERSION_MISMATCH.
    """
    until = time.monotonic() + limit
    pause = 0.02
    while True:
        try:
            return await attach(profile)
        except DyntuiError as error:
            if error.code != "SERVICE_NOT_RUNNING":
                raise
        # After a start that took long, it is looked for once more before that is given up.
        left = until - time.monotonic()
        if left < 0:
            held = f"process {holder(profile)} holds the profile, and does not listen at {profile.socket}"
            raise _not_started(profile, held)
        # Another client may be starting a service at the same moment, or one may just be ending: who holds the lock is
        # then not ready yet, or no longer, and a little later it is either attached to or replaced.
        if not await _start(profile, long_lived, command, left):
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.5)


async def _start(profile: Profile, long_lived: bool, command: Sequence[str], limit: float) -> bool:
    """Starts a service and awaits its readiness. False when another one holds the profile's lock."""
    profile.prepare()
    process, pipe = _spawn(profile, long_lived, command)
    with pipe:
        try:
            line = await asyncio.wait_for(_first_line(pipe), limit)
        except TimeoutError as error:
            process.terminate()
            raise _not_started(profile, "it was not ready in time") from error
    return _ready(profile, line, process)


def _spawn(profile: Profile, long_lived: bool, command: Sequence[str]) -> tuple[subprocess.Popen[bytes], BinaryIO]:
    """The service's process, in a session of its own so that no signal of this terminal reaches it, and the pipe on
    which it will tell of its readiness."""
    environment, secrets = parted(os.environ)
    if home := environment.get("DYNTUI_HOME"):
        # The service works in another directory.
        environment["DYNTUI_HOME"] = str(Path(home).expanduser().absolute())
    read_end, write_end = os.pipe()
    arguments = [*command, "--profile", profile.name, "--ready-fd", str(write_end)]
    if not long_lived:
        arguments.append("--private")
    pipe = os.fdopen(read_end, "rb")
    passed = [write_end]
    hand = None
    if secrets:
        take, hand = os.pipe()
        arguments += ["--secrets-fd", str(take)]
        passed.append(take)
    try:
        log = os.open(profile.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            process = subprocess.Popen(  # noqa: S603
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd="/",
                env=environment,
                start_new_session=True,
                pass_fds=passed,
            )
        finally:
            os.close(log)
    except BaseException:
        pipe.close()
        if hand is not None:
            os.close(hand)
        raise
    finally:
        for each in passed:
            os.close(each)
    if hand is not None:
        hand_over(hand, secrets)
    return process, pipe


async def _first_line(pipe: BinaryIO) -> bytes:
    """What arrives until the other end closes the pipe, without blocking anybody else."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        return await reader.readline()
    finally:
        transport.close()


def _ready(profile: Profile, line: bytes, process: subprocess.Popen[bytes]) -> bool:
    from dyntui.service.process import Ready

    try:
        ready = msgspec.json.decode(line, type=Ready)
    except msgspec.DecodeError as error:
        raise _not_started(profile, f"process {process.pid} ended with {_last_words(profile)!r}") from error
    if ready.error is None:
        return True
    if ready.error.code == "LOCKED":
        return False
    raise as_error(ready.error)


def _last_words(profile: Profile) -> str:
    """The last line of the log, where a process writes that died of something unforeseen."""
    lines = profile.log_file.read_text(encoding="utf-8", errors="replace").split("\n")
    return redact(next((line for line in reversed(lines) if line.strip()), "no word"))


def _not_started(profile: Profile, why: str) -> DyntuiError:
    return DyntuiError(
        "SERVICE_NOT_STARTED",
        f"The service of the profile {profile.name} did not start: {why}.",
        not_done="Nothing was asked.",
        remedy=f"The end of {profile.log_file} tells why; `dyntui serve` starts it in sight.",
        exit=Exit.UNREACHABLE,
    )
