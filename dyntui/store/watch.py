"""How far each source of opt-outs was read by the consent watch, and which of them cannot be read.

Public: `places(c) -> {(account_id, source): Place}`, `reached(c, key, place)`, `succeeded(c, key, on)`,
`failed(c, key, error, on) -> int`, `keep_only(c, keys)`, `watched(c) -> list[Watched]`.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, delete, select

from dyntui.model.watch import Watched
from dyntui.store import accounts
from dyntui.store.schema import consent_watch
from dyntui.store.upserts import upsert

_w = consent_watch.c
# What the names of books' sources begin with.
BOOK = "list-unsubscribes/"
Key = tuple[str, str]
"""Of a source: the email account (`""`: Dynamics), and its name."""


class Place(msgspec.Struct, frozen=True):
    """`place`: from where to ask on, as its reader wrote it; `failures`: how often it failed in a row since."""

    place: str = ""
    asked_on: str = ""
    failures: int = 0
    failing_since: str = ""


def places(c: Connection) -> dict[Key, Place]:
    """Of all sources that were asked."""
    rows = c.execute(select(_w.account_id, _w.source, _w.place, _w.asked_on, _w.failures, _w.failing_since))
    return {(row[0], row[1]): Place(*row[2:]) for row in rows}


def succeeded(c: Connection, key: Key, on: str) -> None:
    """Everything that a source had to say at a moment is kept."""
    columns = ("account_id", "source", "asked_on", "failing_since", "error", "failures")
    upsert(c, consent_watch, columns, ("account_id", "source"), [(*key, on, "", "", 0)])


def reached(c: Connection, key: Key, place: str) -> None:
    """What a source said up to `place` is kept, with this transaction."""
    columns = ("account_id", "source", "place")
    upsert(c, consent_watch, columns, ("account_id", "source"), [(*key, place)])


def failed(c: Connection, key: Key, error: str, on: str) -> int:
    """A source could not be asked; how often in a row."""
    known = places(c).get(key, Place())
    columns = ("account_id", "source", "failing_since", "error", "failures")
    row = (*key, known.failing_since or on, error, known.failures + 1)
    upsert(c, consent_watch, columns, ("account_id", "source"), [row])
    return known.failures + 1


def keep_only(c: Connection, keys: Collection[Key]) -> None:
    """Other sources are watched no more."""
    for account_id, source in places(c).keys() - set(keys):
        c.execute(delete(consent_watch).where(_w.account_id == account_id, _w.source == source))


def watched(c: Connection) -> list[Watched]:
    """All sources: Dynamics' first."""
    names = accounts.names(c)
    rows = c.execute(
        select(_w.account_id, _w.source, _w.asked_on, _w.failing_since, _w.error).order_by(_w.account_id, _w.source)
    )
    return [
        Watched(
            account=names.get(row.account_id, "") if row.account_id else "Dynamics",
            account_id=row.account_id,
            source=row.source,
            as_of=row.asked_on,
            failing_since=row.failing_since,
            error=row.error,
            in_turn=row.source.startswith(BOOK),
        )
        for row in rows
    ]
