"""Rows whose key cannot be read: nobody can say which they are, so each costs itself alone, and whoever carries the run
out is told of it (`MET`), to name it.

    sorted_out(rows, row_type, table, key, keyless=False) -> (rows, how many were left out)
"""

from __future__ import annotations

import contextvars
import functools
import logging
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from dyntui.dataverse.member_tables import MEMBER_TABLES
from dyntui.model.guids import guid_of

T = TypeVar("T")
# The run at hand, told of each: the table, and what was received.
MET: contextvars.ContextVar[Callable[[str, str], None] | None] = contextvars.ContextVar("odd_rows_met", default=None)
_RECEIVED_LIMIT: Final = 300
_OF_PEOPLE: Final = tuple(table.key for table in MEMBER_TABLES.values())
_DICT: Final = dict[str, Any]

log = logging.getLogger(__name__)


def key_of(entity_set: str, columns: Sequence[str]) -> str:
    """The column among these that holds the key of a set's rows; `""` where none is known to."""
    table = entity_set.rpartition("/")[2]
    singular = f"{table[:-3]}y" if table.endswith("ies") else table.removesuffix("s")
    if f"{singular}id" in columns:
        return f"{singular}id"
    # What a relationship leads to, such as the members of a list.
    return next((each for each in _OF_PEOPLE if "/" in entity_set and each in columns), "")


def sorted_out(
    rows: Sequence[T], row_type: Any, table: str, key: str, *, keyless: bool = False
) -> tuple[Sequence[T], int]:
    """The rows whose key is an id, as Dynamics writes ids, and how many have none. `keyless`: these are among the rows
    too, as what they say counts whosever it is."""
    name = _field(row_type, key)
    if not key or name is None:
        return rows, 0
    value_of: Callable[[Any], Any] = (lambda row: row.get(key)) if row_type == _DICT else operator.attrgetter(name)
    values = [value_of(row) for row in rows]
    ids = [guid_of(value) for value in values]
    if ids == values and all(ids):
        return rows, 0
    # Another spelling of an id would be another row.
    rows = [
        row if known in ("", value) else _with(row, name, known)
        for row, value, known in zip(rows, values, ids, strict=True)
    ]
    bad = [row for row, known in zip(rows, ids, strict=True) if not known]
    if not bad:
        return rows, 0
    for row in bad:
        met(table, row)
    if keyless:
        return rows, len(bad)
    odd = {id(row) for row in bad}
    return [row for row in rows if id(row) not in odd], len(bad)


def _with(row: Any, name: str, found: str) -> Any:
    return {**row, name: found} if isinstance(row, dict) else msgspec.structs.replace(row, **{name: found})


def met(table: str, row: object) -> None:
    """A row that nobody can tell which it is."""
    received = msgspec.json.encode(row).decode("utf-8", "replace")[:_RECEIVED_LIMIT]
    log.warning("a row of %s has no key that can be read", table)
    if (tell := MET.get()) is not None:
        tell(table, received)


@functools.lru_cache(maxsize=256)
def _field(row_type: Any, key: str) -> str | None:
    """The field of a row that holds the key."""
    if row_type == _DICT:
        return key
    if not (isinstance(row_type, type) and issubclass(row_type, msgspec.Struct)):
        return None
    return next((each.name for each in msgspec.structs.fields(row_type) if each.encode_name == key), None)
