"""`python -m tests.benchmarks.moving --size N`: a store with a list of N members moved to a PostgreSQL server and back,
as `dyntui store move` does it: seconds, rows a second, and the most memory of this process meanwhile. Between, the list
is settled there as `tests.benchmarks.settling` does it in a file; `--only-move` leaves that out, and the second file
must then be the same as the first one."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from dyntui.cli.main_job import peak_memory_mb
from dyntui.store import moving
from dyntui.store.database import Database, open_store, sqlite_url
from dyntui.store.moving import Copied
from tests import postgresql
from tests.benchmarks.main import forget_peak_memory
from tests.benchmarks.settling import build, settle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--only-move", action="store_true")
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
        first = _move("to the server", here, there)
        if not asked.only_move:
            settle(there, time.perf_counter)
        last = _move("back into a file", there, back)
        if asked.only_move:
            assert first == last
            sys.stdout.write("both files are the same\n")


def _move(title: str, source: Database, target: Database) -> list[Copied]:
    forget_peak_memory(os.getpid())
    before = peak_memory_mb(os.getpid())
    began, cpu = time.perf_counter(), time.process_time()
    found = moving.copy(source, target)
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    rows = sum(each.rows for each in found)
    sys.stdout.write(
        f"{title}: {rows:,} rows, {seconds:.1f} s ({spent:.1f} s of this process), {rows / seconds:,.0f} a second;"
        f" memory {before:.0f} MB before, at most {peak_memory_mb(os.getpid()):.0f} MB\n"
    )
    sys.stdout.flush()
    return found


if __name__ == "__main__":
    main()
