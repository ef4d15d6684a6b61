"""A throw-away profile for the demo: directories, secrets and processes that leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import select
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from dyntui.model.errors import DyntuiError
from dyntui.service.client import attach
from dyntui.service.contract.session import STOP, Nothing
from dyntui.service.handing_over import PASSPHRASE
from dyntui.service.lock import holder, until_released
from dyntui.service.profile import Profile, open_profile
from dyntui.service.secret_store import CHOICE

# Tells the service that its profile is a demo's, and that nobody keeps it.
DEMO = "DYNTUI_DEMO"
PASSING = "passing"

# Seconds a service gets to end after it has been asked to.
_END_LIMIT = 15.0

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise SystemExit(128 + n), so that everything is put away; once that has begun,
    further ones and Ctrl-C do not interrupt it."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        put_away_undisturbed()
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def put_away_undisturbed() -> None:
    """From here on no signal that a person or a closing terminal sends interrupts."""
    for number in (*_SIGNALS, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def throw_away_profile(*, keep: bool) -> Iterator[Profile]:
    """A profile in a directory of its own, which is removed at the end unless `keep`.

    This process and its children find it by the environment. The passphrase that protects the demo's secrets exists
    there alone: never on disk, never in an argument.
    """
    home = Path(tempfile.mkdtemp(prefix="dyntui-demo-"))
    wanted = {
        "DYNTUI_HOME": str(home),
        PASSPHRASE: secrets.token_urlsafe(24),
        CHOICE: "file",
        DEMO: "kept" if keep else PASSING,
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    profile = open_profile("demo")
    try:
        profile.prepare()
        yield profile
    finally:
        put_away_undisturbed()
        if not keep:
            shutil.rmtree(home, ignore_errors=True)
            shutil.rmtree(profile.runtime, ignore_errors=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def keep_log(profile: Profile) -> Path | None:
    """Puts the service's log beside the throw-away directory, for its owner alone; None where there is none."""
    try:
        content = profile.log_file.read_bytes()
    except OSError:
        return None
    descriptor, kept = tempfile.mkstemp(prefix="dyntui-demo-", suffix=".log")
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    return Path(kept)


@contextlib.contextmanager
def service_ended_after(profile: Profile, *, keep: bool) -> Iterator[None]:
    """Ends the profile's service after the block, unless `keep`."""
    try:
        yield
    finally:
        put_away_undisturbed()
        if not keep:
            end_service(profile)


def end_service(profile: Profile) -> None:
    """Ends the profile's service, if one runs, and waits until its process is gone: in order, or when it does not, by
    force."""
    with contextlib.suppress(DyntuiError, ProcessLookupError):
        asyncio.run(_end_in_order(profile))
    try:
        until_released(profile)
    except DyntuiError:
        if process := holder(profile):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


async def _end_in_order(profile: Profile) -> None:
    async with await attach(profile, any_version=True) as client:
        process = os.pidfd_open(client.greeting.process)
        try:
            await client.call(STOP, Nothing())
            await client.closed()
            # A process that has let go of everything still takes a moment to end.
            await asyncio.to_thread(select.select, [process], [], [], _END_LIMIT)
        finally:
            os.close(process)
