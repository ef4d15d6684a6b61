"""`python -m tests.benchmarks.moving --size N`: a store with a list of N members moved to a PostgreSQL server and back:
seconds, and rows a second. Between, the list is settled there as `tests.benchmarks.settling` does it in a file."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from dyntui.store import moving
from dyntui.store.database import Database, open_store, sqlite_url
from tests import postgresql
from tests.benchmarks.settling import build, settle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="dyntui-moving-") as folder,
        postgresql.database() as url,
        closing(open_store(sqlite_url(Path(folder) / "store.db"))) as here,
        closing(open_store(url)) as there,
        closing(open_store(sqlite_url(Path(folder) / "back.db"))) as back,
    ):
        with here.write() as c:
            build(c, asked.size)
        _move("to the server", here, there)
        settle(there, time.perf_counter)
        _move("back into a file", there, back)


def _move(title: str, source: Database, target: Database) -> None:
    began = time.perf_counter()
    rows = sum(each.rows for each in moving.copy(source, target))
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{title}: {rows:,} rows, {seconds:.1f} s, {rows / seconds:,.0f} a second\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
