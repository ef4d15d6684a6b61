"""Windows over long listings: what finds, orders and makes their rows.

Public: `contains(columns, search)`, `ordered(statement, sort, sortable, default)`, `shown(kind, row, **more)`,
`page(c, asked, everything, searched, ordering, made)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, not_, or_, select

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.folding import sought
from dyntui.model.paging import Page, Window
from dyntui.store.dialects import ascii_folded, folded, is_ascii

R = TypeVar("R", bound=msgspec.Struct)


def contains(columns: Sequence[ColumnElement[str]], search: str) -> ColumnElement[bool]:
    """Whether some column contains the text, ignoring case, accents and blanks around it; `%` and `_` in it mean
    themselves."""
    wanted = sought(search)
    if not wanted.isascii():
        return or_(*(folded(column).contains(wanted, autoescape=True) for column in columns))
    found = [ascii_folded(column).contains(wanted, autoescape=True) for column in columns]
    # To fold every row costs far more than to tell which need it; addresses, which are ASCII but for wrong ones, are
    # looked at as they are, unless something else is asked for.
    found += [
        and_(not_(is_ascii(column)), folded(column).contains(wanted, autoescape=True))
        for column in columns
        if not search.strip().isascii() or getattr(column, "key", "") != "address"
    ]
    return or_(*found)


def ordered(
    statement: Select[Any],
    sort: str,
    sortable: Mapping[str, ColumnElement[Any]],
    tie: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """The statement ordered by a column of the whitelist (`-` before the name: descending), ties by `tie`; by `tie`
    alone where no column is asked for. Raises DyntuiError SORT_UNKNOWN."""
    if not sort:
        return statement.order_by(*tie)
    column = sortable.get(sort.removeprefix("-"))
    if column is None:
        raise DyntuiError(
            "SORT_UNKNOWN",
            f"There is no column {sort.removeprefix('-')!r} to sort by.",
            not_done="Nothing was read.",
            remedy=f"Sort by one of {', '.join(sorted(sortable))}; - before the name turns the order round.",
            exit=Exit.USAGE,
        )
    return statement.order_by(column.desc() if sort.startswith("-") else column.asc(), *tie)


def shown(kind: type[R], row: Row[Any], **more: object) -> R:
    """A struct of the columns that bear the names of its fields, and of what is given besides."""
    columns = row._mapping
    return kind(**{name: columns[name] for name in kind.__struct_fields__ if name in columns} | more)


def page(
    c: Connection,
    asked: Window,
    everything: Select[Any],
    searched: Sequence[ColumnElement[str]],
    sortable: Mapping[str, ColumnElement[Any]],
    tie: Sequence[ColumnElement[Any]],
    made: Callable[[Row[Any]], R],
) -> Page[R]:
    """A window on `everything`: the search looks at the columns `searched`, the order is one of `sortable` (see
    `ordered`), and each row is `made` into what is shown. Raises DyntuiError SORT_UNKNOWN."""
    matching = everything.where(contains(searched, asked.search)) if asked.search else everything
    rows = c.execute(ordered(matching, asked.sort, sortable, tie).offset(asked.offset).limit(asked.limit)).all()
    total = _count(c, everything)
    return Page(
        rows=tuple(made(row) for row in rows),
        matching=_count(c, matching) if asked.search else total,
        total=total,
        offset=asked.offset,
    )


def _count(c: Connection, listing: Select[Any]) -> int:
    return int(c.execute(select(func.count()).select_from(listing.subquery())).scalar_one())
