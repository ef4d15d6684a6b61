"""A worker among others: carries out whatever runs the store has, a page at a time, against a remote system that is a
file: a line in it is a call that was made.

Arguments: store url, file, seconds that a lease lasts, seconds that a call takes. Says `ready NAME` once it takes runs;
ends with its standard input.
"""

from __future__ import annotations

import os
import sys
import threading
import time

from dyntui.model.workers import WORKER
from dyntui.store import runs, staging, workers
from dyntui.store.database import open_store
from dyntui.store.runs import Fenced
from dyntui.sync.worker_lease import WorkerLease, connections_name
from tests.sync.engine.crashing_worker import page

PAGES = 40


def main(url: str, remote: str, lasts: float, takes: float) -> None:
    connections = connections_name()
    db = open_store(url, connections)
    lease = WorkerLease(open_store(url, connections), WORKER, connections, lasts=lasts, renewed=lasts / 8)
    lease.start()
    sys.stdout.write(f"ready {lease.current.name}\n")
    sys.stdout.flush()
    threading.Thread(target=_work, args=(db, lease, remote, takes), daemon=True).start()
    sys.stdin.read()
    lease.stop()


def _work(db, lease, remote, takes) -> None:  # type: ignore[no-untyped-def]
    calls = os.open(remote, os.O_WRONLY | os.O_APPEND)
    while True:
        try:
            with db.read() as c:
                there = lease.unfinished(c)
            for each in there:
                _carry_on(db, lease, each.id, calls, takes)
        except Exception as error:  # noqa: BLE001 - whatever a cut or an ended connection makes of it: begin again
            sys.stderr.write(f"{os.getpid()}: {error!r}\n")
        time.sleep(0.05)


def _carry_on(db, lease, run_id: str, calls: int, takes: float) -> None:  # type: ignore[no-untyped-def]
    hold = lease.current
    with db.write() as c:
        claim = runs.claim(c, run_id, "2026-01-01T00:00:00Z", hold.name) if workers.hold(c, hold.name) else None
    if claim is None:
        return
    try:
        for number in range(claim.cursor.get("next", 0), PAGES):
            hold.prove()
            time.sleep(takes)
            os.write(calls, f"{os.getpid()} {run_id} {number}\n".encode())
            with db.write() as c:
                runs.advance(c, run_id, claim.token, cursor={"next": number + 1}, stage="Reading", done=number + 1)
                staging.stage(c, run_id, run_id, page(number))
        with db.write() as c:
            runs.finish(c, run_id, claim.token, "2026-01-01T00:01:00Z", read=0)
    except Fenced:
        return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
