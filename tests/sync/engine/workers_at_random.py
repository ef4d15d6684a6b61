"""Accidents of workers at random: `python -m tests.sync.engine.workers_at_random [HOW_MANY] [FIRST_SEED]`.

Each time two workers share runs on a PostgreSQL server. One is killed, frozen and woken, or loses its network for more
than a lease, at a random moment; the other one has to take up its run within ten seconds, nothing may be lost or done
twice, and the first one, should it come back, may do nothing more for that run. Before that twenty processes stage one
list at once.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import func, select

from dyntui.store import runs
from dyntui.store.database import Database, open_store
from dyntui.store.schema import list_member
from dyntui.sync.worker_lease import LASTS_SECONDS
from tests import postgresql
from tests.sync.engine.crashing_worker import ROWS
from tests.sync.engine.sharing import Cable, Work
from tests.sync.engine.sharing_worker import PAGES

TAKEN_OVER_SECONDS = 10.0
STAGING = """
import sys
from dyntui.store import staging
from dyntui.store.database import open_store
from tests.sync.engine.crashing_worker import page
db = open_store(sys.argv[1])
for number in range(40):
    with db.write() as c:
        staging.stage(c, "shared", "listing", page(number))
"""


def stage_at_once(db: Database, url: str, processes: int = 20) -> None:
    """All of them stage the whole of one list."""
    at_work = [subprocess.Popen([sys.executable, "-c", STAGING, url]) for _ in range(processes)]
    assert [each.wait() for each in at_work] == [0] * processes
    with db.read() as c:
        rows = c.execute(select(func.count()).where(list_member.c.list_id == "shared")).scalar_one()
    assert rows == PAGES * ROWS


def accident(seed: int, url: str) -> tuple[str, float]:
    """What happened, and after how many seconds the other worker made its first call for the run."""
    chance = random.Random(seed)
    kind = chance.choice(("kill", "freeze", "cut"))
    folder = Path(tempfile.mkdtemp(prefix="dyntui-accident-"))
    parts = urlsplit(url)
    cable = Cable(Path(parse_qs(parts.query)["host"][0]), folder)
    with closing(open_store(url)) as db, closing(Work(db, url, folder, lasts=LASTS_SECONDS, takes=0.1)) as work:
        victim, heir = work.worker(f"postgresql://dyntui@{parts.path}?host={folder}"), work.worker()
        work.queue("a", "b")
        work.until(lambda: work.has_called(victim) and work.has_called(heir), 30)
        time.sleep(chance.random() * 1.5)
        its = next(run for process, run, _ in work.calls() if process == victim.process.pid)
        {"kill": victim.kill, "freeze": victim.freeze, "cut": cable.cut}[kind]()

        def taken_over() -> bool:
            return any(process == heir.process.pid and run == its for process, run, _ in work.calls())

        # The heir has a run of its own in hand, and takes one after the other here: what counts is when it may.
        waited = work.until(lambda: _is_free(db, its) or taken_over(), TAKEN_OVER_SECONDS)
        time.sleep(chance.random() * 2)
        victim.wake() if kind == "freeze" else cable.mend()
        work.queue("c")
        work.until(work.over, 60)
        work.prove_whole(accidents=1)
        work.prove_silent(victim)
    return kind, waited


def _is_free(db: Database, run_id: str) -> bool:
    with db.read() as c:
        free = {each.id for each in runs.unfinished(c, "nobody")}
    return run_id in free


def main(how_many: int, first: int) -> None:
    with postgresql.database() as url, closing(open_store(url)) as db:
        began = time.monotonic()
        stage_at_once(db, url)
        print(f"20 processes staged one list at once: {time.monotonic() - began:.1f} s", flush=True)  # noqa: T201
    kinds: Counter[str] = Counter()
    longest = 0.0
    for seed in range(first, first + how_many):
        with postgresql.database() as url:
            kind, waited = accident(seed, url)
        kinds[kind] += 1
        longest = max(longest, waited)
        print(f"{seed}: {kind}, free after {waited:.1f} s", flush=True)  # noqa: T201
    print(f"{dict(kinds)}; at most {longest:.1f} s", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["50"])[0]), int((sys.argv[2:] or ["1"])[0]))
