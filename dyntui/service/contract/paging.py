"""Windows over long listings, for the virtual grid and for `--json`."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a listing are wanted. `search` filters as typed (case-insensitive, any shown text column);
    `sort` is a column name, with `-` before it for descending; `""` is the listing's own order."""

    offset: int = 0
    limit: int = 200
    search: str = ""
    sort: str = ""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The rows asked for, of `matching` rows that fit the search, of `total` in the listing. `as_of` is when the
    cached rows were last read from the remote system (ISO 8601 UTC), `""` where the listing is dyntui's own."""

    rows: tuple[T, ...]
    matching: int
    total: int
    offset: int = 0
    as_of: str = ""
