"""Which records a search finds by a part of their name or address, on any marketing list.

A file with SQLite's full-text search keeps an index of three-letter pieces, which is brought up to date beside the
synchronisations (`catch_up`); whoever is not in it yet is looked at one by one. Elsewhere, and for one or two letters,
rows are read until there are enough.

Public:
    found(c, search, limit) -> [person id]; everybody(c, search) -> person ids
    is_due(c) -> bool; catch_up(c, limit) -> int    how many were brought up to date
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, Integer, column, delete, func, insert, select, table, text

from dyntui.model.folding import sought
from dyntui.store.chunks import FEW, in_chunks
from dyntui.store.dialects import folded
from dyntui.store.schema import list_member, person_text, person_text_due
from dyntui.store.windows import contains

_grams = table("person_grams", column("rowid", Integer))
_m, _t, _d = list_member.c, person_text.c, person_text_due.c
# The index knows pieces of so many letters.
_PIECE: Final = 3
# So many who are due are looked at one by one; with more of them reading every row costs less.
_MANY_DUE: Final = 20_000


def found(c: Connection, search: str, limit: int) -> list[str]:
    """Records with the text in their name or address, ignoring case and accents: at most `limit`, in no order."""
    matches = contains((_m.name, _m.address), search)
    if not _is_indexed(c):
        return list(c.execute(select(_m.person_id).where(matches).distinct().limit(limit)).scalars())
    # Whom the index names may be called otherwise by now: the rows themselves have the last word.
    candidates = _in_the_index(c, search, limit)
    met: set[str] = set()
    for some in in_chunks(candidates):
        met.update(c.execute(select(_m.person_id).where(_m.person_id.in_(some), matches)).scalars())
    due = select(_m.person_id).where(_m.person_id.in_(select(_d.person_id)), matches).distinct().limit(limit)
    met.update(c.execute(due).scalars())
    return sorted(met)[:limit]


def everybody(c: Connection, search: str) -> Iterator[Sequence[str]]:
    """All records that the search finds, some at a time, by id."""
    matches = contains((_m.name, _m.address), search)
    rows = c.execute(select(_m.person_id).where(matches).distinct().order_by(_m.person_id))
    yield from rows.scalars().partitions(FEW)


def _is_indexed(c: Connection) -> bool:
    """Whether there is an index that knows nearly everybody."""
    if not _has_index(c):
        return False
    due = select(_d.person_id).limit(_MANY_DUE + 1).subquery()
    return int(c.execute(select(func.count()).select_from(due)).scalar_one()) <= _MANY_DUE


def _has_index(c: Connection) -> bool:
    if c.dialect.name != "sqlite":
        return False
    there = text(
        "SELECT 1 FROM sqlite_master, pragma_compile_options WHERE name = 'person_grams'"
        " AND compile_options = 'ENABLE_FTS5'"
    )
    return c.execute(there).first() is not None


def _in_the_index(c: Connection, search: str, limit: int) -> list[str]:
    wanted = sought(search)
    matches = _t.said.contains(wanted, autoescape=True)
    if len(wanted) < _PIECE or "\0" in wanted:
        return list(c.execute(select(_t.person_id).where(matches).limit(limit)).scalars())
    pieces = dict.fromkeys(wanted[start : start + _PIECE] for start in range(len(wanted) - _PIECE + 1))
    asked = " AND ".join('"' + each.replace('"', '""') + '"' for each in pieces)
    named = (
        select(_t.person_id)
        .select_from(_grams.join(person_text, _t.no == _grams.c.rowid))
        .where(text("person_grams MATCH :asked"), matches)
    )
    return list(c.execute(named.limit(limit), {"asked": asked}).scalars())


def is_due(c: Connection) -> bool:
    """Whether somebody is not in the index as they are."""
    return _has_index(c) and c.execute(select(_d.person_id).limit(1)).first() is not None


def catch_up(c: Connection, limit: int) -> int:
    """Bring what the index knows of at most `limit` people up to date; how many they are, 0 where nobody is due or
    there is no index."""
    if not _has_index(c):
        return 0
    due = list(c.execute(select(_d.person_id).order_by(_d.person_id).limit(limit)).scalars())
    if not due:
        return 0
    grams = "INSERT INTO person_grams ({}rowid, said) SELECT {}no, said FROM person_text WHERE person_id IN ({})"
    for some in in_chunks(due):
        ids = {f"id{place}": each for place, each in enumerate(some)}
        named = ", ".join(f":{each}" for each in ids)
        # An index of a table elsewhere is told what it has to forget.
        c.execute(text(grams.format("person_grams, ", "'delete', ", named)), ids)
        c.execute(delete(person_text).where(_t.person_id.in_(some)))
        line = folded(_m.name + "\n" + _m.address)
        lines = select(_m.person_id, line.label("line")).where(_m.person_id.in_(some)).distinct().subquery()
        said = select(lines.c.person_id, func.group_concat(lines.c.line, "\n")).group_by(lines.c.person_id)
        c.execute(insert(person_text).from_select(["person_id", "said"], said))
        c.execute(text(grams.format("", "", named)), ids)
        c.execute(delete(person_text_due).where(_d.person_id.in_(some)))
    return len(due)
