"""Dense numbers 0..n-1 for the rows of a listing, so that a window anywhere in it is a range of an index.

The table has a column `seq`; `scope` says which rows are one listing.

Public: `following(c, table, scope)`, `close_gaps(c, table, scope, first)`, `fill_gaps(c, table, scope)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, select, update

from dyntui.store.upserts import update_many

Scope = Sequence[ColumnElement[bool]]


def following(c: Connection, table: Table, scope: Scope) -> int:
    """The number that the next row gets; of a dense listing, how many rows it has."""
    return int(c.execute(select(func.coalesce(func.max(table.c.seq) + 1, 0)).where(*scope)).scalar_one())


def fill_gaps(c: Connection, table: Table, scope: Scope) -> None:
    """Number the rows densely again, where some are missing: the last ones take the places of those that are, so that
    it costs as much as is missing."""
    count = int(c.execute(select(func.count()).select_from(table).where(*scope)).scalar_one())
    keys = list(table.primary_key.columns)
    beyond = c.execute(select(*keys).where(*scope, table.c.seq >= count).order_by(table.c.seq, *keys)).all()
    if not beyond:
        return
    taken = bytearray(count)  # a byte each: there may be a million
    for place in c.execute(select(table.c.seq).where(*scope, table.c.seq < count)).scalars():
        taken[place] = 1
    free = (each for each in range(count) if not taken[each])
    here = [key == bindparam(f"b_{key.name}", type_=key.type) for key in keys]
    move = update(table).where(*here).values(seq=bindparam("b_seq", type_=table.c.seq.type))
    names = (*(f"b_{key.name}" for key in keys), "b_seq")
    update_many(c, move, names, ((*row, place) for row, place in zip(beyond, free, strict=False)))


def close_gaps(c: Connection, table: Table, scope: Scope, first: int = 0) -> None:
    """Number the rows from `first` on densely again, in their present order."""
    tail = (*scope, table.c.seq >= first)
    rows, highest = c.execute(select(func.count(), func.max(table.c.seq)).where(*tail)).one()
    if not rows or highest == first + rows - 1:
        return
    keys = list(table.primary_key.columns)
    place = (func.row_number().over(order_by=[table.c.seq, *keys]) - 1 + first).label("place")
    numbered = select(*keys, place).where(*tail).subquery()
    same = and_(*(key == numbered.c[key.name] for key in keys))
    c.execute(update(table).where(same, table.c.seq != numbered.c.place).values(seq=numbered.c.place))
