"""Dense numbers 0..n-1 for the rows of a listing, so that a window anywhere in it is a range of an index.

The table has a column `seq`; `scope` says which rows are one listing.

Public: `following(c, table, scope)`, `close_gaps(c, table, scope, first)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, update

Scope = Sequence[ColumnElement[bool]]


def following(c: Connection, table: Table, scope: Scope) -> int:
    """The number that the next row gets; of a dense listing, how many rows it has."""
    return int(c.execute(select(func.coalesce(func.max(table.c.seq) + 1, 0)).where(*scope)).scalar_one())


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
