"""What somebody undid and the next run of its kind would write again: it stays undone until there is something else to
write.

Public:
    undone(c, item_id, target, wanted) -> {person}       of whom just that was undone
    still_counts() -> ColumnElement                      of `run`: forgotten, what it wrote would be written again
    forget_overtaken(c, moment)                          what runs before that wrote, and others have written over since
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, select

from dyntui.model.changes import moved_fields
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import applied_change, change_part, run

_a, _p = applied_change.c, change_part.c
_later, _its = applied_change.alias("later"), change_part.alias("its")
# The items of runs that ask for it before they write.
_ASKING = ("scoring", "opt-in")


def undone(c: Connection, item_id: str, target: str, wanted: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Those of the people (id -> the fields they are to get) of whom runs wrote just that in such an item last, and
    somebody undid it."""
    last: dict[str, tuple[bool, Any]] = {}
    for some in in_chunks(list(wanted)):
        rows = (
            select(_a.person_id, _a.undone_by, _a.after)
            .join(change_part, _p.no == _a.part)
            .where(_p.item_id == item_id, _p.target == target, _p.undoes == 0, _a.person_id.in_(some))
            .order_by(_a.part)
        )
        last.update((row.person_id, (row.undone_by != "", row.after)) for row in c.execute(rows))
    return frozenset(
        person
        for person, (is_undone, after) in last.items()
        if is_undone and not moved_fields(after or {}, wanted[person])
    )


def still_counts() -> ColumnElement[bool]:
    """Whether something that a row of `run` wrote was undone, and the next run of its kind asks for that."""
    parts = applied_change.join(change_part, _p.no == _a.part)
    here = (_p.run_id == run.c.id, _p.item_id.in_(_ASKING), _a.undone_by != "")
    return exists().select_from(parts).where(*here).correlate(run)


def forget_overtaken(c: Connection, moment: str) -> None:
    """Of whom something else has been written since that was undone, it counts no more: what runs wrote that ended
    before `moment` (ISO 8601 UTC) is forgotten of them. Kept it would count once more when the other is forgotten."""
    old = select(run.c.id).where(run.c.ended_on != "", run.c.ended_on < moment)
    asking = select(_p.no).where(_p.item_id.in_(_ASKING), _p.undoes == 0, _p.run_id.in_(old))
    mine = change_part.alias("mine")
    same = (mine.c.no == _a.part, _its.c.item_id == mine.c.item_id, _its.c.target == mine.c.target)
    since = (_its.c.no > _a.part, _its.c.undoes == 0, _later.c.part == _its.c.no, _later.c.begun.is_(False))
    overtaken = exists().where(*same, *since, _later.c.person_id == _a.person_id)
    c.execute(delete(applied_change).where(_a.part.in_(asking), _a.undone_by != "", overtaken))
