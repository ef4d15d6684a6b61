"""Windows over long listings: what is asked of the store, the contract and both faces, and what they answer."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec

T = TypeVar("T")

# No screen and no program needs more rows at once: a page of them is held in memory on both sides of the socket.
MOST_ROWS = 1_000_000


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a listing are wanted. `search` filters as typed (case-insensitive, any shown text column);
    `sort` is a column name, with `-` before it for descending; `""` is the listing's own order. Pages that have a name
    in common (`still`, any text that a client makes up) show the listing as it was when the first one, that at offset
    0, was read."""

    offset: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROWS)] = 200
    search: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    sort: Annotated[str, msgspec.Meta(max_length=100)] = ""
    still: Annotated[str, msgspec.Meta(max_length=100)] = ""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The rows asked for, of `matching` rows that fit the search, of `total` in the listing. `as_of` is when the
    cached rows were last read from the remote system (ISO 8601 UTC), `""` where the listing is dyntui's own. `more`:
    others match as well, which are neither counted nor listed."""

    rows: tuple[T, ...]
    matching: int
    total: int
    offset: int = 0
    as_of: str = ""
    more: bool = False
