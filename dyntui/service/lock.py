"""At most one service for a profile: a file lock that the kernel releases when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.profile import Profile


@contextlib.contextmanager
def only_service(profile: Profile) -> Iterator[None]:
    """Holds the profile's lock. Raises DyntuiError LOCKED, which names the process that holds it.

    The file stays behind: removing it would let two services hold locks on two files of one name.
    """
    descriptor = os.open(profile.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            process = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise DyntuiError(
                "LOCKED",
                f"A service is already running for the profile {profile.name}: process {process}.",
                not_done="No second service was started.",
                remedy="Use the running one, stop it with `dyntui stop`, or choose another profile with --profile.",
                exit=Exit.LOCKED,
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(profile: Profile) -> int | None:
    """The process that last held the profile's lock, as it wrote itself."""
    try:
        return int(profile.lock_file.read_text())
    except (OSError, ValueError):
        return None


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
