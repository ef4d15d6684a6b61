"""A store carried over into another database, whole or not at all, and proved to be the same there.

Public: `prove_unused(source)`, `copy(source, target, told) -> list[Copied]`, `leave(source, where)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from sqlalchemy import JSON, Connection, Index, String, Table, cast, select, text, update

from dyntui.store import dialects, failures, runs, watermarks, workers
from dyntui.store.database import Database
from dyntui.store.migrations import MOVED, VERSION_TABLE
from dyntui.store.schema import metadata, run, worker
from dyntui.store.upserts import insert_many

_ROWS_AT_ONCE: Final = 5000

# How JSON writes the character that not every database stores.
_NUL: Final = b"\\u0000"
_encode = msgspec.json.Encoder().encode


class Copied(msgspec.Struct, frozen=True):
    """One table: how many rows it has, and a digest over their values, whatever their order."""

    table: str
    rows: int
    digest: str


def copy(source: Database, target: Database, told: Callable[[Copied], None] = lambda each: None) -> list[Copied]:
    """Every row of `source` into `target`, which must be empty, in one transaction; each table is read back before that
    is kept, and those that are worked out from others are left out. `told` of each table that is through.

    Raises `DyntuiError`: STORE_IN_USE, while somebody carries out runs; STORE_NOT_EMPTY; STORE_DIFFERS, when something
    else came back than was written.
    """
    found: list[Copied] = []
    with source.read() as reader, target.write() as writer:
        _prove_unused(reader, source.where)
        # A store in a file begins with a row of what is worked out.
        tables = [each for each in metadata.sorted_tables if each is not worker and not each.info.get("derived")]
        for table in tables:
            if writer.execute(select(table).limit(1)).first() is not None:
                raise failures.not_empty(target.where)
        for table in tables:
            there = _Digest(table.name)
            with _indexed_afterwards(writer, table) as without_indexes:
                for rows in _rows(reader, table, dialects.is_kept_by_key(writer)):
                    if len(rows) == _ROWS_AT_ONCE:
                        without_indexes()
                    insert_many(writer, table, [column.name for column in table.columns], rows)
                    there.add(rows)
            dialects.number_on(writer, table)
            here = _Digest(table.name)
            for rows in _rows(writer, table):
                here.add(rows)
            if here.copied() != there.copied():
                raise failures.differs(target.where, table.name)
            found.append(there.copied())
            told(found[-1])
        # Whoever had a run there does not have it here.
        writer.execute(update(run).where(run.c.status.in_(runs.ACTIVE)).values(worker=""))
    return found


@contextmanager
def _indexed_afterwards(c: Connection, table: Table) -> Iterator[Callable[[], None]]:
    """Gives what drops the indexes of a table before very many rows are inserted, and makes them again at the end of
    the block: an index is then sorted once, and not changed in a random place for each row."""
    dropped: list[Index] = []

    def drop() -> None:
        if not dropped:
            dropped.extend(sorted(table.indexes, key=lambda index: str(index.name)))
            for index in dropped:
                index.drop(c)

    yield drop
    for index in dropped:
        index.create(c)


def prove_unused(source: Database) -> None:
    """Raises `DyntuiError` STORE_IN_USE while somebody carries out runs."""
    with source.read() as c:
        _prove_unused(c, source.where)


def _prove_unused(c: Connection, where: str) -> None:
    if at_work := workers.all_of(c):
        raise failures.in_use(where, [each.name for each in at_work])


def leave(source: Database, where: str) -> None:
    """From now on nobody opens `source` any more: the store is at `where`."""
    with source.write() as c:
        watermarks.put(c, "", MOVED, where)
        c.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :moved"), {"moved": MOVED})  # noqa: S608


def _rows(c: Connection, table: Table, by_key: bool = False) -> Iterator[list[tuple[object, ...]]]:
    """JSON as it is written, not as it is meant: it comes back with every character in its place. `by_key`: in the
    order of the primary key."""
    columns = (cast(each, String) if isinstance(each.type, JSON) else each for each in table.columns)
    asked = select(*columns).order_by(*(table.primary_key if by_key else ()))
    found = c.execute(asked, execution_options={"yield_per": _ROWS_AT_ONCE})
    for rows in found.partitions():
        yield [tuple(row) for row in rows]


class _Digest:
    def __init__(self, table: str) -> None:
        self._table = table
        self._rows = 0
        self._sum = 0

    def add(self, rows: list[tuple[object, ...]]) -> None:
        self._rows += len(rows)
        for row in rows:
            written = _encode(row)
            if _NUL in written:
                written = _encode(dialects.as_stored_everywhere(row))
            self._sum += int.from_bytes(hashlib.blake2b(written, digest_size=16).digest())

    def copied(self) -> Copied:
        return Copied(str(self._table), self._rows, f"{self._sum % 2**128:032x}")
