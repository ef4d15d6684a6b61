"""At most one service for a profile: a file lock that the kernel releases when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.profile import Profile

_PRIVATE = " private"


@contextlib.contextmanager
def only_service(profile: Profile, *, private: bool = False) -> Iterator[None]:
    """Holds the profile's lock. Raises DyntuiError LOCKED, which names the process that holds it.

    The file says who holds it, of a private service that it is one - it gives way to a long-lived one -, and in its
    second line where the service listens.

    The file stays behind: removing it would let two services hold locks on two files of one name.
    """
    descriptor = os.open(profile.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            process = next(iter(os.pread(descriptor, 64, 0).decode(errors="replace").split()), "unknown")
            raise DyntuiError(
                "LOCKED",
                f"A service is already running for the profile {profile.name}: process {process}.",
                not_done="No second service was started.",
                remedy="Use the running one, stop it with `dyntui stop`, or choose another profile with --profile.",
                exit=Exit.LOCKED,
            ) from error
        os.ftruncate(descriptor, 0)
        written = f"{os.getpid()}{_PRIVATE if private else ''}\n".encode() + os.fsencode(profile.socket) + b"\n"
        os.pwrite(descriptor, written, 0)
        yield
    finally:
        os.close(descriptor)


def holder(profile: Profile) -> int | None:
    """The process that last held the profile's lock, as it wrote itself."""
    try:
        return int(profile.lock_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def socket_of_holder(profile: Profile) -> Path | None:
    """Where the service that last held the lock listens, or did: another place than the one that this process would
    choose, where the two were started in different sessions (one of them without `XDG_RUNTIME_DIR`)."""
    try:
        lines = profile.lock_file.read_bytes().splitlines()
    except OSError:
        return None
    return Path(os.fsdecode(lines[1])) if len(lines) > 1 else None


def let_private_end(profile: Profile) -> bool:
    """Ends the profile's service if it is a private one, so that a long-lived one takes its place; its runs go on
    there. Whether one was ended. Raises DyntuiError LOCKED when it does not end in time."""
    try:
        private = profile.lock_file.read_text().partition("\n")[0].endswith(_PRIVATE)
        with only_service(profile):
            return False
    except FileNotFoundError:
        return False
    except DyntuiError:
        process = holder(profile)
        if not private or process is None:
            return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    until_released(profile)
    return True


def until_released(profile: Profile, limit: float = 15.0) -> None:
    """Waits until no service holds the profile any more, at most `limit` seconds. Raises DyntuiError LOCKED."""
    until = time.monotonic() + limit
    while True:
        try:
            with only_service(profile):
                return
        except DyntuiError:
            if time.monotonic() > until:
                raise
        time.sleep(0.02)
