"""Many rows of one table at a time, with every row's own outcome.

    create_many(dv, table, rows) -> [RowResult]      update_many(...)      upsert_many(...)      delete_many(...)
    update_unmoved(dv, table, changes) -> [RowResult]      has_moved(result) -> bool
    Table(entity_set, logical_name, key)

CreateMultiple, UpdateMultiple and UpsertMultiple are all-or-nothing on standard tables: a chunk that fails because of
a row is halved until that row stands alone, and one that states a column which this user may not write (403, section
3.3) is sorted by what its rows state. Where a table does not offer the message, `$batch` does the same work.
Facts: reference/dataverse_api.md section 5.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from dyntui.dataverse import batch
from dyntui.dataverse.batch import Part, PartReply
from dyntui.dataverse.errors import (
    COLUMN_SECURED,
    DUPLICATE,
    DYNAMICS,
    GONE,
    KEY_NOT_FOUND,
    SQL_TIMEOUT,
    VERSION_MISMATCH,
    DataverseError,
    UnknownOutcome,
)
from dyntui.dataverse.http import Dataverse, read
from dyntui.dataverse.query import guid, literal
from dyntui.dataverse.rows import created_id, find_rows, pages_where_any
from dyntui.remote.failures import unreadable

CHUNK: Final = 1000
BATCH: Final = 100
Message = Literal["CreateMultiple", "UpdateMultiple", "UpsertMultiple"]
Row = Mapping[str, object]


class Table(msgspec.Struct, frozen=True):
    """A table: its entity set, logical name and primary key column."""

    entity_set: str
    logical_name: str
    key: str


class RowResult(msgspec.Struct, frozen=True):
    """A row's outcome: its id (created rows), or the error that kept it out."""

    id: str | None = None
    error: DataverseError | None = None


class _Ids(msgspec.Struct, frozen=True):
    ids: list[str] = msgspec.field(name="Ids")


async def offers(dv: Dataverse, table: Table, message: Message) -> bool:
    """Whether a table offers a bulk message; asked once per connection. Who may not ask uses `$batch`."""
    known = dv.offered.get((table.logical_name, message))
    if known is not None:
        return known
    named = f"sdkmessageid/name eq {literal(message)}"
    condition = f"{named} and primaryobjecttypecode eq {literal(table.logical_name)}"
    try:
        filters = await find_rows(
            dv, "sdkmessagefilters", dict[str, Any], select=["sdkmessagefilterid"], filter=condition, top=1
        )
    except DataverseError as error:
        if error.status != 403:
            raise
        filters = []
    dv.offered[table.logical_name, message] = bool(filters)
    return bool(filters)


async def create_many(
    dv: Dataverse, table: Table, rows: Sequence[Row], *, chunk: int = CHUNK, caller: str | None = None
) -> list[RowResult]:
    """Create rows; one result each, in order.

    When every row carries its own id (`table.key`), a lost answer is settled by looking which rows exist. Otherwise a
    lost answer raises UnknownOutcome and nothing is repeated.
    """
    if not await offers(dv, table, "CreateMultiple"):
        return await _batched(dv, [_create_part(table, row) for row in rows], rows, table, caller)
    return await _Work(dv, table, "CreateMultiple", rows, chunk, caller).done()


async def update_many(
    dv: Dataverse, table: Table, rows: Sequence[Row], *, chunk: int = CHUNK, caller: str | None = None
) -> list[RowResult]:
    """Change rows by primary key; a row that is gone is an error of its own. No row may be given twice."""
    if not await offers(dv, table, "UpdateMultiple"):
        return await _batched(dv, [_update_part(table, row) for row in rows], rows, table, caller)
    return await _Work(dv, table, "UpdateMultiple", rows, chunk, caller).done()


async def update_unmoved(
    dv: Dataverse, table: Table, changes: Sequence[tuple[str, str, Row]], *, caller: str | None = None
) -> list[RowResult]:
    """Change rows (id, etag, columns) that are still as they were when they were read; one that is not keeps what it
    has (`has_moved`). In batches: the bulk messages know no precondition. A row without an etag is changed whatever it
    is.

    A batch whose answer was lost is sent again: a row that it had changed has moved then, and is read anew by whoever
    asks next.
    """
    parts = [
        Part("PATCH", f"{table.entity_set}({guid(key)})", body=dict(row), headers={"If-Match": etag or "*"})
        for key, etag, row in changes
    ]
    return await _batched(dv, parts, [{table.key: key} for key, _, _ in changes], table, caller)


def has_moved(result: RowResult) -> bool:
    """Whether a row kept what it has because somebody else had changed it."""
    return result.error is not None and result.error.platform_code in VERSION_MISMATCH


async def upsert_many(
    dv: Dataverse, table: Table, rows: Sequence[Row], *, chunk: int = CHUNK, caller: str | None = None
) -> list[RowResult]:
    """Create or change rows, each addressed by its primary key or by `"@odata.id": "set(key='v')"`.

    Keep such keys to characters that need no percent-encoding: whether it is undone in a body is not documented.
    """
    if not await offers(dv, table, "UpsertMultiple"):
        return await _batched(dv, [_upsert_part(table, row) for row in rows], rows, table, caller)
    return await _Work(dv, table, "UpsertMultiple", rows, chunk, caller).done()


async def delete_many(dv: Dataverse, table: Table, ids: Sequence[str], *, caller: str | None = None) -> list[RowResult]:
    """Delete rows by id in batches; a row that is gone already counts as deleted."""
    parts = [Part("DELETE", f"{table.entity_set}({guid(each)})") for each in ids]
    results = await _batched(dv, parts, [{table.key: each} for each in ids], table, caller)
    gone = GONE | KEY_NOT_FOUND
    return [
        RowResult(id=result.id) if result.error and result.error.platform_code in gone else result for result in results
    ]


class _Work:
    """One bulk call over many rows, chunked, with chunks that fail halved down to the rows that make them fail."""

    def __init__(
        self, dv: Dataverse, table: Table, message: Message, rows: Sequence[Row], chunk: int, caller: str | None
    ) -> None:
        self._dv = dv
        self._table = table
        self._message = message
        self._rows = rows
        self._chunk = chunk
        self._caller = caller
        self._own_ids = all(table.key in row for row in rows)
        self._results: dict[int, RowResult] = {}

    async def done(self) -> list[RowResult]:
        places = range(len(self._rows))
        waiting = [list(places[start : start + self._chunk]) for start in range(0, len(self._rows), self._chunk)]
        waiting.reverse()
        while waiting:
            some = waiting.pop()
            try:
                ids = await self._send(some)
            except UnknownOutcome:
                raise
            except DataverseError as error:
                waiting.extend(await self._what_remains(some, error))
            else:
                for place, row_id in zip(some, ids, strict=True):
                    self._results[place] = RowResult(id=row_id)
        return [self._results[place] for place in places]

    async def _send(self, places: Sequence[int]) -> Sequence[str | None]:
        kind = f"Microsoft.Dynamics.CRM.{self._table.logical_name}"
        targets = [{"@odata.type": kind, **self._rows[place]} for place in places]
        reply = await self._dv.request(
            "POST",
            f"{self._table.entity_set}/Microsoft.Dynamics.CRM.{self._message}",
            body={"Targets": targets},
            operations=len(targets),
            repeatable=self._message != "CreateMultiple" or self._own_ids,
            caller=self._caller,
        )
        if self._message == "CreateMultiple":
            made = read(reply, _Ids).ids
            if len(made) != len(places):
                raise unreadable(DYNAMICS, f"{len(made)} ids of {len(places)} rows", reply.status)
            return made
        return [self._id(place) for place in places]

    def _id(self, place: int) -> str | None:
        value = self._rows[place].get(self._table.key)
        return str(value) if value is not None else None

    async def _what_remains(self, places: list[int], error: DataverseError) -> list[list[int]]:
        """The parts of a failed chunk that are still to be sent."""
        if error.platform_code in DUPLICATE and self._message == "CreateMultiple" and self._own_ids:
            existing = await self._existing(places)
            if existing:
                for place in existing:
                    self._results[place] = RowResult(id=self._id(place))
                missing = [place for place in places if place not in self._results]
                return [missing] if missing else []
        if error.platform_code in COLUMN_SECURED:
            return self._by_their_columns(places, error)
        if not _about_the_rows(error):
            raise error
        if len(places) == 1:
            self._results[places[0]] = RowResult(id=self._id(places[0]), error=error)
            return []
        half = len(places) // 2
        return [places[half:], places[:half]]

    def _by_their_columns(self, places: list[int], error: DataverseError) -> list[list[int]]:
        """Column security concerns every row that states the same columns, and perhaps none that states others."""
        alike: dict[frozenset[str], list[int]] = {}
        for place in places:
            alike.setdefault(frozenset(self._rows[place]), []).append(place)
        if len(alike) > 1:
            return list(alike.values())
        for place in places:
            self._results[place] = RowResult(id=self._id(place), error=error)
        return []

    async def _existing(self, places: Sequence[int]) -> list[int]:
        wanted = {guid(str(self._rows[place][self._table.key])): place for place in places}
        found: list[int] = []
        async for page in pages_where_any(
            self._dv, self._table.entity_set, dict[str, Any], self._table.key, list(wanted), select=[self._table.key]
        ):
            found.extend(wanted[guid(str(row[self._table.key]))] for row in page.rows)
        return found


def _about_the_rows(error: DataverseError) -> bool:
    """Whether fewer rows at a time may help; a missing privilege or a bad sign-in concerns all of them."""
    if error.platform_code in SQL_TIMEOUT:
        return True
    return error.status in {400, 404, 405, 409, 412, 413, 500} or error.platform_code == "0x8004020d"


def _create_part(table: Table, row: Row) -> Part:
    return Part("POST", table.entity_set, body=row)


def _update_part(table: Table, row: Row) -> Part:
    changed = {name: value for name, value in row.items() if name != table.key}
    address = f"{table.entity_set}({guid(str(row[table.key]))})"
    return Part("PATCH", address, body=changed, headers={"If-Match": "*"})


def _upsert_part(table: Table, row: Row) -> Part:
    address = str(row["@odata.id"]) if "@odata.id" in row else f"{table.entity_set}({guid(str(row[table.key]))})"
    changed = {name: value for name, value in row.items() if name not in {table.key, "@odata.id"}}
    return Part("PATCH", address.lstrip("/"), body=changed)


async def _batched(
    dv: Dataverse, parts: Sequence[Part], rows: Sequence[Row], table: Table, caller: str | None
) -> list[RowResult]:
    """The same work through `$batch`, 100 requests at a time, every one on its own."""
    repeatable = all(part.method != "POST" or table.key in row for part, row in zip(parts, rows, strict=True))
    results: list[RowResult] = []
    for start in range(0, len(parts), BATCH):
        some = parts[start : start + BATCH]
        answers = await batch.run(dv, list(some), repeatable=repeatable, caller=caller)
        for row, part, answer in zip(rows[start : start + BATCH], some, answers, strict=True):
            assert isinstance(answer, PartReply)
            results.append(_result(row, part, answer, table))
    return results


def _result(row: Row, part: Part, answer: PartReply, table: Table) -> RowResult:
    own = row.get(table.key)
    row_id = str(own) if own is not None else None
    if answer.error is not None:
        if part.method == "POST" and row_id is not None and answer.error.platform_code in DUPLICATE:
            return RowResult(id=row_id)
        return RowResult(id=row_id, error=answer.error)
    if part.method == "POST" and row_id is None and answer.reply is not None:
        row_id = created_id(answer.reply)
    return RowResult(id=row_id)
