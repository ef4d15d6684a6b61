"""Windows over listings that are small enough to be held: the labels and mappings of an email account, the columns of a
table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.folding import fold, sought
from dyntui.model.paging import Page, Window

R = TypeVar("R", bound=msgspec.Struct)


def window_on(rows: Sequence[R], asked: Window, *, as_of: str = "") -> Page[R]:
    """The rows asked for: the search looks at every field as it is shown, any field sorts. Raises SORT_UNKNOWN."""
    search = sought(asked.search)
    in_order(rows[:1], asked.sort)
    found = in_order([each for each in rows if not search or any(search in text for text in _texts(each))], asked.sort)
    shown = found[asked.offset : asked.offset + asked.limit]
    return Page(rows=tuple(shown), matching=len(found), total=len(rows), offset=asked.offset, as_of=as_of)


def in_order(rows: Sequence[R], sort: str) -> Sequence[R]:
    """The rows by one of their fields (`-` before it: descending), as they are where none is named. Raises
    SORT_UNKNOWN."""
    name = sort.removeprefix("-")
    if not name or not rows:
        return rows
    fields = type(rows[0]).__struct_fields__
    if name not in fields:
        raise DyntuiError(
            "SORT_UNKNOWN",
            f"There is no column {name!r} to sort by.",
            not_done="Nothing was read.",
            remedy=f"Sort by one of {', '.join(sorted(fields))}; - before the name turns the order round.",
            exit=Exit.USAGE,
        )
    return sorted(rows, key=lambda each: _key(getattr(each, name)), reverse=sort.startswith("-"))


def _texts(row: msgspec.Struct) -> list[str]:
    return [fold(_text(value)) for value in msgspec.structs.asdict(row).values()]


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or isinstance(value, Mapping) else str(value)


def _key(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float) else (1, _text(value).casefold())
