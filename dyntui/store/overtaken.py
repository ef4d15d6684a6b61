"""What a run wrote and a later run has written again: an undo of the former would take away what is newer.

Public: `overtaken(c, part, by, item) -> {person}`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, exists, or_, select

from dyntui.model.undoing import writes_again
from dyntui.store.applied_changes import Part
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import applied_change, change_part, planned_change, run

_a, _c, _p = applied_change.c, change_part.c, planned_change.c


def overtaken(c: Connection, part: Part, by: str, item: str) -> set[str]:
    """Those of the people of whom the run `by` would undo something in an item, and of whom a later run has written it
    again, which stands. What undid something has only brought back what had been there."""
    found: set[str] = set()
    for no in _later(c, part):
        planned = exists().where(_p.run_id == by, _p.item_id == item, _p.person_id == _a.person_id)
        stands = (_a.part == no, _a.begun.is_(False), _a.undone_by == "", planned)
        later = {row.person_id: row for row in c.execute(select(_a.person_id, _a.effect, _a.after).where(*stands))}
        for some in in_chunks(list(later)):
            wrote = select(_a.person_id, _a.effect, _a.after).where(_a.part == part.no, _a.person_id.in_(some))
            found.update(
                row.person_id
                for row in c.execute(wrote)
                if writes_again(row.effect, row.after, later[row.person_id].effect, later[row.person_id].after)
            )
    return found


def _later(c: Connection, part: Part) -> Iterable[int]:
    """The parts in which other runs have written to the same place since; books of two accounts may have one number."""
    account = select(run.c.account_id).where(run.c.id == part.run_id).scalar_subquery()
    same = (_c.target == part.target, _c.no > part.no, _c.undoes == 0, _c.run_id != part.run_id)
    of_account = or_(~_c.target.startswith("book:", autoescape=True), run.c.account_id == account)
    asked = select(_c.no).join(run, run.c.id == _c.run_id).where(*same, of_account).order_by(_c.no)
    return list(c.execute(asked).scalars())
