"""People of a count as people look at them: a window of rows, `window(c, asked, count_id=) -> Page[PersonOutcome]`."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, func, select

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.paging import Page, Window
from dyntui.store import sequences
from dyntui.store.run_people import person_of
from dyntui.store.schema import target_person
from dyntui.store.windows import contains, ordered

_p = target_person.c
_SORTABLE = {name: _p[name] for name in ("entity", "name", "address", "outcome", "reason", "detail")}


def window(
    c: Connection, asked: Window, *, count_id: str, sendable: bool = False, reason: str = ""
) -> Page[PersonOutcome]:
    """People of a count, in the order of their lists: those who will be mailed (`sendable`), or by `reason` where
    given; the search looks at name and address."""
    scope = (_p.count_id == count_id,)
    narrowed: list[ColumnElement[bool]] = list(scope)
    if sendable:
        narrowed.append(_p.outcome == Outcome.ADDED.value)
    elif reason:
        narrowed += [_p.outcome.in_((Outcome.EXCLUDED.value, Outcome.REJECTED.value)), _p.reason == reason]
    if asked.search:
        narrowed.append(contains((_p.name, _p.address), asked.search))
    total = sequences.following(c, target_person, scope)
    whole = len(narrowed) == 1
    matching = total
    if not whole:
        matching = c.execute(select(func.count()).select_from(target_person).where(*narrowed)).scalar_one()
    keys = select(_p.person_id).where(*narrowed)
    if whole and not asked.sort:
        keys = keys.where(_p.seq >= asked.offset).order_by(_p.seq)
    else:
        keys = ordered(keys, asked.sort, _SORTABLE, (_p.seq,)).offset(asked.offset)
    shown = keys.limit(asked.limit).subquery("shown")
    page = select(target_person).join(shown, shown.c.person_id == _p.person_id).where(*scope)
    rows = c.execute(ordered(page, asked.sort, _SORTABLE, (_p.seq,))).all()
    found = tuple(person_of(row) for row in rows)
    return Page(rows=found, matching=matching, total=total, offset=asked.offset)
