"""The service as a process: lock, log, signals, readiness and its end. What it serves comes from an assembly."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import signal
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from dyntui import __version__
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability
from dyntui.remote.threads import Unwaited
from dyntui.service import memory, readiness
from dyntui.service.config import read_config
from dyntui.service.connection import Handlers
from dyntui.service.contract.session import STOP, Nothing
from dyntui.service.descriptors import clients_at_most, say_once_when_they_run_out
from dyntui.service.idle import IdleTimer
from dyntui.service.lock import only_service
from dyntui.service.logfile import log_to
from dyntui.service.permission import CallContext
from dyntui.service.profile import Profile
from dyntui.service.protocol import ErrorData
from dyntui.service.server import Server
from dyntui.service.stopping import require_right_to_stop

# A throw-away profile says so itself, for the console's first-steps card.
DEMO = "DYNTUI_DEMO"
# A demo that nobody keeps: its service starts what a long-lived one starts, and ends where its demo was killed.
PASSING = "passing"
# Seconds that requests under way get to finish when the service ends.
GRACE = 10.0
# Seconds after which a private service ends that cannot keep secrets.
_IDLE_WITHOUT_KEYRING = 0.5
# Seconds that whoever has started a private service gets to come to it, however soon it is to end after them.
_FIRST_CLIENT = 10.0

log = logging.getLogger(__name__)


class Publish(Protocol):
    """Sends an event to every client, from any thread. Of those with one name and key a slow client gets the newest."""

    def __call__(self, name: str, params: msgspec.Struct, *, key: str = "") -> None: ...


class Assembly(Protocol):
    """What a service serves. `handlers` are complete once it has started."""

    handlers: Handlers

    async def abilities_of(self, uid: int, *, soon: bool) -> frozenset[Ability] | None: ...

    async def start(self, publish: Publish) -> None:
        """Opens what the handlers need and resumes runs; raises DyntuiError when it cannot."""
        ...

    async def stop(self) -> None:
        """Leaves runs where they can be resumed and closes everything. Called once, after a start that succeeded."""
        ...

    async def active_runs(self) -> int:
        """Runs that are queued or in process: a private service does not end on them."""
        ...

    def keeps_secrets(self) -> bool:
        """Whether it has a place for secrets. A private service without one ends with its last client, so that the
        next command starts one that knows the environment of that moment."""
        ...


class Ready(msgspec.Struct, frozen=True):
    """What a starting service tells its starter, as one line of JSON on the pipe handed to it: its process id, or what
    kept it from starting."""

    process: int = 0
    error: ErrorData | None = None


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """How a service lives: a `long_lived` one until it is told to end, a private one while it is of use. `ready` is the
    descriptor of the starter's pipe, `terminal` whether a person looks on."""

    long_lived: bool
    ready: int | None = None
    terminal: bool = False


Build = Callable[[Profile, bool], Assembly]


def run_service(profile: Profile, build: Build, life: Life) -> int:
    """Runs the profile's service until it ends; its exit code. `build(profile, long_lived)` makes the assembly.

    Without a starter that waits on `life.ready`, what keeps it from starting is raised as DyntuiError.
    """
    # Whoever starts a service reads `Ready` here, and needs no database for it.
    from dyntui.service.store_lock import only_service_of

    os.umask(0o077)
    # A core dump holds every secret of the process.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory.keep_little()
    try:
        profile.prepare()
        with only_service(profile, private=not life.long_lived):
            config = read_config(profile)
            log_to(profile.log_file, config.service.log_level, terminal=life.terminal)
            try:
                stays = life.long_lived and os.environ.get(DEMO) != PASSING
                with only_service_of(config.store.url or profile.store_url):
                    asyncio.run(_serve(profile, build, life, None if stays else config.service.idle_seconds))
            except DyntuiError as error:
                log.error("ended by %s %s", error, error.detail)
                raise
            except Exception as error:  # the process boundary: the log has it in full, the starter a reference
                log.exception("ended unexpectedly")
                raise _broken(profile) from error
    except OSError as error:
        # Of the lock or the log: what befalls the service itself was caught above.
        return _not_begun(life, _unwritable(profile, error))
    except DyntuiError as error:
        return _not_begun(life, error)
    return int(Exit.DONE)


def _not_begun(life: Life, error: DyntuiError) -> int:
    """Tells the starter, and is the exit code; without one that waits raises the error."""
    if life.ready is None:
        raise error
    _tell(life, Ready(error=ErrorData(error.code, error.message, error.not_done, error.remedy, int(error.exit))))
    return int(error.exit)


async def _serve(profile: Profile, build: Build, life: Life, idle_seconds: float | None) -> None:
    ending = asyncio.Event()
    end_on_signals(ending)

    async def stop(context: CallContext, _request: Nothing) -> Nothing:
        # A throw-away profile is its maker's, whichever part they play in it.
        await require_right_to_stop(context, stays=life.long_lived and not os.environ.get(DEMO))
        ending.set()
        return Nothing()

    assembly = build(profile, life.long_lived)
    handlers: Handlers = {STOP.name: stop}
    asyncio.get_running_loop().set_default_executor(Unwaited())
    say_once_when_they_run_out(asyncio.get_running_loop())
    server = Server(
        profile.socket,
        version=__version__,
        handlers=handlers,
        abilities_of=assembly.abilities_of,
        most_clients=clients_at_most(),
        shared=profile.shared,
    )
    await assembly.start(server.publish)
    try:
        handlers.update(assembly.handlers)
        await server.open()
        log.info("version %s, process %d, listens on %s", __version__, os.getpid(), profile.socket)
        _tell(life, Ready(process=os.getpid()))
        readiness.tell(readiness.READY)
        if idle_seconds is not None and not assembly.keeps_secrets():
            idle_seconds = min(idle_seconds, _IDLE_WITHOUT_KEYRING)
        await _until_ended(assembly, server, idle_seconds, ending)
    finally:
        readiness.tell(readiness.STOPPING)
        await server.close(GRACE)
        await assembly.stop()
    log.info("ended")


async def _until_ended(assembly: Assembly, server: Server, idle: float | None, ending: asyncio.Event) -> None:
    """Until somebody ends the service, or it is private and of no use any more."""
    waiting: set[asyncio.Task[object]] = {
        asyncio.create_task(ending.wait()),
        asyncio.create_task(server.stay_reachable()),
    }
    if idle is not None:
        waiting.add(asyncio.create_task(_until_idle(assembly, server, idle)))
    done, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    for task in done:
        task.result()


async def _until_idle(assembly: Assembly, server: Server, seconds: float) -> None:
    started = time.monotonic()
    timer = IdleTimer(seconds, started)
    while True:
        await asyncio.sleep(min(max(seconds / 4, 0.05), 5.0))
        runs = 0 if server.clients else await assembly.active_runs()
        over = timer.over(time.monotonic(), clients=server.clients, runs=runs)
        if over and (server.served or time.monotonic() - started >= _FIRST_CLIENT):
            log.info("no client and no run for %g s", seconds)
            return


def end_on_signals(ending: asyncio.Event) -> None:
    """The first SIGTERM, SIGINT or SIGHUP ends the service gracefully, a second one at once."""

    def on_signal(number: int) -> None:
        if ending.is_set():
            os._exit(128 + number)
        log.info("%s received", signal.Signals(number).name)
        ending.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal, number)


def _unwritable(profile: Profile, error: OSError) -> DyntuiError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return DyntuiError(
        "PROFILE_NOT_WRITABLE",
        f"{error.filename or profile.state} cannot be used: {error.strerror or error}.",
        not_done="No service was started.",
        remedy="Make room on its disk."
        if full
        else "Make it writable for you, or choose another place with DYNTUI_HOME.",
    )


def _broken(profile: Profile) -> DyntuiError:
    return DyntuiError(
        "SERVICE_FAILED",
        "The service failed in a way that was not foreseen.",
        not_done="It ended; runs resume where they stopped when it starts again.",
        remedy=f"Look at the end of {profile.log_file} and report it.",
    )


def _tell(life: Life, ready: Ready) -> None:
    """Tells the starter once; afterwards its end of the pipe may be gone, which is its own business."""
    if life.ready is None:
        return
    try:
        os.write(life.ready, msgspec.json.encode(ready) + b"\n")
        os.close(life.ready)
    except OSError:
        log.info("the starter did not wait for readiness")
