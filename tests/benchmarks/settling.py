"""`python -m tests.benchmarks.settling --size N`: what deciding about an unchanged list of N members costs the store, a
tenth of them excluded because their records opt out, and one in forty because another record has the address: seconds
of a processor, statement by statement."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from dyntui.store import book_contents, intervals, leaving, members, outcomes, pending_members, settling
from dyntui.store.database import Database, open_store, sqlite_url

_LIST, _ACCOUNT, _READ = "list", "account", "read-whole"
_NOW = "2026-03-01T10:00:00Z"
_SOME = "(SELECT person_id FROM list_member WHERE own_reasons <> '')"
_WORLD = (
    "INSERT INTO marketing_list (id, name, member_type, activated, active, account_id, book_id, listing, base)"
    f" VALUES ('{_LIST}', 'News', 'contact', 1, 1, '{_ACCOUNT}', 1, '{_READ}', '{_READ}')",
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
    " INSERT INTO list_member"
    " (list_id, person_id, seq, entity, name, address, fields, own_reasons, fingerprint, listing)"
    f" SELECT '{_LIST}', lower(hex(randomblob(16))), i, 'contact', 'Name', 'p' || (i - (i % 40 = 7)) || '@example.com',"
    " '{{}}',"
    f" CASE WHEN i % 10 = 0 THEN 'DO_NOT_BULK_EMAIL' ELSE '' END, hex(randomblob(16)), '{_READ}' FROM n",
    "UPDATE list_member SET sent_fingerprint = fingerprint, sent_address = address, outcome = 'unchanged'"
    " WHERE own_reasons = '' AND seq % 40 <> 7",
    "UPDATE list_member SET outcome = 'excluded', reason = 'DUPLICATE_ADDRESS' WHERE seq % 40 = 7",
    f"INSERT INTO opt_out (person_id, entity, reason) SELECT person_id, 'contact', 'DO_NOT_BULK_EMAIL' FROM {_SOME}",
    "INSERT INTO opt_out_address (address, person_id)"
    " SELECT address, person_id FROM list_member WHERE own_reasons <> ''",
    "INSERT INTO run (id, kind, request, cursor) VALUES ('run', 'lists', '{{}}', '{{}}')",
    f"INSERT INTO run_item (run_id, item_id, name) VALUES ('run', '{_LIST}', 'News')",
)


def _keep(c: Connection, *, whole: bool) -> None:
    among = None if whole else members.with_news(_LIST)
    intervals.keep(c, f"list/{_LIST}", "run", _LIST, members.named(_LIST, _READ), among)
    members.told(c, _LIST)


def _settle(c: Connection, *, whole: bool) -> None:
    settling.settle(c, _LIST, _READ, _ACCOUNT, _NOW, whole=whole)


_WHOLE: dict[str, Callable[[Connection], object]] = {
    "settle everybody": lambda c: _settle(c, whole=True),
    "keep everybody's outcome": lambda c: _keep(c, whole=True),
}
_UNCHANGED: dict[str, Callable[[Connection], object]] = {
    "begin with what changed in the book": lambda c: book_contents.begin_with_news(c, _LIST),
    "settle whom it concerns": lambda c: _settle(c, whole=False),
    "who would leave": lambda c: leaving.leavers(c, _LIST, _READ),
    "who waits": lambda c: pending_members.count(c, _LIST),
    "count everybody": lambda c: (members.counts(c, _LIST, _READ), members.read_by(c, _LIST, _READ)),
    "keep who is news": lambda c: _keep(c, whole=False),
    "count the item": lambda c: outcomes.recount(c, "run", _LIST),
    "forget who left": lambda c: members.forget_left(c, _LIST, _READ),
}


def build(c: Connection, size: int) -> None:
    """A list of so many members, settled and unchanged, in an empty store in a file."""
    for statement in _WORLD:
        c.exec_driver_sql(statement.format(last=size - 1))


def settle(db: Database, clock: Callable[[], float]) -> None:
    """Prints what it costs, by the clock."""
    for title, work in (("all are read", _WHOLE), ("nothing changed", _UNCHANGED)):
        with db.write() as c:
            spent = {name: _seconds(each, c, clock) for name, each in work.items()}
        sys.stdout.write(f"{title}: {sum(spent.values()):.1f} s\n")
        for name, seconds in spent.items():
            sys.stdout.write(f"  {seconds:6.2f}  {name}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dyntui-settling-") as folder:
        db = open_store(sqlite_url(Path(folder) / "store.db"))
        with db.write() as c:
            build(c, asked.size)
        settle(db, time.process_time)
        db.close()


def _seconds(work: Callable[[Connection], object], c: Connection, clock: Callable[[], float]) -> float:
    began = clock()
    work(c)
    return clock() - began


if __name__ == "__main__":
    main()
