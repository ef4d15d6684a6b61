"""Columns of records that a run writes a second time at one place: it was interrupted, and something changed before it
went on. What was there before is what the run itself has not written.

Public: `begin(c, place, rows)` before it is asked for; `keep(c, place, rows)` once it is written, before it is settled.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, String, bindparam, select, update

from dyntui.model.changes import AppliedChange, written_again
from dyntui.store import applied_changes
from dyntui.store.applied_changes import Place
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import applied_change
from dyntui.store.upserts import json_text, update_many

_a = applied_change.c


def begin(c: Connection, place: Place, rows: Sequence[AppliedChange]) -> None:
    """These changes are about to be asked for. Of whom the same was begun before, and nobody knows whether it was
    written, this is what is begun now."""
    _replace(c, place, rows, begun=True)
    applied_changes.begin(c, place, rows)


def keep(c: Connection, place: Place, rows: Sequence[AppliedChange]) -> None:
    """These were written; of whom others had been written before, both count."""
    _replace(c, place, rows, begun=False)


def _replace(c: Connection, place: Place, rows: Sequence[AppliedChange], *, begun: bool) -> None:
    part = applied_changes.part(c, place)
    if part is None:
        return
    by_person = {each.person: each for each in rows}
    values: list[tuple[str, str, int, str]] = []
    for some in in_chunks(list(by_person)):
        here = (_a.part == part.no, _a.person_id.in_(some), _a.begun.is_(begun))
        for row in c.execute(select(_a.person_id, _a.before, _a.after).where(*here)):
            now = by_person[row.person_id]
            before, after = written_again((row.before or {}, row.after or {}), (now.before or {}, now.after or {}))
            values.append((json_text(before), json_text(after), part.no, row.person_id))
    statement = (
        update(applied_change)
        .where(_a.part == bindparam("b_part", type_=_a.part.type), _a.person_id == bindparam("b_person", type_=String))
        .values(before=bindparam("b_before", type_=None), after=bindparam("b_after", type_=None))
    )
    update_many(c, statement, ("b_before", "b_after", "b_part", "b_person"), values)
