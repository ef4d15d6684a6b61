"""Rows from which no address can be got: somebody asked not to be mailed, and nobody can tell who.

Public:
    put(c, source, account_id, rows, now, whole=False)       whole: what the source no longer shows was mended
    known(c, account_id="") -> list[OddRow]; rows(c) -> (suppressions.OddRow, ...)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, select

from dyntui.model import suppressions
from dyntui.store.schema import odd_row
from dyntui.store.upserts import upsert
from dyntui.store.windows import shown

_r = odd_row.c


class OddRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as received. `source`: where it was found; `shown`: what it says, fit to be looked at."""

    key: str
    shown: str
    source: str = ""
    account_id: str = ""
    learned_on: str = ""


def put(c: Connection, source: str, account_id: str, rows: Iterable[OddRow], now: str, *, whole: bool = False) -> None:
    """Keep rows of a source; one known keeps when it was learned. After a `whole` reading the others are forgotten."""
    several = list(rows)
    if whole:
        named = [row.key for row in several]
        c.execute(delete(odd_row).where(_r.source == source, _r.account_id == account_id, _r.key.not_in(named)))
    upsert(
        c,
        odd_row,
        ("source", "account_id", "key", "shown", "learned_on"),
        ("source", "account_id", "key"),
        ((source, account_id, row.key, row.shown, now) for row in several),
        update=("shown",),
    )


def known(c: Connection, account_id: str = "") -> list[OddRow]:
    """Those that nobody has mended yet, of one account or of all, the oldest first."""
    rows = select(odd_row).order_by(_r.learned_on, _r.source, _r.key)
    if account_id:
        rows = rows.where(_r.account_id.in_(("", account_id)))
    return [OddRow(**row._mapping) for row in c.execute(rows)]


def rows(c: Connection) -> tuple[suppressions.OddRow, ...]:
    """All of them as people look at them, the oldest first."""
    found: Select[Any] = select(_r.source, _r.shown.label("received"), _r.learned_on)
    ordered = found.order_by(_r.learned_on, _r.source, _r.key)
    return tuple(shown(suppressions.OddRow, row) for row in c.execute(ordered))
