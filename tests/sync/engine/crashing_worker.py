"""A worker to be killed: applies the pages of a run one by one, saying where it is and waiting to be told to go on.

Arguments: store url, engine url. Speaks on standard output: `fetched N`, `kept N`, `done`; goes on with each line read.
"""

from __future__ import annotations

import queue
import sys

from dyntui.store import runs, staging
from dyntui.store.database import open_store
from dyntui.sync.dbos_engine import DbosEngine

PAGES = 12
ROWS = 10


def page(number: int) -> list[staging.Staged]:
    return [
        staging.Staged(
            person_id=f"person-{number:03}-{row}",
            entity="contact",
            name=f"Person {number} {row}",
            address=f"person{number}.{row}@example.com",
            created_on="2026-01-01T00:00:00Z",
            fields={},
            fingerprint="f",
        )
        for row in range(ROWS)
    ]


def main(store_url: str, engine_url: str) -> None:
    db = open_store(store_url)

    go_on: queue.SimpleQueue[str] = queue.SimpleQueue()

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def chunk(run_id: str) -> str:
        with db.write() as c:
            claim = runs.claim(c, run_id, "2026-01-01T00:00:00Z")
        assert claim is not None
        for number in range(claim.cursor.get("next", 0), PAGES):
            say(f"fetched {number}")
            go_on.get()
            with db.write() as c:
                staging.stage(c, "list", run_id, page(number))
                runs.advance(c, run_id, claim.token, cursor={"next": number + 1}, stage="Reading", done=number + 1)
            say(f"kept {number}")
            go_on.get()
        with db.write() as c:
            runs.finish(c, run_id, claim.token, "2026-01-01T00:01:00Z", read=0)
        say("done")
        return "done"

    engine = DbosEngine(db, engine_url, chunk, polling_seconds=0.05)
    engine.start()
    for line in sys.stdin:
        go_on.put(line)
    engine.stop()
    db.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
