"""The lease of a process that carries out runs of a store which several machines share.

A thread of its own renews it, over a connection of its own. Where that does not succeed in time - the process was
frozen, the network is cut, the server away - the process takes itself for dead a second before others do: it makes no
call to a remote system any more, and begins anew under another name. The same thread looks after the others' leases.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from dyntui import __version__
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.model.workers import SERVICE
from dyntui.store import dialects, failures, runs, workers
from dyntui.store.database import Database
from dyntui.store.runs import Fenced, Waiting
from dyntui.store.workers import Lapsed, NewWorker

LASTS_SECONDS = 5.0
# How often an engine goes through all runs, where it shares them with others.
SWEEP_SECONDS = 10.0
RENEWED_SECONDS = 1.0
# By so much this process's own opinion of its lease ends earlier than the others'.
_EARLIER_SECONDS = 1.0

log = logging.getLogger(__name__)


def passed() -> float:
    """Seconds that pass for everybody, also while this process is frozen or the machine asleep."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Hold(msgspec.Struct):
    """One life of the process: its `name`, and `until` when (by `passed`) it certainly has its lease. A run belongs to
    the life in which it was claimed."""

    name: str
    until: float

    def prove(self) -> None:
        """Before every remote call of a run. Raises `Fenced` when the run may be another's already."""
        if passed() >= self.until:
            raise Fenced(f"the lease of {self.name} has run out")


def connections_name() -> str:
    """A name for the connections of this process, by which the server can end them; as long as PostgreSQL keeps."""
    return f"dyntui {socket.gethostname()[:30]} {os.getpid()} {secrets.token_hex(4)}"


class WorkerLease:
    """`start` and `stop` with the process; `db` is a store of its own to renew it over, `connections` the name of all
    connections of the process. `news` is told, on a thread, when there are runs that nobody has told this process of;
    `refused` when the process was frozen, and another one is the service now."""

    def __init__(
        self,
        db: Database,
        kind: str,
        connections: str,
        *,
        news: Callable[[], None] = lambda: None,
        refused: Callable[[DyntuiError], None] = lambda error: None,
        lasts: float = LASTS_SECONDS,
        renewed: float = RENEWED_SECONDS,
    ) -> None:
        self._db = db
        self._kind = kind
        self._connections = connections
        self.news = news
        self.refused = refused
        self._lasts = lasts
        self._renewed = renewed
        self._started_on = text_of(datetime.now(UTC))
        self._hold = Hold("", 0.0)
        self._seen: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="dyntui-lease", daemon=True)

    @property
    def current(self) -> Hold:
        """This life of the process."""
        return self._hold

    def start(self) -> None:
        """Takes the lease. Whoever died as the service a moment ago is waited for. Raises `DyntuiError` STORE_SERVED
        where another service lives, STORE_UNREACHABLE."""
        patience = passed() + self._lasts + 2 * self._renewed
        while True:
            with self._db.read() as c:
                late = workers.run_out(c)
            self.look_after(late)
            try:
                self._register()
                break
            except DyntuiError:
                if passed() > patience:
                    raise
            self._stopping.wait(self._renewed)
        self._thread.start()

    def stop(self) -> None:
        """Gives it back: others take up the runs at once."""
        self._stopping.set()
        self._thread.join()
        name, self._hold.until = self._hold.name, 0.0
        try:
            with self._db.beside() as c:
                workers.leave(c, name)
        except DyntuiError as error:
            log.warning("the lease could not be given back, and runs out by itself: %s", error)

    def renew(self) -> list[Lapsed]:
        """Once; under a new name where somebody has taken this process for dead. Those whose lease has run out. Raises
        `DyntuiError`."""
        asked = passed()
        with self._db.beside() as c:
            lives = workers.renew(c, self._hold.name, self._lasts)
            late = workers.run_out(c)
            there = {each.id for each in self.unfinished(c)}
        if lives:
            self._hold.until = asked + self._lasts - _EARLIER_SECONDS
        else:
            self._begin_anew()
        new, self._seen = there - self._seen, there
        if new:
            self.news()
        return late

    def look_after(self, late: Iterable[Lapsed]) -> None:
        """They are taken for dead, and their runs are free. Raises `DyntuiError`."""
        for each in late:
            # First, as it may hold the rows that are about to change, or the turn of writers.
            with self._db.beside() as c:
                dialects.end_connections(c, each.connections)
            with self._db.beside() as c:
                freed = workers.take_for_dead(c, each.name)
            log.warning("%s on %s is taken for dead; its %d runs are free", each.name, each.host, len(freed))

    def _begin_anew(self) -> None:
        self._hold.until = 0.0
        log.warning("%s was taken for dead; it goes on under a new name, and others have its runs", self._hold.name)
        try:
            self._register()
        except DyntuiError as error:
            self.refused(error)
            raise

    def unfinished(self, c: Connection) -> list[Waiting]:
        """The runs that this process may take, or has."""
        return runs.unfinished(c, self._hold.name)

    def _renew(self) -> None:
        while not self._stopping.wait(self._renewed):
            try:
                if late := self.renew():
                    self.look_after(late)
                    # What has become free is for whoever is first, and that is known by now.
                    self.renew()
            except DyntuiError as error:
                log.warning("the lease could not be renewed: %s", error)
            except Exception:
                # The boundary of the thread: without it the process would be taken for dead for good.
                log.exception("the lease could not be renewed")

    def _register(self) -> None:
        host = socket.gethostname()
        new = NewWorker(
            name=f"{host[:30]}.{os.getpid()}.{secrets.token_hex(2)}",
            kind=self._kind,
            host=host,
            process=os.getpid(),
            version=__version__,
            connections=self._connections,
            started_on=self._started_on,
        )
        asked = passed()
        try:
            with self._db.beside() as c:
                workers.register(c, new, self._lasts)
        except IntegrityError as error:
            with self._db.read() as c:
                by = next((each for each in workers.all_of(c) if each.kind == SERVICE), None)
            raise failures.served(self._db.where, f"process {by.process} on {by.host}" if by else "one") from error
        self._hold = Hold(new.name, asked + self._lasts - _EARLIER_SECONDS)
