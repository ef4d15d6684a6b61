"""What changed of a send's people since somebody confirmed it, person by person.

Public: `confirm(c, count_id)`; `across(c, count_id, count)`; `window(c, asked, count_id=) -> Page[PersonChanged]`.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, String, case, literal, select, text, update

from dyntui.model.paging import Page, Window
from dyntui.model.sends import PersonChanged
from dyntui.store import windows
from dyntui.store.schema import target_person

_p = target_person.c
_NOW = case((_p.reason != "", _p.outcome + literal(" ", String) + _p.reason), else_=_p.outcome)


def confirm(c: Connection, count_id: str) -> None:
    """Everybody of the count is kept as they stand: somebody has confirmed it."""
    c.execute(update(target_person).where(_p.count_id == count_id).values(was=_NOW))


def across(c: Connection, count_id: str, count: Callable[[], None]) -> None:
    """Counts a count's people anew, and keeps as what they were confirmed before. Who would have been mailed then and
    is on none of its lists now stays in it, as LEFT_LIST."""
    c.execute(text("CREATE TEMPORARY TABLE confirmed_before AS SELECT * FROM target_person WHERE 1 = 0"))
    try:
        for statement in (_KEEP, _INDEX):
            c.execute(text(statement), {"count": count_id} if ":count" in statement else {})
        count()
        for statement in (_CARRY, _LEFT):
            c.execute(text(statement), {"count": count_id})
    finally:
        c.execute(text("DROP TABLE confirmed_before"))


_KEEP = "INSERT INTO confirmed_before SELECT * FROM target_person WHERE count_id = :count"
_INDEX = "CREATE UNIQUE INDEX confirmed_before_person ON confirmed_before (person_id)"
_CARRY = (
    "UPDATE target_person SET was = (SELECT b.was FROM confirmed_before b WHERE b.person_id = target_person.person_id)"
    " WHERE count_id = :count"
    " AND EXISTS (SELECT 1 FROM confirmed_before b WHERE b.person_id = target_person.person_id)"
)
_LEFT = (
    "INSERT INTO target_person"
    " (count_id, person_id, seq, entity, name, address, fields, contact_id, outcome, reason, detail, also, was,"
    " mailed_as)"
    " SELECT b.count_id, b.person_id,"
    " (SELECT count(*) FROM target_person WHERE count_id = :count) + row_number() OVER (ORDER BY b.seq) - 1,"
    " b.entity, b.name, b.address, b.fields, b.contact_id, 'excluded', 'LEFT_LIST', '', '', b.was,"
    " b.mailed_as"
    " FROM confirmed_before b WHERE b.was = 'added' AND NOT EXISTS"
    " (SELECT 1 FROM target_person p WHERE p.count_id = :count AND p.person_id = b.person_id)"
)


def window(c: Connection, asked: Window, *, count_id: str) -> Page[PersonChanged]:
    """Who is something else by now than when the send was confirmed. Raises DyntuiError SORT_UNKNOWN."""
    columns = (_p[name] for name in ("person_id", "entity", "name", "address", "outcome", "reason", "detail", "was"))
    everything = select(*columns).where(_p.count_id == count_id, _p.was != _NOW)
    sortable = {name: _p[name] for name in ("name", "address", "reason", "was")}
    searched = (_p.name, _p.address, _p.reason)
    tie = (_p.seq, _p.person_id)
    return windows.page(c, asked, everything, searched, sortable, tie, lambda row: PersonChanged(**row._mapping))
