"""At most one service for a store that is a file, which two profiles may name: a file lock beside it that the kernel
releases when its holder dies. Stores on a server have leases (`dyntui.sync.worker_lease`).

It is not SQLite's own file that is locked: whoever closes that ends SQLite's locks on it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from dyntui.model.errors import DyntuiError, Exit
from dyntui.store import dialects


@contextlib.contextmanager
def only_service_of(url: str) -> Iterator[None]:
    """Holds the store at `url`, where it is a file. Raises DyntuiError STORE_SERVED, which names the process that holds
    it; STORE_ADDRESS.

    The lock's file stays behind: removing it would let two services hold locks on two files of one name.
    """
    where = dialects.place(url) if dialects.is_file(url) else ""
    descriptor = _beside(where) if where else None
    if descriptor is None:
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            by = os.pread(descriptor, 64, 0).decode(errors="replace").strip() or "unknown"
            raise DyntuiError(
                "STORE_SERVED",
                f"The store at {where} has a service already, that of another profile: process {by}.",
                not_done="No second one was started, and the store is as it was.",
                remedy="Use that one, or stop it first. A profile without `[store] url` has a store of its own.",
                exit=Exit.LOCKED,
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _beside(where: str) -> int | None:
    file = Path(where).resolve()
    try:
        return os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        # Nobody can make a file there: what is wrong with the place is said when the store is opened.
        return None
