"""Workers in processes of their own that share a store on a server, and what may happen to one of them."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from sqlalchemy import func, select

from dyntui.model.outcomes import RunStatus
from dyntui.store import runs
from dyntui.store.database import Database
from dyntui.store.schema import list_member
from tests.sync.engine.crashing_worker import ROWS
from tests.sync.engine.sharing_worker import PAGES

NOW = "2026-01-01T00:00:00Z"


class Cable:
    """The way to a server's Unix socket that can be cut: what is sent then arrives nowhere, and nobody is told."""

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = server / ".s.PGSQL.5432"
        self.folder = folder
        self._whole = threading.Event()
        self._whole.set()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def _accept(self) -> None:
        while True:
            near, _ = self._listening.accept()
            self._whole.wait()
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self._server))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while sent := one.recv(65536):
                self._whole.wait()
                other.sendall(sent)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Worker:
    """One process. Its calls are lines of the remote file that begin with its process id."""

    def __init__(self, url: str, remote: Path, lasts: float, takes: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sync.engine.sharing_worker", url, str(remote), str(lasts), str(takes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def await_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready")

    def kill(self) -> None:
        self.process.kill()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        with suppress(BrokenPipeError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Work:
    """Runs of lists in a shared store, and who does them."""

    def __init__(self, db: Database, url: str, folder: Path, *, lasts: float, takes: float = 0.02) -> None:
        self.db = db
        self._url = url
        self.remote = folder / "remote"
        self.remote.touch()
        self._lasts = lasts
        self._takes = takes
        self._ends = ExitStack()
        self._queued: list[str] = []

    def worker(self, url: str = "") -> Worker:
        made = Worker(url or self._url, self.remote, self._lasts, self._takes)
        self._ends.callback(made.end)
        made.await_ready()
        return made

    def queue(self, *run_ids: str) -> None:
        with self.db.write() as c:
            for each in run_ids:
                new = runs.NewRun(id=each, kind="lists", title="", account_id=each, sync_key=each, queued_on=NOW)
                runs.create(c, new)
        self._queued += run_ids

    def close(self) -> None:
        self._ends.close()

    def calls(self) -> list[tuple[int, str, int]]:
        """Process, run and page of each call, in order."""
        lines = (line.split() for line in self.remote.read_text().splitlines())
        return [(int(process), run_id, int(number)) for process, run_id, number in lines]

    def until(self, so: Callable[[], bool], seconds: float) -> float:
        """Waits until it is so; for how long."""
        began = time.monotonic()
        while not so():
            assert time.monotonic() - began < seconds, "it did not come to that"
            time.sleep(0.02)
        return time.monotonic() - began

    def has_called(self, worker: Worker) -> bool:
        return any(process == worker.process.pid for process, *_ in self.calls())

    def over(self) -> bool:
        with self.db.read() as c:
            return not runs.unfinished(c)

    def prove_whole(self, accidents: int) -> None:
        """Every page of every run stands in the store once; no call was made twice but one under way when something
        happened to its worker."""
        with self.db.read() as c:
            for run_id in self._queued:
                rows, last = c.execute(
                    select(func.count(), func.max(list_member.c.seq)).where(list_member.c.list_id == run_id)
                ).one()
                assert (rows, last) == (PAGES * ROWS, PAGES * ROWS - 1)
                assert (run := runs.get(c, run_id)) is not None and run.status is RunStatus.COMPLETED
        made = Counter((run_id, number) for _, run_id, number in self.calls())
        assert len(made) == PAGES * len(self._queued)
        assert sum(made.values()) - len(made) <= accidents

    def prove_silent(self, worker: Worker) -> None:
        """Of a run that another one has taken up, this worker made no call any more but the one under way."""
        calls = self.calls()
        for run_id in self._queued:
            of_it = [process for process, its, _ in calls if its == run_id]
            if worker.process.pid not in of_it:
                continue
            after = of_it[of_it.index(worker.process.pid) :]
            taken = next((place for place, process in enumerate(after) if process != worker.process.pid), len(after))
            assert after[taken:].count(worker.process.pid) <= 1
