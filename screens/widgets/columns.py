"""Columns of a grid and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

SEPARATOR = 2


@dataclass(frozen=True, kw_only=True)
class Column(Generic[T]):
    """One column. `width` is the least number of cells it can live with; `flex` its share of what is left over (0:
    fixed). Where the width does not suffice for all, those of the highest `priority` number go first; 0 always stays.
    `sort` is the contract's name of the sort column, `""` where the listing cannot be sorted by it; `tone` names the
    look of a cell (`good`, `bad`, `warn`, `muted`, `""`)."""

    title: str
    text: Callable[[T], str]
    width: int
    flex: int = 0
    priority: int = 0
    right: bool = False
    sort: str = ""
    tone: Callable[[T], str] | None = None


@dataclass(frozen=True)
class Place(Generic[T]):
    """A column that is shown, from cell `x`, `width` cells wide."""

    column: Column[T]
    x: int
    width: int


def arrange(columns: Sequence[Column[T]], width: int) -> list[Place[T]]:
    """The columns that fit into `width` cells, in their own order, filling it where one is flexible."""
    chosen = list(columns)

    def needed() -> int:
        return sum(column.width for column in chosen) + SEPARATOR * (len(chosen) - 1)

    while len(chosen) > 1 and needed() > width and any(column.priority for column in chosen):
        chosen.remove(max(reversed(chosen), key=lambda column: column.priority))
    spare = max(0, width - needed())
    shares = sum(column.flex for column in chosen)
    places: list[Place[T]] = []
    x = 0
    for column in chosen:
        extra = spare * column.flex // shares if shares else 0
        spare -= extra
        shares -= column.flex
        cells = max(1, min(column.width + extra, width - x))
        places.append(Place(column, x, cells))
        x += cells + SEPARATOR
        if x >= width:
            break
    return places
